import type { EndpointIdentity } from '../../cwmp/types.ts';
import type { Mount } from '../mapping/mounts.ts';
import type { DeviceReferences } from '../proxier/proxied-device-columns.ts';
import type { CommandProcessed } from './command-queue.ts';
import { serviceRowsOf, type ServiceTable } from './embedded-plan.ts';
import { newEmbeddedDeviceRow, type EmbeddedDeviceRow, type EmbeddedTables } from './embedded-tables.ts';

/** What the rows tell of a device. */
export interface ShownState extends DeviceReferences {
  readonly friendlyName: string;
  /** It is within reach and answers. */
  readonly online: boolean;
  readonly commandProcessed: CommandProcessed;
  readonly message: string;
  /** Milliseconds since the epoch. */
  readonly lastSync: number | undefined;
}

export interface EmbeddedRowsOptions {
  /** Identity key of the device. */
  readonly key: string;
  readonly identity: EndpointIdentity;
  readonly tables: EmbeddedTables;
  readonly state: () => ShownState;
  /** Rows of SupportedDataModel that describe the object at a path. */
  readonly supportedDataModels: (objectPath: string) => readonly string[];
}

/** The rows of one embedded device in the proxier's tables. Once they are removed, none comes back. */
export class EmbeddedRows {
  readonly #options: EmbeddedRowsOptions;
  #mounts: readonly Mount[] = [];
  #removed = false;

  constructor(options: EmbeddedRowsOptions) {
    this.#options = options;
  }

  /** The device was taken out of the tables. */
  get isRemoved(): boolean {
    return this.#removed;
  }

  /** The places of its service rows. */
  get mounts(): readonly Mount[] {
    return this.#mounts;
  }

  /** The row of the vendor table, without final dot; '' while there is none. */
  get vendorRow(): string {
    const { tables, key } = this.#options;
    return tables.proxiedDevices.reference(key);
  }

  /** The row of EmbeddedDevice as it is to be shown now. */
  get embeddedDevice(): EmbeddedDeviceRow {
    const { tables, key } = this.#options;
    return this.#embeddedDevice(tables.embeddedDevices.find(key)?.row.reference ?? this.vendorRow);
  }

  /**
   * Gives each service row of the device its row in the proxier's tables, and takes those back that are gone; what refers to these
   * goes in the same tick.
   */
  async allocate(services: readonly ServiceTable[], instances: readonly string[]): Promise<void> {
    if (this.#removed) return;
    const { tables, key: device } = this.#options;
    const rows = serviceRowsOf(services, instances).map(({ cmsPath, objectName }) => ({
      cmsPath,
      table: tables.services(objectName),
      key: `${device} ${cmsPath}`,
    }));
    const wanted = new Set(rows.map(({ table, key }) => table.path + key));
    const gone = tables.serviceRowsOf(device).filter(({ table, key }) => !wanted.has(table.path + key));
    const dangling = new Set(gone.map(({ table, key }) => table.reference(key)));
    const isOrphan = dangling.has(tables.embeddedDevices.find(device)?.row.reference ?? '');
    this.#mounts = this.#mounts.filter(({ prefix }) => !dangling.has(referenceTo(prefix)));
    await Promise.all([
      ...rows.map(({ table, key }) => table.put(key, { device })),
      ...gone.map(({ table, key }) => table.remove(key)),
      ...(isOrphan ? [tables.embeddedDevices.remove(device), this.showProxiedDevice()] : []),
      ...(gone.length > 0 && !isOrphan ? [this.showState()] : []),
    ]);
    this.#mounts = rows.map(({ cmsPath, table, key }) => ({
      location: cmsPath,
      prefix: `${table.reference(key)}.`,
    }));
  }

  /** The row of the vendor table. */
  async showProxiedDevice(): Promise<void> {
    if (this.#removed) return;
    const { tables, key, identity, state } = this.#options;
    const { friendlyName, online } = state();
    await tables.proxiedDevices.put(key, {
      friendlyName,
      identity,
      online,
      services: this.#serviceReferences(),
      embeddedDevice: tables.embeddedDevices.reference(key),
    });
  }

  /**
   * All rows. The Reference of EmbeddedDevice is the one service row, or the row in the vendor table where there is none or
   * several, and stays that while the row exists; when the row goes, this one does too, and a new one takes its place.
   */
  async show(): Promise<void> {
    const { tables, key } = this.#options;
    const services = this.#serviceReferences();
    await this.showProxiedDevice();
    const known = tables.embeddedDevices.find(key)?.row;
    if (known !== undefined && ![...services, this.vendorRow].includes(known.reference)) {
      await tables.embeddedDevices.remove(key);
    }
    if (this.#removed) return;
    const kept = tables.embeddedDevices.find(key)?.row.reference;
    const [only] = services;
    const reference = kept ?? (services.length === 1 && only !== undefined ? only : this.vendorRow);
    await tables.embeddedDevices.put(key, this.#embeddedDevice(reference));
    // Now that its number is known.
    await this.showProxiedDevice();
  }

  /** What changes while the rows stay. */
  async showState(): Promise<void> {
    const { tables, key } = this.#options;
    if (this.#removed || tables.embeddedDevices.find(key) === undefined) return;
    await Promise.all([this.showProxiedDevice(), tables.embeddedDevices.put(key, this.embeddedDevice)]);
  }

  /** Row and reference die together [TR-181 EmbeddedDevice.Reference]. */
  async remove(): Promise<void> {
    const { tables, key: device } = this.#options;
    this.#removed = true;
    await Promise.all([
      tables.embeddedDevices.remove(device),
      ...tables.serviceRowsOf(device).map(({ table, key }) => table.remove(key)),
      tables.proxiedDevices.remove(device),
    ]);
  }

  #serviceReferences(): string[] {
    return this.#mounts.map(({ prefix }) => referenceTo(prefix));
  }

  #embeddedDevice(reference: string): EmbeddedDeviceRow {
    const { key, state, supportedDataModels } = this.#options;
    const { hosts, discovery, commandProcessed, message, lastSync } = state();
    const places = [reference, ...this.#serviceReferences(), this.vendorRow];
    return {
      ...newEmbeddedDeviceRow(key, reference),
      // The document of the referenced row first; other rows of the device may be described by others.
      supportedDataModels: [...new Set(places.flatMap((place) => supportedDataModels(`${place}.`)))],
      hosts,
      discovery,
      commandProcessed,
      message,
      lastSync,
    };
  }
}

/** A path as the value of a reference: without final dot [TR-106 3.2.4]. */
function referenceTo(path: string): string {
  return path.slice(0, -1);
}
