import type { EndpointIdentity } from '../../cwmp/types.ts';
import type { DataModel } from '../../datamodel/data-model.ts';
import { LocalTable, type LocalColumn } from '../../device2/local-table.ts';
import type { DocumentStore } from '../../platform/store/document-store.ts';
import { identityKey } from '../identity.ts';
import { proxiedDeviceColumns, type DeviceReferences } from './proxied-device-columns.ts';

interface VirtualDeviceRow extends DeviceReferences {
  readonly oui: string;
  readonly productClass: string;
  readonly serialNumber: string;
}

const text = (maxLength: number, get: (row: VirtualDeviceRow) => string): LocalColumn<VirtualDeviceRow> => ({
  type: 'string',
  constraint: { maxLength },
  get,
});

/** [TR-181 ManagementServer.VirtualDevice] Which devices are CPEs of their own through this proxier. */
export class VirtualDeviceTable {
  readonly #table: LocalTable<VirtualDeviceRow>;

  constructor(model: DataModel, store: DocumentStore) {
    this.#table = new LocalTable({
      model,
      path: 'Device.ManagementServer.VirtualDevice.',
      storage: { store, key: 'proxier/virtual-device' },
      columns: {
        ManufacturerOUI: {
          type: 'string',
          constraint: { minLength: 6, maxLength: 6, pattern: /[0-9A-F]{6}/ },
          get: (row) => row.oui,
        },
        ProductClass: text(64, (row) => row.productClass),
        SerialNumber: text(64, (row) => row.serialNumber),
        ...proxiedDeviceColumns<VirtualDeviceRow>(),
      },
    });
  }

  /** Makes the rows those of `devices`; rows that stay keep their numbers. Resolves when that is durable. */
  async show(
    devices: readonly { readonly identity: EndpointIdentity; readonly references: DeviceReferences }[],
  ): Promise<void> {
    const wanted = new Set(devices.map(({ identity }) => identityKey(identity)));
    const gone = [...this.#table.rows].filter(({ key }) => !wanted.has(key));
    await Promise.all([
      ...gone.map(({ key }) => this.#table.remove(key)),
      ...devices.map(({ identity, references }) =>
        this.#table.put(identityKey(identity), {
          oui: identity.oui,
          productClass: identity.productClass,
          serialNumber: identity.serialNumber,
          hosts: references.hosts,
          discovery: references.discovery,
        }),
      ),
    ]);
  }
}
