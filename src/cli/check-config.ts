import type { Command } from 'commander';

import type { Config } from '../platform/config/config.ts';
import type { CommandContext } from './command-context.ts';
import { EXIT_USAGE } from './exit-code.ts';
import { collect, DEFAULT_CONFIG_FILE, SET_HELP } from './options.ts';

export interface ConfigOptions {
  readonly config: string;
  readonly set?: readonly string[];
}

export function addCheckConfigCommand(program: Command, context: CommandContext): void {
  program
    .command('check-config')
    .summary('check a configuration and print what is in effect')
    .description(
      'Checks a configuration and prints it with all defaults filled in, as YAML. Secrets are masked.',
    )
    .option('-c, --config <file>', 'configuration file', DEFAULT_CONFIG_FILE)
    .option('--set <key=value>', SET_HELP, collect)
    .addHelpText(
      'after',
      `
Errors go to standard error, one line each: FILE:LINE: key: what is wrong; allowed: …
Exit codes: 0 the configuration is good, 2 it is not.

Examples:
  cwmp-proxier check-config --config config/default.yaml
  cwmp-proxier check-config -c home.yaml --set acs.url=https://acs.example/ --set 'lan.interfaces=["lo"]'`,
    )
    .action(async (options: ConfigOptions) => {
      const config = await loadConfigOrExplain(options, context);
      if (config === undefined) return;
      const { formatConfig } = await import('../platform/config/format-config.ts');
      for (const warning of config.warnings) context.output.message(`warning: ${warning}`);
      context.output.write(formatConfig(config));
    });
}

/** Undefined when the configuration is bad: then its errors are printed and the exit code is set. */
export async function loadConfigOrExplain(
  options: ConfigOptions,
  { output, exitWith }: CommandContext,
): Promise<Config | undefined> {
  const { ConfigError } = await import('../platform/config/config-error.ts');
  const { loadConfig } = await import('../platform/config/load-config.ts');
  try {
    return await loadConfig(options.config, options.set ?? []);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    output.message(error.message);
    exitWith(EXIT_USAGE);
    return undefined;
  }
}
