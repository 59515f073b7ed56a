import { isUtf8 } from 'node:buffer';

const NOTHING = Buffer.alloc(0);
/** The smallest code point that takes so many bytes: what is below is an overlong form. */
const SMALLEST_OF_LENGTH = [0, 0, 0x80, 0x800, 0x10000];

/** Bytes to text, chunk by chunk: UTF-8, in which a byte that fits nowhere is read as the iso-8859-1 that it most likely is. */
export class SloppyUtf8Decoder {
  /** Begin of a character whose rest is in the next chunk. */
  #held = NOTHING;

  /** @param options.stream false: no chunk follows */
  decode(chunk: Uint8Array, options: { readonly stream: boolean }): string {
    const view = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const bytes = this.#held.length === 0 ? view : Buffer.concat([this.#held, view]);
    const end = options.stream ? bytes.length - openTailLength(bytes) : bytes.length;
    this.#held = end === bytes.length ? NOTHING : Buffer.from(bytes.subarray(end));
    const whole = bytes.subarray(0, end);
    return isUtf8(whole) ? whole.toString('utf8') : decodeMixed(whole);
  }
}

/** In one pass over code units: a string for each bad byte would let a hostile document hold up the event loop. */
function decodeMixed(bytes: Buffer): string {
  const units = Buffer.allocUnsafe(bytes.length * 2);
  let length = 0;
  for (let at = 0; at < bytes.length;) {
    const first = bytes[at] ?? 0;
    const size = expectedLength(first);
    const code = size > 1 ? codePointAt(bytes, at, size) : first;
    at += code < 0x80 ? 1 : Math.max(1, size);
    if (code > 0xffff) {
      length = units.writeUInt16LE(0xd800 + ((code - 0x10000) >> 10), length);
      length = units.writeUInt16LE(0xdc00 + (code & 0x3ff), length);
    } else length = units.writeUInt16LE(code < 0 ? first : code, length);
  }
  return units.toString('utf16le', 0, length);
}

/** Of the character of `size` bytes at `at`; -1 when there is none. */
function codePointAt(bytes: Buffer, at: number, size: number): number {
  let code = (bytes[at] ?? 0) & (0x7f >> size);
  for (let index = 1; index < size; index++) {
    const next = bytes[at + index] ?? 0;
    if ((next & 0xc0) !== 0x80) return -1;
    code = (code << 6) | (next & 0x3f);
  }
  const isSurrogate = code >= 0xd800 && code <= 0xdfff;
  return code < (SMALLEST_OF_LENGTH[size] ?? 0) || code > 0x10ffff || isSurrogate ? -1 : code;
}

/** By its first byte; 0 for one that begins no character. */
function expectedLength(first: number): number {
  if (first < 0x80) return 1;
  if (first < 0xc2) return 0;
  if (first < 0xe0) return 2;
  if (first < 0xf0) return 3;
  return first < 0xf5 ? 4 : 0;
}

/** How many bytes at the end may be the begin of a character. */
function openTailLength(bytes: Buffer): number {
  for (let length = 1; length <= Math.min(3, bytes.length); length++) {
    const first = bytes[bytes.length - length] ?? 0;
    if (first >= 0xc0) return expectedLength(first) > length ? length : 0;
    if (first < 0x80) return 0;
  }
  return 0;
}
