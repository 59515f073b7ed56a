import { existsSync } from 'node:fs';
import { networkInterfaces } from 'node:os';

/** One IPv4 address of a configured interface. IPv6 is not used for discovery. */
export interface LanInterface {
  readonly name: string;
  readonly address: string;
  readonly netmask: string;
  readonly loopback: boolean;
}

/**
 * Refuses names that the host does not have.
 * @throws Error naming the unknown interface and those that exist
 */
export function checkInterfaceNames(names: readonly string[]): void {
  const known = Object.keys(networkInterfaces());
  for (const name of names) {
    // An interface without any address is not listed, but may get one.
    if (!known.includes(name) && !(/^[\w.:@-]+$/.test(name) && existsSync(`/sys/class/net/${name}`))) {
      throw new Error(`no network interface "${name}"; there are: ${known.join(', ')}`);
    }
  }
}

/** The interface as it is now; undefined when it has no IPv4 address. */
export function findInterface(name: string): LanInterface | undefined {
  // One address suffices: all addresses of an interface share its multicast group.
  const first = networkInterfaces()[name]?.find((address) => address.family === 'IPv4');
  return first && { name, address: first.address, netmask: first.netmask, loopback: first.internal };
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
