import type { Command } from 'commander';

import type { Daemon } from '../daemon.ts';
import type { Config } from '../platform/config/config.ts';
import { loadConfigOrExplain } from './check-config.ts';
import type { ConfigOptions } from './check-config.ts';
import type { CommandContext } from './command-context.ts';
import { collect, DEFAULT_CONFIG_FILE, SET_HELP } from './options.ts';

export function addRunCommand(program: Command, context: CommandContext): void {
  program
    .command('run')
    .summary('run the daemon')
    .description('Runs the daemon until SIGTERM or SIGINT. The log goes to standard output.')
    .option('-c, --config <file>', 'configuration file', DEFAULT_CONFIG_FILE)
    .option('--set <key=value>', SET_HELP, collect)
    .addHelpText(
      'after',
      `
Signals: SIGTERM and SIGINT stop within 5 seconds, a second one at once; SIGHUP reads the configuration anew: what
changed is applied in place and touches nothing else; only state, connectionRequest.host and .port, proxier.endpoint
and the identity of the proxier need a restart of all parts (a bad configuration is reported and the old one stays). Under systemd (Type=notify)
readiness and watchdog are reported.
An endpoint that the ACS has switched off (EnableCWMP false) is switched on again by acs.enableCwmpAtStart: true.
Exit codes: 0 stopped by a signal, 1 could not start or stop, 2 wrong arguments or configuration.

Examples:
  cwmp-proxier run --config /etc/cwmp-proxier/config.yaml
  cwmp-proxier run -c home.yaml --set log.level=debug --set status.port=0`,
    )
    .action(async (options: ConfigOptions) => {
      const config = await loadConfigOrExplain(options, context);
      if (config !== undefined) context.exitWith(await runDaemon(config, options));
    });
}

/**
 * For glibc, unless the machine says otherwise: a look for a name cannot be broken off, and a process ends only when those under way
 * have. [resolv.conf(5)]
 */
const RESOLVER_OPTIONS = 'timeout:2 attempts:1';

async function runDaemon(initialConfig: Config, options: ConfigOptions): Promise<number> {
  process.env['RES_OPTIONS'] ??= RESOLVER_OPTIONS;
  const { createDaemon } = await import('../daemon.ts');
  const { systemClock: clock } = await import('../platform/clock.ts');
  const { loadConfig } = await import('../platform/config/load-config.ts');
  const { createLogger } = await import('../platform/logger.ts');
  const { NothingRunsError, runService } = await import('../platform/service.ts');

  const logger = createLogger(initialConfig.log);
  const create = (config: Config): Daemon => createDaemon({ config, logger, clock });
  let config = initialConfig;
  let daemon = create(config);
  let isStopping = false;

  const restart = async (next: Config): Promise<void> => {
    await daemon.stop();
    if (isStopping) return;
    daemon = create(next);
    try {
      await daemon.start();
    } catch (error) {
      if (isStopping) return;
      logger.error('the new configuration does not work, the old one is taken again', { error });
      daemon = create(config);
      await daemon.start().catch((cause: unknown) => {
        throw new NothingRunsError('neither the new nor the old configuration works', { cause });
      });
      throw error;
    }
  };
  const replace = async (next: Config): Promise<void> => {
    if (isStopping) return;
    const keys = await daemon.reload(next);
    if (isStopping) return;
    if (keys.length > 0) {
      logger.info('restarting all parts', { keys });
      await restart(next);
    }
    config = next;
    logger.configure(next.log);
  };
  return runService({
    logger,
    clock,
    hooks: {
      start: () => daemon.start(),
      // A reload that runs may wait for others: it is not waited for, and goes no further.
      stop: () => {
        isStopping = true;
        return daemon.stop();
      },
      reload: async () => {
        await replace(await loadConfig(options.config, options.set ?? []));
      },
    },
  });
}
