import { memoryDocumentStore } from '../../src/platform/store/document-store.ts';
import type { DocumentStore } from '../../src/platform/store/document-store.ts';

/** A store in memory whose writes a test holds back or lets fail, as a slow or full disk would. */
export class ControlledStore implements DocumentStore {
  /** Writes of these keys resolve only after `release`. */
  holds: (key: string) => boolean = () => false;
  /** Writes of these keys fail. */
  fails: (key: string) => boolean = () => false;
  /** Keys of all writes that were tried. */
  readonly writes: string[] = [];
  readonly #documents = memoryDocumentStore();
  #held: (() => void)[] = [];

  /** How many writes are held back. */
  get heldCount(): number {
    return this.#held.length;
  }

  release(): void {
    this.holds = () => false;
    for (const resolve of this.#held.splice(0)) resolve();
  }

  get<T>(key: string): T | undefined {
    return this.#documents.get(key);
  }

  keys(prefix: string): string[] {
    return this.#documents.keys(prefix);
  }

  async put(key: string, document: unknown): Promise<void> {
    this.writes.push(key);
    if (this.fails(key)) throw new Error('ENOSPC: no space left on device');
    await this.#documents.put(key, document);
    await this.#hold(key);
  }

  async delete(key: string): Promise<void> {
    this.writes.push(key);
    if (this.fails(key)) throw new Error('EROFS: read-only file system');
    await this.#documents.delete(key);
    await this.#hold(key);
  }

  close(): Promise<void> {
    return this.#documents.close();
  }

  async #hold(key: string): Promise<void> {
    if (this.holds(key)) await new Promise<void>((resolve) => this.#held.push(resolve));
  }
}
