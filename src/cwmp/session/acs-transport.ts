import { AcsConnection } from '../../platform/http/acs-connection.ts';
import type { AcsConnectionOptions, AcsResponseMessage } from '../../platform/http/acs-connection.ts';
import { CookieJar } from '../../platform/http/cookie-jar.ts';
import { HttpAuthenticator } from '../../platform/http/digest-client.ts';
import { HttpError } from '../../platform/http/http-error.ts';
import type { Clock } from '../../platform/clock.ts';
import type { TlsOptions } from '../types.ts';
import { startExchange, stepExchange } from './exchange.ts';
import type { ExchangeInput, ExchangeState } from './exchange.ts';

export interface AcsTransportOptions {
  /** ManagementServer.URL. @throws TransportError for what is no http(s) URL */
  readonly url: string;
  readonly username: string;
  readonly password: string;
  readonly tls: TlsOptions;
  readonly localAddress?: string | undefined;
  readonly names?: AcsConnectionOptions['names'];
  readonly userAgent: string;
  readonly timeoutMs: number;
  readonly clock: Clock;
}

/** Envelopes of an ACS are small; anything longer than this is not read. */
const MAX_ENVELOPE_BYTES = 2 * 1024 * 1024;
const MAX_REASON_LENGTH = 120;
/** An XML declaration, comments and the name of the document element have room in it. */
const ENVELOPE_BEGIN_BYTES = 512;

/** The ACS could not be reached, or did not answer as an ACS. The message is for the log and the status page. */
export class TransportError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'TransportError';
  }
}

/**
 * Carries the messages of one session over HTTP: one connection, cookies, authentication, redirects, one repetition when the
 * connection was lost. What to do when is decided by `stepExchange`.
 */
export class AcsTransport {
  readonly #options: AcsTransportOptions;
  readonly #cookies: CookieJar;
  readonly #authenticator: HttpAuthenticator;
  #url: URL;
  #connection: AcsConnection;
  #first = true;
  /** Why it was closed. */
  #closed: string | undefined;

  constructor(options: AcsTransportOptions) {
    this.#options = options;
    if (!URL.canParse(options.url)) throw new TransportError('ManagementServer.URL is no URL');
    this.#url = new URL(options.url);
    if (!/^https?:$/.test(this.#url.protocol))
      throw new TransportError('ManagementServer.URL is not http or https');
    this.#authenticator = new HttpAuthenticator(options);
    this.#cookies = new CookieJar(options.clock);
    this.#connection = this.#connect(this.#url);
  }

  /**
   * POSTs `body` (undefined = the empty POST).
   * @returns the envelope in the answer, or undefined for an empty one
   * @throws TransportError
   */
  async exchange(body: Buffer | undefined): Promise<Buffer | undefined> {
    let state = startExchange(this.#url, this.#first);
    for (;;) {
      const answer = await this.#post(state.url, body);
      const input = answer instanceof HttpError ? broke(answer) : this.#read(state.url, answer);
      const step = stepExchange(state, input);
      switch (step.type) {
        case 'fail':
          throw new TransportError(step.reason, answer instanceof HttpError ? { cause: answer } : undefined);
        case 'send':
          this.#follow(state, step.state);
          state = step.state;
          break;
        case 'empty':
        case 'deliver':
          this.#first = false;
          // [TR-069 3.4.4] The rest of the session stays where the redirect led.
          this.#url = state.url;
          return step.type === 'empty' || answer instanceof HttpError ? undefined : answer.body;
      }
    }
  }

  /** Ends the connection at once; an exchange fails with `reason`. Never throws. */
  close(reason: string): void {
    this.#closed = reason;
    this.#connection.destroy();
  }

  #connect(url: URL): AcsConnection {
    const { tls, localAddress, names, clock } = this.#options;
    return new AcsConnection({
      origin: url.origin,
      tls,
      localAddress,
      names,
      clock,
      onConnect: () => this.#authenticator.connectionOpened(),
    });
  }

  async #post(url: URL, body: Buffer | undefined): Promise<AcsResponseMessage | HttpError> {
    if (this.#closed !== undefined) return new HttpError('aborted', this.#closed);
    const path = url.pathname + url.search;
    const headers: Record<string, string> = { 'User-Agent': this.#options.userAgent };
    if (body !== undefined) {
      headers['Content-Type'] = 'text/xml; charset=utf-8';
      headers['SOAPAction'] = '';
    }
    const cookie = this.#cookies.header(url);
    if (cookie !== undefined) headers['Cookie'] = cookie;
    const authorization = this.#authenticator.authorization('POST', path);
    if (authorization !== undefined) headers['Authorization'] = authorization;
    try {
      return await this.#connection.post(path, headers, body, this.#options.timeoutMs, MAX_ENVELOPE_BYTES);
    } catch (error) {
      // Ended while it waited: the broken connection is no news then.
      if (this.#closed !== undefined) return new HttpError('aborted', this.#closed, { cause: error });
      if (error instanceof HttpError) return error;
      throw error;
    }
  }

  #read(url: URL, answer: AcsResponseMessage): ExchangeInput {
    this.#cookies.store(url, answer.setCookies);
    const challenge = answer.status === 401 ? answer.headers.get('www-authenticate') : undefined;
    return {
      type: 'answered',
      status: answer.status,
      location: answer.headers.get('location'),
      challenge:
        challenge === undefined
          ? undefined
          : this.#authenticator.challenged(challenge, url.protocol === 'https:'),
      empty: isBlank(answer.body),
      envelope: /^\s*<[^]*Envelope/.test(answer.body.toString('latin1', 0, ENVELOPE_BEGIN_BYTES)),
      text: answer.status < 300 ? '' : firstLine(answer.body),
    };
  }

  #follow(before: ExchangeState, after: ExchangeState): void {
    if (after.url.origin === before.url.origin) return;
    this.#connection.destroy();
    this.#authenticator.forget();
    this.#connection = this.#connect(after.url);
  }
}

function broke(error: HttpError): ExchangeInput {
  return { type: 'broke', lost: error.kind === 'closed' && error.retriable, reason: error.message };
}

function isBlank(body: Buffer): boolean {
  // White space only: some servers end an empty page with a line feed.
  return body.length === 0 || (body.length < 16 && body.toString('latin1').trim() === '');
}

/** For the log: printable, one line, short. */
function firstLine(body: Buffer): string {
  const text = body.subarray(0, MAX_REASON_LENGTH).toString('latin1').trim();
  return (text.split(/[\r\n]/, 1)[0] ?? '').replaceAll(/[^\x20-\x7e]/g, '?');
}
