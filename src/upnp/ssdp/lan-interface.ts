import { existsSync } from 'node:fs';
import { networkInterfaces } from 'node:os';

export interface LanAddress {
  readonly address: string;
  readonly netmask: string;
}

/** A configured interface with its IPv4 addresses. IPv6 is not used for discovery. */
export interface LanInterface {
  readonly name: string;
  readonly addresses: readonly [LanAddress, ...LanAddress[]];
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
  const all = networkInterfaces()[name]?.filter(({ family }) => family === 'IPv4') ?? [];
  const [first, ...others] = all.map(({ address, netmask }) => ({ address, netmask }));
  return first && { name, addresses: [first, ...others], loopback: all[0]?.internal === true };
}

/** Our own address in whose subnet `address` (IPv4) lies, as a route would choose: that of the narrowest. */
export function findAddressFacing(lan: LanInterface, address: string): LanAddress | undefined {
  let narrowest: LanAddress | undefined;
  for (const own of lan.addresses) {
    if (!isInSubnet(own, address)) continue;
    if (narrowest === undefined || maskOf(own) > maskOf(narrowest)) narrowest = own;
  }
  return narrowest;
}

export function hasAddress(lan: LanInterface | undefined, { address, netmask }: LanAddress): boolean {
  return lan?.addresses.some((own) => own.address === address && own.netmask === netmask) === true;
}

/** Whether both are the same addresses; undefined has none. */
export function hasSameAddresses(one: LanInterface | undefined, other: LanInterface | undefined): boolean {
  const [left, right] = [one?.addresses ?? [], other?.addresses ?? []];
  return left.length === right.length && left.every((address) => hasAddress(other, address));
}

function isInSubnet(own: LanAddress, address: string): boolean {
  const mask = toNumber(own.netmask);
  const [one, other] = [toNumber(own.address), toNumber(address)];
  if (mask === undefined || one === undefined || other === undefined) return false;
  return (one & mask) === (other & mask);
}

function maskOf({ netmask }: LanAddress): number {
  return (toNumber(netmask) ?? 0) >>> 0;
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
