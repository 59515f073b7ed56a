import type { DataModel } from '../datamodel/data-model.ts';
import type { Clock, Timer } from '../platform/clock.ts';
import type { DocumentStore } from '../platform/store/document-store.ts';
import { aliasColumn } from './alias-column.ts';
import type { LocalProvider } from './local-object.ts';
import { LocalTable } from './local-table.ts';

export interface DnsClientOptions {
  readonly model: DataModel;
  readonly store: DocumentStore;
  readonly storeKey: string;
  readonly clock: Clock;
  /** IP addresses of the servers in use, the first one first. */
  readonly nameServers: () => readonly string[];
}

interface ServerRow {
  readonly address: string;
  readonly alias?: string;
}

const REFRESH_MS = 60_000;
const STATUS = { enumeration: ['Disabled', 'Enabled', 'Error'] } as const;

/**
 * [TR-181 DNS.Client] The name servers that this machine asks. Who configures them is the machine's own affair: everything here is
 * read-only, where the standard would let an ACS write.
 */
export class DnsClient {
  readonly #options: DnsClientOptions;
  readonly #servers: LocalTable<ServerRow>;
  #timer: Timer | undefined;

  constructor(provider: LocalProvider, options: DnsClientOptions) {
    const { model, store, storeKey } = options;
    this.#options = options;
    provider.add('Device.DNS.', {
      // What the daemon itself asks for; it looks names up and no services.
      SupportedRecordTypes: {
        type: 'string',
        constraint: { list: true, enumeration: ['A', 'AAAA', 'SRV', 'PTR'] },
        get: () => 'A,AAAA',
      },
    });
    const on = { type: 'boolean', get: () => 'true' } as const;
    const enabled = { type: 'string', constraint: STATUS, get: () => 'Enabled' } as const;
    provider.add('Device.DNS.Client.', { Enable: on, Status: enabled });
    this.#servers = new LocalTable<ServerRow>({
      model,
      path: 'Device.DNS.Client.Server.',
      storage: { store, key: storeKey },
      restore: (stored) => (isServerRow(stored) ? stored : undefined),
      columns: {
        Enable: on,
        Status: enabled,
        Alias: aliasColumn<ServerRow>(),
        DNSServer: { type: 'string', constraint: { maxLength: 45 }, get: (row) => row.address },
        Interface: { type: 'string', constraint: { maxLength: 256 }, get: () => '' },
        Type: {
          type: 'string',
          constraint: { enumeration: ['DHCPv4', 'DHCPv6', 'RouterAdvertisement', 'IPCP', 'Static'] },
          // The machine does not tell where it has them from.
          get: () => 'Static',
        },
      },
    });
  }

  /** From now on the table follows the machine. */
  async start(): Promise<void> {
    await this.#refresh();
    this.#arm();
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #arm(): void {
    this.#timer = this.#options.clock.schedule(REFRESH_MS, () => {
      // What could not be stored is there nevertheless.
      this.#refresh().catch(() => undefined);
      this.#arm();
    });
  }

  async #refresh(): Promise<void> {
    const addresses = this.#options.nameServers();
    const gone = [...this.#servers.rows].filter(({ key }) => !addresses.includes(key));
    await Promise.all([
      ...gone.map(({ key }) => this.#servers.remove(key)),
      ...addresses.map((address) => this.#servers.put(address, { address })),
    ]);
  }
}

function isServerRow(stored: unknown): stored is ServerRow {
  if (typeof stored !== 'object' || stored === null) return false;
  const { address, alias } = stored as Partial<Record<keyof ServerRow, unknown>>;
  return typeof address === 'string' && (alias === undefined || typeof alias === 'string');
}
