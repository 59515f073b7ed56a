import { Command, CommanderError } from 'commander';

import { VERSION } from '../platform/version.ts';
import { addCheckConfigCommand } from './check-config.ts';
import type { CommandContext } from './command-context.ts';
import { addDiscoverCommand } from './discover.ts';
import { EXIT_CODES_HELP, EXIT_FAILED, EXIT_OK, EXIT_USAGE } from './exit-code.ts';
import { addLabCommand } from './lab.ts';
import type { Output } from './output.ts';
import { addRunCommand } from './run.ts';
import { addTreeCommand } from './tree.ts';

/**
 * Runs the command that the arguments name and returns the exit code. Never rejects.
 * @param commandLine what follows the program's name
 */
export async function runProgram(commandLine: readonly string[], output: Output): Promise<number> {
  let exitCode = EXIT_OK;
  const context: CommandContext = {
    output,
    exitWith: (code) => {
      exitCode = code;
    },
  };
  try {
    await buildProgram(context).parseAsync(commandLine, { from: 'user' });
    return exitCode;
  } catch (error) {
    // Commander has said what is wrong, or has shown the help that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_OK : EXIT_USAGE;
    output.message(`cwmp-proxier: ${error instanceof Error ? error.message : String(error)}`);
    return EXIT_FAILED;
  }
}

function buildProgram(context: CommandContext): Command {
  const program = new Command('cwmp-proxier')
    .description('Makes the UPnP Device Management devices of a home appear as CPEs at a TR-069 ACS.')
    .version(VERSION, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .showHelpAfterError('(--help tells more)')
    .configureOutput({
      writeOut: (text) => {
        context.output.write(text);
      },
      writeErr: (text) => {
        context.output.message(text.trimEnd());
      },
    })
    .exitOverride()
    .addHelpText('after', `\n${EXIT_CODES_HELP}\nCOMMAND --help tells more about a command.`);
  addRunCommand(program, context);
  addCheckConfigCommand(program, context);
  addDiscoverCommand(program, context);
  addTreeCommand(program, context);
  addLabCommand(program, context);
  return program;
}
