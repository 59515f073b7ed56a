import { SaxesParser } from 'saxes';
import type { SaxesTagNS } from 'saxes';
import { XmlError } from './xml-error.ts';
import { XmlTextDecoder, type BadUtf8 } from './xml-text-decoder.ts';

export { XmlError } from './xml-error.ts';

export interface XmlLimits {
  /** Elements inside one another; default 64. */
  readonly maxDepth?: number;
  /** Elements in the document; default 2 000 000. */
  readonly maxElements?: number;
  /** Characters in one run of text; default 16 Mi. */
  readonly maxTextLength?: number;
  /**
   * `error` (default): a prefix that is nowhere declared is an XmlError, as Namespaces in XML wants. `accept`: it stands
   * for the URI `undeclared:PREFIX`, and a name may have several colons, its local part then being what follows the first.
   * Deployed ACSs send an undeclared `soap:mustUnderstand` and an element `soap-env:Body:Fault`.
   */
  readonly undeclaredPrefixes?: 'error' | 'accept';
  /**
   * `error` (default): bytes that are no UTF-8 are an XmlError. `latin1`: they are read as iso-8859-1. Devices put names given by
   * users, such as an SSID, into their answers byte by byte.
   */
  readonly badUtf8?: BadUtf8;
}

export interface XmlAttribute {
  readonly uri: string;
  readonly local: string;
  readonly prefix: string;
  readonly value: string;
}

/** What a document consists of, in document order. An error thrown by a method ends the parse and reaches the caller of `write`. */
export interface XmlHandler {
  /**
   * `attributes` without xmlns declarations. `resolve` maps a prefix in scope to its namespace URI (for QNames in values)
   * and is valid during the call only.
   */
  open(
    uri: string,
    local: string,
    attributes: readonly XmlAttribute[],
    resolve: (prefix: string) => string | undefined,
  ): void;
  /** Character data and CDATA of the innermost open element, possibly in several calls. */
  text(text: string): void;
  close(uri: string, local: string): void;
}

const DEFAULT_MAX_DEPTH = 64;
const DEFAULT_MAX_ELEMENTS = 2_000_000;
const DEFAULT_MAX_TEXT_LENGTH = 16 * 1024 * 1024;
/** Characters in one start tag. No protocol here comes near it; text of 16 Mi in an attribute would cost a second. */
const MAX_START_TAG_LENGTH = 256 * 1024;
/** Limits on what saxes reports only when complete (tags, comments, text) are checked after each slice. */
const SLICE_LENGTH = 64 * 1024;

const NO_ATTRIBUTES: readonly XmlAttribute[] = [];
const UNDECLARED = 'undeclared:';

interface SaxOptions {
  xmlns: true;
  forceXMLVersion: true;
  defaultXMLVersion: '1.0';
  resolvePrefix?: (prefix: string) => string | undefined;
}

/** Overriding `fail` spares the `error` handler; see XmlParser's constructor for why that counts. */
class StrictSaxes extends SaxesParser<SaxOptions> {
  override fail(reason: string): this {
    if (this.opt.resolvePrefix !== undefined && /^malformed name: [^:]+:[^:]+:[^:]/.test(reason)) return this;
    throw new XmlError(reason.replace(/\.$/, ''), this.line, this.column);
  }
}

/**
 * Streaming, namespace-aware XML 1.0 parser. No DTD, no entities beyond the five of XML. Every error is an XmlError with line
 * and column, after which the parser is spent.
 */
export class XmlParser {
  readonly #saxes: StrictSaxes;
  readonly #handler: XmlHandler;
  readonly #maxDepth: number;
  readonly #maxElements: number;
  readonly #maxTextLength: number;
  readonly #bytes: XmlTextDecoder;
  readonly #resolve: (prefix: string) => string | undefined;
  #depth = 0;
  #elements = 0;
  #inStartTag = false;
  /** Characters fed since saxes last reported anything. */
  #unreported = 0;
  #started = false;
  #spent = false;

  constructor(handler: XmlHandler, limits: XmlLimits = {}) {
    this.#handler = handler;
    this.#bytes = new XmlTextDecoder(limits.badUtf8 ?? 'error');
    this.#maxDepth = limits.maxDepth ?? DEFAULT_MAX_DEPTH;
    this.#maxElements = limits.maxElements ?? DEFAULT_MAX_ELEMENTS;
    this.#maxTextLength = limits.maxTextLength ?? DEFAULT_MAX_TEXT_LENGTH;
    const options: SaxOptions = { xmlns: true, forceXMLVersion: true, defaultXMLVersion: '1.0' };
    if (limits.undeclaredPrefixes === 'accept') {
      options.resolvePrefix = (prefix) => (prefix === '' ? undefined : UNDECLARED + prefix);
    }
    const saxes = new StrictSaxes(options);
    this.#saxes = saxes;
    this.#resolve = (prefix) => saxes.resolve(prefix);
    // Six handlers at most: a seventh on() turns every saxes parser of the process into a slow dictionary-mode object.
    saxes.on('doctype', () => {
      throw this.#error('DOCTYPE is not allowed');
    });
    saxes.on('opentagstart', () => {
      this.#inStartTag = true;
      this.#unreported = 0;
    });
    saxes.on('opentag', (tag) => {
      this.#open(tag);
    });
    saxes.on('closetag', (tag) => {
      this.#unreported = 0;
      this.#depth -= 1;
      handler.close(tag.uri, tag.local);
    });
    const text = (characters: string): void => {
      this.#text(characters);
    };
    saxes.on('text', text);
    saxes.on('cdata', text);
  }

  /**
   * Feeds bytes (UTF-8 with or without BOM; a declared iso-8859-1 or us-ascii is obeyed) or text, in chunks of any size.
   * @throws XmlError, or what the handler throws
   */
  write(chunk: Uint8Array | string): void {
    this.#guarded(() => {
      this.#feed(typeof chunk === 'string' ? chunk : this.#bytes.decode(chunk));
    });
  }

  /**
   * Ends the document.
   * @throws XmlError when it is not complete
   */
  close(): void {
    this.#guarded(() => {
      this.#feed(this.#bytes.end());
      this.#saxes.close();
    });
    this.#spent = true;
  }

  #guarded(step: () => void): void {
    if (this.#spent) throw new XmlError('the parser has already ended');
    try {
      step();
    } catch (error) {
      this.#spent = true;
      throw error;
    }
  }

  #feed(text: string): void {
    let rest = text;
    if (!this.#started) {
      // Senders put a BOM or empty lines before the XML declaration, which well-formedness forbids.
      rest = text.trimStart();
      this.#started = rest !== '';
    }
    for (let start = 0; start < rest.length; start += SLICE_LENGTH) {
      const slice = rest.length <= SLICE_LENGTH ? rest : rest.slice(start, start + SLICE_LENGTH);
      this.#unreported += slice.length;
      this.#saxes.write(slice);
      if (this.#inStartTag && this.#unreported > MAX_START_TAG_LENGTH + SLICE_LENGTH) {
        throw this.#error('start tag too long');
      }
      if (this.#unreported > this.#maxTextLength + SLICE_LENGTH) throw this.#error('text too long');
    }
  }

  #open(tag: SaxesTagNS): void {
    this.#inStartTag = false;
    this.#unreported = 0;
    this.#depth += 1;
    this.#elements += 1;
    // Before saxes keeps the element: its prefix look-up is quadratic in the depth.
    if (this.#depth > this.#maxDepth) throw this.#error(`more than ${this.#maxDepth} elements deep`);
    if (this.#elements > this.#maxElements) throw this.#error(`more than ${this.#maxElements} elements`);
    this.#handler.open(tag.uri, tag.local, attributesOf(tag), this.#resolve);
  }

  #text(characters: string): void {
    this.#unreported = 0;
    if (this.#depth === 0) return; // white space around the root
    if (characters.length > this.#maxTextLength) throw this.#error('text too long');
    this.#handler.text(characters);
  }

  #error(reason: string): XmlError {
    return new XmlError(reason, this.#saxes.line, this.#saxes.column);
  }
}

function attributesOf(tag: SaxesTagNS): readonly XmlAttribute[] {
  let attributes: XmlAttribute[] | undefined;
  for (const name in tag.attributes) {
    const attribute = tag.attributes[name];
    if (attribute === undefined || name === 'xmlns' || attribute.prefix === 'xmlns') continue;
    (attributes ??= []).push(attribute);
  }
  return attributes ?? NO_ATTRIBUTES;
}
