import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, visit } from 'yaml';
import type { Document, Node } from 'yaml';

import { ConfigError } from './config-error.ts';

/** A parsed configuration file that still knows where its keys stand. */
export interface YamlSource {
  /** Plain data; keys without a value are left out. */
  readonly data: unknown;
  /** Line and column, from 1, of the key, or of the nearest key above it that is in the file. */
  locate(path: readonly string[]): { line: number; column: number } | undefined;
}

/**
 * @param source name of the file, for errors
 * @throws ConfigError for text that is not one plain YAML document
 */
export function parseYamlSource(source: string, text: string): YamlSource {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false, uniqueKeys: true, merge: false });
  const at = (offset: number): { line: number; column: number } => {
    const { line, col } = lineCounter.linePos(offset);
    return { line, column: col };
  };
  // A warning is a tag or directive that we would not obey: better said than ignored.
  const problems = [...document.errors, ...document.warnings].map((error) => ({
    source,
    ...at(error.pos[0]),
    path: '',
    message: explain(error.code, error.message),
  }));
  if (problems.length === 0) {
    const alias = findAlias(document);
    if (alias !== undefined) {
      const message = 'aliases (*name) are not supported; allowed: plain keys, lists and values';
      problems.push({ source, ...at(alias), path: '', message });
    }
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return {
    data: withoutEmpty(document.toJS()),
    locate: (path) => {
      const offset = findOffset(document, path);
      return offset === undefined ? undefined : at(offset);
    },
  };
}

function explain(code: string, message: string): string {
  const sentence = message.split('\n')[0] ?? message;
  switch (code) {
    case 'DUPLICATE_KEY':
      return 'the key is there twice; allowed: once';
    case 'MULTIPLE_DOCS':
      return 'a second document (---) begins here; allowed: one document';
    default:
      return `not valid YAML: ${sentence}`;
  }
}

function findAlias(document: Document): number | undefined {
  let offset: number | undefined;
  visit(document, {
    Node: (_key, node) => {
      if (!isAlias(node)) return undefined;
      offset = node.range?.[0] ?? 0;
      return visit.BREAK;
    },
  });
  return offset;
}

function findOffset(document: Document, path: readonly string[]): number | undefined {
  let current: unknown = document.contents;
  let offset: number | undefined;
  for (const segment of path) {
    let found: Node | undefined;
    if (isMap(current)) {
      const pair = current.items.find(({ key }) => isScalar(key) && String(key.value) === segment);
      if (pair === undefined || !isScalar(pair.key)) break;
      found = pair.key;
      current = pair.value;
    } else if (isSeq(current)) {
      const item: unknown = current.items[Number(segment)];
      if (!isMap(item) && !isSeq(item) && !isScalar(item)) break;
      found = item;
      current = item;
    } else {
      break;
    }
    offset = found.range?.[0] ?? offset;
  }
  return offset;
}

/** `tls:` with nothing behind it means that nothing is set there. */
function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutEmpty);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, entry]) => entry !== null)
      .map(([key, entry]) => [key, withoutEmpty(entry)]),
  );
}
