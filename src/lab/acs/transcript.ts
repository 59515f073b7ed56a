/** One HTTP message, as it went over the wire. */
export interface TranscriptEntry {
  readonly sequence: number;
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly direction: 'fromCpe' | 'toCpe';
  /** '' when it is not known whose it is. */
  readonly deviceId: string;
  /** RPC name with `Response` where it is one, `Fault`, '' for an empty message, `?` where it could not be read. */
  readonly rpc: string;
  /** Of answers; 0 for requests. */
  readonly status: number;
  /** Before compression and chunking. */
  readonly body: Buffer;
}

/** The messages of all devices, oldest first, up to a limit. */
export class Transcript {
  readonly entries: TranscriptEntry[] = [];
  readonly #listeners = new Set<(entry: TranscriptEntry) => void>();
  readonly #limit: number;
  #sequence = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(entry: Omit<TranscriptEntry, 'sequence'>): void {
    const numbered = { ...entry, sequence: ++this.#sequence };
    this.entries.push(numbered);
    if (this.entries.length > this.#limit) this.entries.splice(0, this.entries.length - this.#limit);
    for (const listener of this.#listeners) listener(numbered);
  }

  /** @returns a function that stops the listening */
  listen(listener: (entry: TranscriptEntry) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
