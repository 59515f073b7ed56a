import type { LanInterface } from './lan-interface.ts';

/** Sends and receives SSDP datagrams on one interface. */
export interface SsdpTransport {
  /**
   * Opens the sockets.
   * @throws Error when port 1900 or the multicast group cannot be had
   */
  start(): Promise<void>;
  /** Closes the sockets. Does nothing the second time. */
  stop(): void;
  /** Sends from the search socket; answers come back as datagrams. Failures go to `onError`. */
  send(datagram: Buffer, host: string, port: number): void;
}

export interface SsdpTransportOptions {
  readonly lan: LanInterface;
  readonly onDatagram: (datagram: Buffer, sourceAddress: string) => void;
  /** Trouble after the start. */
  readonly onError: (error: Error) => void;
}

/** [UDA 1.1.2] */
export const MULTICAST_TTL = 2;
