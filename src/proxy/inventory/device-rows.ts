import type { LocalTable } from '../../device2/local-table.ts';
import type { Announcement, DeviceDescription, RootDevice, ServiceDescription } from '../../upnp/types.ts';
import { fittingDevice, fittingService } from './description-tables.ts';
import type { DiscoveryRow } from './discovery-tables.ts';
import type { InventoryRows } from './inventory-rows.ts';
import { cut, deviceKey, LONGEST_NAME, uuidOf } from './texts.ts';

export interface DeviceRowsOptions {
  readonly rows: InventoryRows;
  readonly device: RootDevice;
  /** Value of the Host parameters. */
  readonly host: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** At most so many rows are written. */
  readonly limit: number;
}

export interface WrittenRows {
  /** Path of the table and key of each row of the device. */
  readonly kept: ReadonlySet<string>;
  /** Each settles when its row is durable. */
  readonly writes: readonly Promise<unknown>[];
}

const MOST_SERVICES_OF_A_DEVICE = 64;

/** A root device without embedded devices and services: RootDevice, DeviceDescription, DeviceInstance. */
export const FEWEST_ROWS = 3;

/** How many rows a root device has with everything that it says of itself. */
export function rowsWantedBy(description: DeviceDescription): number {
  const { devices, services } = countBelow(description);
  return FEWEST_ROWS + 2 * devices + 2 * Math.min(services, MOST_SERVICES_OF_A_DEVICE);
}

function countBelow({ devices, services }: DeviceDescription): { devices: number; services: number } {
  const below = devices.map(countBelow);
  return {
    devices: below.reduce((sum, each) => sum + each.devices, devices.length),
    services: below.reduce((sum, each) => sum + each.services, services.length),
  };
}

/** Writes the rows of a root device with its embedded devices and services. */
export function writeDeviceRows(options: DeviceRowsOptions): WrittenRows {
  return new DeviceRows(options).write();
}

type LeaseColumns = Omit<DiscoveryRow, 'uuid' | 'usn' | 'parentDevice'>;

function leaseOf(announcement: Announcement, root: string, host: string, now: number): LeaseColumns {
  return {
    root,
    status: 'LeaseActive',
    leaseTime: announcement.maxAgeSeconds,
    location: announcement.location,
    server: cut(announcement.server, LONGEST_NAME),
    host,
    lastUpdate: now,
  };
}

/** A row of a device that announced itself again. @param now milliseconds since the epoch */
export function renewedRow(row: DiscoveryRow, announcement: Announcement, now: number): DiscoveryRow {
  const server = cut(announcement.server, LONGEST_NAME);
  return {
    ...row,
    leaseTime: announcement.maxAgeSeconds,
    // Sloppy devices leave it out of some messages.
    server: server === '' ? row.server : server,
    lastUpdate: now,
  };
}

/** The row of a root device of which there is no description. @param now milliseconds since the epoch */
export function announcedRow(announcement: Announcement, host: string, now: number): DiscoveryRow {
  return {
    ...leaseOf(announcement, deviceKey(announcement.udn), host, now),
    uuid: uuidOf(announcement.udn),
    usn: cut(`${announcement.udn}::upnp:rootdevice`, LONGEST_NAME),
    parentDevice: '',
  };
}

class DeviceRows {
  readonly #options: DeviceRowsOptions;
  readonly #root: string;
  readonly #devices = new Set<string>();
  readonly #kept = new Set<string>();
  readonly #writes: Promise<unknown>[] = [];
  #services = 0;

  constructor(options: DeviceRowsOptions) {
    this.#options = options;
    this.#root = deviceKey(options.device.description.udn);
  }

  write(): WrittenRows {
    const { device, rows, host } = this.#options;
    const { announcement, specVersion, urlBase, description } = device;
    this.#put(rows.description.descriptions, this.#root, {
      root: this.#root,
      urlBase: urlBase === '' ? announcement.location : urlBase,
      specVersion: `${specVersion.major}.${specVersion.minor}`,
      host,
    });
    this.#writeDevice(description, undefined);
    return { kept: this.#kept, writes: this.#writes };
  }

  #writeDevice(description: DeviceDescription, parent: string | undefined): void {
    const { discovery, description: tables } = this.#options.rows;
    const key = deviceKey(description.udn);
    this.#devices.add(key);
    const table = parent === undefined ? discovery.rootDevices : discovery.devices;
    this.#put(table, key, {
      ...this.#lease(),
      uuid: uuidOf(description.udn),
      usn: cut(`${description.udn}::${description.deviceType}`, LONGEST_NAME),
      parentDevice: '',
    });
    const discovered = table.reference(key);
    const described = this.#put(
      tables.deviceInstances,
      key,
      fittingDevice({
        root: this.#root,
        UDN: uuidOf(description.udn),
        ParentDevice: parent === undefined ? '' : tables.deviceInstances.reference(parent),
        DiscoveryDevice: discovered,
        DeviceType: description.deviceType,
        FriendlyName: description.friendlyName,
        DeviceCategory: description.deviceCategory,
        Manufacturer: description.manufacturer,
        ManufacturerOUI: description.manufacturerOui,
        ManufacturerURL: description.manufacturerUrl,
        ModelDescription: description.modelDescription,
        ModelName: description.modelName,
        ModelNumber: description.modelNumber,
        ModelURL: description.modelUrl,
        SerialNumber: description.serialNumber,
        UPC: description.upc,
        PresentationURL: description.presentationUrl,
      }),
    );
    if (!described) return;
    for (const service of description.services) this.#writeService(description, service, key, discovered);
    for (const embedded of description.devices) if (this.#isOwn(embedded)) this.#writeDevice(embedded, key);
  }

  /** A device that lists itself, or a device of another root, must not take its rows. */
  #isOwn({ udn }: DeviceDescription): boolean {
    const { rows } = this.#options;
    const key = deviceKey(udn);
    const { rootDevices, devices } = rows.discovery;
    const known = [rootDevices, devices, rows.description.deviceInstances].map(
      (table) => table.find(key)?.row,
    );
    return key !== '' && !this.#devices.has(key) && !known.some((row) => rows.isAnothers(row, this.#root));
  }

  #writeService(
    device: DeviceDescription,
    service: ServiceDescription,
    deviceKeyText: string,
    parentDevice: string,
  ): void {
    this.#services += 1;
    if (this.#services > MOST_SERVICES_OF_A_DEVICE) return;
    const { discovery, description } = this.#options.rows;
    const usn = cut(`${device.udn}::${service.serviceType}`, LONGEST_NAME);
    this.#put(discovery.services, usn.toLowerCase(), { ...this.#lease(), uuid: '', usn, parentDevice });
    this.#put(
      description.serviceInstances,
      `${deviceKeyText}/${cut(service.serviceId, LONGEST_NAME)}`,
      fittingService({
        root: this.#root,
        ParentDevice: description.deviceInstances.reference(deviceKeyText),
        ServiceId: service.serviceId,
        ServiceDiscovery: discovery.services.reference(usn.toLowerCase()),
        ServiceType: service.serviceType,
        SCPDURL: service.scpdUrl,
        ControlURL: service.controlUrl,
        EventSubURL: service.eventSubUrl ?? '',
      }),
    );
  }

  #lease(): LeaseColumns {
    const { device, host, now } = this.#options;
    return leaseOf(device.announcement, this.#root, host, now);
  }

  /** @returns whether the row is there now; not when there is no room, or when it is another root device's */
  #put<Row extends { readonly root: string }>(table: LocalTable<Row>, key: string, row: Row): boolean {
    const { rows, limit } = this.#options;
    if (this.#kept.size >= limit || rows.isAnothers(table.find(key)?.row, this.#root)) return false;
    this.#kept.add(table.path + key);
    this.#writes.push(table.put(key, row));
    return true;
  }
}
