import type { DataModel } from '../../datamodel/data-model.ts';
import { LocalTable, type LocalColumn } from '../../device2/local-table.ts';
import type { DocumentStore } from '../../platform/store/document-store.ts';
import { cut } from './texts.ts';

/** The document that describes a root device. */
export interface DescriptionRow {
  readonly root: string;
  readonly urlBase: string;
  readonly specVersion: string;
  readonly host: string;
}

/** A device as its description tells of it. The texts are the parameters of that name. */
export interface DeviceInstanceRow {
  readonly root: string;
  readonly UDN: string;
  readonly ParentDevice: string;
  readonly DiscoveryDevice: string;
  readonly DeviceType: string;
  readonly FriendlyName: string;
  readonly Manufacturer: string;
  readonly ManufacturerURL: string;
  readonly ModelDescription: string;
  readonly ModelName: string;
  readonly ModelNumber: string;
  readonly ModelURL: string;
  readonly SerialNumber: string;
  readonly UPC: string;
  readonly PresentationURL: string;
}

/** A service as a description tells of it. The texts are the parameters of that name. */
export interface ServiceInstanceRow {
  readonly root: string;
  readonly ParentDevice: string;
  readonly ServiceId: string;
  readonly ServiceDiscovery: string;
  readonly ServiceType: string;
  readonly SCPDURL: string;
  readonly ControlURL: string;
  readonly EventSubURL: string;
}

const URL_LENGTH = 2048;

const DEVICE_LENGTHS = {
  UDN: 36,
  ParentDevice: 256,
  DiscoveryDevice: 256,
  DeviceType: 256,
  FriendlyName: 128,
  Manufacturer: 128,
  ManufacturerURL: URL_LENGTH,
  ModelDescription: 256,
  ModelName: 64,
  ModelNumber: 64,
  ModelURL: URL_LENGTH,
  SerialNumber: 128,
  UPC: 12,
  PresentationURL: URL_LENGTH,
} as const;

const SERVICE_LENGTHS = {
  ParentDevice: 256,
  ServiceId: 256,
  ServiceDiscovery: 256,
  ServiceType: 256,
  SCPDURL: URL_LENGTH,
  ControlURL: URL_LENGTH,
  EventSubURL: URL_LENGTH,
} as const;

/** [TR-181 UPnP.Description] What the device descriptions say, in three tables. */
export class DescriptionTables {
  readonly descriptions: LocalTable<DescriptionRow>;
  readonly deviceInstances: LocalTable<DeviceInstanceRow>;
  readonly serviceInstances: LocalTable<ServiceInstanceRow>;

  constructor(model: DataModel, store: DocumentStore) {
    const path = 'Device.UPnP.Description.';
    this.descriptions = new LocalTable<DescriptionRow>({
      model,
      path: `${path}DeviceDescription.`,
      storage: { store, key: 'proxier/description/DeviceDescription' },
      restore: (stored) =>
        hasTexts(stored, ['urlBase', 'specVersion', 'host']) ? (stored as DescriptionRow) : undefined,
      columns: {
        URLBase: { type: 'string', constraint: { maxLength: URL_LENGTH }, get: (row) => row.urlBase },
        SpecVersion: {
          type: 'string',
          constraint: { maxLength: 256, pattern: /\d+\.\d+/ },
          get: (row) => row.specVersion,
        },
        Host: { type: 'string', get: (row) => row.host },
      },
    });
    this.deviceInstances = new LocalTable<DeviceInstanceRow>({
      model,
      path: `${path}DeviceInstance.`,
      storage: { store, key: 'proxier/description/DeviceInstance' },
      restore: (stored) =>
        hasTexts(stored, Object.keys(DEVICE_LENGTHS)) ? (stored as DeviceInstanceRow) : undefined,
      columns: textColumns<DeviceInstanceRow, keyof typeof DEVICE_LENGTHS>(DEVICE_LENGTHS),
    });
    this.serviceInstances = new LocalTable<ServiceInstanceRow>({
      model,
      path: `${path}ServiceInstance.`,
      storage: { store, key: 'proxier/description/ServiceInstance' },
      restore: (stored) =>
        hasTexts(stored, Object.keys(SERVICE_LENGTHS)) ? (stored as ServiceInstanceRow) : undefined,
      columns: textColumns<ServiceInstanceRow, keyof typeof SERVICE_LENGTHS>(SERVICE_LENGTHS),
    });
  }
}

function textColumns<Row extends Readonly<Record<Name, string>>, Name extends string>(
  lengths: Readonly<Record<Name, number>>,
): Readonly<Record<string, LocalColumn<Row>>> {
  const names = Object.keys(lengths) as Name[];
  return Object.fromEntries(
    names.map((name) => {
      const maxLength = lengths[name];
      const column: LocalColumn<Row> = {
        type: 'string',
        constraint: { maxLength },
        get: (row) => cut(row[name], maxLength),
      };
      return [name, column];
    }),
  );
}

function hasTexts(stored: unknown, names: readonly string[]): boolean {
  if (typeof stored !== 'object' || stored === null) return false;
  const fields = new Map<string, unknown>(Object.entries(stored));
  return ['root', ...names].every((name) => typeof fields.get(name) === 'string');
}
