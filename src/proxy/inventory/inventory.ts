import type { DataModel } from '../../datamodel/data-model.ts';
import type { LocalTable } from '../../device2/local-table.ts';
import type { Clock, Timer } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { DocumentStore } from '../../platform/store/document-store.ts';
import type { LossReason, RootDevice } from '../../upnp/types.ts';
import { writeDeviceRows } from './device-rows.ts';
import { DescriptionTables } from './description-tables.ts';
import { DiscoveryTables, type DiscoveryRow, type DiscoveryStatus } from './discovery-tables.ts';
import { HostTable } from './host-table.ts';
import { deviceKey } from './texts.ts';

export interface InventoryOptions {
  readonly model: DataModel;
  readonly store: DocumentStore;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How long the rows of a device stay after it left. */
  readonly retentionSeconds: () => number;
  readonly macAddressOf: (address: string) => string | undefined;
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

/** A LAN that makes up devices cannot fill the memory: beyond this the longest lost go, then new ones are left out. */
const MOST_ROOT_DEVICES = 512;

/**
 * The inventory of the home in the proxier's own model [TR-181 UPnP.Discovery, UPnP.Description, Hosts.Host]: every UPnP root
 * device that the control point knows, and for some time those that left.
 */
export class Inventory {
  readonly #options: InventoryOptions;
  readonly #hosts: HostTable;
  readonly #discovery: DiscoveryTables;
  readonly #description: DescriptionTables;
  /** By key of the root device, milliseconds since the epoch. */
  readonly #lastUpdate = new Map<string, number>();
  /** Keys of the root devices that are on the LAN now, with the key of their host. */
  readonly #present = new Map<string, string>();
  readonly #listeners = new Set<() => void>();
  #timer: Timer | undefined;
  readonly #startedAt: number;

  constructor(options: InventoryOptions) {
    const { model, store, clock, macAddressOf } = options;
    this.#options = options;
    this.#startedAt = clock.now();
    this.#hosts = new HostTable({ model, store, now: () => clock.now(), macAddressOf });
    this.#discovery = new DiscoveryTables(model, store, (root) => this.#lastUpdate.get(root));
    this.#description = new DescriptionTables(model, store);
  }

  /** Begins to look after the rows of devices that are gone. */
  start(): void {
    this.#arm();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#listeners.clear();
  }

  /** How much is in it, for the status page. */
  get summary(): InventorySummary {
    const { rootDevices, devices, services } = this.#discovery;
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
    if (!this.#hasRoomFor(root)) return;
    const host = this.#hosts.present(device.announcement.sourceAddress);
    const hostBefore = this.#present.get(root);
    this.#present.set(root, host);
    this.#lastUpdate.set(root, this.#options.clock.now());
    if (hostBefore !== undefined && hostBefore !== host) this.#hostMayBeAbsent(hostBefore);
    const tables = { discovery: this.#discovery, description: this.#description };
    const { kept, writes } = writeDeviceRows(tables, device, this.#hosts.reference(host));
    this.#follow(Promise.all(writes));
    this.#removeRows(root, kept);
    this.#forgetUnusedHosts();
    this.#changed();
  }

  /** It was heard of again. */
  deviceRenewed(device: RootDevice): void {
    const root = deviceKey(device.description.udn);
    if (this.#present.has(root)) this.#lastUpdate.set(root, this.#options.clock.now());
  }

  deviceLost(device: RootDevice, reason: LossReason): void {
    // The daemon stops: nothing is known to be gone.
    if (reason === 'stopped') return;
    this.#lost(deviceKey(device.description.udn), reason === 'expired' ? 'LeaseExpired' : 'ByebyeReceived');
  }

  /** The rows of the device of that UDN, root or embedded. */
  references(udn: string): InventoryReferences {
    const key = deviceKey(udn);
    const { rootDevices, devices } = this.#discovery;
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

  #follow(write: Promise<unknown>): void {
    write.catch((error: unknown) => {
      this.#options.logger.error('the inventory was not stored', { error: String(error) });
    });
  }

  #lost(root: string, status: DiscoveryStatus): void {
    const lostAt = this.#options.clock.now();
    const host = this.#present.get(root);
    this.#present.delete(root);
    for (const table of this.#discovery.all) {
      for (const { key, row } of [...table.rows]) {
        if (row.root === root && row.lostAt === undefined)
          this.#follow(table.put(key, { ...row, status, lostAt }));
      }
    }
    if (host !== undefined) this.#hostMayBeAbsent(host);
    this.#arm();
  }

  #hostMayBeAbsent(host: string): void {
    if (![...this.#present.values()].includes(host)) this.#hosts.absent(host);
  }

  #hasRoomFor(root: string): boolean {
    const { rootDevices } = this.#discovery;
    if (rootDevices.find(root) !== undefined || rootDevices.size < MOST_ROOT_DEVICES) return true;
    const [oldest] = [...rootDevices.rows]
      .filter(({ row }) => row.lostAt !== undefined)
      .sort((a, b) => (a.row.lostAt ?? 0) - (b.row.lostAt ?? 0));
    if (oldest === undefined) {
      this.#options.logger.warn('the inventory is full, a device is left out', { udn: root });
      return false;
    }
    this.#removeRows(oldest.key, new Set());
    return true;
  }

  /** Removes the rows of a root device that are not among `kept`. */
  #removeRows(root: string, kept: ReadonlySet<string>): void {
    const remove = <Row extends { readonly root: string }>(table: LocalTable<Row>): void => {
      for (const { key, row } of [...table.rows]) {
        if (row.root === root && !kept.has(table.path + key)) this.#follow(table.remove(key));
      }
    };
    this.#discovery.all.forEach(remove);
    remove(this.#description.descriptions);
    remove(this.#description.deviceInstances);
    remove(this.#description.serviceInstances);
    if (kept.size === 0) this.#lastUpdate.delete(root);
  }

  #forgetUnusedHosts(): void {
    const used = new Set([...this.#discovery.rootDevices.rows].map(({ row }) => row.host));
    for (const key of this.#hosts.keys) {
      if (!used.has(this.#hosts.reference(key))) this.#follow(this.#hosts.forget(key));
    }
  }

  /** Rows may have to go sooner, or may stay longer. */
  retentionChanged(): void {
    this.#arm();
  }

  /** When the row of a root device has to change by itself: its lease ends unseen after a restart, or its retention is over. */
  #dueAt(root: string, row: DiscoveryRow): number | undefined {
    if (row.lostAt !== undefined) return row.lostAt + this.#options.retentionSeconds() * 1000;
    return this.#present.has(root) ? undefined : this.#startedAt + row.leaseTime * 1000;
  }

  #arm(): void {
    this.#timer?.cancel();
    const dues = [...this.#discovery.rootDevices.rows].flatMap(({ key, row }) => this.#dueAt(key, row) ?? []);
    if (dues.length === 0) return;
    const { clock } = this.#options;
    this.#timer = clock.schedule(Math.max(0, Math.min(...dues) - clock.now()), () => {
      this.#expire();
    });
  }

  #expire(): void {
    const now = this.#options.clock.now();
    for (const { key, row } of [...this.#discovery.rootDevices.rows]) {
      if ((this.#dueAt(key, row) ?? Infinity) > now) continue;
      if (row.lostAt === undefined) this.#lost(key, 'LeaseExpired');
      else this.#removeRows(key, new Set());
    }
    this.#forgetUnusedHosts();
    this.#changed();
    this.#arm();
  }

  #changed(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}
