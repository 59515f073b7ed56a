import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** [if_arp.h] ARPHRD_ETHER, which Wi-Fi interfaces have too. */
const ETHERNET = '1';

/**
 * What kind of network interface this is. `Other` also stands for a bridge, whose ports may be anything, and for what cannot be
 * told (loopback, other systems than Linux).
 */
export function interfaceTypeOf(name: string, folder = '/sys/class/net'): 'Ethernet' | 'Wi-Fi' | 'Other' {
  const place = join(folder, name);
  if (existsSync(join(place, 'wireless')) || existsSync(join(place, 'phy80211'))) return 'Wi-Fi';
  if (!existsSync(join(place, 'device'))) return 'Other';
  try {
    return readFileSync(join(place, 'type'), 'latin1').trim() === ETHERNET ? 'Ethernet' : 'Other';
  } catch {
    return 'Other';
  }
}
