import { spawn, type ChildProcess } from 'node:child_process';

/** A program of ours on another host, that is, in a network namespace. */
export class RemoteProcess {
  readonly lines: string[] = [];
  readonly #child: ChildProcess;

  constructor(namespace: string, args: readonly string[]) {
    this.#child = spawn('ip', ['netns', 'exec', namespace, process.execPath, '--import', 'tsx', ...args], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    let rest = '';
    this.#child.stdout?.on('data', (chunk: Buffer) => {
      const pieces = (rest + chunk.toString('utf8')).split('\n');
      rest = pieces.pop() ?? '';
      this.lines.push(...pieces);
    });
  }

  tell(line: string): void {
    this.#child.stdin?.write(`${line}\n`);
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGTERM');
    await ended;
  }
}
