import { XmlError } from './xml-error.ts';

const MAX_DEPTH = 64;
/** The largest published SCPD has some 900. */
const MAX_ELEMENTS = 2_000;
/** Each reference costs xml2js a state change; descriptions hold a handful. */
const MAX_REFERENCES = 2_000;
/** Characters in one tag. */
const MAX_TAG_LENGTH = 16 * 1024;

/** `&` that begins none of the references XML knows without a DTD. */
const BARE_AMPERSAND = /&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#[xX][0-9a-fA-F]{1,6});)/g;

/**
 * Makes sloppy markup digestible for a parser without limits of its own, in one linear pass: refuses DOCTYPE, caps depth,
 * number of elements, of references and length of a tag, and writes `&amp;` for each `&` that is not a reference. It judges nothing else; the parser does.
 * @throws XmlError
 */
export function prepareLooseMarkup(source: string): string {
  const parts: string[] = [];
  let depth = 0;
  let elements = 0;
  let position = 0;
  if (countAmpersands(source) > MAX_REFERENCES) {
    throw new XmlError(`more than ${MAX_REFERENCES} references or ampersands`);
  }
  while (position < source.length) {
    const start = source.indexOf('<', position);
    if (start < 0) break;
    parts.push(escapeBareAmpersands(source.slice(position, start)));
    const end = endOfMarkup(source, start);
    const markup = source.slice(start, end);
    position = end;
    if (markup.startsWith('<!--')) continue;
    if (markup.startsWith('<![CDATA[') || markup.startsWith('<?')) {
      parts.push(markup);
      continue;
    }
    if (markup.startsWith('<!')) throw errorAt(source, start, 'DOCTYPE is not allowed');
    if (markup.length > MAX_TAG_LENGTH) throw errorAt(source, start, 'tag too long');
    if (markup.startsWith('</')) depth -= 1;
    else {
      elements += 1;
      if (!markup.endsWith('/>')) depth += 1;
    }
    if (depth > MAX_DEPTH) throw errorAt(source, start, `more than ${MAX_DEPTH} elements deep`);
    if (elements > MAX_ELEMENTS) throw errorAt(source, start, `more than ${MAX_ELEMENTS} elements`);
    parts.push(escapeBareAmpersands(markup));
  }
  parts.push(escapeBareAmpersands(source.slice(position)));
  return parts.join('');
}

function countAmpersands(source: string): number {
  let count = 0;
  for (let at = source.indexOf('&'); at >= 0; at = source.indexOf('&', at + 1)) count += 1;
  return count;
}

function escapeBareAmpersands(text: string): string {
  return text.includes('&') ? text.replace(BARE_AMPERSAND, '&amp;') : text;
}

/** Index after the markup that begins at `start`; the end of the source when it is not closed. */
function endOfMarkup(source: string, start: number): number {
  if (source.startsWith('<!--', start)) return after(source, '-->', start + 4);
  if (source.startsWith('<![CDATA[', start)) return after(source, ']]>', start + 9);
  if (source.startsWith('<?', start)) return after(source, '?>', start + 2);
  let quote = '';
  for (let index = start + 1; index < source.length; index += 1) {
    const character = source[index] ?? '';
    if (quote !== '') {
      if (character === quote) quote = '';
    } else if (character === '"' || character === "'") quote = character;
    else if (character === '>') return index + 1;
  }
  return source.length;
}

function after(source: string, terminator: string, from: number): number {
  const found = source.indexOf(terminator, from);
  return found < 0 ? source.length : found + terminator.length;
}

function errorAt(source: string, index: number, reason: string): XmlError {
  const before = source.slice(0, index).split('\n');
  return new XmlError(reason, before.length, (before.at(-1)?.length ?? 0) + 1);
}
