// STUB: the contract of platform/xml. The owner splits it into escape.ts, xml-parser.ts (saxes adapter), xml-tree.ts, loose-xml.ts (xml2js adapter) and deletes this file.

/** escape.ts -- For element content: & < > escaped, CR as &#13;, characters that XML 1.0 forbids replaced by U+FFFD. */
export declare function escapeText(value: string): string;
/** escape.ts -- For double-quoted attribute values (also " tab newline). */
export declare function escapeAttribute(value: string): string;

/** xml-parser.ts */
export interface XmlLimits {
  /** Default 64. */
  readonly maxDepth?: number;
  /** Default 2 000 000. */
  readonly maxElements?: number;
  /** Characters in one run of text, default 16 Mi. */
  readonly maxTextLength?: number;
}
export interface XmlAttribute {
  readonly uri: string;
  readonly local: string;
  readonly prefix: string;
  readonly value: string;
}
export interface XmlHandler {
  /** `attributes` without xmlns declarations; `resolve` maps a prefix in scope to its namespace URI (for QNames in values). */
  open(
    uri: string,
    local: string,
    attributes: readonly XmlAttribute[],
    resolve: (prefix: string) => string | undefined,
  ): void;
  /** Character data and CDATA, possibly in several calls. */
  text(text: string): void;
  close(uri: string, local: string): void;
}
/** xml-parser.ts -- Namespace-aware, streaming, well-formedness errors, no DTD, no entities. All errors are XmlError with line and column. */
export declare class XmlParser {
  constructor(handler: XmlHandler, limits?: XmlLimits);
  /** Feeds bytes (UTF-8 with or without BOM; fatal on bad UTF-8; other declared encodings: iso-8859-1, us-ascii accepted) or text. */
  write(chunk: Uint8Array | string): void;
  /** Ends the document. */
  close(): void;
}
export declare class XmlError extends Error {
  readonly line: number;
  readonly column: number;
}

/** xml-tree.ts -- A whole small document. */
export interface XmlElement {
  readonly uri: string;
  readonly local: string;
  /** By local name. */
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** Own character data concatenated, not trimmed. */
  readonly text: string;
}
export declare function parseXmlTree(document: Uint8Array | string, limits?: XmlLimits): XmlElement;
/** First child of that local name. */
export declare function childOf(element: XmlElement, local: string): XmlElement | undefined;

/**
 * loose-xml.ts -- xml2js adapter for small sloppy documents of LAN devices (descriptions, SCPDs; <= 256 kB): prefixes dropped, undeclared
 * prefixes and unescaped `&` accepted, DOCTYPE refused, bad UTF-8 read as latin-1. Returns the same XmlElement shape (uri is always '').
 */
export declare function parseLooseXml(document: Uint8Array): Promise<XmlElement>;
