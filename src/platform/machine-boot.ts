import { readFileSync } from 'node:fs';

/** Changes with each start of the machine; undefined where the kernel has none. */
export function machineBootId(): string | undefined {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return undefined;
  }
}
