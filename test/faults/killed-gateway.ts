import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { formatDeviceId } from '../../src/lab/acs/acs-device.ts';
import type { AcsSession } from '../../src/lab/acs/acs-session.ts';
import { LabAcs } from '../../src/lab/acs/lab-acs.ts';
import { createLabDevice, type LabDevice } from '../../src/lab/device/lab-device.ts';
import { waitFor } from '../support/wait-for.ts';
import { Ledger } from '../support/ledger.ts';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const INTERVAL = 'Device.ManagementServer.PeriodicInformInterval';
const KEY = 'Device.ManagementServer.ParameterKey';
const TABLE = 'Device.ManagementServer.InformParameter.';
const WRITTEN = 'Device.WiFi.SSID.1.SSID';
const WATCHED = 'Device.WiFi.Radio.2.TransmitPower';
const CMS_WRITTEN = '/BBF/WiFi/SSID/0/SSID';
const CMS_WATCHED = '/BBF/WiFi/Radio/1/TransmitPower';
/** Of a life that ends at any instant after its start, or after its first Inform. */
const LONGEST_LIFE_MS = 1500;
const LONGEST_BUSY_LIFE_MS = 500;

/** What the ACS may find after a kill: the last that was acknowledged, and what was under way. */
class Expected<T> {
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

/**
 * One home whose daemon dies again and again, at any instant, while the ACS reads, writes, adds rows and orders Informs and the
 * device changes: `problems` says what was lost, or told twice.
 */
export class KilledGateway {
  readonly problems: string[] = [];
  kills = 0;
  /** Requests that were answered. */
  acknowledged = 0;
  readonly #acs = new LabAcs({ sessionTimeoutMs: 400 });
  readonly #device: LabDevice;
  readonly #id: string;
  readonly #ledger: Ledger;
  readonly #interval = new Expected<string>();
  readonly #key = new Expected<string>();
  readonly #written = new Expected<string>();
  /** Numbers of rows that the ACS was told, with whether they were deleted. */
  readonly #rows = new Map<number, 'there' | 'deleting'>();
  #highestRow = 0;
  #isWatched = false;
  #count = 0;
  #directory = '';

  constructor(lane: number) {
    const serialNumber = `KILL${lane}${randomInt(1_000_000)}`;
    this.#device = createLabDevice({ profile: 'wifi', drift: false, identity: { serialNumber } });
    const { manufacturerOui: oui, productClass } = this.#device.profile.identity;
    this.#id = formatDeviceId({ oui, productClass, serialNumber });
    this.#ledger = new Ledger(this.#acs, (problem) => this.problems.push(problem));
  }

  async open(): Promise<void> {
    this.#directory = await mkdtemp(join(tmpdir(), 'cwmp-proxier-faults-'));
    await this.#acs.start();
    await this.#device.start();
    await writeFile(
      this.#config,
      [
        `acs: { url: '${this.#acs.url}' }`,
        'lan: { interfaces: [lo] }',
        'connectionRequest: { host: 127.0.0.1, port: 0 }',
        'status: { host: 127.0.0.1, port: 0 }',
        `state: { directory: '${this.#directory}/state' }`,
        `devices: { default: ignore, rules: [{ match: { udn: '${this.#device.udn}' }, mechanism: virtual }] }`,
      ].join('\n'),
    );
  }

  async close(): Promise<void> {
    await this.#device.stop();
    await this.#acs.stop();
    await rm(this.#directory, { recursive: true, force: true });
  }

  /** Runs the daemon and kills it: every other time while it starts, else while it is at work. */
  async liveAndDie(): Promise<void> {
    const child = this.#spawn();
    const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
    const life = { isOver: false };
    const kill = (withinMs: number): void =>
      void setTimeout(() => child.kill('SIGKILL'), randomInt(withinMs));
    const isBusyLife = this.kills % 2 === 1;
    const busy = this.#work(life, () => {
      if (isBusyLife) kill(LONGEST_BUSY_LIFE_MS);
    });
    const drift = setInterval(() => this.#change(), 40);
    if (!isBusyLife) kill(LONGEST_LIFE_MS);
    const code = await ended;
    if (code !== null) this.problems.push(`the daemon ended by itself with ${code}`);
    life.isOver = true;
    clearInterval(drift);
    this.kills += 1;
    await busy;
    await waitFor(
      () => [...this.#acs.devices.values()].every(({ session }) => session === undefined),
      'the end of broken sessions',
    );
  }

  /** Lets the daemon live until everything that was promised has been kept. */
  async settle(): Promise<void> {
    this.#change();
    const child = this.#spawn();
    const ended = new Promise((resolve) => child.once('exit', resolve));
    try {
      await waitFor(() => this.#acs.devices.get(this.#id)?.isOnline, 'the device at the ACS', 20_000);
      // Before anybody asks: what changed while the daemon was dead comes by itself.
      const wanted = this.#device.get(CMS_WATCHED);
      if (this.#isWatched) {
        await waitFor(() => this.#ledger.told(this.#id, WATCHED) === wanted, `${WATCHED} at the ACS`, 20_000);
      }
      await waitFor(() => this.#isVerified(), 'a last look', 20_000);
      await waitFor(() => this.#ledger.owed(this.#id).length === 0, 'the events that were promised', 20_000);
    } catch (error) {
      this.problems.push(error instanceof Error ? error.message : String(error));
    } finally {
      child.kill('SIGTERM');
      await ended;
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

  #change(): void {
    this.#device.set(CMS_WATCHED, String(10 * randomInt(1, 10)));
  }

  /** Sessions until the daemon is dead: first a look at what should be there, then whatever comes. */
  async #work(life: { readonly isOver: boolean }, started: () => void): Promise<void> {
    const before = this.#acs.informCount;
    await waitFor(
      () => life.isOver || this.#acs.devices.get(this.#id)?.informs.some(({ sequence }) => sequence > before),
      'an Inform, or the end',
      20_000,
    );
    started();
    while (!life.isOver) {
      await this.#acs
        .perform(
          this.#id,
          async (session) => {
            await this.#verify(session);
            for (let step = 0; step < 5; step += 1) {
              await this.#act(session);
              this.acknowledged += 1;
            }
          },
          1000,
        )
        // The daemon died in the middle, or cannot be called yet.
        .catch(() => new Promise((resolve) => setTimeout(resolve, 20)));
    }
  }

  async #isVerified(): Promise<boolean> {
    return await this.#acs
      .perform(this.#id, (session) => this.#verify(session), 2000)
      .then(
        () => true,
        () => false,
      );
  }

  async #verify(session: AcsSession): Promise<void> {
    const values = await session.getParameterValues([INTERVAL, KEY, WRITTEN]);
    const rows = await session.getParameterNames(TABLE, true);
    await session.setParameterAttributes([{ name: WATCHED, notification: 2 }]);
    this.#isWatched = true;
    const [watched] = await session.getParameterValues([WATCHED]);
    this.#ledger.note(this.#id, WATCHED, watched?.value ?? '');
    const valueOf = (name: string): string => values.find((value) => value.name === name)?.value ?? '';
    this.problems.push(
      ...this.#interval.found(valueOf(INTERVAL), INTERVAL),
      ...this.#key.found(valueOf(KEY), KEY),
      ...this.#written.found(valueOf(WRITTEN), WRITTEN),
    );
    if (valueOf(WRITTEN) !== this.#device.get(CMS_WRITTEN))
      this.problems.push(`${WRITTEN} is not the device's`);
    const numbers = new Set(rows.map(({ name }) => Number(name.split('.').at(-2))));
    for (const [number, state] of this.#rows) {
      if (!numbers.has(number) && state === 'there') this.problems.push(`row ${number} is lost`);
      if (!numbers.has(number)) this.#rows.delete(number);
    }
    // Rows of requests whose answers never came.
    for (const number of numbers) this.#rows.set(number, 'there');
    this.#highestRow = Math.max(this.#highestRow, ...numbers);
  }

  async #act(session: AcsSession): Promise<void> {
    this.#count += 1;
    const [row] = [...this.#rows.keys()].slice(-1);
    switch (randomInt(row === undefined ? 4 : 5)) {
      case 0:
        return this.#write(session);
      case 1:
        return this.#ledger.scheduleInform(session, this.#id, `s${this.#count}`);
      case 2:
        return this.#add(session);
      case 3:
        await session.getParameterValues([WATCHED]);
        return;
      default:
        if (row !== undefined) await this.#delete(session, row);
    }
  }

  async #add(session: AcsSession): Promise<void> {
    const key = `k${this.#count}`;
    this.#key.underWay(key);
    const { instanceNumber } = await session.addObject(TABLE, key);
    this.#key.acknowledged(key);
    if (instanceNumber <= this.#highestRow)
      this.problems.push(`row number ${instanceNumber} was given twice`);
    this.#highestRow = instanceNumber;
    this.#rows.set(instanceNumber, 'there');
  }

  async #delete(session: AcsSession, row: number): Promise<void> {
    const key = `k${this.#count}`;
    this.#key.underWay(key);
    this.#rows.set(row, 'deleting');
    await session.deleteObject(`${TABLE}${row}.`, key);
    this.#key.acknowledged(key);
    this.#rows.delete(row);
  }

  /** A local value and one of the device in one request. */
  async #write(session: AcsSession): Promise<void> {
    const [interval, name, key] = [String(1000 + this.#count), `Net ${this.#count}`, `k${this.#count}`];
    this.#interval.underWay(interval);
    this.#written.underWay(name);
    this.#key.underWay(key);
    await session.setParameterValues(
      [
        { name: INTERVAL, value: interval, type: 'xsd:unsignedInt' },
        { name: WRITTEN, value: name, type: 'xsd:string' },
      ],
      key,
    );
    this.#interval.acknowledged(interval);
    this.#written.acknowledged(name);
    this.#key.acknowledged(key);
  }
}
