import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { once } from 'node:events';
import { SSDP_ADDRESS, SSDP_PORT } from './ssdp-message.ts';
import { MULTICAST_TTL } from './ssdp-transport.ts';
import type { SsdpTransport, SsdpTransportOptions } from './ssdp-transport.ts';

/** SSDP on the loopback interface, which node-ssdp leaves out. */
export class LoopbackTransport implements SsdpTransport {
  readonly #options: SsdpTransportOptions;
  #search: Socket | undefined;
  #listener: Socket | undefined;

  constructor(options: SsdpTransportOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    // All of the loopback's addresses reach each other.
    const [{ address }] = this.#options.lan.addresses;
    try {
      this.#listener = await this.#open(SSDP_PORT, undefined);
      this.#listener.addMembership(SSDP_ADDRESS, address);
      this.#search = await this.#open(0, address);
      this.#search.setMulticastInterface(address);
      this.#search.setMulticastTTL(MULTICAST_TTL);
    } catch (error) {
      this.stop();
      throw error;
    }
  }

  stop(): void {
    this.#listener?.close();
    this.#search?.close();
    this.#listener = undefined;
    this.#search = undefined;
  }

  send(datagram: Buffer, host: string, port: number): void {
    this.#search?.send(datagram, port, host, (error) => {
      if (error !== null) this.#options.onError(error);
    });
  }

  async #open(port: number, address: string | undefined): Promise<Socket> {
    const socket = createSocket({ type: 'udp4', reuseAddr: true });
    socket.on('message', (datagram, source) => {
      this.#options.onDatagram(datagram, source.address);
    });
    // `once` rejects when 'error' comes first, for instance EADDRINUSE.
    const listening = once(socket, 'listening');
    socket.bind(port, address);
    await listening;
    socket.on('error', this.#options.onError);
    return socket;
  }
}
