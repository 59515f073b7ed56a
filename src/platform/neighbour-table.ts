import { closeSync, openSync, readSync } from 'node:fs';

/** Enough for some 6 000 neighbours; a home has dozens. */
const MOST_BYTES = 512 * 1024;
const NO_ADDRESS = '00:00:00:00:00:00';

/**
 * The MAC address (lower case) of an IPv4 neighbour as the kernel knows it; undefined when it does not (loopback, other
 * systems than Linux). Reads one small kernel file at each call.
 */
export function macAddressOf(address: string, file = '/proc/net/arp'): string | undefined {
  for (const line of readStart(file).split('\n').slice(1)) {
    const [ip, , , mac] = line.trim().split(/\s+/);
    if (ip !== address || mac === undefined) continue;
    const lower = mac.toLowerCase();
    return /^(?:[0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(lower) && lower !== NO_ADDRESS ? lower : undefined;
  }
  return undefined;
}

function readStart(file: string): string {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch {
    return '';
  }
  try {
    const buffer = Buffer.alloc(MOST_BYTES);
    let length = 0;
    for (let read = -1; read !== 0 && length < MOST_BYTES; length += read) {
      read = readSync(descriptor, buffer, length, MOST_BYTES - length, null);
    }
    return buffer.toString('latin1', 0, length);
  } catch {
    return '';
  } finally {
    closeSync(descriptor);
  }
}
