import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { verifyDigest } from './digest.ts';
import type { Credentials } from './digest.ts';

export interface AcsAuthenticationOptions {
  readonly scheme: 'digest' | 'basic';
  readonly username: string;
  readonly password: string;
}

const REALM = 'GenieACS';

/** Checks who a CPE is, once per TCP connection: a nonce belongs to its connection, as with GenieACS. */
export class AcsAuthentication {
  readonly #options: AcsAuthenticationOptions;
  readonly #connections = new WeakMap<Socket, { nonce: string; isAuthenticated: boolean }>();

  constructor(options: AcsAuthenticationOptions) {
    this.#options = options;
  }

  /**
   * @returns undefined when the connection is authenticated, '' when the password is wrong (401 without challenge),
   * else the challenge to send
   */
  challenge(request: IncomingMessage): string | undefined {
    const connection = this.#connections.get(request.socket) ?? {
      nonce: randomBytes(16).toString('hex'),
      isAuthenticated: false,
    };
    this.#connections.set(request.socket, connection);
    if (connection.isAuthenticated) return undefined;
    const authorization = request.headers.authorization ?? '';
    const credentials: Credentials = this.#options;
    if (/^basic /i.test(authorization)) {
      connection.isAuthenticated = authorization.slice(6).trim() === basicToken(credentials);
      return connection.isAuthenticated ? undefined : '';
    }
    if (/^digest /i.test(authorization) && authorization.includes(connection.nonce)) {
      connection.isAuthenticated = verifyDigest(authorization, credentials, REALM, connection.nonce, 'POST');
      return connection.isAuthenticated ? undefined : '';
    }
    return this.#options.scheme === 'basic'
      ? `Basic realm="${REALM}"`
      : `Digest realm="${REALM}",qop="auth,auth-int",nonce="${connection.nonce}"`;
  }
}

function basicToken({ username, password }: Credentials): string {
  return Buffer.from(`${username}:${password}`).toString('base64');
}
