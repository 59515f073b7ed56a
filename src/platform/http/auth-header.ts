/** One challenge of a WWW-Authenticate header, or the credentials of an Authorization header. Scheme and names in lower case. */
export interface AuthHeader {
  readonly scheme: string;
  readonly parameters: ReadonlyMap<string, string>;
}

const MAX_HEADER_LENGTH = 16_384;

/**
 * Reads all challenges of a header value [RFC 9110 11.2], repeated headers joined by commas. One pass over the characters: the
 * value comes from strangers, and a backtracking expression would be a way to stop the daemon. Malformed parts are skipped.
 */
export function parseAuthHeader(header: string): AuthHeader[] {
  if (header.length > MAX_HEADER_LENGTH) return [];
  const found: { scheme: string; parameters: Map<string, string> }[] = [];
  let at = 0;
  const skipSeparators = (): void => {
    while (at < header.length && (header[at] === ' ' || header[at] === '\t' || header[at] === ',')) at++;
  };
  const skipSpace = (): void => {
    while (header[at] === ' ' || header[at] === '\t') at++;
  };
  for (skipSeparators(); at < header.length; skipSeparators()) {
    const start = at;
    while (at < header.length && !' \t,="'.includes(header.charAt(at))) at++;
    const word = header.slice(start, at).toLowerCase();
    if (word === '') {
      at++;
      continue;
    }
    skipSpace();
    const current = found.at(-1);
    if (header[at] === '=' && current !== undefined) {
      at++;
      skipSpace();
      const [value, end] = header[at] === '"' ? readQuoted(header, at + 1) : readToken(header, at);
      at = end;
      if (!current.parameters.has(word)) current.parameters.set(word, value);
    } else {
      found.push({ scheme: word, parameters: new Map() });
    }
  }
  return found;
}

function readQuoted(text: string, start: number): [string, number] {
  const pieces: string[] = [];
  let at = start;
  let from = start;
  while (at < text.length && text[at] !== '"') {
    if (text[at] === '\\' && at + 1 < text.length) {
      pieces.push(text.slice(from, at));
      from = at + 1;
      at++;
    }
    at++;
  }
  pieces.push(text.slice(from, at));
  return [pieces.join(''), at + 1];
}

function readToken(text: string, start: number): [string, number] {
  let at = start;
  while (at < text.length && text[at] !== ',' && text[at] !== ' ' && text[at] !== '\t') at++;
  return [text.slice(start, at), at];
}

/** A quoted-string [RFC 9110 5.6.4]. */
export function quote(value: string): string {
  return `"${value.replaceAll(/["\\]/g, '\\$&')}"`;
}
