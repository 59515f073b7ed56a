/** What a control point hears on SSDP [UDA 1.2, 1.3]. */
export interface SsdpMessage {
  readonly kind: 'alive' | 'update' | 'byebye' | 'response';
  /** Lower-case names; of repeated headers the first. Values are trimmed. */
  readonly headers: ReadonlyMap<string, string>;
}

export const SSDP_ADDRESS = '239.255.255.250';
export const SSDP_PORT = 1900;
/** A datagram above this is not SSDP. */
const MAX_DATAGRAM_BYTES = 4096;
const MAX_HEADERS = 64;

const KIND_BY_NTS: ReadonlyMap<string, SsdpMessage['kind']> = new Map([
  ['ssdp:alive', 'alive'],
  ['ssdp:update', 'update'],
  ['ssdp:byebye', 'byebye'],
]);

/**
 * Parses a datagram in time linear in its size. Lines may end in LF, the final empty line may be missing, header names
 * may have any case. Undefined: not a message for a control point (searches of others, garbage, more than 4 kB).
 */
export function parseSsdpMessage(datagram: Buffer): SsdpMessage | undefined {
  if (datagram.length > MAX_DATAGRAM_BYTES) return undefined;
  const [startLine = '', ...lines] = datagram.toString('latin1').split('\n');
  const isResponse = /^HTTP\/1\.\d +200(?:[ \r]|$)/i.test(startLine);
  if (!isResponse && !/^NOTIFY +\*/i.test(startLine)) return undefined;
  const headers = parseHeaders(lines);
  if (isResponse) return { kind: 'response', headers };
  const kind = KIND_BY_NTS.get(headers.get('nts')?.toLowerCase() ?? '');
  return kind === undefined ? undefined : { kind, headers };
}

function parseHeaders(lines: readonly string[]): Map<string, string> {
  const headers = new Map<string, string>();
  for (const raw of lines) {
    const line = raw.trim();
    if (line === '' || headers.size >= MAX_HEADERS) break;
    const colon = line.indexOf(':');
    if (colon <= 0) continue;
    const name = line.slice(0, colon).trimEnd().toLowerCase();
    if (!headers.has(name)) headers.set(name, line.slice(colon + 1).trim());
  }
  return headers;
}

/** An M-SEARCH. `mxSeconds` only for multicast: a unicast search has no MX [UDA 1.3.2]. */
export function formatSearch(host: string, searchTarget: string, mxSeconds: number | undefined): Buffer {
  const lines = [
    'M-SEARCH * HTTP/1.1',
    `HOST: ${host}`,
    'MAN: "ssdp:discover"',
    ...(mxSeconds === undefined ? [] : [`MX: ${mxSeconds}`]),
    `ST: ${searchTarget}`,
    'USER-AGENT: Linux/1.0 UPnP/2.0 cwmp-proxier/1.0',
    'CPFN.UPNP.ORG: CWMP Proxier',
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`);
}
