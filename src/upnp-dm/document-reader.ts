import { XmlError, XmlParser } from '../platform/xml/xml-parser.ts';
import type { XmlHandler } from '../platform/xml/xml-parser.ts';

/** An XML argument of CMS that cannot be read. */
export class DocumentError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'DocumentError';
  }
}

/** What to look for. Only local names count: devices use any namespace and prefix. */
export interface DocumentShape {
  readonly root: string;
  /** The repeated element. */
  readonly record: string;
  /** Its children of interest; none = the record's own text is wanted, under the name `''`. */
  readonly fields: readonly string[];
}

/** Text of each field that was there, not trimmed. */
export type DocumentRecord = ReadonlyMap<string, string>;

/** Standard documents are 4 deep; a `Result` wrapper, the SOAP argument and our own wrapper come on top. */
const LIMITS = { maxDepth: 16, undeclaredPrefixes: 'accept' } as const;
/** Parsing this much takes a few milliseconds. */
const SLICE_LENGTH = 16 * 1024;
const LONGEST_ENTITY = '&quot;'.length;

const NAMED_ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };

function unescapeOnce(text: string): string {
  return text.replace(/&(lt|gt|quot|apos|amp);/g, (whole, name: string) => NAMED_ENTITIES[name] ?? whole);
}

/**
 * The document in slices, without byte order mark and prolog, and unescaped when the device escaped it twice. No slice ends
 * inside an entity.
 */
/**
 * The same text without a tie to the document that it was cut from: V8 keeps a whole parent string alive for a slice of it, and
 * paths and values are kept for as long as the device is. Slices are made from 13 characters on.
 */
function detached(text: string): string {
  return text.length < 13 ? text : Buffer.from(text, 'utf8').toString('utf8');
}

function* slicesOf(text: string): Generator<string, void, void> {
  const escapedTwice = text.startsWith('&lt;');
  let end: number;
  for (let start = 0; start < text.length; start = end) {
    end = Math.min(start + SLICE_LENGTH, text.length);
    const ampersand = escapedTwice && end < text.length ? text.lastIndexOf('&', end) : -1;
    if (ampersand > end - LONGEST_ENTITY && ampersand > start) end = ampersand;
    const raw = text.slice(start, end);
    const slice = escapedTwice ? unescapeOnce(raw) : raw;
    yield start === 0 ? withoutProlog(slice) : slice;
  }
}

function withoutProlog(head: string): string {
  const start = head.startsWith('\uFEFF') ? head.slice(1).trimStart() : head;
  const end = /^<\?xml\s/.test(start) ? start.indexOf('?>') : -1;
  return end < 0 ? start : start.slice(end + 2);
}

/** Collects records by local name, wherever they stand. */
class RecordCollector implements XmlHandler {
  readonly #shape: DocumentShape;
  readonly #onRecord: (record: DocumentRecord) => void;
  #depth = 0;
  #record: Map<string, string> | undefined;
  #recordDepth = 0;
  #field: string | undefined;
  #fieldDepth = 0;
  #text = '';
  /** An element that belongs to such a document was there. */
  recognised = false;
  /** Any element was there. */
  populated = false;

  constructor(shape: DocumentShape, onRecord: (record: DocumentRecord) => void) {
    this.#shape = shape;
    this.#onRecord = onRecord;
  }

  open(_uri: string, local: string): void {
    this.#depth += 1;
    if (this.#depth === 1) return;
    this.populated = true;
    if (this.#record === undefined) {
      if (local === this.#shape.record) this.#openRecord();
      else if (local === this.#shape.root || local === 'Result') this.recognised = true;
    } else if (this.#depth === this.#recordDepth + 1 && this.#shape.fields.includes(local)) {
      this.#openField(local);
    }
  }

  text(text: string): void {
    if (this.#field !== undefined && this.#depth === this.#fieldDepth) this.#text += text;
  }

  close(): void {
    if (this.#record !== undefined) {
      if (this.#field !== undefined && this.#depth === this.#fieldDepth) {
        this.#record.set(this.#field, detached(this.#text));
        this.#field = undefined;
      }
      if (this.#depth === this.#recordDepth) {
        this.#onRecord(this.#record);
        this.#record = undefined;
      }
    }
    this.#depth -= 1;
  }

  #openRecord(): void {
    this.recognised = true;
    this.#record = new Map();
    this.#recordDepth = this.#depth;
    if (this.#shape.fields.length === 0) this.#openField('');
  }

  #openField(name: string): void {
    this.#field = name;
    this.#fieldDepth = this.#depth;
    this.#text = '';
  }
}

/** Feeds the document slice by slice; the consumer decides what happens between slices. */
function* feed(
  text: string,
  shape: DocumentShape,
  onRecord: (record: DocumentRecord) => void,
): Generator<void, void, void> {
  const collector = new RecordCollector(shape, onRecord);
  let empty = true;
  try {
    const parser = new XmlParser(collector, LIMITS);
    // Inside an element of ours the records may stand without their root, and a doctype is an error.
    parser.write('<document>');
    for (const slice of slicesOf(text.trim())) {
      empty &&= slice.trim() === '';
      parser.write(slice);
      yield;
    }
    parser.write('</document>');
    parser.close();
  } catch (error) {
    if (!(error instanceof XmlError)) throw error;
    throw new DocumentError(`${shape.root}: ${error.message}`, { cause: error });
  }
  if (!empty && !collector.recognised) {
    throw new DocumentError(
      `${shape.root}: ${collector.populated ? 'another document was sent' : 'text was sent in place of XML'}`,
    );
  }
}

/**
 * Reads the records of a document, in their order. Gives the event loop a turn every 16 kB, so that a document of any
 * size blocks nothing. An empty text is an empty list.
 * @throws DocumentError
 */
export async function readRecords(
  text: string,
  shape: DocumentShape,
  onRecord: (record: DocumentRecord) => void,
): Promise<void> {
  const slices = feed(text, shape, onRecord);
  while (slices.next().done !== true) {
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
  }
}

/**
 * The same at one go, for small documents that come with events.
 * @throws DocumentError
 */
export function readRecordsAtOnce(
  text: string,
  shape: DocumentShape,
  onRecord: (record: DocumentRecord) => void,
): void {
  const slices = feed(text, shape, onRecord);
  while (slices.next().done !== true);
}
