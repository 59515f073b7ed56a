import { connect } from 'node:net';
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

/** Bytes that are read in one turn of the event loop: a body in chunks of one byte costs some 0.3 ms per KiB. */
const SLICE_BYTES = 16 * 1024;

/**
 * One exchange with a LAN device over a new connection; redirects are not followed. All answers are read by our own tolerant
 * reader: devices break HTTP in ways that strict parsers refuse, and asking again would execute an action twice.
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
function limitTime(options: LanRequestOptions): {
  readonly signal: AbortSignal;
  readonly release: () => void;
} {
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
  const reader = new RawResponseReader(options.maxBytes, url.host);
  const socket = connect({
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port || 80),
    ...(options.localAddress === undefined ? {} : { localAddress: options.localAddress }),
  });
  // Destroying the socket is what ends the reading below, in whatever state it is.
  const onAbort = (): void => void socket.destroy(asError(signal.reason));
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  let received = false;
  try {
    socket.write(formatRequest(url, options));
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      received = true;
      if (await readInSlices(reader, chunk)) break;
    }
  } catch (error) {
    // A device that announced a wrong length resets the connection after the whole answer.
    if (!received || signal.aborted || error instanceof HttpError) {
      throw toHttpError(signal.aborted ? signal.reason : error, url.host);
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    socket.destroy();
  }
  return reader.finish();
}

/** @returns true when the response is complete */
async function readInSlices(reader: RawResponseReader, chunk: Buffer): Promise<boolean> {
  for (let start = 0; start < chunk.length; start += SLICE_BYTES) {
    if (start > 0) await nextTurn();
    if (reader.write(chunk.subarray(start, start + SLICE_BYTES))) return true;
  }
  return false;
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('aborted');
}

function formatRequest(url: URL, options: LanRequestOptions): string {
  const lines = [`${options.method} ${url.pathname}${url.search} HTTP/1.1`, `HOST: ${url.host}`];
  for (const [name, value] of Object.entries(options.headers ?? {})) lines.push(`${name}: ${value}`);
  if (options.body !== undefined) lines.push(`CONTENT-LENGTH: ${Buffer.byteLength(options.body)}`);
  else if (options.method === 'POST') lines.push('CONTENT-LENGTH: 0');
  lines.push('CONNECTION: close');
  return `${lines.join('\r\n')}\r\n\r\n${options.body ?? ''}`;
}
