import { XmlParser } from '../../platform/xml/xml-parser.ts';
import type { XmlAttribute, XmlHandler } from '../../platform/xml/xml-parser.ts';
import { InlineMarkup } from '../inline-markup.ts';

/** Depth of elements: propertyset 1, property 2, variable 3. */
const VARIABLE = 3;

/**
 * Variables of an event message, by local names. [UDA 4.3.2]
 * @throws XmlError
 */
export function parsePropertySet(body: Uint8Array): ReadonlyMap<string, string> {
  const handler = new PropertySetHandler();
  const parser = new XmlParser(handler, {
    undeclaredPrefixes: 'accept',
    badUtf8: 'latin1',
    maxElements: 20_000,
  });
  parser.write(body);
  parser.close();
  return handler.variables;
}

class PropertySetHandler implements XmlHandler {
  readonly variables = new Map<string, string>();
  #depth = 0;
  #text: string[] = [];
  #inner: InlineMarkup | undefined;

  open(_uri: string, local: string, attributes: readonly XmlAttribute[]): void {
    this.#depth++;
    if (this.#depth === VARIABLE) {
      this.#text = [];
      this.#inner = undefined;
    } else if (this.#depth > VARIABLE) {
      // What was text so far ("21,2015-…,") belongs in front of markup that should have been escaped.
      if (this.#inner === undefined) {
        this.#inner = new InlineMarkup();
        this.#inner.text(this.#text.join(''));
      }
      this.#inner.open(local, attributes);
    }
  }

  text(text: string): void {
    if (this.#inner !== undefined) this.#inner.text(text);
    else if (this.#depth === VARIABLE) this.#text.push(text);
  }

  close(_uri: string, local: string): void {
    if (this.#depth > VARIABLE) this.#inner?.close(local);
    else if (this.#depth === VARIABLE) {
      this.variables.set(local, this.#inner?.toString() ?? this.#text.join(''));
      this.#inner = undefined;
    }
    this.#depth--;
  }
}
