import { Option } from 'commander';
import type { Command } from 'commander';

import { DEVICE_COMMANDS_HELP } from '../lab/device/device-commands.ts';
import type { CommandContext } from './command-context.ts';
import { EXIT_USAGE } from './exit-code.ts';
import { wholeNumber } from './options.ts';

interface LabDeviceCommandOptions {
  readonly profile: string;
  readonly interface: string;
  readonly host?: string;
  readonly count: number;
  readonly parameters: number;
}

interface LabAcsCommandOptions {
  readonly host: string;
  readonly port: number;
}

/** Simulated devices and a small ACS: for demonstrations, tests and integrators. */
export function addLabCommand(program: Command, context: CommandContext): void {
  const lab = program
    .command('lab')
    .summary('simulated devices, a small ACS, and a demonstration of everything')
    .description('Simulated UPnP DM devices and a small ACS, for demonstrations, tests and integrators.')
    .addHelpText(
      'after',
      '\nlab COMMAND --help tells more. Nothing here is meant for a network you do not own.',
    );
  addLabDevice(lab, context);
  addLabAcs(lab);
  addLabDemo(lab, context);
}

function addLabDevice(lab: Command, { output, exitWith }: CommandContext): void {
  lab
    .command('device')
    .summary('run simulated UPnP DM devices')
    .description('Runs simulated UPnP DM devices over real SSDP, HTTP and GENA until SIGTERM or SIGINT.')
    .requiredOption('-p, --profile <name>', 'voip, nas, wifi, sensor, or the path of a profile in YAML')
    .option('-i, --interface <name>', 'network interface to appear on', 'lo')
    .option('--host <address>', 'address on that interface (default: its first)')
    .option('-n, --count <number>', 'how many devices, 1 to 500', wholeNumber(1, 500), 1)
    .option('--parameters <number>', 'synthetic parameters to add, 0 to 100000', wholeNumber(0, 100_000), 0)
    .addHelpText(
      'after',
      `
Prints one JSON line with the addresses of the devices when they are ready. Then takes commands from standard input,
one a line, and answers each with one line ("N: " before it chooses the N-th device):
${DEVICE_COMMANDS_HELP}
Exit codes: 0 stopped by a signal, 1 could not start, 2 wrong arguments or profile.

Examples:
  cwmp-proxier lab device --profile nas
  cwmp-proxier lab device --profile wifi --interface br-lan --count 3`,
    )
    .action(async (options: LabDeviceCommandOptions) => {
      const { loadProfile } = await import('../lab/device/profile.ts');
      try {
        loadProfile(options.profile);
      } catch (error) {
        const [reason] = (error instanceof Error ? error.message : String(error)).split('\n');
        output.message(`cwmp-proxier: ${reason}`);
        exitWith(EXIT_USAGE);
        return;
      }
      const { runLabDevice } = await import('../lab/device/command.ts');
      const { createLogger } = await import('../platform/logger.ts');
      const logger = createLogger({ level: 'warn', format: 'text', stream: process.stderr });
      const signal = abortOnSignal();
      await runLabDevice({ ...options, logger, signal, input: process.stdin, output: process.stdout });
    });
}

function addLabAcs(lab: Command): void {
  lab
    .command('acs')
    .summary('run a small ACS')
    .description('Runs a small ACS with a page for people until SIGTERM or SIGINT.')
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .addOption(
      new Option('--port <port>', 'port to listen on, 0 (any free one) to 65535')
        .default(7557)
        .argParser(wholeNumber(0, 65535)),
    )
    .addHelpText(
      'after',
      `
Prints one JSON line with its addresses, {"acs": URL, "page": URL}, when it listens.
Exit codes: 0 stopped by a signal, 1 could not start, 2 wrong arguments.

Example:
  cwmp-proxier lab acs --port 7557`,
    )
    .action(async (options: LabAcsCommandOptions) => {
      const { runLabAcs } = await import('../lab/acs/command.ts');
      await runLabAcs(options);
    });
}

function addLabDemo(lab: Command, { exitWith }: CommandContext): void {
  lab
    .command('demo')
    .summary('show everything: six devices, an ACS and the daemon')
    .description(
      'Runs six simulated devices (four virtual, one embedded, one without Device Management), an ACS and the daemon on the loopback interface, tells what happens, and stays until Ctrl-C.',
    )
    .option('--once', 'run the whole story once and check each step')
    .addHelpText(
      'after',
      `
Nothing is left behind; no network is needed.
Exit codes: 0 done (with --once: every step held), 1 a step failed or, with --once, it was interrupted, 2 wrong
arguments.

Examples:
  cwmp-proxier lab demo
  cwmp-proxier lab demo --once`,
    )
    .action(async (options: { readonly once?: boolean }) => {
      const { runLabDemo } = await import('./lab-demo.ts');
      exitWith(await runLabDemo({ once: options.once === true }));
    });
}

/** The first SIGTERM or SIGINT aborts; a second one ends the process, as if nobody listened. */
function abortOnSignal(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT']) {
    process.once(signal, () => {
      controller.abort();
    });
  }
  return controller.signal;
}
