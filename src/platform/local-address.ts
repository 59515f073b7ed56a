import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { NameLookup } from './name-lookup.ts';

/**
 * The local address from which packets to `host` leave, as the routing table says; no packet is sent.
 * @throws Error when the name cannot be resolved or there is no route
 */
export async function localAddressTowards(
  host: string,
  names: Pick<NameLookup, 'addressOf'>,
): Promise<string> {
  const address = await names.addressOf(host);
  const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
  try {
    return await new Promise<string>((resolve, reject) => {
      socket.once('error', reject);
      // Connecting a datagram socket only chooses the route; the port does not matter.
      socket.connect(7547, address, () => {
        resolve(socket.address().address);
      });
    });
  } finally {
    socket.close();
  }
}
