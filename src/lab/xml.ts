import { SaxesParser } from 'saxes';

/** One element; `text` is its own character data, not that of its children. */
export interface LabElement {
  /** Local name: the prefix is resolved away. */
  readonly name: string;
  readonly namespace: string;
  readonly children: readonly LabElement[];
  readonly text: string;
}

interface OpenElement {
  name: string;
  namespace: string;
  children: OpenElement[];
  text: string;
}

const DEEPEST = 32;

/**
 * Reads one small document into a tree. The lab has its own reader so that a mistake of the daemon's codec cannot
 * hide behind the same mistake here.
 * @throws Error when it is not well-formed, carries a DTD or is nested more than 32 deep
 */
export function readXml(document: string): LabElement {
  const parser = new SaxesParser({ xmlns: true });
  const open: OpenElement[] = [];
  let root: OpenElement | undefined;
  parser.on('error', (error) => {
    throw error;
  });
  parser.on('doctype', () => {
    throw new Error('a document type declaration is not accepted');
  });
  parser.on('opentag', (tag) => {
    if (open.length >= DEEPEST) throw new Error(`nested more than ${DEEPEST} deep`);
    const element: OpenElement = { name: tag.local, namespace: tag.uri, children: [], text: '' };
    open.at(-1)?.children.push(element);
    root ??= element;
    open.push(element);
  });
  parser.on('text', (text) => {
    const current = open.at(-1);
    if (current !== undefined) current.text += text;
  });
  parser.on('cdata', (text) => {
    const current = open.at(-1);
    if (current !== undefined) current.text += text;
  });
  parser.on('closetag', () => {
    open.pop();
  });
  parser.write(document).close();
  if (root === undefined) throw new Error('the document is empty');
  return root;
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** Text made safe for element content and attribute values. */
export function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? character);
}
