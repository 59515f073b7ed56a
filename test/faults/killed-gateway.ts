import { randomInt } from 'node:crypto';
import { formatDeviceId } from '../../src/lab/acs/acs-device.ts';
import type { AcsSession } from '../../src/lab/acs/acs-session.ts';
import { LabAcs } from '../../src/lab/acs/lab-acs.ts';
import { createLabDevice, type LabDevice } from '../../src/lab/device/lab-device.ts';
import { waitFor } from '../support/wait-for.ts';
import { Ledger } from '../support/ledger.ts';
import { BootLedger } from '../support/boot-ledger.ts';
import { Expected, KilledDaemon, type KilledHome, type Life } from './killed-daemon.ts';

const INTERVAL = 'Device.ManagementServer.PeriodicInformInterval';
const KEY = 'Device.ManagementServer.ParameterKey';
const TABLE = 'Device.ManagementServer.InformParameter.';
const WRITTEN = 'Device.WiFi.SSID.1.SSID';
const WATCHED = 'Device.WiFi.Radio.2.TransmitPower';
const CMS_WRITTEN = '/BBF/WiFi/SSID/0/SSID';
const CMS_WATCHED = '/BBF/WiFi/Radio/1/TransmitPower';
const LONGEST_BUSY_LIFE_MS = 500;
/** Between changes on the device. */
const CHANGE_MS = 40;
/** One change in so many is a reboot. */
const REBOOT_SELDOM = 30;
const LIVES_TO_A_LOOK = 4;

/**
 * One home whose daemon dies again and again, at any instant, while the ACS reads, writes, adds rows and orders Informs and the
 * device changes, and reboots if it is one that does: `problems` says what was lost, or told twice.
 */
export class KilledGateway implements KilledHome {
  readonly problems: string[] = [];
  acknowledged = 0;
  readonly #acs = new LabAcs({ sessionTimeoutMs: 400 });
  readonly #daemon = new KilledDaemon(this.#acs, LONGEST_BUSY_LIFE_MS);
  readonly #device: LabDevice;
  readonly #reboots: boolean;
  readonly #id: string;
  readonly #ledger: Ledger;
  readonly #boots: BootLedger;
  readonly #interval = new Expected<string>();
  readonly #key = new Expected<string>();
  readonly #written = new Expected<string>();
  /** Numbers of rows that the ACS was told, with whether they were deleted. */
  readonly #rows = new Map<number, 'there' | 'deleting'>();
  #highestRow = 0;
  #isWatched = false;
  #count = 0;

  constructor(lane: number, reboots = false) {
    this.#reboots = reboots;
    const serialNumber = `KILL${lane}${randomInt(1_000_000)}`;
    this.#device = createLabDevice({
      profile: 'wifi',
      drift: false,
      rebootMs: 100,
      identity: { serialNumber },
    });
    const { manufacturerOui: oui, productClass } = this.#device.profile.identity;
    this.#id = formatDeviceId({ oui, productClass, serialNumber });
    const report = (problem: string): void => void this.problems.push(problem);
    this.#ledger = new Ledger(this.#acs, report);
    this.#boots = new BootLedger(this.#acs, this.#id, report);
  }

  get kills(): number {
    return this.#daemon.kills;
  }

  async open(): Promise<void> {
    await this.#acs.start();
    await this.#device.start();
    await this.#daemon.open([
      `devices: { default: ignore, rules: [{ match: { udn: '${this.#device.udn}' }, mechanism: virtual }] }`,
    ]);
  }

  async close(): Promise<void> {
    await this.#device.stop();
    await this.#acs.stop();
    await this.#daemon.close();
  }

  async liveAndDie(): Promise<void> {
    const changing = setInterval(() => this.#change(), CHANGE_MS);
    this.problems.push(...(await this.#daemon.liveAndDie((life, started) => this.#work(life, started))));
    clearInterval(changing);
    // Of the reboots some are told in a life without any, so that none hides behind the next one.
    if (this.#reboots && this.kills % LIVES_TO_A_LOOK === 0) await this.settle();
  }

  async settle(): Promise<void> {
    this.#changeValue();
    this.problems.push(...(await this.#daemon.live(() => this.#allKept())));
  }

  async #allKept(): Promise<void> {
    await waitFor(() => this.#acs.devices.get(this.#id)?.isOnline, 'the device at the ACS', 20_000);
    // Before anybody asks: what changed while the daemon was dead comes by itself.
    const wanted = this.#device.get(CMS_WATCHED);
    if (this.#isWatched) {
      await waitFor(() => this.#ledger.told(this.#id, WATCHED) === wanted, `${WATCHED} at the ACS`, 20_000);
    }
    await waitFor(() => !this.#boots.isOwed, 'the 1 BOOT of the last reboot', 20_000);
    await waitFor(() => this.#isVerified(), 'a last look', 20_000);
    await waitFor(() => this.#ledger.owed(this.#id).length === 0, 'the events that were promised', 20_000);
    this.#boots.close();
  }

  #changeValue(): void {
    this.#device.set(CMS_WATCHED, String(10 * randomInt(1, 10)));
  }

  #change(): void {
    this.#changeValue();
    if (!this.#reboots || randomInt(REBOOT_SELDOM) > 0) return;
    this.#boots.rebooted();
    void this.#device.reboot();
  }

  /** Sessions until the daemon is dead: first a look at what should be there, then whatever comes. */
  #work(life: Life, started: () => void): Promise<void> {
    return this.#daemon.workWith(this.#id, life, started, () =>
      this.#acs.perform(
        this.#id,
        async (session) => {
          await this.#verify(session);
          for (let step = 0; step < 5; step += 1) {
            await this.#act(session);
            this.acknowledged += 1;
          }
        },
        1000,
      ),
    );
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
