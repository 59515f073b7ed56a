import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { waitFor } from '../support/wait-for.ts';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
/** As in systemd/cwmp-proxier.service. */
const NODE_FLAGS = ['--max-semi-space-size=1', '--heap-growing-percent=20'];
const TICKS_PER_SECOND = 100;

/** What the kernel and the daemon's own status page say. */
export interface Figures {
  readonly rssMiB: number;
  readonly sockets: number;
  readonly timers: number;
  /** User and system, seconds. */
  readonly cpuSeconds: number;
}

/** The daemon as a process of its own, watched from outside; warnings and errors of its log are printed. */
export class ObservedDaemon {
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  #status: string | undefined;

  private constructor(config: string) {
    this.#child = spawn(process.execPath, [...NODE_FLAGS, MAIN, 'run', '--config', config], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#ended = new Promise((resolve) => this.#child.once('exit', () => resolve()));
    const { stdout } = this.#child;
    if (stdout === null) throw new Error('no stdout');
    createInterface({ input: stdout }).on('line', (line) => this.#read(line));
  }

  static async start(config: string): Promise<ObservedDaemon> {
    const daemon = new ObservedDaemon(config);
    await waitFor(() => daemon.#status, 'the address of the status page', 20_000);
    return daemon;
  }

  async figures(): Promise<Figures> {
    const response = await fetch(`http://${this.#status ?? ''}/api/status`);
    const report = (await response.json()) as {
      process: { rssKiB: number; sockets: number; timers: number };
    };
    const fields = readFileSync(`/proc/${this.#child.pid ?? 0}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ');
    return {
      rssMiB: report.process.rssKiB / 1024,
      sockets: report.process.sockets,
      timers: report.process.timers,
      cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
    };
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    await this.#ended;
  }

  #read(line: string): void {
    const entry = JSON.parse(line) as { level: string; message: string; status?: string };
    if (entry.message === 'listening') this.#status = entry.status;
    // Devices leave without goodbye here: what that makes the daemon say is no news.
    if (entry.level === 'error') process.stdout.write(`${line}\n`);
  }
}
