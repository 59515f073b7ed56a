// STUB written as the contract; the implementation replaces it.
/** JSON documents under string keys, each durable (kill -9, power loss) when `put` resolves. */
export interface DocumentStore {
  /** The current document (treat as read-only), or undefined. Synchronous: everything is in memory after opening. */
  get<T>(key: string): T | undefined;
  /** Keys that start with `prefix`. */
  keys(prefix: string): string[];
  /** Replaces the document; resolves after it is on the disk. Writes of one tick share one fdatasync. */
  put(key: string, document: unknown): Promise<void>;
  delete(key: string): Promise<void>;
  close(): Promise<void>;
}
/** Opens (creating) the state directory; falls back to the last good copy of a damaged file and logs that. */
export declare function openDocumentStore(options: {
  directory: string;
  logger: import('../logger.ts').Logger;
}): Promise<DocumentStore>;
/** For tests and `lab demo`: nothing on the disk. */
export declare function memoryDocumentStore(): DocumentStore;
