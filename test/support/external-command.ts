import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { waitFor } from './wait-for.ts';

/** Why a Debian program cannot be used here; undefined when it can. */
export function missingProgram(name: string, debianPackage: string): string | undefined {
  const found = spawnSync('sh', ['-c', `command -v ${name}`]).status === 0;
  return found ? undefined : `no ${name} (Debian: ${debianPackage})`;
}

/** A foreign program whose output a test watches. */
export class ExternalCommand {
  readonly #child: ChildProcess;
  #output = '';

  constructor(command: string, args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
    this.#child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...environment },
      // A group of its own: what it starts ends with it.
      detached: true,
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.#output += chunk.toString('utf8');
      });
    }
  }

  /** Everything it wrote so far, both streams. */
  get output(): string {
    return this.#output;
  }

  async stop(): Promise<void> {
    const { pid, exitCode, signalCode } = this.#child;
    if (pid === undefined || exitCode !== null || signalCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    process.kill(-pid, 'SIGKILL');
    await ended;
  }
}

/**
 * Starts a foreign program and waits until it is found. One that was not in 120 seconds hangs, as rygel was seen to do once on a busy
 * machine: it is started once more.
 * @param started is given each one at once, so that it ends with the test whatever happens
 * @throws Error with the last that it wrote
 */
export async function startUntilFound<T>(
  start: () => Promise<ExternalCommand>,
  started: (command: ExternalCommand) => void,
  find: () => Promise<T>,
  what: string,
): Promise<NonNullable<T>> {
  for (let attempt = 1; ; attempt += 1) {
    const command = await start();
    started(command);
    try {
      return await waitFor(find, what, 120_000);
    } catch (error) {
      await command.stop();
      if (attempt === 2) throw new Error(`${String(error)}; it says: ${command.output.slice(-2000)}`);
    }
  }
}
