import { TextDecoder } from 'node:util';
import { Parser } from 'xml2js';
import { prepareLooseMarkup } from './loose-markup.ts';
import { XmlError } from './xml-error.ts';
import type { XmlElement } from './xml-tree.ts';

/** Bytes. Beyond it xml2js would hold the event loop for too long. */
const MAX_LENGTH = 256 * 1024;

// Keys that no element or attribute can have: XML names do not begin with `#`. `#name` is xml2js's own.
const NAME = '#name';
const TEXT = '#text';
const ATTRIBUTES = '#attributes';
const CHILDREN = '#children';

/**
 * Parses a small sloppy document of a LAN device (description, SCPD; at most 256 KiB, 2 000 elements, 2 000 references, 64 deep): prefixes are
 * dropped whether declared or not, unescaped `&` is taken as text, bad UTF-8 is read as iso-8859-1; DOCTYPE is refused.
 * `uri` is '' everywhere; text that is white space only reads as ''.
 * @throws XmlError
 */
export async function parseLooseXml(document: Uint8Array): Promise<XmlElement> {
  if (document.byteLength > MAX_LENGTH) throw new XmlError(`document over ${MAX_LENGTH} bytes`);
  const source = prepareLooseMarkup(decode(document).trimStart());
  // A parser for each document: a shared one answers concurrent callers with each other's documents.
  const parser = new Parser({
    explicitRoot: false,
    explicitChildren: true,
    preserveChildrenOrder: true,
    charkey: TEXT,
    attrkey: ATTRIBUTES,
    childkey: CHILDREN,
  });
  let root: unknown;
  try {
    root = await parser.parseStringPromise(source);
  } catch (error) {
    throw asXmlError(error);
  }
  if (root === null || root === undefined) throw new XmlError('document has no root element');
  return toElement(root);
}

function decode(document: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(document);
  } catch {
    return Buffer.from(document.buffer, document.byteOffset, document.byteLength).toString('latin1');
  }
}

/** Reads own properties by fixed names only: the others bear names the device chose (`__proto__`, `constructor`). */
function toElement(source: unknown): XmlElement {
  const name = own(source, NAME);
  const text = own(source, TEXT);
  const children = own(source, CHILDREN);
  return {
    uri: '',
    local: localName(typeof name === 'string' ? name : ''),
    attributes: toAttributes(own(source, ATTRIBUTES)),
    children: Array.isArray(children) ? children.map(toElement) : [],
    text: typeof text === 'string' ? text : '',
  };
}

function toAttributes(source: unknown): ReadonlyMap<string, string> {
  const attributes = new Map<string, string>();
  if (typeof source !== 'object' || source === null) return attributes;
  for (const [name, value] of Object.entries(source)) {
    if (name === 'xmlns' || name.startsWith('xmlns:')) continue;
    attributes.set(localName(name), String(value));
  }
  return attributes;
}

function own(source: unknown, key: string): unknown {
  if (typeof source !== 'object' || source === null) return undefined;
  return Object.getOwnPropertyDescriptor(source, key)?.value;
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

/** The error text of sax: a reason, then `Line:`, `Column:` (from 0) and `Char:` on lines of their own. */
function asXmlError(error: unknown): XmlError {
  const message = error instanceof Error ? error.message : String(error);
  const [reason = message] = message.split('\n');
  const line = /^Line: (\d+)/m.exec(message)?.[1];
  const column = /^Column: (\d+)/m.exec(message)?.[1];
  if (line === undefined || column === undefined) return new XmlError(reason);
  return new XmlError(reason, Number(line) + 1, Number(column) + 1);
}
