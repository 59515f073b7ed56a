import { connect } from 'node:net';
import { Client } from 'undici';
import { HttpError, toHttpError } from './http-error.ts';
import type { HttpResponse } from './http-message.ts';
import { RawResponseReader } from './raw-response-reader.ts';

export interface LanRequestOptions {
  /** Absolute http URL with an IP literal. */
  readonly url: string;
  readonly method: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Our own address to connect from. */
  readonly localAddress?: string;
  /** For the whole exchange. */
  readonly timeoutMs: number;
  /** Of the response body. */
  readonly maxBytes: number;
  readonly signal?: AbortSignal;
}

/** Methods that a device may be asked twice without harm. */
const REPEATABLE = new Set(['GET', 'UNSUBSCRIBE']);

/** Origins whose answers undici refused, oldest first. */
const sloppyOrigins = new Set<string>();
const MAX_SLOPPY_ORIGINS = 1000;

/**
 * One exchange with a LAN device over a new connection; redirects are not followed. Answers that undici's parser refuses
 * are read by a tolerant reader: what may be repeated is asked again (and the origin remembered), while actions and
 * subscriptions go to the tolerant reader at once, because asking again would execute them twice.
 * @throws HttpError
 */
export async function lanRequest(options: LanRequestOptions): Promise<HttpResponse> {
  const url = new URL(options.url);
  if (url.protocol !== 'http:') throw new HttpError('connect', `${url.host}: only http is spoken on the LAN`);
  const { signal, release } = limitTime(options);
  try {
    return await exchange(url, options, signal);
  } finally {
    release();
  }
}

/** One signal for the time and the caller. AbortSignal.any on a signal that lives long leaks in Node 20. */
function limitTime(options: LanRequestOptions): { readonly signal: AbortSignal; readonly release: () => void } {
  const controller = new AbortController();
  const abort = (): void => {
    controller.abort(new DOMException('aborted', 'AbortError'));
  };
  const timer = setTimeout(
    () => {
      controller.abort(new DOMException('no complete answer in time', 'TimeoutError'));
    },
    Math.max(1, options.timeoutMs),
  );
  if (options.signal?.aborted === true) abort();
  else options.signal?.addEventListener('abort', abort, { once: true });
  return {
    signal: controller.signal,
    release: () => {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', abort);
    },
  };
}

async function exchange(url: URL, options: LanRequestOptions, signal: AbortSignal): Promise<HttpResponse> {
  if (!REPEATABLE.has(options.method) || sloppyOrigins.has(url.origin))
    return rawRequest(url, options, signal);
  try {
    return await strictRequest(url, options, signal);
  } catch (error) {
    if (!(error instanceof HttpError) || (error.kind !== 'malformed' && error.kind !== 'closed')) throw error;
    const response = await rawRequest(url, options, signal);
    rememberSloppy(url.origin);
    return response;
  }
}

function rememberSloppy(origin: string): void {
  for (const oldest of sloppyOrigins) {
    if (sloppyOrigins.size < MAX_SLOPPY_ORIGINS) break;
    sloppyOrigins.delete(oldest);
  }
  sloppyOrigins.add(origin);
}

async function strictRequest(
  url: URL,
  options: LanRequestOptions,
  signal: AbortSignal,
): Promise<HttpResponse> {
  const client = new Client(url.origin, {
    pipelining: 1,
    maxResponseSize: options.maxBytes,
    ...(options.localAddress === undefined ? {} : { localAddress: options.localAddress }),
  });
  try {
    const response = await client.request({
      path: `${url.pathname}${url.search}`,
      method: options.method,
      headers: { ...options.headers, connection: 'close' },
      body: options.body ?? null,
      reset: true,
      signal,
    });
    const body = Buffer.from(await response.body.arrayBuffer());
    return { status: response.statusCode, headers: joinHeaders(response.headers), body };
  } catch (error) {
    throw toHttpError(signal.aborted ? signal.reason : error, url.host);
  } finally {
    void client.destroy().catch(() => undefined);
  }
}

function joinHeaders(headers: Readonly<Record<string, string | string[] | undefined>>): Map<string, string> {
  const joined = new Map<string, string>();
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) joined.set(name.toLowerCase(), Array.isArray(value) ? value.join(', ') : value);
  }
  return joined;
}

function rawRequest(url: URL, options: LanRequestOptions, signal: AbortSignal): Promise<HttpResponse> {
  return new Promise((resolve, reject) => {
    const reader = new RawResponseReader(options.maxBytes, url.host);
    const socket = connect({
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: Number(url.port || 80),
      ...(options.localAddress === undefined ? {} : { localAddress: options.localAddress }),
    });
    let received = false;
    const settle = (finish: () => HttpResponse): void => {
      signal.removeEventListener('abort', onAbort);
      socket.destroy();
      try {
        resolve(finish());
      } catch (error) {
        reject(toHttpError(error, url.host));
      }
    };
    const fail = (error: unknown): void => {
      settle(() => {
        throw toHttpError(error, url.host);
      });
    };
    const onAbort = (): void => {
      fail(signal.reason);
    };
    socket.on('connect', () => {
      socket.write(formatRequest(url, options));
    });
    socket.on('data', (chunk) => {
      received = true;
      try {
        if (reader.write(chunk)) settle(() => reader.finish());
      } catch (error) {
        fail(error);
      }
    });
    socket.on('end', () => {
      settle(() => reader.finish());
    });
    // A device that announced a wrong length resets the connection after the whole answer.
    socket.on('error', (error) => {
      if (received) settle(() => reader.finish());
      else fail(error);
    });
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
}

function formatRequest(url: URL, options: LanRequestOptions): string {
  const lines = [`${options.method} ${url.pathname}${url.search} HTTP/1.1`, `HOST: ${url.host}`];
  for (const [name, value] of Object.entries(options.headers ?? {})) lines.push(`${name}: ${value}`);
  if (options.body !== undefined) lines.push(`CONTENT-LENGTH: ${Buffer.byteLength(options.body)}`);
  else if (options.method === 'POST') lines.push('CONTENT-LENGTH: 0');
  lines.push('CONNECTION: close');
  return `${lines.join('\r\n')}\r\n\r\n${options.body ?? ''}`;
}
