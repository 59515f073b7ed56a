import type { DocumentStore } from '../platform/store/document-store.ts';

/** [TR-106 3.2] Instance numbers are 32 bits. */
const LARGEST_INSTANCE_NUMBER = 4_294_967_295;

/**
 * Instance numbers for the rows of tables: each table counts up from 1 and never gives a number twice, restarts included
 * [TR-069 A.3.2.6]. One document holds the counters of all tables of an endpoint.
 */
export class RowNumbers {
  readonly #store: DocumentStore;
  readonly #key: string;
  /** The highest number given (or seen) by table path. */
  readonly #highest: Map<string, number>;

  constructor(store: DocumentStore, key: string) {
    this.#store = store;
    this.#key = key;
    this.#highest = new Map(Object.entries(readCounters(store.get<unknown>(key))));
  }

  /**
   * A number of its own for a new row of `tablePath`; on the disk when it resolves.
   * @throws Error when the store cannot write (the number is then spent, not given), or the table has used up its numbers
   */
  async allocate(tablePath: string): Promise<number> {
    const number = this.highest(tablePath) + 1;
    if (number > LARGEST_INSTANCE_NUMBER) throw new Error(`${tablePath} has no instance numbers left`);
    await this.observe(tablePath, number);
    return number;
  }

  /** Makes sure that `number`, which somebody else chose, is not given again. */
  async observe(tablePath: string, number: number): Promise<void> {
    if (number <= this.highest(tablePath)) return;
    this.#highest.set(tablePath, number);
    await this.#store.put(this.#key, Object.fromEntries(this.#highest));
  }

  /** The highest number given so far, 0 for none. */
  highest(tablePath: string): number {
    return this.#highest.get(tablePath) ?? 0;
  }
}

function readCounters(document: unknown): Record<string, number> {
  const counters: Record<string, number> = {};
  if (typeof document !== 'object' || document === null) return counters;
  const entries: [string, unknown][] = Object.entries(document);
  for (const [path, number] of entries) {
    if (typeof number === 'number' && Number.isSafeInteger(number) && number > 0) counters[path] = number;
  }
  return counters;
}
