import type { DataModel } from '../../datamodel/data-model.ts';
import type { Constraint } from '../../datamodel/value.ts';
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

const URL: Constraint = { maxLength: 2048 };
const REFERENCE: Constraint = { maxLength: 256 };

const DEVICE_COLUMNS = {
  UDN: {
    minLength: 36,
    maxLength: 36,
    pattern: /[A-Fa-f0-9]{8}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{12}/,
  },
  ParentDevice: REFERENCE,
  DiscoveryDevice: REFERENCE,
  DeviceType: { maxLength: 256 },
  FriendlyName: { maxLength: 128 },
  DeviceCategory: { list: true },
  Manufacturer: { maxLength: 128 },
  ManufacturerOUI: { minLength: 0, maxLength: 6, pattern: /|[0-9A-F]{6}/ },
  ManufacturerURL: URL,
  ModelDescription: { maxLength: 256 },
  ModelName: { maxLength: 64 },
  ModelNumber: { maxLength: 64 },
  ModelURL: URL,
  SerialNumber: { maxLength: 128 },
  UPC: { maxLength: 12 },
  PresentationURL: URL,
} as const satisfies Readonly<Record<string, Constraint>>;

const SERVICE_COLUMNS = {
  ParentDevice: REFERENCE,
  ServiceId: { maxLength: 256 },
  ServiceDiscovery: REFERENCE,
  ServiceType: { maxLength: 256 },
  SCPDURL: URL,
  ControlURL: URL,
  EventSubURL: URL,
} as const satisfies Readonly<Record<string, Constraint>>;

/** A row whose texts are the parameters of that name. */
type TextRow<Name extends string> = Readonly<Record<Name | 'root', string>>;

/** A device as its description tells of it. */
export type DeviceInstanceRow = TextRow<keyof typeof DEVICE_COLUMNS>;
/** A service as a description tells of it. */
export type ServiceInstanceRow = TextRow<keyof typeof SERVICE_COLUMNS>;

/** [HTIP] Longest X_DeviceCategory. */
const LONGEST_CATEGORY = 127;

/** [TR-181 UPnP.Description] What the device descriptions say, in three tables. */
export class DescriptionTables {
  readonly descriptions: LocalTable<DescriptionRow>;
  readonly deviceInstances: LocalTable<DeviceInstanceRow>;
  readonly serviceInstances: LocalTable<ServiceInstanceRow>;

  /** @param admit whether there is room for a stored row of that root device */
  constructor(model: DataModel, store: DocumentStore, admit: (root: string) => boolean) {
    const path = 'Device.UPnP.Description.';
    const storage = (name: string) => ({ store, key: `proxier/description/${name}` });
    this.descriptions = new LocalTable<DescriptionRow>({
      model,
      path: `${path}DeviceDescription.`,
      storage: storage('DeviceDescription'),
      restore: (stored) => {
        const row = textsOf(stored, ['root', 'urlBase', 'specVersion', 'host']);
        return row !== undefined && admit(row.root) ? row : undefined;
      },
      columns: {
        URLBase: { type: 'string', constraint: URL, get: (row) => row.urlBase },
        SpecVersion: {
          type: 'string',
          constraint: { maxLength: 256, pattern: /\d+\.\d+/ },
          get: (row) => row.specVersion,
        },
        Host: { type: 'string', constraint: { list: true }, get: (row) => row.host },
      },
    });
    const instances = <Name extends string>(
      name: string,
      columns: Readonly<Record<Name, Constraint>>,
    ): LocalTable<TextRow<Name>> =>
      new LocalTable<TextRow<Name>>({
        model,
        path: `${path}${name}.`,
        storage: storage(name),
        restore: (stored) => {
          const row = textsOf(stored, ['root', ...namesOf(columns)]);
          return row !== undefined && admit(row.root) ? fitting<Name>(row, columns) : undefined;
        },
        columns: textColumns(columns),
      });
    this.deviceInstances = instances<keyof typeof DEVICE_COLUMNS>('DeviceInstance', DEVICE_COLUMNS);
    this.serviceInstances = instances<keyof typeof SERVICE_COLUMNS>('ServiceInstance', SERVICE_COLUMNS);
  }
}

/** The row with its texts cut to what their parameters take: neither memory nor state holds more. */
export function fittingDevice(row: DeviceInstanceRow): DeviceInstanceRow {
  return fitting<keyof typeof DEVICE_COLUMNS>(
    { ...row, DeviceCategory: cut(row.DeviceCategory, LONGEST_CATEGORY) },
    DEVICE_COLUMNS,
  );
}

/** As fittingDevice. */
export function fittingService(row: ServiceInstanceRow): ServiceInstanceRow {
  return fitting<keyof typeof SERVICE_COLUMNS>(row, SERVICE_COLUMNS);
}

function fitting<Name extends string>(
  row: TextRow<Name>,
  columns: Readonly<Record<Name, Constraint>>,
): TextRow<Name> {
  const texts: Readonly<Record<string, string>> = Object.fromEntries(
    namesOf(columns).map((name) => [name, cut(row[name], columns[name].maxLength ?? Infinity)]),
  );
  return { ...row, ...texts };
}

function textColumns<Name extends string>(
  columns: Readonly<Record<Name, Constraint>>,
): Readonly<Record<string, LocalColumn<TextRow<Name>>>> {
  return Object.fromEntries(
    namesOf(columns).map((name): [string, LocalColumn<TextRow<Name>>] => [
      name,
      { type: 'string', constraint: columns[name], get: (row) => row[name] },
    ]),
  );
}

function namesOf<Name extends string>(columns: Readonly<Record<Name, unknown>>): Name[] {
  return Object.keys(columns) as Name[];
}

/** The fields of those names; one that an older version did not store is empty. Undefined: what was stored is something else. */
function textsOf<Name extends string>(
  stored: unknown,
  names: readonly Name[],
): Readonly<Record<Name, string>> | undefined {
  if (typeof stored !== 'object' || stored === null) return undefined;
  const fields = new Map<string, unknown>(Object.entries(stored));
  const texts = names.map((name) => [name, fields.get(name) ?? ''] as const);
  return texts.every(([, text]) => typeof text === 'string')
    ? (Object.fromEntries(texts) as Record<Name, string>)
    : undefined;
}
