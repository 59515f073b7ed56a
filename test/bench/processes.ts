import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

/** Kernel clock ticks a second in /proc/PID/stat; 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/** A child of the bench, with what the kernel says of it. */
export class MeasuredProcess {
  readonly #child: ChildProcess;
  readonly lines: AsyncIterableIterator<string>;

  /** @param environment added to that of the bench */
  constructor(command: string, args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
    this.#child = spawn(command, args, {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, ...environment },
    });
    const { stdout } = this.#child;
    if (stdout === null) throw new Error('no stdout');
    this.lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
  }

  /** The next line of its standard output. */
  async line(): Promise<string> {
    const next = await this.lines.next();
    if (next.done === true) throw new Error('the process ended');
    return next.value;
  }

  /** Reads lines until one matches. */
  async lineMatching(pattern: RegExp): Promise<string> {
    for (;;) {
      const line = await this.line();
      if (pattern.test(line)) return line;
    }
  }

  /** Throws its further output away, so that it never waits for us. */
  drain(): void {
    void (async () => {
      while ((await this.lines.next()).done !== true);
    })();
  }

  tell(line: string): void {
    this.#child.stdin?.write(`${line}\n`);
  }

  /** Resident set, MiB. */
  get rssMiB(): number {
    const kib = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${this.#pid}/status`, 'utf8'))?.[1];
    return Number(kib) / 1024;
  }

  /** CPU time used so far, seconds. */
  get cpuSeconds(): number {
    const fields = readFileSync(`/proc/${this.#pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGTERM');
    await ended;
  }

  get #pid(): number {
    if (this.#child.pid === undefined) throw new Error('the process did not start');
    return this.#child.pid;
  }
}
