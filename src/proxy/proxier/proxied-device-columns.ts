import type { LocalColumn } from '../../device2/local-table.ts';

/** Rows of the inventory that stand for a Proxied Device, as values of references. */
export interface DeviceReferences {
  /** Rows of Hosts.Host. */
  readonly hosts: readonly string[];
  /** Rows of UPnP.Discovery. */
  readonly discovery: readonly string[];
}

/** [TR-181 VirtualDevice.Host] At most so many items. */
const MAX_HOSTS = 32;

/** What VirtualDevice and EmbeddedDevice say alike: which host it is, how it is spoken to, how it was found. */
export function proxiedDeviceColumns<Row extends DeviceReferences>(): Readonly<
  Record<string, LocalColumn<Row>>
> {
  return {
    Host: {
      type: 'string',
      constraint: { list: true },
      get: (row) => row.hosts.slice(0, MAX_HOSTS).join(','),
    },
    ProxyProtocol: {
      type: 'string',
      constraint: { enumeration: ['Z-Wave', 'ZigBee', 'UPnP-DM', 'ETSI-M2M'] },
      get: () => 'UPnP-DM',
    },
    // No object of TR-181 stands for the UPnP DM protocol as such.
    ProxyProtocolReference: { type: 'string', get: () => '' },
    DiscoveryProtocol: {
      type: 'string',
      constraint: { enumeration: ['Z-Wave', 'ZigBee', 'UPnP', 'ETSI-M2M'], list: true },
      get: () => 'UPnP',
    },
    DiscoveryProtocolReference: {
      type: 'string',
      constraint: { list: true },
      get: (row) => row.discovery.join(','),
    },
  };
}
