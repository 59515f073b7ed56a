import type { FileHandle } from 'node:fs/promises';

import type { Logger } from '../logger.ts';
import { lockDirectory } from './directory-lock.ts';
import type { DirectoryLock } from './directory-lock.ts';
import { formatRecordLine } from './record-line.ts';
import { hasCode, StoreError } from './store-error.ts';
import {
  createJournal,
  createStateDirectory,
  journalPath,
  loadState,
  openJournal,
  removeGenerationsBefore,
  writeSnapshot,
} from './store-files.ts';
import type { LoadedState } from './store-files.ts';

/** JSON documents under string keys, each durable (kill -9, power loss) when `put` resolves. */
export interface DocumentStore {
  /**
   * The current document (treat as read-only), or undefined. Synchronous: everything is in memory after opening.
   * A document is visible from the call of `put` on, and gone again when that `put` fails.
   */
  get<T>(key: string): T | undefined;
  /** Keys that start with `prefix`, sorted. */
  keys(prefix: string): string[];
  /**
   * Replaces the document; resolves after it is on the disk. Writes of one tick share one fdatasync.
   * @throws StoreError naming the file; later calls may succeed
   */
  put(key: string, document: unknown): Promise<void>;
  /** @throws StoreError as `put` */
  delete(key: string): Promise<void>;
  /** Why the last write failed; undefined when it did not. For monitors: what is written now would be lost. */
  readonly problem?: string | undefined;
  /** Waits for pending writes and gives the directory free. Later writes are refused. */
  close(): Promise<void>;
}

const UNWRITABLE =
  'state cannot be written: what the ACS sets is refused, events are forgotten at the next stop';

/** Journals are rewritten as a snapshot beyond this many bytes. */
const COMPACTION_BYTES = 1024 * 1024;

/**
 * Opens (creating) the state directory; falls back to the last good copy of a damaged file and logs that. On a read-only file
 * system what is known can be read, and writes fail until it can be written again.
 * @param options.compactionBytes journal size, in bytes, that starts a background rewrite
 * @throws StoreError when the directory cannot be created, read or locked (another daemon uses it)
 */
export async function openDocumentStore(options: {
  readonly directory: string;
  readonly logger: Logger;
  readonly compactionBytes?: number;
}): Promise<DocumentStore> {
  const { directory, logger, compactionBytes = COMPACTION_BYTES } = options;
  await createStateDirectory(directory);
  let problem: string | undefined;
  const lock = await lockDirectory(directory).catch((error: unknown) => {
    if (!(error instanceof StoreError) || !isUnwritable(error.cause)) throw error;
    problem = error.message;
    logger.error(UNWRITABLE, { error: error.message });
    return undefined;
  });
  try {
    const state = await loadState(directory, logger);
    return new JournaledStore(directory, logger, compactionBytes, lock, state, problem);
  } catch (error) {
    await lock?.release();
    throw error;
  }
}

/** For tests and `lab demo`: nothing on the disk. */
export function memoryDocumentStore(): DocumentStore {
  const documents = new Map<string, unknown>();
  return {
    get: <T>(key: string) => documents.get(key) as T | undefined,
    keys: (prefix) => [...documents.keys()].filter((key) => key.startsWith(prefix)).sort(),
    put: async (key, document) => {
      documents.set(key, JSON.parse(toJson(key, document)));
      return Promise.resolve();
    },
    delete: async (key) => {
      documents.delete(key);
      return Promise.resolve();
    },
    close: () => Promise.resolve(),
  };
}

/** A change that waits for the disk. */
interface Change {
  readonly key: string;
  /** Absent: a deletion. */
  readonly document?: unknown;
  readonly line: string;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

class JournaledStore implements DocumentStore {
  readonly #directory: string;
  readonly #logger: Logger;
  readonly #compactionBytes: number;
  /** Undefined while the file system is read-only. */
  #lock: DirectoryLock | undefined;
  /** What is on the disk. */
  readonly #documents: Map<string, unknown>;
  /** The newest change of each key that is not on the disk yet. */
  readonly #pending = new Map<string, Change>();

  #problem: string | undefined;
  #queue: Change[] = [];
  #writing: Promise<void> | undefined;
  #compacting: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  #journal: FileHandle | undefined;
  #baseGeneration: number;
  #journalGeneration: number;
  #journalLength: number;
  /** Bytes in all journals since the base snapshot. */
  #journalBytes: number;
  /** Journal bytes that start the next compaction. */
  #compactAt: number;

  constructor(
    directory: string,
    logger: Logger,
    compactionBytes: number,
    lock: DirectoryLock | undefined,
    state: LoadedState,
    problem: string | undefined,
  ) {
    this.#problem = problem;
    this.#directory = directory;
    this.#logger = logger;
    this.#compactionBytes = compactionBytes;
    this.#lock = lock;
    this.#documents = state.documents;
    this.#baseGeneration = state.baseGeneration;
    this.#journalGeneration = state.journalGeneration;
    this.#journalLength = state.journalLength;
    this.#journalBytes = state.journalBytes;
    // After damage the first write also rewrites everything, so that the damaged file is soon history.
    this.#compactAt = state.damaged ? 0 : compactionBytes;
  }

  get problem(): string | undefined {
    return this.#problem;
  }

  get<T>(key: string): T | undefined {
    const change = this.#pending.get(key);
    return (change === undefined ? this.#documents.get(key) : change.document) as T | undefined;
  }

  keys(prefix: string): string[] {
    const keys = new Set(this.#documents.keys());
    for (const [key, change] of this.#pending) {
      if ('document' in change) keys.add(key);
      else keys.delete(key);
    }
    return [...keys].filter((key) => key.startsWith(prefix)).sort();
  }

  async put(key: string, document: unknown): Promise<void> {
    const text = toJson(key, document);
    // The copy is what a restart would read; the caller's object may change afterwards.
    await this.#enqueue({ key, document: JSON.parse(text), line: formatRecordLine(key, text) });
  }

  async delete(key: string): Promise<void> {
    await this.#enqueue({ key, line: formatRecordLine(key, undefined) });
  }

  close(): Promise<void> {
    this.#closing ??= this.#shutDown();
    return this.#closing;
  }

  async #shutDown(): Promise<void> {
    await this.#writing;
    await this.#compacting;
    await this.#journal?.close().catch(() => undefined);
    this.#journal = undefined;
    await this.#lock?.release();
  }

  #enqueue(change: Omit<Change, 'resolve' | 'reject'>): Promise<void> {
    if (this.#closing !== undefined) {
      return Promise.reject(
        new StoreError('cannot write', this.#directory, new Error('the store is closed')),
      );
    }
    return new Promise((resolve, reject) => {
      const queued: Change = { ...change, resolve, reject };
      this.#queue.push(queued);
      this.#pending.set(change.key, queued);
      this.#writing ??= this.#writeQueue().finally(() => {
        this.#writing = undefined;
      });
    });
  }

  async #writeQueue(): Promise<void> {
    // Everything that is put in the same turn of the event loop goes to the disk together.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#queue.length > 0) {
      const batch = this.#queue;
      this.#queue = [];
      try {
        this.#lock ??= await lockDirectory(this.#directory);
        await this.#append(batch);
        if (this.#problem !== undefined) this.#logger.info('state can be written again');
        this.#problem = undefined;
        this.#settle(batch, undefined);
      } catch (error) {
        await this.#dropJournal();
        const path = journalPath(this.#directory, this.#journalGeneration);
        const failure = error instanceof StoreError ? error : new StoreError('cannot write', path, error);
        // Once: every write fails while it lasts.
        if (this.#problem === undefined) this.#logger.error(UNWRITABLE, { error: failure.message });
        this.#problem = failure.message;
        this.#settle(batch, failure);
      }
    }
  }

  async #append(batch: readonly Change[]): Promise<void> {
    if (this.#journalBytes >= this.#compactAt && this.#compacting === undefined)
      await this.#startGeneration();
    const journal = await this.#openJournal();
    const data = Buffer.from(batch.map((change) => change.line).join(''));
    for (let written = 0; written < data.length;) {
      const result = await journal.write(data, written, data.length - written, this.#journalLength + written);
      written += result.bytesWritten;
    }
    await journal.datasync();
    this.#journalLength += data.length;
    this.#journalBytes += data.length;
  }

  #settle(batch: readonly Change[], error: StoreError | undefined): void {
    for (const change of batch) {
      if (error === undefined) {
        if ('document' in change) this.#documents.set(change.key, change.document);
        else this.#documents.delete(change.key);
      }
      if (this.#pending.get(change.key) === change) this.#pending.delete(change.key);
      if (error === undefined) change.resolve();
      else change.reject(error);
    }
  }

  async #openJournal(): Promise<FileHandle> {
    if (this.#journal !== undefined) return this.#journal;
    const path = journalPath(this.#directory, this.#journalGeneration);
    this.#journal = await openJournal(path, this.#journalLength);
    if (this.#journal !== undefined) return this.#journal;
    // Somebody removed or cut the file: only memory has the whole state, so it goes to the disk first.
    this.#logger.warn('state journal was removed by others; the state is written anew', { file: path });
    await this.#compacting;
    const { journal, snapshotWritten } = await this.#startGeneration();
    await snapshotWritten;
    return journal;
  }

  /** After a failure the file is opened anew, which cuts off the unacknowledged rest. */
  async #dropJournal(): Promise<void> {
    await this.#journal?.close().catch(() => undefined);
    this.#journal = undefined;
  }

  /**
   * Later changes go to a new journal; the snapshot that belongs before it is written in the background. Until it is
   * there, the base snapshot and both journals hold the state.
   */
  async #startGeneration(): Promise<{ journal: FileHandle; snapshotWritten: Promise<void> }> {
    const generation = this.#journalGeneration + 1;
    this.#compactAt = this.#journalBytes + this.#compactionBytes;
    const journal = await createJournal(journalPath(this.#directory, generation));
    await this.#dropJournal();
    this.#journal = journal;
    this.#journalGeneration = generation;
    this.#journalLength = 0;
    const snapshotWritten = this.#compact(generation, new Map(this.#documents), this.#journalBytes);
    this.#compacting = snapshotWritten
      .catch((error: unknown) => {
        this.#logger.warn('state could not be compacted; the journals still hold it', {
          directory: this.#directory,
          reason: error instanceof Error ? error.message : String(error),
        });
      })
      .finally(() => {
        this.#compacting = undefined;
      });
    return { journal, snapshotWritten };
  }

  async #compact(
    generation: number,
    documents: ReadonlyMap<string, unknown>,
    bytesBefore: number,
  ): Promise<void> {
    const snapshotBytes = await writeSnapshot(this.#directory, generation, documents);
    const previous = this.#baseGeneration;
    this.#baseGeneration = generation;
    this.#journalBytes -= bytesBefore;
    this.#compactAt = Math.max(this.#compactionBytes, snapshotBytes);
    // The snapshot before stays, with its journals, in case this one goes bad.
    await removeGenerationsBefore(this.#directory, previous);
  }
}

/** Now; it may be writable again later. */
function isUnwritable(cause: unknown): boolean {
  return hasCode(cause, 'EROFS') || hasCode(cause, 'ENOSPC');
}

function toJson(key: string, document: unknown): string {
  const text: unknown = JSON.stringify(document);
  if (typeof text !== 'string') throw new TypeError(`the document of ${key} has no JSON form`);
  return text;
}
