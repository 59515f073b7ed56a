import { networkInterfaces } from 'node:os';

/** One IPv4 address of a configured interface. IPv6 is not used for discovery. */
export interface LanInterface {
  readonly name: string;
  readonly address: string;
  readonly netmask: string;
  readonly loopback: boolean;
}

/**
 * Looks the names up among the host's interfaces. An interface without an IPv4 address yet is left out: it may get one.
 * @throws Error naming the unknown interface and those that exist
 */
export function resolveInterfaces(names: readonly string[]): LanInterface[] {
  const known = networkInterfaces();
  const found: LanInterface[] = [];
  for (const name of new Set(names)) {
    const addresses = known[name];
    if (addresses === undefined) {
      throw new Error(`no network interface "${name}"; there are: ${Object.keys(known).join(', ')}`);
    }
    // One address suffices: all addresses of an interface share its multicast group.
    const first = addresses.find((address) => address.family === 'IPv4');
    if (first !== undefined) {
      found.push({ name, address: first.address, netmask: first.netmask, loopback: first.internal });
    }
  }
  return found;
}

/** Whether `address` (IPv4) lies in the interface's subnet. */
export function isInSubnet(lan: LanInterface, address: string): boolean {
  const mask = toNumber(lan.netmask);
  const other = toNumber(address);
  const own = toNumber(lan.address);
  if (mask === undefined || other === undefined || own === undefined) return false;
  return (own & mask) === (other & mask);
}

function toNumber(address: string): number | undefined {
  const parts = address.split('.');
  if (parts.length !== 4) return undefined;
  let value = 0;
  for (const part of parts) {
    if (!/^\d{1,3}$/.test(part) || Number(part) > 255) return undefined;
    value = (value << 8) | Number(part);
  }
  return value;
}
