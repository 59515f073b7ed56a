import { isIPv4 } from 'node:net';
import { networkInterfaces } from 'node:os';

/** An IPv4 address of this machine with its subnet. */
export interface LabAddress {
  readonly interfaceName: string;
  readonly address: string;
  readonly netmask: string;
  readonly loopback: boolean;
}

function toNumber(address: string): number {
  return address.split('.').reduce((number, octet) => number * 256 + Number(octet), 0);
}

/** Whether a literal IPv4 address lies in the subnet of `own`. */
export function isOnSubnet(own: LabAddress, address: string): boolean {
  if (!isIPv4(address)) return false;
  const mask = toNumber(own.netmask);
  return (toNumber(own.address) & mask) === (toNumber(address) & mask);
}

/**
 * The address a device uses on an interface: `host` when given (any 127.x.y.z on the loopback), else the first.
 * @throws Error when the interface has no IPv4 address, or `host` is not on it
 */
export function labAddress(interfaceName = 'lo', host?: string): LabAddress {
  const addresses = (networkInterfaces()[interfaceName] ?? []).filter((entry) => entry.family === 'IPv4');
  const first = addresses[0];
  if (first === undefined) throw new Error(`interface "${interfaceName}" has no IPv4 address`);
  const subnet = {
    interfaceName,
    address: first.address,
    netmask: first.netmask,
    loopback: first.internal,
  };
  if (host === undefined) return subnet;
  const own = addresses.find((entry) => entry.address === host);
  if (own !== undefined) return { ...subnet, address: host, netmask: own.netmask };
  if (!first.internal || !isOnSubnet(subnet, host)) {
    throw new Error(`"${host}" is not an address of interface "${interfaceName}"`);
  }
  return { ...subnet, address: host };
}
