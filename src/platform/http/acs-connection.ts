import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { Client } from 'undici';

import type { Clock } from '../clock.ts';
import { HttpError, toHttpError } from './http-error.ts';
import type { HttpResponse } from './http-message.ts';
import type { NameLookup } from '../name-lookup.ts';

/**
 * Idle time (ms) after which undici would close the connection; longer than any RPC takes, because deployed ACSs tie a session
 * to its connection.
 */
const KEEP_ALIVE_MS = 120_000;
const CONNECT_TIMEOUT_MS = 15_000;

const gunzipBody = promisify(gunzip);

export interface AcsConnectionOptions {
  /** `http(s)://host:port`. */
  readonly origin: string;
  /** PEM texts. Certificate chain and name are always checked. */
  readonly tls: {
    readonly ca?: string;
    readonly certificate?: string;
    readonly key?: string;
    readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
  };
  readonly localAddress?: string | undefined;
  /** How its host is found; default: as the machine does. */
  readonly names?: Pick<NameLookup, 'lookup'> | undefined;
  readonly clock: Clock;
  /** A TCP connection (the first, or one more after the ACS closed it) was opened. */
  readonly onConnect?: () => void;
}

export interface AcsResponseMessage extends HttpResponse {
  readonly setCookies: readonly string[];
}

/** The HTTP side of one CWMP session: one request at a time on one TCP connection, reopened when the ACS closes it in between. */
export class AcsConnection {
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #target: string;

  constructor(options: AcsConnectionOptions) {
    const { tls } = options;
    this.#clock = options.clock;
    this.#target = new URL(options.origin).host;
    this.#client = new Client(options.origin, {
      pipelining: 1,
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAliveMaxTimeout: KEEP_ALIVE_MS,
      keepAliveTimeoutThreshold: 200,
      ...(options.localAddress === undefined ? {} : { localAddress: options.localAddress }),
      connect: {
        timeout: CONNECT_TIMEOUT_MS,
        minVersion: tls.minVersion,
        ...(options.names === undefined ? {} : { lookup: options.names.lookup }),
        ...(tls.ca === undefined ? {} : { ca: tls.ca }),
        ...(tls.certificate === undefined ? {} : { cert: tls.certificate }),
        ...(tls.key === undefined ? {} : { key: tls.key }),
      },
    });
    const { onConnect } = options;
    if (onConnect !== undefined) this.#client.on('connect', onConnect);
  }

  /**
   * POSTs `body` and reads the whole answer, gzip undone; `timeoutMs` and `maxBytes` (inflated too) bound it.
   * @throws HttpError; `retriable` when the connection was closed before any byte of the answer came
   */
  async post(
    path: string,
    headers: Readonly<Record<string, string>>,
    body: Buffer | undefined,
    timeoutMs: number,
    maxBytes: number,
  ): Promise<AcsResponseMessage> {
    const abort = new AbortController();
    const timer = this.#clock.schedule(timeoutMs, () => {
      abort.abort(new DOMException('no answer in time', 'TimeoutError'));
    });
    let answered = false;
    try {
      const response = await this.#client.request({
        method: 'POST',
        path,
        headers,
        // An empty one is announced by its length.
        body: body ?? '',
        signal: abort.signal,
        headersTimeout: 0,
        bodyTimeout: 0,
      });
      answered = true;
      const raw = await this.#read(response.body, maxBytes);
      const { names, setCookies } = readHeaders(response.headers);
      return {
        status: response.statusCode,
        headers: names,
        setCookies,
        body: await this.#decode(raw, names.get('content-encoding'), maxBytes),
      };
    } catch (cause) {
      const error = toHttpError(cause, this.#target);
      const retriable = !answered && error.kind === 'closed';
      throw error.retriable === retriable
        ? error
        : new HttpError(error.kind, error.message, { cause, retriable });
    } finally {
      timer.cancel();
    }
  }

  /** Never waits, never throws. */
  destroy(): void {
    // close() would wait, for ever after a failed TLS name check (undici 7).
    this.#client.destroy().catch(() => undefined);
  }

  async #read(body: AsyncIterable<Uint8Array>, maxBytes: number): Promise<Buffer> {
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of body) {
      size += chunk.length;
      if (size > maxBytes) throw this.#tooLarge(maxBytes);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks, size);
  }

  async #decode(body: Buffer, encoding: string | undefined, maxBytes: number): Promise<Buffer> {
    const name = encoding?.trim().toLowerCase() ?? '';
    if (body.length === 0 || name === '' || name === 'identity') return body;
    if (name !== 'gzip' && name !== 'x-gzip') {
      throw new HttpError('malformed', `${this.#target}: unknown Content-Encoding`);
    }
    try {
      return await gunzipBody(body, { maxOutputLength: maxBytes });
    } catch (cause) {
      if (cause instanceof RangeError) throw this.#tooLarge(maxBytes);
      throw new HttpError('malformed', `${this.#target}: bad gzip data`, { cause });
    }
  }

  #tooLarge(maxBytes: number): HttpError {
    return new HttpError('tooLarge', `${this.#target}: the answer is longer than ${maxBytes} bytes`);
  }
}

function readHeaders(headers: Readonly<Record<string, string | string[] | undefined>>): {
  names: Map<string, string>;
  setCookies: string[];
} {
  const names = new Map<string, string>();
  const setCookies: string[] = [];
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined) continue;
    const values = Array.isArray(value) ? value : [value];
    names.set(name.toLowerCase(), values.join(', '));
    if (name.toLowerCase() === 'set-cookie') setCookies.push(...values);
  }
  return { names, setCookies };
}
