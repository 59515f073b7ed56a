import type { DataModel } from '../../datamodel/data-model.ts';
import type { LocalTable } from '../../device2/local-table.ts';
import type { Clock, Timer } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { DocumentStore } from '../../platform/store/document-store.ts';
import type { Announcement, LossReason, RootDevice } from '../../upnp/types.ts';
import { announcedRow, FEWEST_ROWS, rowsWantedBy, writeDeviceRows } from './device-rows.ts';
import type { DiscoveryRow, DiscoveryStatus } from './discovery-tables.ts';
import { HostTable, type InterfaceType } from './host-table.ts';
import { INVENTORY_LIMITS, InventoryRows, type InventoryLimits } from './inventory-rows.ts';
import { deviceKey } from './texts.ts';

export interface InventoryOptions {
  readonly model: DataModel;
  readonly store: DocumentStore;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How long the rows of a device stay after it left. */
  readonly retentionSeconds: () => number;
  readonly macAddressOf: (address: string) => string | undefined;
  /** Of one of our own network interfaces. */
  readonly interfaceTypeOf: (interfaceName: string) => InterfaceType;
  readonly limits?: InventoryLimits;
}

/** Rows that stand for a device, as values of references. */
export interface InventoryReferences {
  readonly hosts: readonly string[];
  readonly discovery: readonly string[];
}

/** Rows of one kind: all of them, and those among them whose device left and that are only kept for some time. */
export interface InventoryCount {
  readonly total: number;
  readonly gone: number;
}

/** Sizes of the tables; `devices` are those that are embedded in root devices. */
export type InventorySummary = Readonly<
  Record<'rootDevices' | 'devices' | 'services' | 'hosts', InventoryCount>
>;

/** LastUpdate is exact to this: a device that repeats its messages does not make a change of each. */
const LAST_UPDATE_STEP_MS = 30_000;

/** A root device that is on the LAN. */
interface PresentRoot {
  /** Key of its host. */
  readonly host: string;
  /** End of its lease, milliseconds since the epoch, when only announcements tell of it; undefined: the control point looks after it. */
  readonly leaseEnd: number | undefined;
}

/**
 * The inventory of the home in the proxier's own model [TR-181 UPnP.Discovery, UPnP.Description, Hosts.Host]: every UPnP root
 * device that the control point knows, and for some time those that left.
 */
export class Inventory {
  readonly #options: InventoryOptions;
  readonly #hosts: HostTable;
  readonly #rows: InventoryRows;
  /** By key of the root device. */
  readonly #present = new Map<string, PresentRoot>();
  readonly #listeners = new Set<() => void>();
  #timer: Timer | undefined;
  readonly #startedAt: number;
  #isFullTold = false;

  constructor(options: InventoryOptions) {
    const { model, store, clock, macAddressOf, limits = INVENTORY_LIMITS } = options;
    this.#options = options;
    this.#startedAt = clock.now();
    this.#hosts = new HostTable({ model, store, now: () => clock.now(), macAddressOf });
    this.#rows = new InventoryRows(model, store, limits);
  }

  /** Begins to look after the rows of devices that are gone. */
  start(): void {
    const { leftOut } = this.#rows;
    if (leftOut > 0)
      this.#options.logger.warn('the inventory was too large, rows are forgotten', { rows: leftOut });
    this.#forgetUnusedHosts();
    this.#arm();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#listeners.clear();
  }

  /** How much is in it, for the status page. */
  get summary(): InventorySummary {
    const { rootDevices, devices, services } = this.#rows.discovery;
    const count = ({ rows, size }: LocalTable<DiscoveryRow>): InventoryCount => ({
      total: size,
      gone: [...rows].filter(({ row }) => row.lostAt !== undefined).length,
    });
    // A host is there while a device on it is: after a restart its row does not know yet.
    const there = [...rootDevices.rows].filter(({ row }) => row.lostAt === undefined);
    const hostsThere = new Set(there.map(({ row }) => row.host));
    const hosts = this.#hosts.keys;
    return {
      rootDevices: count(rootDevices),
      devices: count(devices),
      services: count(services),
      hosts: {
        total: hosts.length,
        gone: hosts.filter((key) => !hostsThere.has(this.#hosts.reference(key))).length,
      },
    };
  }

  /** It came, or its description or address changed. */
  deviceAppeared(device: RootDevice): void {
    const root = deviceKey(device.description.udn);
    const host = this.#hostOf(device.announcement);
    const limit = this.#roomFor(root, host, rowsWantedBy(device.description));
    if (limit < FEWEST_ROWS) return;
    this.#enter(root, { host, leaseEnd: undefined });
    const { kept, writes } = writeDeviceRows({
      rows: this.#rows,
      device,
      host: this.#hosts.reference(host),
      now: this.#options.clock.now(),
      limit,
    });
    this.#follow(writes);
    this.#follow(this.#rows.remove(root, kept));
    this.#forgetUnusedHosts();
    this.#changed();
  }

  /** It was heard of again. */
  deviceRenewed(device: RootDevice): void {
    this.#renewed(deviceKey(device.description.udn));
  }

  deviceLost(device: RootDevice, reason: LossReason): void {
    // The daemon stops: nothing is known to be gone.
    if (reason === 'stopped') return;
    this.#lost(deviceKey(device.description.udn), reason === 'expired' ? 'LeaseExpired' : 'ByebyeReceived');
  }

  /** A root device was announced whose description cannot be had: [TR-181] its row is what the announcement tells. */
  deviceAnnounced(announcement: Announcement): void {
    const root = deviceKey(announcement.udn);
    const known = this.#present.get(root);
    // What its description told while that could be had stays, and nobody else's announcement changes it.
    if (!announcement.namesRoot || (known !== undefined && known.leaseEnd === undefined)) return;
    const { clock } = this.#options;
    const host = this.#hostOf(announcement);
    if (this.#roomFor(root, host, 1) < 1) return;
    const leaseEnd = clock.now() + announcement.maxAgeSeconds * 1000;
    const { rootDevices } = this.#rows.discovery;
    const row = announcedRow(announcement, this.#hosts.reference(host), clock.now());
    this.#enter(root, { host, leaseEnd });
    if (known === undefined || rootDevices.find(root)?.row.location !== row.location) {
      this.#follow([rootDevices.put(root, row)]);
      this.#forgetUnusedHosts();
      this.#changed();
    } else this.#renewed(root);
    this.#arm();
  }

  /** The rows of the device of that UDN, root or embedded. */
  references(udn: string): InventoryReferences {
    const key = deviceKey(udn);
    const { rootDevices, devices } = this.#rows.discovery;
    const table = rootDevices.find(key) === undefined ? devices : rootDevices;
    const row = table.find(key)?.row;
    if (row === undefined) return { hosts: [], discovery: [] };
    return { hosts: row.host === '' ? [] : [row.host], discovery: [table.reference(key)] };
  }

  /** `listener` is called after rows came or went. Returns the function that ends it. */
  onReferencesChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #follow(writes: readonly Promise<unknown>[]): void {
    Promise.all(writes).catch((error: unknown) => {
      this.#options.logger.error('the inventory was not stored', { error: String(error) });
    });
  }

  /** @returns the key of the host that an announcement came from */
  #hostOf({ sourceAddress, interfaceName }: Announcement): string {
    return this.#hosts.present(sourceAddress, this.#options.interfaceTypeOf(interfaceName));
  }

  #enter(root: string, present: PresentRoot): void {
    const hostBefore = this.#present.get(root)?.host;
    this.#present.set(root, present);
    if (hostBefore !== undefined && hostBefore !== present.host) this.#hostMayBeAbsent(hostBefore);
  }

  #renewed(root: string): void {
    const now = this.#options.clock.now();
    const last = this.#rows.discovery.rootDevices.find(root)?.row.lastUpdate ?? -Infinity;
    if (!this.#present.has(root) || now - last < LAST_UPDATE_STEP_MS) return;
    this.#follow(this.#rows.update(root, (row) => ({ ...row, lastUpdate: now })));
  }

  #lost(root: string, status: DiscoveryStatus): void {
    const lostAt = this.#options.clock.now();
    const host = this.#present.get(root)?.host;
    this.#present.delete(root);
    this.#follow(
      this.#rows.update(root, (row) => (row.lostAt === undefined ? { ...row, status, lostAt } : row)),
    );
    if (host !== undefined) this.#hostMayBeAbsent(host);
    this.#arm();
  }

  #hostMayBeAbsent(host: string): void {
    if (![...this.#present.values()].some((present) => present.host === host)) this.#hosts.absent(host);
  }

  /** How many rows a root device may have. Devices that are left out, wholly or in part, are told of once. */
  #roomFor(root: string, host: string, wanted: number): number {
    const limit = this.#rows.roomFor(root, this.#hosts.reference(host), wanted, (lost) => {
      this.#follow(this.#rows.remove(lost, new Set()));
    });
    if (limit < wanted && !this.#isFullTold) {
      this.#isFullTold = true;
      this.#options.logger.warn('the inventory is full, devices are left out or not shown whole', {
        udn: root,
        host,
      });
    }
    if (limit < FEWEST_ROWS) this.#forgetUnusedHosts();
    return limit;
  }

  #forgetUnusedHosts(): void {
    const used = new Set([...this.#rows.discovery.rootDevices.rows].map(({ row }) => row.host));
    for (const key of this.#hosts.keys) {
      if (!used.has(this.#hosts.reference(key))) this.#follow([this.#hosts.forget(key)]);
    }
  }

  /** Rows may have to go sooner, or may stay longer. */
  retentionChanged(): void {
    this.#arm();
  }

  /** When the row of a root device has to change by itself: its lease ends unseen, or its retention is over. */
  #dueAt(root: string, row: DiscoveryRow): number | undefined {
    if (row.lostAt !== undefined) return row.lostAt + this.#options.retentionSeconds() * 1000;
    const present = this.#present.get(root);
    // A row of the run before: its device has one lease to be heard of.
    return present === undefined ? this.#startedAt + row.leaseTime * 1000 : present.leaseEnd;
  }

  #arm(): void {
    this.#timer?.cancel();
    const dues = [...this.#rows.discovery.rootDevices.rows].flatMap(
      ({ key, row }) => this.#dueAt(key, row) ?? [],
    );
    if (dues.length === 0) return;
    const { clock } = this.#options;
    this.#timer = clock.schedule(Math.max(0, Math.min(...dues) - clock.now()), () => {
      this.#expire();
    });
  }

  #expire(): void {
    const now = this.#options.clock.now();
    for (const { key, row } of [...this.#rows.discovery.rootDevices.rows]) {
      if ((this.#dueAt(key, row) ?? Infinity) > now) continue;
      if (row.lostAt === undefined) this.#lost(key, 'LeaseExpired');
      else this.#follow(this.#rows.remove(key, new Set()));
    }
    this.#forgetUnusedHosts();
    this.#changed();
    this.#arm();
  }

  #changed(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}
