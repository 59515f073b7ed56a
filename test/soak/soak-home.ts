import { randomInt } from 'node:crypto';
import { formatDeviceId } from '../../src/lab/acs/acs-device.ts';
import type { AcsSession } from '../../src/lab/acs/acs-session.ts';
import { LabAcs } from '../../src/lab/acs/lab-acs.ts';
import { createLabDevice, type LabDevice } from '../../src/lab/device/lab-device.ts';
import { BootLedger } from '../support/boot-ledger.ts';
import { Ledger } from '../support/ledger.ts';
import { OwnWrites } from './own-writes.ts';
import { WatchLedger } from './watch-ledger.ts';

/** The proxier of the soak's configuration; vendor trees carry its OUI. */
export const PROXIER_OUI = '00005E';
const SENSOR = `Device.X_${PROXIER_OUI}_UPnPDM.X_ACME_Sensor.`;
const WATCHED = `${SENSOR}Temperature`;
const CMS_WATCHED = '/X_ACME_Sensor/Temperature';
const MEASURING_INTERVAL = `${SENSOR}MeasuringInterval`;
const CHANNELS = `${SENSOR}Channel.`;

interface Resident {
  readonly device: LabDevice;
  readonly id: string;
  readonly boots: BootLedger;
  state: 'here' | 'away' | 'returning';
}

/** Devices that change, leave and return, and an ACS that uses every RPC on them. */
export class SoakHome {
  readonly acs = new LabAcs({ transcriptLimit: 1000 });
  readonly ledger = new WatchLedger(this.acs, WATCHED);
  /** Events that happen once, and were told again. */
  readonly repeated: string[] = [];
  readonly orders = new Ledger(this.acs, (problem) => this.repeated.push(problem));
  readonly writes = new OwnWrites(this.acs, MEASURING_INTERVAL, (problem) => this.repeated.push(problem));
  readonly residents: readonly Resident[];
  /** Faults and broken sessions of devices that were there all the time. */
  readonly faults: string[] = [];
  rpcs = 0;
  departures = 0;
  #next = 0;
  #orderCount = 0;

  constructor(count: number) {
    this.residents = Array.from({ length: count }, (_, index) => {
      const serialNumber = `SOAK${index}${randomInt(1_000_000)}`;
      const device = createLabDevice({ profile: 'sensor', drift: false, identity: { serialNumber } });
      const { manufacturerOui: oui, productClass } = device.profile.identity;
      const id = formatDeviceId({ oui, productClass, serialNumber });
      const boots = new BootLedger(this.acs, id, (problem) => this.repeated.push(problem));
      return { device, id, boots, state: 'here' as const };
    });
  }

  async start(): Promise<void> {
    await this.acs.start();
    for (const { device } of this.residents) await device.start();
  }

  async stop(): Promise<void> {
    await Promise.all(this.residents.map(({ device }) => device.stop()));
    await this.acs.stop();
  }

  /** All devices are at the ACS, and watched. */
  async watchAll(): Promise<void> {
    for (const { id } of this.residents) {
      await this.acs.waitForInform(id, undefined, 60_000);
      await this.acs.waitForIdle(id, 60_000);
      await this.acs.perform(id, (session) =>
        session.setParameterAttributes([{ name: WATCHED, notification: 2 }]),
      );
    }
  }

  /** Some device whose last change is told changes again. */
  change(): void {
    const { device, id } = this.#any();
    if (!this.ledger.isTold(id)) return;
    this.#next = (this.#next + 1) % 1000;
    const value = String(this.#next - 400);
    if (device.get(CMS_WATCHED) === value) return;
    this.ledger.changed(id, value);
    device.set(CMS_WATCHED, value);
  }

  /** The ACS asks some device that is there for something. */
  async ask(): Promise<void> {
    const resident = this.#any();
    if (resident.state !== 'here') return;
    const departures = this.departures;
    try {
      await this.acs.perform(resident.id, (session) => this.#rpc(session, resident.id), 10_000);
      this.rpcs += 1;
    } catch (error) {
      const wasThere = this.departures === departures || this.#isHere(resident);
      if (wasThere)
        this.faults.push(`${resident.id}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /** Some device leaves, with or without goodbye, and comes back `awayMs` later. */
  async churn(awayMs: number): Promise<void> {
    const resident = this.#any();
    // One whose 1 BOOT is missing does not leave again: the next one would hide it.
    if (!this.#isHere(resident) || resident.boots.isOwed) return;
    resident.state = 'away';
    this.departures += 1;
    await resident.device.stop({ byebye: randomInt(2) === 0 });
    await new Promise((resolve) => setTimeout(resolve, awayMs));
    this.ledger.forgetLatency(resident.id);
    resident.state = 'returning';
    resident.boots.rebooted();
    await resident.device.comeBack();
    // What it changes before the proxier has found it again is told late.
    while (!(await this.acs.connectionRequest(resident.id)).accepted) {
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    this.ledger.forgetLatency(resident.id);
    resident.state = 'here';
  }

  /** Orders that were accepted and never carried out, and boots. */
  owed(): string[] {
    return this.residents.flatMap(({ id, boots }) =>
      [...this.orders.owed(id), ...(boots.isOwed ? ['1 BOOT'] : [])].map((name) => `${id} ${name}`),
    );
  }

  #isHere({ state }: Resident): boolean {
    return state === 'here';
  }

  #any(): Resident {
    const resident = this.residents[randomInt(this.residents.length)];
    if (resident === undefined) throw new Error('nobody lives here');
    return resident;
  }

  async #rpc(session: AcsSession, id: string): Promise<void> {
    switch (randomInt(8)) {
      case 0:
        await session.getParameterValues(['Device.']);
        return;
      case 1:
        await session.getParameterNames('Device.', false);
        return;
      case 2:
        await session.getParameterAttributes([WATCHED]);
        return;
      case 3:
        await session.getRpcMethods();
        return;
      case 4:
        this.#orderCount += 1;
        await this.orders.scheduleInform(session, id, `order ${this.#orderCount}`);
        return;
      case 5: {
        const value = String(randomInt(1, 3600));
        await this.writes.write(id, value, (name) =>
          session.setParameterValues([{ name, value, type: 'xsd:unsignedInt' }], 'soak'),
        );
        return;
      }
      case 6:
        await session.setParameterAttributes([{ name: MEASURING_INTERVAL, notification: randomInt(2) }]);
        return;
      default: {
        const { instanceNumber } = await session.addObject(CHANNELS);
        await session.getParameterValues([`${CHANNELS}${instanceNumber}.`]);
        await session.deleteObject(`${CHANNELS}${instanceNumber}.`);
      }
    }
  }
}
