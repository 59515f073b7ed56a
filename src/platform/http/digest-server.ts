import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

import { parseAuthHeader, quote } from './auth-header.ts';
import { digestResponse } from './digest-client.ts';
import type { HttpCredentials } from './digest-client.ts';
import type { Clock } from '../clock.ts';

const NONCE_LIFETIME_MS = 60_000;
/** Nonces whose counts are remembered; beyond that the oldest are refused as stale. */
const MAX_USED_NONCES = 4096;

export type DigestVerdict = 'ok' | 'stale' | 'refused';

/**
 * Digest authentication of requests (MD5, qop="auth" or the form of RFC 2069). Nonces carry their own time and proof, so that
 * unauthenticated requests leave nothing behind; only the nonces of good ones are remembered, against replay.
 */
export class DigestServer {
  readonly #realm: string;
  readonly #clock: Clock;
  readonly #secret = randomBytes(32);
  /** Nonce -> highest count seen. */
  readonly #used = new Map<string, number>();
  /** Nonces made up to this time may have been forgotten. */
  #forgottenUntil = -1;

  constructor(realm: string, clock: Clock) {
    this.#realm = realm;
    this.#clock = clock;
  }

  /** A WWW-Authenticate value. `scope` ties the nonce to one resource. */
  challenge(scope: string, stale = false): string {
    const stamp = `${Math.floor(this.#clock.monotonic())}.${randomBytes(9).toString('base64url')}`;
    const nonce = `${stamp}.${this.#proof(stamp, scope)}`;
    const fields = `realm=${quote(this.#realm)}, qop="auth", nonce="${nonce}", algorithm=MD5`;
    return `Digest ${fields}${stale ? ', stale=true' : ''}`;
  }

  /**
   * `authorization` is the header as received, one character an octet; `uri` the request target as received. `stale`: the password was right, the nonce
   * too old or used before.
   */
  verify(
    authorization: string,
    request: { readonly method: string; readonly uri: string; readonly scope: string },
    credentials: HttpCredentials,
  ): DigestVerdict {
    // [RFC 7616 4] Names are UTF-8.
    const header = parseAuthHeader(Buffer.from(authorization, 'latin1').toString('utf8'))[0];
    if (header?.scheme !== 'digest') return 'refused';
    const get = (name: string): string => header.parameters.get(name) ?? '';
    const nonce = get('nonce');
    const qop = get('qop');
    const nc = get('nc');
    const cnonce = get('cnonce');
    const algorithm = get('algorithm').toLowerCase();
    if (algorithm !== '' && algorithm !== 'md5') return 'refused';
    if (qop !== '' && (qop !== 'auth' || !/^[0-9a-f]{8}$/i.test(nc) || cnonce === '')) return 'refused';
    if (get('realm') !== this.#realm || !sameTarget(get('uri'), request.uri)) return 'refused';
    const expected = digestResponse({
      hash: 'md5',
      session: false,
      ...credentials,
      realm: this.#realm,
      nonce,
      cnonce,
      qop: qop === '' ? undefined : { nc, cnonce, value: qop },
      method: request.method,
      uri: get('uri'),
    });
    const userOk = sameText(get('username'), credentials.username);
    const responseOk = sameText(get('response').toLowerCase(), expected);
    if (!userOk || !responseOk) return 'refused';
    return this.#isFresh(nonce, request.scope, qop === '' ? 1 : Number.parseInt(nc, 16)) ? 'ok' : 'stale';
  }

  #isFresh(nonce: string, scope: string, count: number): boolean {
    const [time = '', salt = '', proof = ''] = nonce.split('.');
    if (!sameText(proof, this.#proof(`${time}.${salt}`, scope))) return false;
    const age = this.#clock.monotonic() - Number(time);
    if (!(age <= NONCE_LIFETIME_MS) || Number(time) <= this.#forgottenUntil) return false;
    if (count <= (this.#used.get(nonce) ?? 0)) return false;
    this.#used.delete(nonce);
    this.#used.set(nonce, count);
    this.#forgetOld();
    return true;
  }

  #forgetOld(): void {
    for (const nonce of this.#used.keys()) {
      const made = Number(nonce.slice(0, nonce.indexOf('.')));
      const isOld = this.#clock.monotonic() - made > NONCE_LIFETIME_MS;
      if (!isOld && this.#used.size <= MAX_USED_NONCES) return;
      this.#used.delete(nonce);
      this.#forgottenUntil = Math.max(this.#forgottenUntil, made);
    }
  }

  #proof(stamp: string, scope: string): string {
    return createHmac('sha256', this.#secret).update(`${stamp} ${scope}`).digest('base64url');
  }
}

/** Clients may write the absolute form of the target. */
function sameTarget(claimed: string, actual: string): boolean {
  if (claimed === actual) return true;
  const scheme = claimed.indexOf('://');
  if (scheme < 0) return false;
  const slash = claimed.indexOf('/', scheme + 3);
  return slash >= 0 && claimed.slice(slash) === actual;
}

/** Compares without telling by its duration where the texts differ. */
function sameText(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}
