import type { DataModel } from '../../datamodel/data-model.ts';
import { UNKNOWN_TIME } from '../../datamodel/value-codec.ts';
import { LocalTable, type LocalColumn } from '../../device2/local-table.ts';
import type { DocumentStore } from '../../platform/store/document-store.ts';
import { cut, LONGEST_NAME } from './texts.ts';

export type DiscoveryStatus = 'LeaseActive' | 'LeaseExpired' | 'ByebyeReceived';

/** A root device, embedded device or service as SSDP tells of it. */
export interface DiscoveryRow {
  /** Key of the root device it belongs to: they come and go together. */
  readonly root: string;
  readonly status: DiscoveryStatus;
  /** Milliseconds since the epoch when it was lost; undefined while it is there. */
  readonly lostAt?: number | undefined;
  /** Milliseconds since the epoch when it was last heard of in this run; undefined: not yet. */
  readonly lastUpdate?: number | undefined;
  /** Empty for a service. */
  readonly uuid: string;
  readonly usn: string;
  /** Seconds. */
  readonly leaseTime: number;
  readonly location: string;
  readonly server: string;
  /** Value of the Host parameter. */
  readonly host: string;
  /** Value of a service's ParentDevice parameter. */
  readonly parentDevice: string;
}

const STATUS: readonly DiscoveryStatus[] = ['LeaseActive', 'LeaseExpired', 'ByebyeReceived'];

/** [TR-181 UPnP.Discovery] What SSDP told of, in three tables. */
export class DiscoveryTables {
  readonly rootDevices: LocalTable<DiscoveryRow>;
  readonly devices: LocalTable<DiscoveryRow>;
  readonly services: LocalTable<DiscoveryRow>;

  /** @param admit whether there is room for a stored row; asked for those of root devices first */
  constructor(
    model: DataModel,
    store: DocumentStore,
    admit: (row: DiscoveryRow, isRootDevice: boolean) => boolean,
  ) {
    const path = 'Device.UPnP.Discovery.';
    const table = (name: string, own: Readonly<Record<string, LocalColumn<DiscoveryRow>>>) =>
      new LocalTable<DiscoveryRow>({
        model,
        path: `${path}${name}.`,
        storage: { store, key: `proxier/discovery/${name}` },
        restore: (stored) =>
          isDiscoveryRow(stored) && admit(stored, name === 'RootDevice') ? stored : undefined,
        durable: (row) => ({ ...row, lastUpdate: undefined }),
        columns: own,
      });
    const { Status, UUID, ...others } = COLUMNS;
    const device = { Status, UUID, ...others };
    this.rootDevices = table('RootDevice', device);
    this.devices = table('Device', device);
    this.services = table('Service', {
      Status,
      ...others,
      ParentDevice: { type: 'string', constraint: { maxLength: 256 }, get: (row) => row.parentDevice },
    });
  }

  get all(): readonly LocalTable<DiscoveryRow>[] {
    return [this.rootDevices, this.devices, this.services];
  }
}

const text = (get: (row: DiscoveryRow) => string): LocalColumn<DiscoveryRow> => ({
  type: 'string',
  constraint: { maxLength: LONGEST_NAME },
  get: (row) => cut(get(row), LONGEST_NAME),
});

const COLUMNS = {
  Status: { type: 'string', constraint: { enumeration: STATUS }, get: (row) => row.status },
  UUID: {
    type: 'string',
    constraint: { maxLength: 36, pattern: /[0-9A-Fa-f]{8}-([0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}/ },
    get: (row) => row.uuid,
  },
  USN: text((row) => row.usn),
  LeaseTime: { type: 'unsignedInt', get: (row) => String(row.leaseTime) },
  Location: { type: 'string', constraint: { maxLength: 2048 }, get: (row) => row.location },
  Server: text((row) => row.server),
  Host: { type: 'string', constraint: { list: true }, get: (row) => row.host },
  LastUpdate: {
    type: 'dateTime',
    get: ({ lastUpdate }) => (lastUpdate === undefined ? UNKNOWN_TIME : new Date(lastUpdate).toISOString()),
  },
} as const satisfies Readonly<Record<string, LocalColumn<DiscoveryRow>>>;

function isDiscoveryRow(stored: unknown): stored is DiscoveryRow {
  if (typeof stored !== 'object' || stored === null) return false;
  const row = stored as Partial<Record<keyof DiscoveryRow, unknown>>;
  const texts = [row.root, row.uuid, row.usn, row.location, row.server, row.host, row.parentDevice];
  return (
    texts.every((text) => typeof text === 'string') &&
    typeof row.leaseTime === 'number' &&
    STATUS.some((status) => status === row.status)
  );
}
