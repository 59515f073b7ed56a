import type { Socket } from 'node:dgram';
import ssdp from 'node-ssdp';
import { findAddressFacing } from './lan-interface.ts';
import type { LanInterface } from './lan-interface.ts';
import { SSDP_PORT } from './ssdp-message.ts';
import { MULTICAST_TTL } from './ssdp-transport.ts';
import type { SsdpTransport, SsdpTransportOptions } from './ssdp-transport.ts';

/** The members of node-ssdp 4.0.1 that are needed and left out by its types. They are stable: the package is frozen and pinned. */
interface Internals {
  /** One for each IPv4 address of the interface. */
  sockets: Readonly<Record<string, Socket>> | null;
  _createSockets(): void;
  _parseMessage(datagram: Buffer, source: { readonly address: string }): void;
  _send(datagram: Buffer, host: string, port: number, done: (error?: Error | null) => void): void;
}

/**
 * node-ssdp's own parser takes seconds for a hostile datagram and never reports ssdp:update, its multicast set-up throws
 * out of an event handler, and its start hangs when the port is taken: all three are replaced.
 */
class GuardedClient {
  readonly #client: InstanceType<typeof ssdp.Client> & Internals;
  readonly #lan: LanInterface;
  readonly #failed: Promise<never>;

  constructor(options: SsdpTransportOptions, sourcePort: number) {
    const { lan, onDatagram, onError } = options;
    const client = new ssdp.Client({
      interfaces: [lan.name],
      // Bound to its address the search leaves by this interface; so bound, the listener would hear no multicast.
      explicitSocketBind: sourcePort === 0,
      sourcePort,
      ssdpTtl: MULTICAST_TTL,
      location: '-',
    } as ConstructorParameters<typeof ssdp.Client>[0]);
    if (!hasInternals(client))
      throw new Error('node-ssdp is not the version that this adapter was written for');
    this.#client = client;
    this.#lan = lan;
    client._parseMessage = (datagram, source) => {
      onDatagram(datagram, source.address);
    };
    let fail: (error: Error) => void = onError;
    this.#failed = new Promise((_resolve, reject) => {
      fail = (error) => {
        reject(error);
        onError(error);
      };
    });
    this.#failed.catch(() => undefined);
    const createSockets = client._createSockets.bind(client);
    client._createSockets = () => {
      createSockets();
      if (sourcePort !== 0) keepFirst(client);
      for (const socket of Object.values(client.sockets ?? {})) guardSocket(socket, fail);
    };
  }

  start(): Promise<unknown> {
    // start() is awaited through a race because it never settles when bind fails.
    return Promise.race([Promise.resolve(this.#client.start()), this.#failed]);
  }

  stop(): void {
    this.#client.stop();
  }

  /** To one host from the address that faces it, to all from each address: a device answers in its own subnet only. */
  send(datagram: Buffer, host: string, port: number, onError: (error: Error) => void): void {
    const { sockets } = this.#client;
    if (sockets === null) return;
    const done = (error?: Error | null): void => {
      if (error) onError(error);
    };
    const facing = sockets[findAddressFacing(this.#lan, host)?.address ?? ''];
    if (facing === undefined) this.#client._send(datagram, host, port, done);
    else facing.send(datagram, port, host, done);
  }
}

function hasInternals(client: object): client is Internals {
  return '_createSockets' in client && '_parseMessage' in client && '_send' in client;
}

/** Each socket on the port would hear all that comes to the interface, whatever its address: one hears it once. */
function keepFirst(client: Internals): void {
  const [first, ...others] = Object.entries(client.sockets ?? {});
  for (const [, socket] of others) socket.close();
  if (first !== undefined) client.sockets = Object.fromEntries([first]);
}

/** Multicast set-up that reports its failure instead of ending the process. */
function guardSocket(socket: Socket, fail: (error: Error) => void): void {
  const addMembership = socket.addMembership.bind(socket);
  const setMulticastTtl = socket.setMulticastTTL.bind(socket);
  socket.addMembership = (group, address) => {
    attempt(() => {
      addMembership(group, address);
      if (address !== undefined) socket.setMulticastInterface(address);
    }, fail);
  };
  socket.setMulticastTTL = (ttl) => {
    attempt(() => setMulticastTtl(ttl), fail);
    return ttl;
  };
  socket.on('error', fail);
}

function attempt(action: () => void, fail: (error: Error) => void): void {
  try {
    action();
  } catch (error) {
    fail(error instanceof Error ? error : new Error(String(error)));
  }
}

/** SSDP on a LAN interface: one client that searches, one that listens on port 1900 beside other daemons. */
export class NodeSsdpTransport implements SsdpTransport {
  readonly #options: SsdpTransportOptions;
  #search: GuardedClient | undefined;
  #listener: GuardedClient | undefined;

  constructor(options: SsdpTransportOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const search = new GuardedClient(this.#options, 0);
    const listener = new GuardedClient(this.#options, SSDP_PORT);
    try {
      await listener.start();
      await search.start();
    } catch (error) {
      listener.stop();
      search.stop();
      throw error;
    }
    this.#search = search;
    this.#listener = listener;
  }

  stop(): void {
    this.#search?.stop();
    this.#listener?.stop();
    this.#search = undefined;
    this.#listener = undefined;
  }

  send(datagram: Buffer, host: string, port: number): void {
    this.#search?.send(datagram, host, port, this.#options.onError);
  }
}
