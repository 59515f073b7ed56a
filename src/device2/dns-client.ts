import { isIP } from 'node:net';
import type { DataModel } from '../datamodel/data-model.ts';
import type { Clock, Timer } from '../platform/clock.ts';
import type { NameLookup } from '../platform/name-lookup.ts';
import type { DocumentStore } from '../platform/store/document-store.ts';
import { aliasColumn } from './alias-column.ts';
import type { LocalProvider } from './local-object.ts';
import { LocalTable, type LocalRow } from './local-table.ts';

export interface DnsClientOptions {
  readonly model: DataModel;
  readonly store: DocumentStore;
  readonly storeKey: string;
  readonly clock: Clock;
  /** IP addresses of the servers that the machine asks, the first one first. */
  readonly nameServers: () => readonly string[];
  /** Is told whom to ask. */
  readonly names: Pick<NameLookup, 'use'>;
  /** ManagementServer.URL. */
  readonly acsUrl: () => string;
}

interface ServerRow {
  readonly address: string;
  readonly enabled: boolean;
  /** The ACS has made it; the others are the machine's. */
  readonly isOwn: boolean;
  readonly alias?: string;
}

const REFRESH_MS = 60_000;
const STATUS = { enumeration: ['Disabled', 'Enabled', 'Error'] } as const;

/**
 * [TR-181 DNS.Client] Whom this daemon asks for the addresses of its ACS: the name servers of the machine, as far as the ACS leaves
 * them on, and before them those that the ACS adds. What the machine itself does is its own affair: nothing here changes that.
 */
export class DnsClient {
  readonly #options: DnsClientOptions;
  readonly #servers: LocalTable<ServerRow>;
  #enabled: boolean;
  #timer: Timer | undefined;

  constructor(provider: LocalProvider, options: DnsClientOptions) {
    const { store, storeKey } = options;
    this.#options = options;
    this.#enabled = store.get<unknown>(`${storeKey}/enabled`) !== false;
    provider.add('Device.DNS.', {
      // What the daemon itself asks for; it looks names up and no services.
      SupportedRecordTypes: {
        type: 'string',
        constraint: { list: true, enumeration: ['A', 'AAAA', 'SRV', 'PTR'] },
        get: () => 'A,AAAA',
      },
    });
    provider.add('Device.DNS.Client.', {
      Enable: {
        type: 'boolean',
        writable: true,
        get: () => String(this.#enabled),
        check: (value) =>
          value !== 'false' || isIP(hostOf(options.acsUrl())) !== 0
            ? undefined
            : 'what would cut this CPE off from its ACS, whose URL has a name',
        set: (value) => this.#enable(value === 'true'),
      },
      Status: { type: 'string', constraint: STATUS, get: () => statusOf(this.#enabled) },
    });
    this.#servers = this.#createTable();
    this.#use();
  }

  /** From now on the table follows the machine. */
  async start(): Promise<void> {
    await this.#refresh();
    this.#arm();
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #createTable(): LocalTable<ServerRow> {
    const { model, store, storeKey } = this.#options;
    return new LocalTable<ServerRow>({
      model,
      path: 'Device.DNS.Client.Server.',
      storage: { store, key: storeKey },
      restore: readServerRow,
      create: () => ({ address: '', enabled: false, isOwn: true }),
      mayDelete: ({ isOwn }) => isOwn,
      changedByAcs: () => {
        this.#use();
      },
      columns: {
        Enable: {
          type: 'boolean',
          writable: true,
          get: ({ enabled }) => String(enabled),
          set: (row, value) => ({ ...row, enabled: value === 'true' }),
        },
        Status: { type: 'string', constraint: STATUS, get: (row) => statusOf(this.#isAsked(row)) },
        Alias: aliasColumn<ServerRow>(),
        DNSServer: {
          type: 'string',
          writable: true,
          constraint: { maxLength: 45 },
          get: ({ address }) => address,
          set: (row, value) => ({ ...row, address: value }),
          check: problemWithAddress,
        },
        Interface: {
          type: 'string',
          writable: true,
          constraint: { maxLength: 256 },
          get: () => '',
          set: (row) => row,
          check: (value) => (value === '' ? undefined : 'the path of a row: there are none in IP.Interface'),
        },
        Type: {
          type: 'string',
          constraint: { enumeration: ['DHCPv4', 'DHCPv6', 'RouterAdvertisement', 'IPCP', 'Static'] },
          // The machine does not tell where it has them from.
          get: () => 'Static',
        },
      },
    });
  }

  async #enable(enabled: boolean): Promise<void> {
    const { store, storeKey } = this.#options;
    await store.put(`${storeKey}/enabled`, enabled);
    this.#enabled = enabled;
    this.#use();
  }

  #isAsked({ enabled, address }: ServerRow): boolean {
    return this.#enabled && enabled && address !== '';
  }

  /** A machine without any server that is on would find nobody: then it is asked itself. */
  #use(): void {
    const { names } = this.#options;
    if (!this.#enabled) {
      names.use({ servers: [], thenMachine: false });
      return;
    }
    const rows = [...this.#servers.rows].map(({ row }) => row);
    const asked = rows.filter((row) => this.#isAsked(row));
    const added = asked.filter(({ isOwn }) => isOwn);
    const isAllOn = rows.every(({ isOwn, enabled }) => isOwn || enabled);
    if (asked.length === 0 || (added.length === 0 && isAllOn)) {
      names.use(undefined);
      return;
    }
    const servers = [...added, ...asked.filter(({ isOwn }) => !isOwn)].map(({ address }) => address);
    names.use({ servers, thenMachine: isAllOn });
  }

  #arm(): void {
    this.#timer = this.#options.clock.schedule(REFRESH_MS, () => {
      // What could not be stored is there nevertheless.
      this.#refresh().catch(() => undefined);
      this.#arm();
    });
  }

  async #refresh(): Promise<void> {
    const rows = [...this.#servers.rows];
    const added = new Set(rows.flatMap(({ row }) => (row.isOwn ? [row.address] : [])));
    const addresses = this.#options.nameServers().filter((address) => !added.has(address));
    const gone = rows.filter(({ row }) => !row.isOwn && !addresses.includes(row.address));
    const changed = Promise.all([
      ...gone.map(({ key }) => this.#servers.remove(key)),
      ...addresses.map((address) => {
        const enabled = this.#servers.find(address)?.row.enabled ?? true;
        return this.#servers.put(address, { address, enabled, isOwn: false });
      }),
    ]);
    this.#use();
    await changed;
  }
}

function problemWithAddress(
  value: string,
  own: LocalRow<ServerRow>,
  rows: Iterable<LocalRow<ServerRow>>,
): string | undefined {
  if (value === own.row.address) return undefined;
  if (!own.row.isOwn)
    return "something else than what the machine's own configuration says: add a row instead";
  // One with a zone would be none to another host.
  if (value !== '' && (isIP(value) === 0 || value.includes('%'))) return 'no IP address';
  for (const { row, instanceNumber } of rows) {
    if (value !== '' && instanceNumber !== own.instanceNumber && row.address === value)
      return 'in another row already';
  }
  return undefined;
}

function statusOf(enabled: boolean): string {
  return enabled ? 'Enabled' : 'Disabled';
}

/** Without the brackets of an IPv6 address. */
function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).hostname.replace(/^\[|\]$/g, '') : '';
}

/** Rows of an older version are the machine's, and on. */
function readServerRow(stored: unknown): ServerRow | undefined {
  if (typeof stored !== 'object' || stored === null) return undefined;
  const { address, enabled, isOwn, alias } = stored as Partial<Record<keyof ServerRow, unknown>>;
  if (typeof address !== 'string' || (alias !== undefined && typeof alias !== 'string')) return undefined;
  return {
    address,
    enabled: enabled !== false,
    isOwn: isOwn === true,
    ...(alias === undefined ? {} : { alias }),
  };
}
