import type { EndpointIdentity } from '../../cwmp/types.ts';
import type { DataModel } from '../../datamodel/data-model.ts';
import { UNKNOWN_TIME } from '../../datamodel/value-codec.ts';
import { aliasColumn } from '../../device2/alias-column.ts';
import { LocalTable } from '../../device2/local-table.ts';
import type { DocumentStore } from '../../platform/store/document-store.ts';
import { proxiedDeviceColumns, type DeviceReferences } from '../proxier/proxied-device-columns.ts';
import type { CommandProcessed } from './command-queue.ts';

/** [TR-181 ManagementServer.EmbeddedDevice] */
export interface EmbeddedDeviceRow extends DeviceReferences {
  readonly proxiedDeviceId: string;
  readonly reference: string;
  readonly supportedDataModels: readonly string[];
  readonly commandProcessed: CommandProcessed;
  readonly message: string;
  /** Milliseconds since the epoch; undefined before the first synchronisation of this run. */
  readonly lastSync: number | undefined;
}

/** A device's row in the vendor table. */
export interface ProxiedDeviceRow {
  readonly friendlyName: string;
  readonly identity: EndpointIdentity;
  readonly online: boolean;
  readonly services: readonly string[];
  readonly embeddedDevice: string;
  readonly alias?: string;
}

/** A row of a Service Object that exists because of a device. */
interface ServiceRow {
  readonly device: string;
  readonly alias?: string;
}

const PROCESSED: readonly CommandProcessed[] = ['Pending', 'Retrying', 'Success', 'Error'];
const SERVICE_KEY = 'proxier/service/';

/** The tables of the proxier's model in which embedded devices have their rows. */
export class EmbeddedTables {
  /** By identity key. */
  readonly embeddedDevices: LocalTable<EmbeddedDeviceRow>;
  /** By identity key. */
  readonly proxiedDevices: LocalTable<ProxiedDeviceRow>;
  readonly #model: DataModel;
  readonly #store: DocumentStore;
  readonly #services = new Map<string, LocalTable<ServiceRow>>();

  constructor(model: DataModel, store: DocumentStore, vendorOui: string) {
    this.#model = model;
    this.#store = store;
    this.embeddedDevices = embeddedDeviceTable(model, store);
    this.proxiedDevices = proxiedDeviceTable(model, store, vendorOui);
    for (const key of store.keys(SERVICE_KEY)) {
      const name = key.slice(SERVICE_KEY.length).split('/')[0];
      if (name !== undefined) this.services(name);
    }
  }

  /** The rows of one kind of Service Object; keys are `<identity key> <CMS path>`. The table appears with its first use. */
  services(objectName: string): LocalTable<ServiceRow> {
    let table = this.#services.get(objectName);
    if (table === undefined) {
      table = new LocalTable<ServiceRow>({
        model: this.#model,
        path: `Device.Services.${objectName}.`,
        storage: { store: this.#store, key: SERVICE_KEY + objectName },
        columns: { Alias: aliasColumn<ServiceRow>() },
      });
      this.#services.set(objectName, table);
    }
    return table;
  }

  /** All service rows of a device: their tables and keys. */
  serviceRowsOf(device: string): { readonly table: LocalTable<ServiceRow>; readonly key: string }[] {
    return [...this.#services.values()].flatMap((table) =>
      [...table.rows].flatMap(({ key, row }) => (row.device === device ? [{ table, key }] : [])),
    );
  }
}

function embeddedDeviceTable(model: DataModel, store: DocumentStore): LocalTable<EmbeddedDeviceRow> {
  return new LocalTable<EmbeddedDeviceRow>({
    model,
    path: 'Device.ManagementServer.EmbeddedDevice.',
    storage: { store, key: 'proxier/embedded-device' },
    durable: ({ proxiedDeviceId, reference }) => ({ proxiedDeviceId, reference }),
    restore: (stored) => {
      if (typeof stored !== 'object' || stored === null) return undefined;
      const { proxiedDeviceId, reference } = stored as Partial<EmbeddedDeviceRow>;
      if (typeof proxiedDeviceId !== 'string' || typeof reference !== 'string') return undefined;
      return { ...newEmbeddedDeviceRow(proxiedDeviceId, reference) };
    },
    columns: {
      ControllerID: { type: 'string', constraint: { maxLength: 256 }, get: () => '' },
      ProxiedDeviceID: {
        type: 'string',
        constraint: { maxLength: 256 },
        get: (row) => row.proxiedDeviceId.slice(0, 256),
      },
      Reference: { type: 'string', get: (row) => row.reference },
      SupportedDataModel: {
        type: 'string',
        constraint: { list: true },
        get: (row) => row.supportedDataModels.join(','),
      },
      ...proxiedDeviceColumns<EmbeddedDeviceRow>(),
      CommandProcessed: {
        type: 'string',
        constraint: { enumeration: PROCESSED },
        get: (row) => row.commandProcessed,
      },
      CommandProcessingErrMsg: {
        type: 'string',
        constraint: { maxLength: 1024 },
        get: (row) => row.message.slice(0, 1024),
      },
      LastSyncTime: {
        type: 'dateTime',
        get: (row) => (row.lastSync === undefined ? UNKNOWN_TIME : new Date(row.lastSync).toISOString()),
      },
    },
  });
}

/** The row of a device that has not been synchronised yet. */
export function newEmbeddedDeviceRow(proxiedDeviceId: string, reference: string): EmbeddedDeviceRow {
  return {
    proxiedDeviceId,
    reference,
    supportedDataModels: [],
    hosts: [],
    discovery: [],
    commandProcessed: 'Success',
    message: '',
    lastSync: undefined,
  };
}

function proxiedDeviceTable(
  model: DataModel,
  store: DocumentStore,
  vendorOui: string,
): LocalTable<ProxiedDeviceRow> {
  const text = (maxLength: number, get: (row: ProxiedDeviceRow) => string) =>
    ({
      type: 'string',
      constraint: { maxLength },
      get: (row: ProxiedDeviceRow) => get(row).slice(0, maxLength),
    }) as const;
  return new LocalTable<ProxiedDeviceRow>({
    model,
    path: `Device.X_${vendorOui}_ProxiedDevice.`,
    storage: { store, key: 'proxier/proxied-device' },
    durable: ({ friendlyName, identity, alias }) => ({
      friendlyName,
      identity,
      ...(alias === undefined ? {} : { alias }),
    }),
    restore: (stored) => {
      if (typeof stored !== 'object' || stored === null || !('identity' in stored)) return undefined;
      const { friendlyName, identity, alias } = stored as ProxiedDeviceRow;
      const named = typeof alias === 'string' ? { alias } : {};
      return { friendlyName, identity, online: false, services: [], embeddedDevice: '', ...named };
    },
    columns: {
      Alias: aliasColumn<ProxiedDeviceRow>(),
      FriendlyName: text(128, (row) => row.friendlyName),
      ManufacturerOUI: text(6, (row) => row.identity.oui),
      ProductClass: text(64, (row) => row.identity.productClass),
      SerialNumber: text(64, (row) => row.identity.serialNumber),
      Online: { type: 'boolean', get: (row) => String(row.online) },
      Services: { type: 'string', get: (row) => row.services.join(',') },
      EmbeddedDevice: { type: 'string', get: (row) => row.embeddedDevice },
    },
  });
}
