import type { DocumentStore } from '../../platform/store/document-store.ts';
import { isSecret } from '../mapping/secrets.ts';

/**
 * What a device took of the ACS since its last snapshot. The ACS was told so: while the device is away after a restart, that is
 * what it reads. Small, so that it can be on the disk before each answer. Secrets are not remembered.
 */
export class WrittenValues {
  readonly #store: DocumentStore;
  readonly #key: string;
  /** By CMS path, as the device was given them; replaced, never changed. */
  #values: ReadonlyMap<string, string>;

  constructor(store: DocumentStore, key: string) {
    this.#store = store;
    this.#key = key;
    this.#values = readValues(store.get<unknown>(key));
  }

  get values(): ReadonlyMap<string, string> {
    return this.#values;
  }

  /** Resolves when it is durable. @throws what the store throws */
  async remember(values: Iterable<readonly [cmsPath: string, value: string]>): Promise<void> {
    const known = [...values].filter(([path]) => !isSecret(path));
    if (known.length === 0) return;
    this.#values = new Map([...this.#values, ...known]);
    await this.#store.put(this.#key, [...this.#values]);
  }

  /** A snapshot that holds them is durable. @param covered the `values` when it was made */
  async forget(covered: ReadonlyMap<string, string>): Promise<void> {
    if (this.#values !== covered || covered.size === 0) return;
    await this.forgetAll();
  }

  async forgetAll(): Promise<void> {
    this.#values = new Map();
    await this.#store.delete(this.#key);
  }
}

function readValues(stored: unknown): ReadonlyMap<string, string> {
  if (!Array.isArray(stored)) return new Map();
  return new Map(stored.filter(isValue));
}

function isValue(stored: unknown): stored is readonly [string, string] {
  return Array.isArray(stored) && typeof stored[0] === 'string' && typeof stored[1] === 'string';
}
