import { nameBasedUuid } from '../../platform/uuid.ts';

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/** At most `maxLength` characters of what a device sent; none is torn. */
export function cut(text: string, maxLength: number): string {
  return text.length <= maxLength ? text : Array.from(text).slice(0, maxLength).join('');
}

/**
 * The UUID of a UDN, without `uuid:` [UDA 1.1.4]. Devices exist whose UDN holds none: TR-181 wants one all the same, so it is
 * made from the UDN and stays the same.
 */
export function uuidOf(udn: string): string {
  const name = udn.replace(/^uuid:/i, '').trim();
  return UUID.test(name) ? name : nameBasedUuid(`udn:${udn.toLowerCase()}`);
}

/** Longest USN, UDN and ServiceId that is kept. */
export const LONGEST_NAME = 256;

/** The key of a device in the tables. */
export function deviceKey(udn: string): string {
  return cut(udn.trim().toLowerCase(), LONGEST_NAME);
}
