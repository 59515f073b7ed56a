import { randomInt } from 'node:crypto';
import { formatDeviceId } from '../../src/lab/acs/acs-device.ts';
import type { AcsSession } from '../../src/lab/acs/acs-session.ts';
import { LabAcs } from '../../src/lab/acs/lab-acs.ts';
import { createLabDevice, type LabDevice } from '../../src/lab/device/lab-device.ts';
import { waitFor } from '../support/wait-for.ts';
import { Expected, KilledDaemon, type KilledHome, type Life } from './killed-daemon.ts';

const INTERVAL = 'Device.ManagementServer.PeriodicInformInterval';
const KEY = 'Device.ManagementServer.ParameterKey';
const NAME = 'Device.Services.StorageService.1.LogicalVolume.2.Name';
const PROCESSED = 'Device.ManagementServer.EmbeddedDevice.1.CommandProcessed';
/** Long enough for a write to a silent device to be queued, and sent again. */
const LONGEST_BUSY_LIFE_MS = 4000;
/** Between looks at what came; as often it is another question whether the device answers. */
const LOOK_MS = 150;

/**
 * A home whose storage is an Embedded Object and silent at times, so that the ACS is told that its writes are queued, while the
 * daemon dies again and again: every write that was answered reaches the device, in order.
 */
export class KilledStorage implements KilledHome {
  readonly problems: string[] = [];
  acknowledged = 0;
  readonly #acs = new LabAcs({ sessionTimeoutMs: 400 });
  readonly #daemon = new KilledDaemon(this.#acs, LONGEST_BUSY_LIFE_MS);
  readonly #device: LabDevice;
  readonly #id: string;
  readonly #interval = new Expected<string>();
  readonly #key = new Expected<string>();
  readonly #name = new Expected<string>();
  /** Numbers of the writes that were answered, those that had to wait, and those that the device carried out, in its order. */
  readonly #answered: number[] = [];
  #queued = 0;
  readonly #done: number[] = [];
  #isSilent = false;
  #count = 0;

  constructor() {
    const serialNumber = `KILLS${randomInt(1_000_000)}`;
    this.#device = createLabDevice({ profile: 'nas', drift: false, identity: { serialNumber } });
    this.#id = formatDeviceId({ oui: '0011AA', productClass: 'Proxier', serialNumber });
  }

  get kills(): number {
    return this.#daemon.kills;
  }

  async open(): Promise<void> {
    await this.#acs.start();
    await this.#device.start();
    const { serialNumber } = this.#device.profile.identity;
    await this.#daemon.open([
      `proxier: { manufacturerOui: '0011AA', productClass: Proxier, serialNumber: ${serialNumber} }`,
      'embedded: { answerTimeoutSeconds: 1 }',
      `devices: { default: ignore, rules: [{ match: { udn: '${this.#device.udn}' }, mechanism: embedded }] }`,
    ]);
  }

  async close(): Promise<void> {
    await this.#device.stop();
    await this.#acs.stop();
    await this.#daemon.close();
  }

  async liveAndDie(): Promise<void> {
    const looking = setInterval(() => {
      this.#look();
      this.#setSilent(randomInt(3) > 0);
    }, LOOK_MS);
    const problems = await this.#daemon.liveAndDie((life, started) => this.#work(life, started));
    this.problems.push(...problems);
    clearInterval(looking);
  }

  async settle(): Promise<void> {
    this.#look();
    this.#setSilent(false);
    this.problems.push(...(await this.#daemon.live(() => this.#allDone())));
    this.#look();
    this.#judge();
  }

  async #allDone(): Promise<void> {
    const last = this.#answered.at(-1);
    await waitFor(
      () => {
        this.#look();
        return last === undefined || this.#done.includes(last);
      },
      'the last write at the device',
      60_000,
    );
    await waitFor(() => this.#isSettled(), 'CommandProcessed Success', 60_000);
  }

  /** Every write that was answered is there; none comes after a later one. */
  #judge(): void {
    const missing = this.#answered.filter((write) => !this.#done.includes(write));
    if (missing.length > 0) this.problems.push(`writes were lost: ${missing.join(', ')}`);
    const changes = this.#done.filter((write, index) => write !== this.#done[index - 1]);
    if (changes.some((write, index) => write <= (changes[index - 1] ?? 0)))
      this.problems.push(`writes came out of order: ${this.#done.join(', ')}`);
    // Whether the device has carried out what was sent just before a kill nobody knows: it is sent again.
    if (this.#done.length - changes.length > this.kills)
      this.problems.push(`writes came more than once: ${this.#done.join(', ')}`);
    if (this.kills > 10 && this.#queued === 0) this.problems.push('no write was queued');
  }

  #setSilent(isSilent: boolean): void {
    this.#isSilent = isSilent;
    this.#device.setFault(isSilent ? { action: 'SetValues', behaviour: 'silent' } : undefined);
  }

  /** Takes note of what the device was told since the last look; a device that is silent has done nothing of it. */
  #look(): void {
    for (const { action, arguments: given } of this.#device.requests.splice(0)) {
      const number = /write (\d+)/.exec(JSON.stringify(given))?.[1];
      if (action === 'SetValues' && number !== undefined && !this.#isSilent) this.#done.push(Number(number));
    }
  }

  #work(life: Life, started: () => void): Promise<void> {
    return this.#daemon.workWith(this.#id, life, started, () =>
      this.#acs.perform(
        this.#id,
        async (session) => {
          await this.#verify(session);
          for (let step = 0; step < 5; step += 1) {
            await this.#write(session);
            this.acknowledged += 1;
          }
        },
        1000,
      ),
    );
  }

  async #isSettled(): Promise<boolean> {
    return await this.#acs
      .perform(
        this.#id,
        async (session) => {
          await this.#verify(session);
          const [processed] = await session.getParameterValues([PROCESSED]);
          return processed?.value === 'Success';
        },
        2000,
      )
      .catch(() => false);
  }

  /** What is accepted reads as written, wherever it is. */
  async #verify(session: AcsSession): Promise<void> {
    const values = await session.getParameterValues([INTERVAL, KEY, NAME]);
    const valueOf = (name: string): string => values.find((value) => value.name === name)?.value ?? '';
    this.problems.push(
      ...this.#interval.found(valueOf(INTERVAL), INTERVAL),
      ...this.#key.found(valueOf(KEY), KEY),
      ...this.#name.found(valueOf(NAME), NAME),
    );
  }

  /** A value of the proxier and one of the device in one request. */
  async #write(session: AcsSession): Promise<void> {
    this.#count += 1;
    const write = this.#count;
    const [interval, name, key] = [String(1000 + write), `write ${write}`, `k${write}`];
    this.#interval.underWay(interval);
    this.#name.underWay(name);
    this.#key.underWay(key);
    const status = await session.setParameterValues(
      [
        { name: INTERVAL, value: interval, type: 'xsd:unsignedInt' },
        { name: NAME, value: name, type: 'xsd:string' },
      ],
      key,
    );
    this.#answered.push(write);
    if (status === 1) this.#queued += 1;
    this.#interval.acknowledged(interval);
    this.#name.acknowledged(name);
    this.#key.acknowledged(key);
  }
}
