import type { DataModel } from '../../datamodel/data-model.ts';
import { LocalTable } from '../../device2/local-table.ts';
import type { DocumentStore } from '../../platform/store/document-store.ts';

/** [TR-181 Hosts.Host.InterfaceType] Those that this daemon can tell. */
export type InterfaceType = 'Ethernet' | 'Wi-Fi' | 'Other';

/** [TR-181 Hosts.Host.InterfaceType] */
const INTERFACE_TYPES = ['Ethernet', 'G.hn', 'HPNA', 'HomePlug', 'MoCA', 'UPA', 'Wi-Fi', 'Other'];
const OCTET = '(25[0-5]|2[0-4][0-9]|[01]?[0-9]?[0-9])';
const IPV4_ADDRESS = { maxLength: 15, pattern: new RegExp(`|(${OCTET}\\.){3}${OCTET}`) };

interface HostRow {
  /** MAC address, or the IP address of a host whose MAC address the kernel does not know. */
  readonly physicalAddress: string;
  readonly ipAddress: string;
  readonly interfaceType: InterfaceType;
  readonly active: boolean;
  /** Milliseconds since the epoch. */
  readonly activeSince: number;
}

export interface HostTableOptions {
  readonly model: DataModel;
  readonly store: DocumentStore;
  readonly now: () => number;
  /** MAC address of an IP address, if it is known. */
  readonly macAddressOf: (address: string) => string | undefined;
}

/**
 * [TR-181 Hosts.Host] The hosts that UPnP devices were found on: this daemon sees no others. A row is known by its MAC address,
 * so that a host which gets another IP address keeps it.
 */
export class HostTable {
  readonly #options: HostTableOptions;
  readonly #table: LocalTable<HostRow>;

  constructor(options: HostTableOptions) {
    const { model, store } = options;
    this.#options = options;
    this.#table = new LocalTable<HostRow>({
      model,
      path: 'Device.Hosts.Host.',
      storage: { store, key: 'proxier/host' },
      // Who is there now has yet to be found out.
      restore: (stored) =>
        isHostRow(stored)
          ? { ...stored, interfaceType: stored.interfaceType ?? 'Other', active: false }
          : undefined,
      columns: {
        PhysAddress: { type: 'string', constraint: { maxLength: 64 }, get: (row) => row.physicalAddress },
        IPAddress: { type: 'string', constraint: { maxLength: 45 }, get: (row) => row.ipAddress },
        DHCPClient: { type: 'string', constraint: { list: true }, get: () => '' },
        AssociatedDevice: { type: 'string', constraint: { maxLength: 256 }, get: () => '' },
        Layer1Interface: { type: 'string', constraint: { maxLength: 256 }, get: () => '' },
        Layer3Interface: { type: 'string', constraint: { maxLength: 256 }, get: () => '' },
        InterfaceType: {
          type: 'string',
          constraint: { enumeration: INTERFACE_TYPES },
          get: (row) => row.interfaceType,
        },
        HostName: { type: 'string', constraint: { maxLength: 64 }, get: () => '' },
        Active: { type: 'boolean', get: (row) => String(row.active) },
        ActiveLastChange: { type: 'dateTime', get: (row) => new Date(row.activeSince).toISOString() },
      },
    });
    for (const { key, row } of this.#table.rows) this.#showAddresses(key, row);
  }

  /** A device was found at `address`, by an interface of that type. @returns the key of its host */
  present(address: string, interfaceType: InterfaceType): string {
    const physicalAddress = this.#options.macAddressOf(address) ?? address;
    this.#put(physicalAddress, { physicalAddress, ipAddress: address, interfaceType, active: true });
    return physicalAddress;
  }

  /** No device is left on the host of that key. */
  absent(key: string): void {
    const row = this.#table.find(key)?.row;
    if (row !== undefined) this.#put(key, { ...row, active: false });
  }

  /** Nothing in the inventory refers to the host of that key any more. */
  forget(key: string): Promise<void> {
    return this.#table.remove(key);
  }

  /** The row of that host as the value of a reference. */
  reference(key: string): string {
    return this.#table.reference(key);
  }

  get keys(): string[] {
    return [...this.#table.rows].map(({ key }) => key);
  }

  #put(key: string, row: Omit<HostRow, 'activeSince'>): void {
    const known = this.#table.find(key)?.row;
    const activeSince = known?.active === row.active ? known.activeSince : this.#options.now();
    const changed = { ...row, activeSince };
    void this.#table
      .put(key, changed)
      .catch(() => undefined)
      .then(() => {
        this.#showAddresses(key, changed);
      });
  }

  /** The address tables of a host: its one address that this daemon knows, and no IPv6 address. */
  #showAddresses(key: string, { ipAddress }: HostRow): void {
    const { model } = this.#options;
    const host = this.#table.reference(key);
    if (host === '' || model.find(`${host}.`) === undefined) return;
    if (model.find(`${host}.IPv4Address.`) !== undefined) return;
    const addresses = new LocalTable<{ readonly host: string }>({
      model,
      path: `${host}.IPv4Address.`,
      columns: {
        IPAddress: {
          type: 'string',
          constraint: IPV4_ADDRESS,
          get: (row) => this.#table.find(row.host)?.row.ipAddress ?? ipAddress,
        },
      },
    });
    void addresses.put(key, { host: key });
    new LocalTable({
      model,
      path: `${host}.IPv6Address.`,
      columns: { IPAddress: { type: 'string', constraint: { maxLength: 45 }, get: () => '' } },
    });
  }
}

/** Rows of an older version have no interface type. */
function isHostRow(
  stored: unknown,
): stored is Omit<HostRow, 'interfaceType'> & Partial<Pick<HostRow, 'interfaceType'>> {
  if (typeof stored !== 'object' || stored === null) return false;
  const row = stored as Partial<HostRow>;
  return (
    typeof row.physicalAddress === 'string' &&
    typeof row.ipAddress === 'string' &&
    Number.isFinite(row.activeSince)
  );
}
