import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { NameLookup } from './name-lookup.ts';

/**
 * Sends one UDP datagram. Resolves when the kernel has taken it: nobody says whether it arrives.
 * @param host name or address
 * @throws Error when the name cannot be resolved, there is no route, or the datagram is too long
 */
export type SendDatagram = (host: string, port: number, data: Buffer) => Promise<void>;

/** Sends to hosts as `names` finds them. */
export const datagramSender =
  (names: Pick<NameLookup, 'addressOf'>): SendDatagram =>
  async (host, port, data) => {
    const address = await names.addressOf(host);
    const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
    try {
      await new Promise<void>((resolve, reject) => {
        socket.once('error', reject);
        socket.send(data, port, address, (error) => {
          if (error === null) resolve();
          else reject(error);
        });
      });
    } finally {
      socket.close();
    }
  };
