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
const SLICE_LENGTH = 32 * 1024;

const NAMED_ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };

function unescapeOnce(text: string): string {
  return text.replace(/&(lt|gt|quot|apos|amp);/g, (whole, name: string) => NAMED_ENTITIES[name] ?? whole);
}

/** The document's elements without byte order mark and prolog, and unescaped when the device escaped it twice. */
function bareDocument(text: string): string {
  let document = text.trim();
  if (document.startsWith('&lt;')) document = unescapeOnce(document).trim();
  if (document.startsWith('\uFEFF')) document = document.slice(1).trimStart();
  if (/^<\?xml\s/.test(document)) {
    const end = document.indexOf('?>');
    if (end >= 0) document = document.slice(end + 2);
  }
  return document.trim();
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
        this.#record.set(this.#field, this.#text);
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
  const document = bareDocument(text);
  if (document === '') return;
  const collector = new RecordCollector(shape, onRecord);
  try {
    const parser = new XmlParser(collector, LIMITS);
    // Inside an element of ours the records may stand without their root, and a doctype is an error.
    parser.write('<document>');
    for (let at = 0; at < document.length; at += SLICE_LENGTH) {
      parser.write(document.slice(at, at + SLICE_LENGTH));
      yield;
    }
    parser.write('</document>');
    parser.close();
  } catch (error) {
    if (!(error instanceof XmlError)) throw error;
    throw new DocumentError(`${shape.root}: ${error.message}`, { cause: error });
  }
  if (!collector.recognised) {
    throw new DocumentError(
      `${shape.root}: ${collector.populated ? 'another document was sent' : 'text was sent in place of XML'}`,
    );
  }
}

/**
 * Reads the records of a document, in their order. Gives the event loop a turn every 32 kB, so that a document of any
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
