import { createHmac } from 'node:crypto';
import { isLiteral } from '../../datamodel/value-codec.ts';
import type { ValueType } from '../../datamodel/value.ts';
import { escapeText } from '../../platform/xml/escape.ts';
import type { EndpointIdentity } from '../types.ts';

export interface NotifiedParameter {
  readonly name: string;
  readonly type: ValueType;
  /** Canonical lexical form. */
  readonly value: string;
}

export interface LightweightNotification {
  readonly identity: EndpointIdentity;
  /** ManagementServer.Username. */
  readonly username: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** Random text, other than in any message before. */
  readonly cnonce: string;
  /** One or more. */
  readonly parameters: readonly NotifiedParameter[];
}

/**
 * What fits into a datagram that no path fragments: a lost fragment is a lost message. A longer one is sent if a single
 * parameter makes it so.
 */
const LONGEST_BODY_BYTES = 1200;

/** What UDP over IPv4 can carry. */
export const LONGEST_DATAGRAM_BYTES = 65_507;

const OPEN =
  '<?xml version="1.0" encoding="UTF-8"?>\n<Notification xmlns="urn:broadband-forum-org:cwmp:lwnotif-1-0" ' +
  'xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">';
const CLOSE = '</Notification>';

/** The XML of one message, valid against cwmp-UDPLightweightNotification-1-0.xsd. */
export function formatNotification(notification: LightweightNotification): string {
  return formatHead(notification) + notification.parameters.map(formatParameter).join('') + CLOSE;
}

/** Spreads the parameters over as many messages as are needed to keep each in one datagram, in their order. */
export function splitParameters<P extends NotifiedParameter>(
  head: Omit<LightweightNotification, 'parameters'>,
  parameters: readonly P[],
): P[][] {
  const room = LONGEST_BODY_BYTES - Buffer.byteLength(formatHead(head)) - CLOSE.length;
  const messages: P[][] = [];
  let left = 0;
  for (const parameter of parameters) {
    const bytes = Buffer.byteLength(formatParameter(parameter));
    if (bytes > left) {
      messages.push([]);
      left = room;
    }
    messages.at(-1)?.push(parameter);
    left -= bytes;
  }
  return messages;
}

/**
 * The datagram: an HTTP/1.1 POST that gets no answer, signed with the hexadecimal HMAC-SHA1 of its body under
 * ManagementServer.Password [TR-069 Annex M, from memory: the schema is published, the framing was seen in one other CPE].
 */
export function frameNotification(body: string, host: string, port: number, password: string): Buffer {
  const bytes = Buffer.from(body);
  const head = [
    'POST / HTTP/1.1',
    `Host: ${host}:${port}`,
    'Content-Type: text/xml; charset="utf-8"',
    `Content-Length: ${bytes.length}`,
    `Signature: ${createHmac('sha1', password).update(bytes).digest('hex').toUpperCase()}`,
  ];
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), bytes]);
}

function formatHead({
  identity,
  username,
  time,
  cnonce,
}: Omit<LightweightNotification, 'parameters'>): string {
  const fields = {
    TS: String(Math.floor(time / 1000)),
    UN: username,
    CN: cnonce,
    OUI: identity.oui,
    ProductClass: identity.productClass,
    SerialNumber: identity.serialNumber,
  };
  return (
    OPEN +
    Object.entries(fields)
      .map(([name, value]) => element(name, value))
      .join('')
  );
}

function formatParameter({ name, type, value }: NotifiedParameter): string {
  // What is no literal of its type is told as the text that it is.
  const written = xsdType(isLiteral(type, value) ? type : 'string');
  return `<Param>${element('Name', name)}<Value xsi:type="xsd:${written}">${escapeText(value)}</Value></Param>`;
}

function element(name: string, content: string): string {
  return `<${name}>${escapeText(content)}</${name}>`;
}

/** XML Schema itself calls base64 otherwise than CWMP. */
function xsdType(type: ValueType): string {
  return type === 'base64' ? 'base64Binary' : type;
}
