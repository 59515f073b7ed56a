import type { Announcement } from '../types.ts';
import type { SsdpMessage } from './ssdp-message.ts';

/** A checked SSDP message about a device. */
export type Sighting =
  | { readonly kind: 'alive' | 'response'; readonly announcement: Announcement }
  | { readonly kind: 'update'; readonly announcement: Announcement; readonly nextBootId: number | undefined }
  | {
      readonly kind: 'byebye';
      readonly udn: string;
      readonly sourceAddress: string;
      readonly dmAnnouncement: string | undefined;
    };

const MAX_LOCATION_LENGTH = 2048;
const MAX_UDN_LENGTH = 256;
const DEFAULT_MAX_AGE_SECONDS = 1800;

/**
 * Reads a message that came from `sourceAddress`. Undefined: it lacks USN or LOCATION, or its LOCATION is not on the host
 * that sent it (so that no announcement can point us anywhere else).
 */
export function toSighting(
  message: SsdpMessage,
  sourceAddress: string,
  here: Pick<Announcement, 'localAddress' | 'interfaceName'>,
): Sighting | undefined {
  const { headers, kind } = message;
  const [name = '', target = ''] = (headers.get('usn') ?? '').split('::');
  const udn = name.trim();
  if (udn === '' || udn.length > MAX_UDN_LENGTH) return undefined;
  const dmAnnouncement = headers.get('announcement.dm.upnp.org');
  if (kind === 'byebye') return { kind, udn, sourceAddress, dmAnnouncement };
  const location = checkLocation(headers.get('location'), sourceAddress);
  if (location === undefined) return undefined;
  const announcement: Announcement = {
    udn,
    namesRoot: target.trim().toLowerCase() === 'upnp:rootdevice',
    location,
    sourceAddress,
    localAddress: here.localAddress,
    interfaceName: here.interfaceName,
    maxAgeSeconds: readMaxAge(headers.get('cache-control')),
    server: headers.get('server') ?? '',
    bootId: readBootId(headers),
    configId: readNumber(headers.get('configid.upnp.org')),
    searchPort: readPort(headers.get('searchport.upnp.org')),
    dmAnnouncement: undefined,
  };
  if (kind !== 'update') return { kind, announcement };
  return { kind, announcement, nextBootId: readNumber(headers.get('nextbootid.upnp.org')) };
}

function checkLocation(text: string | undefined, sourceAddress: string): string | undefined {
  if (text === undefined || text.length > MAX_LOCATION_LENGTH || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  if (url.protocol !== 'http:' || url.hostname !== sourceAddress || url.port === '0') return undefined;
  if (url.username !== '' || url.password !== '') return undefined;
  url.hash = '';
  return url.href;
}

function readMaxAge(cacheControl: string | undefined): number {
  const seconds = /max-age\s*=\s*"?(\d{1,9})/i.exec(cacheControl ?? '')?.[1];
  return seconds === undefined ? DEFAULT_MAX_AGE_SECONDS : Number(seconds);
}

/** libupnp, before UDA 1.1, changes 01-NLS at each boot instead: any number that follows it will do. */
function readBootId(headers: ReadonlyMap<string, string>): number | undefined {
  const bootId = readNumber(headers.get('bootid.upnp.org'));
  if (bootId !== undefined) return bootId;
  const nls = headers.get('01-nls');
  if (nls === undefined || nls === '') return undefined;
  let hash = 0x811c9dc5;
  for (const character of nls) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return hash >>> 0;
}

function readNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,10}$/.test(text) ? Number(text) : undefined;
}

/** [UDA 1.2.2] 49152 to 65535; anything that is a port is accepted. */
function readPort(text: string | undefined): number | undefined {
  const port = readNumber(text);
  return port !== undefined && port >= 1 && port <= 65535 ? port : undefined;
}
