import { XmlParser } from './xml-parser.ts';
import type { XmlAttribute, XmlHandler, XmlLimits } from './xml-parser.ts';

/** One element of a whole document. */
export interface XmlElement {
  readonly uri: string;
  readonly local: string;
  /** By local name. */
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** Own character data concatenated, not trimmed. */
  readonly text: string;
}

interface OpenElement extends XmlElement {
  readonly children: XmlElement[];
  text: string;
}

/**
 * Parses a whole small document and returns its root.
 * @throws XmlError
 */
export function parseXmlTree(document: Uint8Array | string, limits?: XmlLimits): XmlElement {
  const builder = new TreeBuilder();
  const parser = new XmlParser(builder, limits);
  parser.write(document);
  parser.close();
  return builder.root;
}

/** First child of that local name. */
export function childOf(element: XmlElement, local: string): XmlElement | undefined {
  return element.children.find((child) => child.local === local);
}

class TreeBuilder implements XmlHandler {
  /** The document itself is the bottom element, so that the root needs no special case. */
  readonly #open: OpenElement[] = [createElement('', '', [])];

  get root(): XmlElement {
    const root = this.#open[0]?.children[0];
    if (root === undefined) throw new Error('no root element'); // XmlParser refuses such a document
    return root;
  }

  open(uri: string, local: string, attributes: readonly XmlAttribute[]): void {
    const element = createElement(uri, local, attributes);
    this.#open.at(-1)?.children.push(element);
    this.#open.push(element);
  }

  text(text: string): void {
    const element = this.#open.at(-1);
    if (element !== undefined) element.text += text;
  }

  close(): void {
    this.#open.pop();
  }
}

function createElement(uri: string, local: string, attributes: readonly XmlAttribute[]): OpenElement {
  return {
    uri,
    local,
    attributes: new Map(attributes.map((attribute) => [attribute.local, attribute.value])),
    children: [],
    text: '',
  };
}
