import { HttpError } from './http-error.ts';
import type { HttpErrorKind } from './http-error.ts';
import type { HttpResponse } from './http-message.ts';

const MAX_HEADER_BYTES = 32 * 1024;
const MAX_CHUNK_LINE_BYTES = 1024;
const LF = 0x0a;
const CR = 0x0d;

type Phase =
  'head' | 'lengthBody' | 'closeBody' | 'chunkSize' | 'chunkData' | 'chunkEnd' | 'trailer' | 'done';

/**
 * Reads one HTTP/1.x response as sloppy LAN devices send them: LF alone, spaces around the colon, folded or senseless
 * header lines, an empty, repeated or wrong Content-Length, both length and chunks, no reason phrase, `ICY`, unasked
 * interim responses, a missing last chunk. Linear in the number of bytes; bytes after the response are ignored.
 */
export class RawResponseReader {
  readonly #maxBodyBytes: number;
  readonly #target: string;
  #phase: Phase = 'head';
  /** Unread bytes of the head or of a chunk's frame; bodies never wait here. */
  #pending: Buffer = Buffer.alloc(0);
  #status = 0;
  #headers = new Map<string, string>();
  /** Grows by doubling: a body in chunks of one byte must not cost an object each. */
  #body = Buffer.alloc(0);
  #bodyBytes = 0;
  #remaining = 0;

  /** `target` is `host:port`, for messages. */
  constructor(maxBodyBytes: number, target: string) {
    this.#maxBodyBytes = maxBodyBytes;
    this.#target = target;
  }

  /**
   * Takes the next bytes.
   * @returns true when the response is complete
   * @throws HttpError `malformed` or `tooLarge`
   */
  write(chunk: Buffer): boolean {
    let rest: Buffer = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    this.#pending = Buffer.alloc(0);
    while (rest.length > 0 && this.#phase !== 'done') {
      const next = this.#step(rest);
      if (next === undefined) {
        this.#pending = rest;
        break;
      }
      rest = next;
    }
    return this.#phase === 'done';
  }

  /**
   * The response, after the connection ended or after `write` returned true. A body shorter than its announced length
   * is given as it came: real devices announce wrong lengths, and a cut document fails in its parser.
   * @throws HttpError `closed` when not even the head came, `malformed` when a chunk was cut
   */
  finish(): HttpResponse {
    if (this.#phase === 'head') {
      throw new HttpError('closed', `${this.#target}: connection closed before the response head`, {
        retriable: this.#pending.length === 0,
      });
    }
    if (this.#phase === 'chunkData') throw this.#error('malformed', 'connection closed inside a chunk');
    return {
      status: this.#status,
      headers: this.#headers,
      body: this.#body.subarray(0, this.#bodyBytes),
    };
  }

  /** Consumes what it can from the front of `data`; undefined = more bytes are needed. */
  #step(data: Buffer): Buffer | undefined {
    switch (this.#phase) {
      case 'head':
        return this.#readHead(data);
      case 'lengthBody':
      case 'chunkData':
        return this.#readCounted(data);
      case 'closeBody':
        this.#keep(data);
        return Buffer.alloc(0);
      case 'chunkSize':
      case 'chunkEnd':
      case 'trailer':
        return this.#readFrameLine(data);
      case 'done':
        return Buffer.alloc(0);
    }
  }

  #readHead(data: Buffer): Buffer | undefined {
    let start = 0;
    while (data[start] === CR || data[start] === LF) start++;
    const end = endOfHead(data, start);
    if (end === undefined || end > MAX_HEADER_BYTES) {
      if (data.length > MAX_HEADER_BYTES) throw this.#error('tooLarge', 'response head above 32 kB');
      return undefined;
    }
    this.#applyHead(data.toString('latin1', start, end));
    return data.subarray(end);
  }

  #applyHead(head: string): void {
    const [statusLine = '', ...lines] = head.split(/\r?\n/);
    const status = /^(?:HTTP\/\d\.\d|ICY)[ \t]+(\d{3})(?:[ \t]|$)/i.exec(statusLine)?.[1];
    if (status === undefined) throw this.#error('malformed', 'not an HTTP response');
    this.#status = Number(status);
    // An interim response; the final one follows. [RFC 9110 15.2]
    if (this.#status >= 100 && this.#status < 200) return;
    this.#headers = parseHeaderLines(lines);
    this.#phase = this.#bodyPhase();
  }

  #bodyPhase(): Phase {
    if (this.#status === 204 || this.#status === 304) return 'done';
    if (/\bchunked\b/i.test(this.#headers.get('transfer-encoding') ?? '')) return 'chunkSize';
    const length = /^\d{1,15}/.exec(this.#headers.get('content-length') ?? '')?.[0];
    if (length === undefined) return 'closeBody';
    this.#remaining = Number(length);
    if (this.#remaining > this.#maxBodyBytes) this.#refuseBody();
    return this.#remaining === 0 ? 'done' : 'lengthBody';
  }

  #readCounted(data: Buffer): Buffer {
    const part = data.subarray(0, this.#remaining);
    this.#keep(part);
    this.#remaining -= part.length;
    if (this.#remaining === 0) this.#phase = this.#phase === 'chunkData' ? 'chunkEnd' : 'done';
    return data.subarray(part.length);
  }

  #readFrameLine(data: Buffer): Buffer | undefined {
    const end = data.indexOf(LF);
    if (end < 0 || end > MAX_CHUNK_LINE_BYTES) {
      if (data.length > MAX_CHUNK_LINE_BYTES) throw this.#error('malformed', 'chunk line too long');
      return undefined;
    }
    const line = data.toString('latin1', 0, end).trim();
    if (this.#phase === 'chunkEnd') {
      if (line !== '') throw this.#error('malformed', 'chunk longer than announced');
      this.#phase = 'chunkSize';
    } else if (this.#phase === 'trailer') {
      if (line === '') this.#phase = 'done';
    } else {
      const size = /^[0-9a-f]{1,8}(?=[ \t;]|$)/i.exec(line)?.[0];
      if (size === undefined) throw this.#error('malformed', 'bad chunk size');
      this.#remaining = Number.parseInt(size, 16);
      this.#phase = this.#remaining === 0 ? 'trailer' : 'chunkData';
    }
    return data.subarray(end + 1);
  }

  #keep(part: Buffer): void {
    const needed = this.#bodyBytes + part.length;
    if (needed > this.#maxBodyBytes) this.#refuseBody();
    if (needed > this.#body.length) {
      const grown = Buffer.allocUnsafe(Math.min(this.#maxBodyBytes, Math.max(needed, 2 * this.#body.length)));
      this.#body.copy(grown, 0, 0, this.#bodyBytes);
      this.#body = grown;
    }
    part.copy(this.#body, this.#bodyBytes);
    this.#bodyBytes = needed;
  }

  #error(kind: HttpErrorKind, message: string): HttpError {
    return new HttpError(kind, `${this.#target}: ${message}`);
  }

  #refuseBody(): never {
    throw this.#error('tooLarge', `response body above ${this.#maxBodyBytes} bytes`);
  }
}

/** Index after the empty line that ends the head. */
function endOfHead(data: Buffer, start: number): number | undefined {
  const limit = Math.min(data.length, MAX_HEADER_BYTES);
  for (let at = data.indexOf(LF, start); at >= 0 && at < limit; at = data.indexOf(LF, at + 1)) {
    if (data[at + 1] === LF) return at + 2;
    if (data[at + 1] === CR && data[at + 2] === LF) return at + 3;
  }
  return undefined;
}

function parseHeaderLines(lines: readonly string[]): Map<string, string> {
  const headers = new Map<string, string>();
  let last = '';
  for (const line of lines) {
    if (line === '') continue;
    if (/^[ \t]/.test(line)) {
      if (last !== '') headers.set(last, `${headers.get(last) ?? ''} ${line.trim()}`.trim());
      continue;
    }
    const colon = line.indexOf(':');
    if (colon <= 0) continue;
    last = line.slice(0, colon).trim().toLowerCase();
    const value = line.slice(colon + 1).trim();
    const known = headers.get(last);
    headers.set(last, known === undefined || known === '' ? value : `${known}, ${value}`);
  }
  return headers;
}
