import { createHash, randomBytes } from 'node:crypto';

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

const PARAMETER = /([A-Za-z][\w-]*)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))/g;

/** Parameters of a WWW-Authenticate or Authorization header after its scheme, names in lower case. */
export function parseAuthParameters(header: string): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>();
  for (const match of header.matchAll(PARAMETER)) {
    const quoted = match[2]?.replace(/\\(.)/g, '$1');
    parameters.set((match[1] ?? '').toLowerCase(), quoted ?? match[3] ?? '');
  }
  return parameters;
}

interface DigestInput {
  readonly credentials: Credentials;
  readonly realm: string;
  readonly nonce: string;
  readonly method: string;
  readonly uri: string;
  /** All three or none: RFC 2617 or RFC 2069 form. */
  readonly qop?: { readonly value: string; readonly nc: string; readonly cnonce: string };
}

/** The `response` of a Digest with MD5 [RFC 2617 3.2.2]. */
export function digestResponse(input: DigestInput): string {
  const { credentials, realm, nonce, method, uri, qop } = input;
  const ha1 = md5(`${credentials.username}:${realm}:${credentials.password}`);
  const ha2 = md5(`${method}:${uri}`);
  const middle = qop === undefined ? nonce : `${nonce}:${qop.nc}:${qop.cnonce}:${qop.value}`;
  return md5(`${ha1}:${middle}:${ha2}`);
}

/**
 * The Authorization header that answers a Digest challenge.
 * @throws Error when the challenge is not Digest with MD5 and no qop or qop=auth
 */
export function digestAuthorization(
  challenge: string,
  credentials: Credentials,
  method: string,
  uri: string,
): string {
  const parameters = parseAuthParameters(challenge);
  const nonce = parameters.get('nonce');
  const algorithm = parameters.get('algorithm') ?? 'MD5';
  const offered = (parameters.get('qop') ?? '').split(',').map((value) => value.trim());
  const withQop = offered.includes('auth');
  if (!/^digest\s/i.test(challenge) || nonce === undefined || algorithm.toUpperCase() !== 'MD5') {
    throw new Error('the challenge is not a Digest with MD5');
  }
  if (!withQop && offered.some((value) => value !== '')) throw new Error('the challenge offers no qop=auth');
  const realm = parameters.get('realm') ?? '';
  const qop = { value: 'auth', nc: '00000001', cnonce: randomBytes(8).toString('hex') };
  const response = digestResponse({
    credentials,
    realm,
    nonce,
    method,
    uri,
    ...(withQop ? { qop } : {}),
  });
  const opaque = parameters.get('opaque');
  return (
    `Digest username=${quote(credentials.username)},realm=${quote(realm)},nonce=${quote(nonce)},uri=${quote(uri)}` +
    (withQop ? `,qop=auth,nc=${qop.nc},cnonce="${qop.cnonce}"` : '') +
    `,response="${response}"` +
    (opaque === undefined ? '' : `,opaque=${quote(opaque)}`)
  );
}

/** Whether an Authorization header proves the password for a nonce that this server gave. */
export function verifyDigest(
  authorization: string,
  credentials: Credentials,
  realm: string,
  nonce: string,
  method: string,
): boolean {
  const given = parseAuthParameters(authorization);
  const value = given.get('qop');
  const qop =
    value === undefined ? undefined : { value, nc: given.get('nc') ?? '', cnonce: given.get('cnonce') ?? '' };
  const expected = digestResponse({
    credentials,
    realm,
    nonce,
    method,
    uri: given.get('uri') ?? '',
    ...(qop === undefined ? {} : { qop }),
  });
  return (
    given.get('username') === credentials.username &&
    given.get('nonce') === nonce &&
    value !== 'auth-int' &&
    given.get('response') === expected
  );
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex');
}

function quote(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}
