import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LabAcs } from '../../src/lab/acs/lab-acs.ts';
import { waitFor } from '../support/wait-for.ts';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
/** Of a life that ends at any instant after its start. */
const LONGEST_LIFE_MS = 1500;

/** One life of a daemon. */
export interface Life {
  readonly isOver: boolean;
}

/** A home whose daemon is killed again and again. */
export interface KilledHome {
  /** What was lost, or came twice, so far. */
  readonly problems: readonly string[];
  readonly kills: number;
  /** Requests that were answered. */
  readonly acknowledged: number;
  open(): Promise<void>;
  /** Runs the daemon and kills it: every other time while it starts, else while it is at work. */
  liveAndDie(): Promise<void>;
  /** Lets the daemon live until everything that was promised has been kept. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

/** A daemon of one home, in a process of its own, with its state on disk. */
export class KilledDaemon {
  kills = 0;
  readonly #acs: LabAcs;
  readonly #longestBusyLifeMs: number;
  #directory = '';

  /** @param longestBusyLifeMs of a life that ends while the daemon is at work */
  constructor(acs: LabAcs, longestBusyLifeMs: number) {
    this.#acs = acs;
    this.#longestBusyLifeMs = longestBusyLifeMs;
  }

  /** @param config further lines of the configuration */
  async open(config: readonly string[]): Promise<void> {
    this.#directory = await mkdtemp(join(tmpdir(), 'cwmp-proxier-faults-'));
    const own = [
      `acs: { url: '${this.#acs.url}' }`,
      'lan: { interfaces: [lo] }',
      'connectionRequest: { host: 127.0.0.1, port: 0 }',
      'status: { host: 127.0.0.1, port: 0 }',
      `state: { directory: '${this.#directory}/state' }`,
    ];
    await writeFile(this.#config, [...own, ...config].join('\n'));
  }

  async close(): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true });
  }

  /**
   * @param work what goes on until the life is over; calls `started` when the daemon is at work
   * @returns problems
   */
  async liveAndDie(work: (life: Life, started: () => void) => Promise<void>): Promise<string[]> {
    const problems: string[] = [];
    const child = this.#spawn();
    const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
    const life = { isOver: false };
    const kill = (withinMs: number): void =>
      void setTimeout(() => child.kill('SIGKILL'), randomInt(withinMs));
    const isBusyLife = this.kills % 2 === 1;
    const busy = work(life, () => {
      if (isBusyLife) kill(this.#longestBusyLifeMs);
    });
    if (!isBusyLife) kill(LONGEST_LIFE_MS);
    const code = await ended;
    if (code !== null) problems.push(`the daemon ended by itself with ${code}`);
    life.isOver = true;
    this.kills += 1;
    await busy;
    await waitFor(
      () => [...this.#acs.devices.values()].every(({ session }) => session === undefined),
      'the end of broken sessions',
    );
    return problems;
  }

  /** A life that ends well when `wishes` have come true. @returns problems */
  async live(wishes: () => Promise<void>): Promise<string[]> {
    const child = this.#spawn();
    const ended = new Promise((resolve) => child.once('exit', resolve));
    try {
      await wishes();
      return [];
    } catch (error) {
      return [error instanceof Error ? error.message : String(error)];
    } finally {
      child.kill('SIGTERM');
      await ended;
    }
  }

  /** Sessions with that CPE until the daemon is dead. */
  async workWith(
    id: string,
    life: Life,
    started: () => void,
    session: () => Promise<unknown>,
  ): Promise<void> {
    const before = this.#acs.informCount;
    await waitFor(
      () => life.isOver || this.#acs.devices.get(id)?.informs.some(({ sequence }) => sequence > before),
      'an Inform, or the end',
      20_000,
    );
    started();
    while (!life.isOver) {
      // The daemon died in the middle, or cannot be called yet.
      await session().catch(() => new Promise((resolve) => setTimeout(resolve, 20)));
    }
  }

  get #config(): string {
    return join(this.#directory, 'config.yaml');
  }

  #spawn(): ReturnType<typeof spawn> {
    return spawn(process.execPath, [MAIN, 'run', '--config', this.#config], {
      stdio: 'ignore',
    });
  }
}

/** What the ACS may find after a kill: the last that was acknowledged, and what was under way. */
export class Expected<T> {
  #possible: T[] | undefined;

  underWay(value: T): void {
    this.#possible?.push(value);
  }

  acknowledged(value: T): void {
    this.#possible = [value];
  }

  found(value: T, what: string): string[] {
    const problem =
      this.#possible === undefined || this.#possible.includes(value)
        ? []
        : [`${what}: found ${String(value)}, expected one of ${this.#possible.map(String).join(', ')}`];
    this.#possible = [value];
    return problem;
  }
}
