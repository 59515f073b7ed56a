import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const MAC_ADDRESS = /^(?:[0-9a-f]{2}:){5}[0-9a-f]{2}$/;
const NO_ADDRESS = '00:00:00:00:00:00';
/** [/sys/class/net/<interface>/addr_assign_type] Made up by the kernel, and another one after the next start. */
const RANDOM_ADDRESS = '1';
const MACHINE_ID = /^(?!0{32}$)[0-9a-f]{32}$/;

/**
 * 12 hexadecimal digits that are this machine's and no other's: the MAC address of the first of these LAN interfaces that has a
 * lasting one, else that of another network device, else a hash of the machine-id; undefined when it has none of them.
 * @param root where the file system of the machine is
 */
export function machineSerialNumber(lanInterfaces: readonly string[], root = '/'): string | undefined {
  const interfaces = join(root, 'sys/class/net');
  const devices = foldersIn(interfaces).filter((name) => existsSync(join(interfaces, name, 'device')));
  for (const name of [...lanInterfaces, ...devices]) {
    const address = lastingAddressOf(join(interfaces, name));
    if (address !== undefined) return address.replaceAll(':', '').toUpperCase();
  }
  const id = textOf(join(root, 'etc/machine-id')).toLowerCase();
  // Without revealing it, as machine-id(5) asks for. Images are shipped with an empty one, or with a word in its place.
  return MACHINE_ID.test(id)
    ? createHash('sha256').update(`cwmp-proxier:${id}`).digest('hex').slice(0, 12).toUpperCase()
    : undefined;
}

function lastingAddressOf(folder: string): string | undefined {
  const address = textOf(join(folder, 'address')).toLowerCase();
  const isLasting = textOf(join(folder, 'addr_assign_type')) !== RANDOM_ADDRESS;
  return MAC_ADDRESS.test(address) && address !== NO_ADDRESS && isLasting ? address : undefined;
}

function foldersIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'latin1').trim();
  } catch {
    return '';
  }
}
