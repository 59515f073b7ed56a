import { crc32 } from 'node:zlib';

/** The document under a key, or its deletion (`document` absent). */
export interface StoreRecord {
  readonly key: string;
  readonly document?: unknown;
}

/** A line of a store file: what it says, or undefined when its checksum or form is wrong. */
export interface CheckedLine {
  /** Byte offset of the line in its file. */
  readonly offset: number;
  /** Byte offset after its line feed. */
  readonly end: number;
  readonly value: Readonly<Record<string, unknown>> | undefined;
}

const CHECKSUM_LENGTH = 8;
const LINE_FEED = 0x0a;

function checksum(data: string | Buffer): string {
  return crc32(data).toString(16).padStart(CHECKSUM_LENGTH, '0');
}

/** `json` (without line feeds) as a line that tells when it was damaged: CRC-32, space, JSON, line feed. */
export function formatCheckedLine(json: string): string {
  return `${checksum(json)} ${json}\n`;
}

/** @param documentText the document as JSON, or undefined for a deletion */
export function formatRecordLine(key: string, documentText: string | undefined): string {
  const document = documentText === undefined ? '' : `,"document":${documentText}`;
  return formatCheckedLine(`{"key":${JSON.stringify(key)}${document}}`);
}

/** The lines of a store file; a last line without line feed is torn, hence damaged. */
export function* scanCheckedLines(file: Buffer): Generator<CheckedLine> {
  let offset = 0;
  while (offset < file.length) {
    const lineFeed = file.indexOf(LINE_FEED, offset);
    const end = lineFeed < 0 ? file.length : lineFeed + 1;
    const value = lineFeed < 0 ? undefined : parseCheckedLine(file.subarray(offset, lineFeed));
    yield { offset, end, value };
    offset = end;
  }
}

export function toStoreRecord(value: Readonly<Record<string, unknown>>): StoreRecord | undefined {
  const { key, document } = value;
  if (typeof key !== 'string') return undefined;
  return 'document' in value ? { key, document } : { key };
}

function parseCheckedLine(line: Buffer): Readonly<Record<string, unknown>> | undefined {
  const json = line.subarray(CHECKSUM_LENGTH + 1);
  if (line.toString('latin1', 0, CHECKSUM_LENGTH + 1) !== `${checksum(json)} `) return undefined;
  try {
    const value: unknown = JSON.parse(json.toString('utf8'));
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
