import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import type { Logger } from '../logger.ts';
import { formatCheckedLine, formatRecordLine, scanCheckedLines, toStoreRecord } from './record-line.ts';
import { hasCode, StoreError } from './store-error.ts';

/**
 * The files of a state directory. Generation g is `snapshot.g` (the whole state) plus `journal.g` (what changed since).
 * A new generation starts its journal first and writes its snapshot later, so the state is always the newest good
 * snapshot plus every journal from its generation on.
 */
export interface LoadedState {
  readonly documents: Map<string, unknown>;
  /** Generation of the snapshot used; 0 when there was none. */
  readonly baseGeneration: number;
  /** Generation of the newest journal: the one to append to. */
  readonly journalGeneration: number;
  /** Bytes of that journal up to the end of its last good line. */
  readonly journalLength: number;
  /** Bytes of all journals read. */
  readonly journalBytes: number;
  /** Something was unreadable: the files should be rewritten. */
  readonly damaged: boolean;
}

const FILE_MODE = 0o600;
const DIRECTORY_MODE = 0o700;
/** State is a few hundred kilobytes; a file beyond this is not ours. */
const LARGEST_FILE_BYTES = 256 * 1024 * 1024;
const CHUNK_CHARACTERS = 64 * 1024;

export function journalPath(directory: string, generation: number): string {
  return join(directory, `journal.${generation}`);
}

function snapshotPath(directory: string, generation: number): string {
  return join(directory, `snapshot.${generation}`);
}

/** Makes names in a directory durable: without it a power cut may undo a rename or a creation. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** For its owner only, and durable. An existing one is left as it is. @throws StoreError that names the directory */
export async function createStateDirectory(directory: string): Promise<void> {
  try {
    const created = await mkdir(directory, { recursive: true, mode: DIRECTORY_MODE });
    if (created !== undefined) await syncDirectory(dirname(created));
  } catch (error) {
    throw new StoreError('cannot create state directory', directory, error);
  }
}

/**
 * Opens a journal for writing and cuts off what a failed or torn write left behind `length`.
 * Returns undefined when the file is shorter than that: what was acknowledged is no longer in it.
 */
export async function openJournal(path: string, length: number): Promise<FileHandle | undefined> {
  const handle = await open(path, 'r+').catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  });
  if (handle === undefined) return length === 0 ? createJournal(path) : undefined;
  try {
    const { size } = await handle.stat();
    if (size >= length) {
      if (size > length) await handle.truncate(length);
      return handle;
    }
  } catch (error) {
    await handle.close();
    throw error;
  }
  await handle.close();
  return undefined;
}

/** Creates an empty journal, its name durable on return. */
export async function createJournal(path: string): Promise<FileHandle> {
  const handle = await open(path, 'w+', FILE_MODE);
  try {
    await syncDirectory(dirname(path));
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/**
 * Writes a snapshot under its final name, durable on return, and returns its size in bytes. Gives way to the event
 * loop between chunks.
 * @throws StoreError; the temporary file is removed
 */
export async function writeSnapshot(
  directory: string,
  generation: number,
  documents: ReadonlyMap<string, unknown>,
): Promise<number> {
  const path = snapshotPath(directory, generation);
  const temporary = `${path}.tmp`;
  let bytes = 0;
  try {
    const handle = await open(temporary, 'w', FILE_MODE);
    try {
      let chunk = formatCheckedLine(JSON.stringify({ format: 1, generation, records: documents.size }));
      for (const [key, document] of documents) {
        chunk += formatRecordLine(key, JSON.stringify(document));
        if (chunk.length < CHUNK_CHARACTERS) continue;
        await handle.writeFile(chunk);
        chunk = '';
      }
      await handle.writeFile(chunk + formatCheckedLine(JSON.stringify({ end: documents.size })));
      await handle.sync();
      bytes = (await handle.stat()).size;
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
    await syncDirectory(directory);
    return bytes;
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw new StoreError('cannot write', path, error);
  }
}

/** Removes the files of generations before `generation` and forgotten temporary files. */
export async function removeGenerationsBefore(directory: string, generation: number): Promise<void> {
  for (const name of await readdir(directory)) {
    const number = generationOf(name, 'snapshot') ?? generationOf(name, 'journal');
    if (number === undefined ? /^snapshot\.\d+\.tmp$/.test(name) : number < generation) {
      await rm(join(directory, name), { force: true });
    }
  }
}

/** Reads the newest good state; every damage is logged with file and offset. */
export async function loadState(directory: string, logger: Logger): Promise<LoadedState> {
  const names = await readdir(directory).catch((error: unknown) => {
    throw new StoreError('cannot read state directory', directory, error);
  });
  const snapshots = generationsOf(names, 'snapshot').reverse();
  const journals = generationsOf(names, 'journal');
  let damaged = false;
  let baseGeneration = 0;
  let documents = new Map<string, unknown>();
  for (const generation of snapshots) {
    const loaded = await loadSnapshot(snapshotPath(directory, generation), logger);
    if (loaded !== undefined) {
      documents = loaded;
      baseGeneration = generation;
      break;
    }
    damaged = true;
  }
  if (damaged) logger.warn('state restored from an earlier snapshot and its journals', { baseGeneration });

  let journalGeneration = Math.max(baseGeneration, snapshots[0] ?? 0);
  let journalLength = 0;
  let journalBytes = 0;
  for (const generation of journals) {
    if (generation < baseGeneration) continue;
    const replayed = await replayJournal(journalPath(directory, generation), documents, logger);
    damaged ||= replayed.damaged;
    journalBytes += replayed.length;
    if (generation < journalGeneration) continue;
    journalGeneration = generation;
    journalLength = replayed.length;
  }
  return { documents, baseGeneration, journalGeneration, journalLength, journalBytes, damaged };
}

function generationsOf(names: readonly string[], kind: 'snapshot' | 'journal'): number[] {
  return names
    .map((name) => generationOf(name, kind))
    .filter((generation) => generation !== undefined)
    .sort((a, b) => a - b);
}

function generationOf(name: string, kind: 'snapshot' | 'journal'): number | undefined {
  const match = /^(snapshot|journal)\.(\d{1,15})$/.exec(name);
  return match?.[1] === kind ? Number(match[2]) : undefined;
}

async function loadSnapshot(path: string, logger: Logger): Promise<Map<string, unknown> | undefined> {
  const documents = new Map<string, unknown>();
  let records = -1;
  const file = await readOrWarn(path, logger);
  if (file === undefined) return undefined;
  for (const line of scanCheckedLines(file)) {
    const { value } = line;
    if (value !== undefined && line.offset === 0 && value.format === 1) {
      records = Number(value.records);
      continue;
    }
    if (value !== undefined && records === documents.size && value.end === records) return documents;
    const record = value === undefined ? undefined : toStoreRecord(value);
    if (record === undefined || records < 0) {
      logger.warn('state snapshot is damaged', { file: path, offset: line.offset });
      return undefined;
    }
    documents.set(record.key, record.document);
  }
  logger.warn('state snapshot is damaged', { file: path, reason: 'its end is missing' });
  return undefined;
}

/** A damaged line does not hide the good ones behind it: each was acknowledged on its own. */
async function replayJournal(
  path: string,
  documents: Map<string, unknown>,
  logger: Logger,
): Promise<{ length: number; damaged: boolean }> {
  let length = 0;
  let damagedLines = 0;
  let firstOffset = 0;
  const file = await readOrWarn(path, logger);
  if (file === undefined) return { length, damaged: true };
  for (const { offset, end, value } of scanCheckedLines(file)) {
    const record = value === undefined ? undefined : toStoreRecord(value);
    if (record === undefined) {
      if (damagedLines === 0) firstOffset = offset;
      damagedLines += 1;
      continue;
    }
    length = end;
    if ('document' in record) documents.set(record.key, record.document);
    else documents.delete(record.key);
  }
  if (damagedLines > 0) {
    logger.warn('state journal has damaged records; the others were kept', {
      file: path,
      offset: firstOffset,
      damagedLines,
    });
  }
  return { length, damaged: damagedLines > 0 };
}

/**
 * Undefined, with a warning, for a file that the disk cannot give any more: the others may do without it.
 * @throws StoreError when it is there for others, not for us: starting without it would lose what it holds
 */
async function readOrWarn(path: string, logger: Logger): Promise<Buffer | undefined> {
  try {
    const { size } = await stat(path);
    if (size <= LARGEST_FILE_BYTES) return await readFile(path);
    logger.warn('state file is too large to be ours, it is left out', { file: path, bytes: size });
    return undefined;
  } catch (error) {
    if (!hasCode(error, 'EIO') && !hasCode(error, 'EISDIR')) throw new StoreError('cannot read', path, error);
    logger.warn('state file cannot be read, it is left out', { file: path, reason: String(error) });
    return undefined;
  }
}
