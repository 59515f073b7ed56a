import { SaxesParser } from 'saxes';

/** One element of a parsed document. Names are local names; `uri` is the namespace ('' = none). */
export interface XmlNode {
  readonly uri: string;
  readonly local: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: XmlNode[];
  text: string;
}

const MAX_DEPTH = 40;

/**
 * Parses a whole document into a tree.
 * @throws Error with line and column when it is not well-formed, has a DTD or nests too deeply
 */
export function parseXmlNodes(document: string): XmlNode {
  const parser = new SaxesParser({ xmlns: true });
  const open: XmlNode[] = [];
  let root: XmlNode | undefined;
  parser.on('error', (error) => {
    throw error;
  });
  parser.on('doctype', () => {
    throw new Error('a document type declaration is not allowed');
  });
  parser.on('opentag', (tag) => {
    const attributes = new Map<string, string>();
    for (const attribute of Object.values(tag.attributes)) {
      if (attribute.prefix !== 'xmlns' && attribute.name !== 'xmlns') {
        attributes.set(attribute.local, attribute.value);
      }
    }
    const node: XmlNode = { uri: tag.uri, local: tag.local, attributes, children: [], text: '' };
    open.at(-1)?.children.push(node);
    root ??= node;
    open.push(node);
    if (open.length > MAX_DEPTH) throw new Error(`elements nest deeper than ${MAX_DEPTH}`);
  });
  const addText = (text: string): void => {
    const node = open.at(-1);
    if (node !== undefined) node.text += text;
  };
  parser.on('text', addText);
  parser.on('cdata', addText);
  parser.on('closetag', () => {
    open.pop();
  });
  parser.write(document).close();
  if (root === undefined) throw new Error('the document has no element');
  return root;
}

/** First child of that local name, in any namespace. */
export function child(node: XmlNode | undefined, local: string): XmlNode | undefined {
  return node?.children.find((candidate) => candidate.local === local);
}

/** Trimmed text of the first child of that local name, '' where it is missing. */
export function childText(node: XmlNode | undefined, local: string): string {
  return child(node, local)?.text.trim() ?? '';
}

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Escapes text for element content and double-quoted attribute values. */
export function escapeXml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => ESCAPES[character] ?? character);
}
