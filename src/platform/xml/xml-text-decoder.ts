import { TextDecoder } from 'node:util';
import { SloppyUtf8Decoder } from './sloppy-utf8-decoder.ts';
import { XmlError } from './xml-error.ts';

/** An XML declaration is ASCII and short; beyond this many bytes there is none. */
const LONGEST_DECLARATION = 256;

/** What becomes of bytes that are no UTF-8: an XmlError, or characters of iso-8859-1. */
export type BadUtf8 = 'error' | 'latin1';

/**
 * Bytes of an XML document to text, chunk by chunk. UTF-8 unless the XML declaration names iso-8859-1; us-ascii is read as the
 * UTF-8 it usually is. Other encodings are an XmlError.
 */
export class XmlTextDecoder {
  readonly #badUtf8: BadUtf8;
  #decoder: TextDecoder | SloppyUtf8Decoder | 'latin1' | undefined;
  #head = Buffer.alloc(0);

  constructor(badUtf8: BadUtf8) {
    this.#badUtf8 = badUtf8;
  }

  /** @throws XmlError for bad UTF-8 or an unsupported encoding */
  decode(chunk: Uint8Array): string {
    if (this.#decoder !== undefined) return this.#convert(chunk);
    this.#head = Buffer.concat([this.#head, chunk]);
    const head = this.#head.toString('latin1', 0, LONGEST_DECLARATION);
    const undecided = head.length < LONGEST_DECLARATION && !head.includes('>');
    return undecided ? '' : this.#flushHead(head);
  }

  /** What was held back. @throws XmlError when the text ends inside a character */
  end(): string {
    const rest = this.#decoder === undefined ? this.#flushHead(this.#head.toString('latin1')) : '';
    return rest + this.#convert(new Uint8Array(), true);
  }

  #flushHead(head: string): string {
    this.#decoder = decoderFor(head, this.#badUtf8);
    const held = this.#head;
    this.#head = Buffer.alloc(0);
    return this.#convert(held);
  }

  #convert(chunk: Uint8Array, end = false): string {
    const decoder = this.#decoder;
    if (decoder === undefined || decoder === 'latin1') {
      return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString('latin1');
    }
    try {
      return decoder.decode(chunk, { stream: !end });
    } catch {
      throw new XmlError('not valid UTF-8');
    }
  }
}

function decoderFor(head: string, badUtf8: BadUtf8): TextDecoder | SloppyUtf8Decoder | 'latin1' {
  const declared = /^(?:\xef\xbb\xbf)?\s*<\?xml\s[^>]*?\sencoding\s*=\s*["']([^"'>]*)["']/.exec(head)?.[1];
  switch (declared?.toLowerCase()) {
    case undefined:
    case 'utf-8':
    case 'utf8':
    case 'us-ascii':
    case 'ascii':
      return badUtf8 === 'error' ? new TextDecoder('utf-8', { fatal: true }) : new SloppyUtf8Decoder();
    case 'iso-8859-1':
    case 'iso8859-1':
    case 'latin1':
      return 'latin1';
    default:
      throw new XmlError(`unsupported encoding ${JSON.stringify(declared)}`, 1, 1);
  }
}
