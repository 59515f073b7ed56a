import type { DataModel } from '../../datamodel/data-model.ts';
import type { LocalTable } from '../../device2/local-table.ts';
import type { Clock, Timer } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { DocumentStore } from '../../platform/store/document-store.ts';
import type { Announcement, LossReason, RootDevice } from '../../upnp/types.ts';
import { announcedRow, FEWEST_ROWS, renewedRow, rowsWantedBy, writeDeviceRows } from './device-rows.ts';
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
  /** End of its lease, monotonic milliseconds, when only announcements tell of it; undefined: the control point looks after it. */
  readonly leaseEnd: number | undefined;
  /** Until when the rows of its last description are kept, monotonic milliseconds, when it cannot be described any more. */
  readonly remainsEnd?: number | undefined;
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
  /** Monotonic milliseconds, as the times below: the clock of the wall may jump. */
  readonly #startedAt: number;
  /** When each root device was lost, of those that were in this run, by key. */
  readonly #lostAt = new Map<string, number>();
  #isFullTold = false;

  constructor(options: InventoryOptions) {
    const { model, store, clock, macAddressOf, limits = INVENTORY_LIMITS } = options;
    this.#options = options;
    this.#startedAt = clock.monotonic();
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

  /** It was heard of again, with that announcement. */
  deviceRenewed(device: RootDevice, announcement: Announcement): void {
    this.#renewed(deviceKey(device.description.udn), announcement);
  }

  deviceLost(device: RootDevice, reason: LossReason): void {
    this.#leave(deviceKey(device.description.udn), reason);
  }

  /** A root device was announced whose description cannot be had: [TR-181] its row is what the announcement tells. */
  deviceAnnounced(announcement: Announcement): void {
    this.#announced(announcement, false);
  }

  /** Such a device was heard of again. */
  announcedAgain(announcement: Announcement): void {
    this.#announced(announcement, true);
  }

  /** Such a device said goodbye. */
  announcedLost(announcement: Announcement, reason: LossReason): void {
    const root = deviceKey(announcement.udn);
    const known = this.#present.get(root);
    if (known?.leaseEnd !== undefined) this.#leave(root, reason);
  }

  #announced(announcement: Announcement, again: boolean): void {
    const root = deviceKey(announcement.udn);
    const known = this.#present.get(root);
    // What its description told while that could be had stays, and nobody else's announcement changes it.
    if (!announcement.namesRoot || (known !== undefined && known.leaseEnd === undefined)) return;
    const { clock } = this.#options;
    const { rootDevices } = this.#rows.discovery;
    const row = rootDevices.find(root)?.row;
    const isMoved = row?.location !== announcement.location;
    if (known !== undefined && !isMoved && !again) return;
    const host = this.#hostOf(announcement);
    if (this.#roomFor(root, host, 1) < 1) return;
    const leaseEnd = clock.monotonic() + announcement.maxAgeSeconds * 1000;
    const remainsEnd =
      known === undefined && row !== undefined ? this.#retainedUntil(row) : known?.remainsEnd;
    this.#enter(root, { host, leaseEnd, remainsEnd });
    if (known === undefined || isMoved) {
      const reference = this.#hosts.reference(host);
      this.#follow(this.#rows.moveTo(root, reference));
      this.#follow([rootDevices.put(root, announcedRow(announcement, reference, clock.now()))]);
      this.#forgetUnusedHosts();
      this.#changed();
    } else this.#renewed(root, announcement);
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
    this.#lostAt.delete(root);
    if (hostBefore !== undefined && hostBefore !== present.host) this.#hostMayBeAbsent(hostBefore);
  }

  #renewed(root: string, announcement: Announcement): void {
    const now = this.#options.clock.now();
    const last = this.#rows.discovery.rootDevices.find(root)?.row.lastUpdate ?? -Infinity;
    // Below zero: the clock was set back.
    if (!this.#present.has(root) || (now >= last && now - last < LAST_UPDATE_STEP_MS)) return;
    this.#follow(
      this.#rows.update(root, (row) => (row.lostAt === undefined ? renewedRow(row, announcement, now) : row)),
    );
  }

  #leave(root: string, reason: LossReason): void {
    // The daemon stops: nothing is known to be gone.
    if (reason === 'stopped') return;
    this.#lost(root, reason === 'expired' ? 'LeaseExpired' : 'ByebyeReceived');
  }

  #lost(root: string, status: DiscoveryStatus): void {
    const { clock } = this.#options;
    const lostAt = clock.now();
    const host = this.#present.get(root)?.host;
    this.#present.delete(root);
    if (this.#rows.discovery.rootDevices.find(root) !== undefined) this.#lostAt.set(root, clock.monotonic());
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
      this.#forget(lost);
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

  /** When rows of a root device have to change by themselves, monotonic milliseconds: a lease ends unseen, a retention is over. */
  #dueAt(row: DiscoveryRow): number {
    if (row.lostAt !== undefined) return this.#retainedUntil(row);
    const present = this.#present.get(row.root);
    // A row of the run before: its device has one lease to be heard of.
    if (present === undefined) return this.#startedAt + row.leaseTime * 1000;
    return Math.min(present.leaseEnd ?? Infinity, present.remainsEnd ?? Infinity);
  }

  /** Of a loss in the run before no more is known than the time of the wall clock, which may have jumped since. */
  #retainedUntil({ root, lostAt }: DiscoveryRow): number {
    const { clock, retentionSeconds } = this.#options;
    const retentionMs = retentionSeconds() * 1000;
    const now = clock.monotonic();
    const inThisRun = this.#lostAt.get(root);
    if (inThisRun !== undefined) return inThisRun + retentionMs;
    if (lostAt === undefined) return now + retentionMs;
    return Math.min(now + lostAt + retentionMs - clock.now(), this.#startedAt + retentionMs);
  }

  #arm(): void {
    this.#timer?.cancel();
    const { clock } = this.#options;
    const { rootDevices } = this.#rows.discovery;
    let next = Infinity;
    for (const { row } of rootDevices.rows) next = Math.min(next, this.#dueAt(row));
    if (next === Infinity) return;
    this.#timer = clock.schedule(Math.max(0, next - clock.monotonic()), () => {
      this.#expire();
    });
  }

  #expire(): void {
    const now = this.#options.clock.monotonic();
    const { rootDevices } = this.#rows.discovery;
    for (const { key, row } of [...rootDevices.rows]) {
      if (this.#dueAt(row) > now) continue;
      const present = this.#present.get(key);
      if (row.lostAt !== undefined) this.#forget(key);
      else if (present === undefined || (present.leaseEnd ?? Infinity) <= now)
        this.#lost(key, 'LeaseExpired');
      else {
        this.#present.set(key, { ...present, remainsEnd: undefined });
        this.#follow(this.#rows.remove(key, new Set([rootDevices.path + key])));
      }
    }
    this.#forgetUnusedHosts();
    this.#changed();
    this.#arm();
  }

  #forget(root: string): void {
    this.#lostAt.delete(root);
    this.#follow(this.#rows.remove(root, new Set()));
  }

  #changed(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}
