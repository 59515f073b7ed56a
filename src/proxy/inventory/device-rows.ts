import type { LocalTable } from '../../device2/local-table.ts';
import type { DeviceDescription, RootDevice, ServiceDescription } from '../../upnp/types.ts';
import type { DescriptionTables } from './description-tables.ts';
import type { DiscoveryRow, DiscoveryTables } from './discovery-tables.ts';
import { deviceKey, uuidOf } from './texts.ts';

export interface InventoryTables {
  readonly discovery: DiscoveryTables;
  readonly description: DescriptionTables;
}

export interface WrittenRows {
  /** Path of the table and key of each row of the device. */
  readonly kept: ReadonlySet<string>;
  /** Each settles when its row is durable. */
  readonly writes: readonly Promise<unknown>[];
}

const MOST_SERVICES_OF_A_DEVICE = 64;

/**
 * Writes the rows of a root device with its embedded devices and services.
 * @param host value of the Host parameters
 */
export function writeDeviceRows(tables: InventoryTables, device: RootDevice, host: string): WrittenRows {
  return new DeviceRows(tables, device, host).write();
}

class DeviceRows {
  readonly #tables: InventoryTables;
  readonly #device: RootDevice;
  readonly #root: string;
  readonly #host: string;
  readonly #kept = new Set<string>();
  readonly #writes: Promise<unknown>[] = [];
  #services = 0;

  constructor(tables: InventoryTables, device: RootDevice, host: string) {
    this.#tables = tables;
    this.#device = device;
    this.#root = deviceKey(device.description.udn);
    this.#host = host;
  }

  write(): WrittenRows {
    const { announcement, specVersion, description } = this.#device;
    this.#put(this.#tables.description.descriptions, this.#root, {
      root: this.#root,
      urlBase: announcement.location,
      specVersion: `${specVersion.major}.${specVersion.minor}`,
      host: this.#host,
    });
    this.#writeDevice(description, undefined);
    return { kept: this.#kept, writes: this.#writes };
  }

  #writeDevice(description: DeviceDescription, parent: string | undefined): void {
    const { discovery, description: tables } = this.#tables;
    const key = deviceKey(description.udn);
    const table = parent === undefined ? discovery.rootDevices : discovery.devices;
    this.#put(table, key, {
      ...this.#lease(),
      uuid: uuidOf(description.udn),
      usn: `${description.udn}::${description.deviceType}`,
      parentDevice: '',
    });
    const discovered = table.reference(key);
    this.#put(tables.deviceInstances, key, {
      root: this.#root,
      UDN: uuidOf(description.udn),
      ParentDevice: parent === undefined ? '' : tables.deviceInstances.reference(parent),
      DiscoveryDevice: discovered,
      DeviceType: description.deviceType,
      FriendlyName: description.friendlyName,
      Manufacturer: description.manufacturer,
      ManufacturerURL: description.manufacturerUrl,
      ModelDescription: description.modelDescription,
      ModelName: description.modelName,
      ModelNumber: description.modelNumber,
      ModelURL: description.modelUrl,
      SerialNumber: description.serialNumber,
      UPC: description.upc,
      PresentationURL: description.presentationUrl,
    });
    for (const service of description.services) this.#writeService(description, service, key, discovered);
    for (const embedded of description.devices) {
      // A device that lists itself, or another root device's UDN, must not take its rows.
      if (!this.#kept.has(discovery.devices.path + deviceKey(embedded.udn)) && embedded.udn !== '')
        this.#writeDevice(embedded, key);
    }
  }

  #writeService(
    device: DeviceDescription,
    service: ServiceDescription,
    deviceKeyText: string,
    parentDevice: string,
  ): void {
    this.#services += 1;
    if (this.#services > MOST_SERVICES_OF_A_DEVICE) return;
    const { discovery, description } = this.#tables;
    const usn = `${device.udn}::${service.serviceType}`;
    this.#put(discovery.services, usn.toLowerCase(), { ...this.#lease(), uuid: '', usn, parentDevice });
    this.#put(description.serviceInstances, `${deviceKeyText}/${service.serviceId}`, {
      root: this.#root,
      ParentDevice: description.deviceInstances.reference(deviceKeyText),
      ServiceId: service.serviceId,
      ServiceDiscovery: discovery.services.reference(usn.toLowerCase()),
      ServiceType: service.serviceType,
      SCPDURL: service.scpdUrl,
      ControlURL: service.controlUrl,
      EventSubURL: service.eventSubUrl ?? '',
    });
  }

  #lease(): Omit<DiscoveryRow, 'uuid' | 'usn' | 'parentDevice'> {
    const { announcement } = this.#device;
    return {
      root: this.#root,
      status: 'LeaseActive',
      leaseTime: announcement.maxAgeSeconds,
      location: announcement.location,
      server: announcement.server,
      host: this.#host,
    };
  }

  #put<Row extends object>(table: LocalTable<Row>, key: string, row: Row): void {
    this.#kept.add(table.path + key);
    this.#writes.push(table.put(key, row));
  }
}
