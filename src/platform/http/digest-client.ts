import { createHash, randomBytes } from 'node:crypto';

import { parseAuthHeader, quote } from './auth-header.ts';
import type { AuthHeader } from './auth-header.ts';

export interface HttpCredentials {
  readonly username: string;
  readonly password: string;
}

/** Answers the challenges of a server: Digest [RFC 7616, RFC 2069] or Basic [RFC 7617]. One per session. */
export class HttpAuthenticator {
  readonly #credentials: HttpCredentials;
  readonly #cnonce: () => string;
  #answering: { readonly challenge: Challenge; cnonce: string; count: number } | 'basic' | undefined;

  constructor(credentials: HttpCredentials, cnonce: () => string = () => randomBytes(16).toString('hex')) {
    this.#credentials = credentials;
    this.#cnonce = cnonce;
  }

  /**
   * Takes the strongest challenge it can answer: SHA-512-256, SHA-256, MD5, then Basic.
   * @param secure the connection is TLS: otherwise Basic would show the password to everybody on the way
   * @returns `unsupported` when there is none; `stale` when the server only wants a fresh nonce
   */
  challenged(wwwAuthenticate: string, secure: boolean): 'answerable' | 'stale' | 'unsupported' {
    const challenges = parseAuthHeader(wwwAuthenticate);
    const digests = challenges
      .map(readChallenge)
      .filter((challenge) => challenge !== undefined)
      .sort((a, b) => b.strength - a.strength);
    const best = digests[0];
    if (best !== undefined) {
      this.#answering = { challenge: best, cnonce: this.#cnonce(), count: 0 };
      return best.stale ? 'stale' : 'answerable';
    }
    // [RFC 7617 2] A user name with a colon cannot be told from the password.
    const canBasic = secure && !this.#credentials.username.includes(':');
    if (canBasic && challenges.some((challenge) => challenge.scheme === 'basic')) {
      this.#answering = 'basic';
      return 'answerable';
    }
    return 'unsupported';
  }

  /** The Authorization header for a request, or undefined before the first challenge: nothing is sent unasked. */
  authorization(method: string, uri: string): string | undefined {
    const answering = this.#answering;
    if (answering === undefined) return undefined;
    const { username, password } = this.#credentials;
    if (answering === 'basic') return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
    answering.count += 1;
    const answer = answerChallenge(answering.challenge, this.#credentials, {
      method,
      uri,
      cnonce: answering.cnonce,
      count: answering.count,
    });
    // [RFC 7616 4] Names are UTF-8; a header is written octet by octet.
    return Buffer.from(answer, 'utf8').toString('latin1');
  }

  /** A new TCP connection gets a client nonce of its own [TR-069 3.4.5]. */
  connectionOpened(): void {
    if (this.#answering !== undefined && this.#answering !== 'basic') this.#answering.cnonce = this.#cnonce();
  }

  /** Another origin must not see what was computed for this one. */
  forget(): void {
    this.#answering = undefined;
  }
}

interface Challenge {
  readonly realm: string;
  readonly nonce: string;
  readonly opaque: string | undefined;
  /** As the server wrote it; undefined when it wrote none (MD5). */
  readonly algorithm: string | undefined;
  readonly hash: 'md5' | 'sha256' | 'sha512-256';
  readonly session: boolean;
  readonly qop: boolean;
  readonly stale: boolean;
  readonly strength: number;
}

const HASHES: Readonly<Record<string, { readonly hash: Challenge['hash']; readonly strength: number }>> = {
  md5: { hash: 'md5', strength: 1 },
  'sha-256': { hash: 'sha256', strength: 2 },
  'sha-512-256': { hash: 'sha512-256', strength: 3 },
};

function readChallenge(header: AuthHeader): Challenge | undefined {
  if (header.scheme !== 'digest') return undefined;
  const get = (name: string): string | undefined => header.parameters.get(name);
  const realm = get('realm');
  const nonce = get('nonce');
  const algorithm = get('algorithm');
  const name = (algorithm ?? 'md5').toLowerCase();
  const session = name.endsWith('-sess');
  const known = HASHES[session ? name.slice(0, -5) : name];
  const qops = get('qop')
    ?.split(',')
    .map((qop) => qop.trim().toLowerCase());
  // auth-int alone would need a hash of each body: no ACS asks for it.
  const answerable = qops === undefined || qops.includes('auth');
  if (realm === undefined || nonce === undefined || known === undefined || !answerable) return undefined;
  return {
    realm,
    nonce,
    opaque: get('opaque'),
    algorithm,
    hash: known.hash,
    session,
    qop: qops !== undefined,
    stale: get('stale')?.toLowerCase() === 'true',
    strength: known.strength,
  };
}

interface DigestRequest {
  readonly method: string;
  readonly uri: string;
  readonly cnonce: string;
  readonly count: number;
}

function answerChallenge(challenge: Challenge, credentials: HttpCredentials, request: DigestRequest): string {
  const { realm, nonce, opaque, algorithm } = challenge;
  const nc = request.count.toString(16).padStart(8, '0');
  const response = digestResponse({
    hash: challenge.hash,
    session: challenge.session,
    realm,
    nonce,
    qop: challenge.qop ? { nc, cnonce: request.cnonce, value: 'auth' } : undefined,
    cnonce: request.cnonce,
    method: request.method,
    uri: request.uri,
    ...credentials,
  });
  const fields = [
    `username=${quote(credentials.username)}`,
    `realm=${quote(realm)}`,
    `nonce=${quote(nonce)}`,
    `uri=${quote(request.uri)}`,
    `response="${response}"`,
  ];
  if (algorithm !== undefined) fields.push(`algorithm=${algorithm}`);
  if (opaque !== undefined) fields.push(`opaque=${quote(opaque)}`);
  if (challenge.qop) fields.push('qop=auth', `nc=${nc}`);
  if (challenge.qop || challenge.session) fields.push(`cnonce="${request.cnonce}"`);
  return `Digest ${fields.join(', ')}`;
}

/** The `response` value of RFC 7616 3.4.1, or that of RFC 2069 when `qop` is undefined. */
export function digestResponse(input: {
  readonly hash: 'md5' | 'sha256' | 'sha512-256';
  readonly session: boolean;
  readonly username: string;
  readonly password: string;
  readonly realm: string;
  readonly nonce: string;
  readonly cnonce: string;
  readonly qop: { readonly nc: string; readonly cnonce: string; readonly value: string } | undefined;
  readonly method: string;
  readonly uri: string;
}): string {
  const h = (text: string): string => createHash(input.hash).update(text).digest('hex');
  const base = h(`${input.username}:${input.realm}:${input.password}`);
  const a1 = input.session ? h(`${base}:${input.nonce}:${input.cnonce}`) : base;
  const a2 = h(`${input.method}:${input.uri}`);
  const middle =
    input.qop === undefined
      ? input.nonce
      : `${input.nonce}:${input.qop.nc}:${input.qop.cnonce}:${input.qop.value}`;
  return h(`${a1}:${middle}:${a2}`);
}
