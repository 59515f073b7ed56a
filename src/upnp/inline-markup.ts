import { escapeAttribute, escapeText } from '../platform/xml/escape.ts';
import type { XmlAttribute } from '../platform/xml/xml-parser.ts';

/**
 * Writes elements seen by a parser back as text: deviating devices put documents inline that should be escaped. Names lose
 * their prefixes and namespaces, which such devices get wrong and readers ignore.
 */
export class InlineMarkup {
  readonly #parts: string[] = [];

  open(local: string, attributes: readonly XmlAttribute[]): void {
    this.#parts.push('<', local);
    const seen = new Set<string>();
    for (const { local: name, value } of attributes) {
      if (seen.has(name)) continue;
      seen.add(name);
      this.#parts.push(' ', name, '="', escapeAttribute(value), '"');
    }
    this.#parts.push('>');
  }

  text(text: string): void {
    this.#parts.push(escapeText(text));
  }

  close(local: string): void {
    this.#parts.push('</', local, '>');
  }

  toString(): string {
    return this.#parts.join('');
  }
}
