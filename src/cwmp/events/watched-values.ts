import { createHash } from 'node:crypto';

/**
 * What the ACS was told of the parameters that it watches, or wrote to them: what is found different after a restart has changed
 * meanwhile. Digests only: a value may be long, or nobody's business.
 */
export class WatchedValues {
  readonly #digests: Map<string, string>;
  #isChanged = false;

  constructor(stored: Readonly<Record<string, string>> = {}) {
    this.#digests = new Map(Object.entries(stored));
  }

  /** The ACS knows this value of the parameter. */
  learn(path: string, value: string): void {
    const digest = digestOf(value);
    if (this.#digests.get(path) === digest) return;
    this.#digests.set(path, digest);
    this.#isChanged = true;
  }

  /** Whether the ACS knows any value of the parameter. */
  knows(path: string): boolean {
    return this.#digests.has(path);
  }

  /** Whether the ACS knows another value of the parameter. */
  differs(path: string, value: string): boolean {
    const known = this.#digests.get(path);
    return known !== undefined && known !== digestOf(value);
  }

  forget(path: string): void {
    if (this.#digests.delete(path)) this.#isChanged = true;
  }

  /** Forgets a parameter, or all below an object (a path with final dot). */
  forgetBelow(path: string): void {
    for (const known of this.#digests.keys()) {
      if (known === path || (path.endsWith('.') && known.startsWith(path))) this.forget(known);
    }
  }

  paths(): readonly string[] {
    return [...this.#digests.keys()];
  }

  /** What is to be stored, if that is not what was taken last. */
  takeChanged(): Readonly<Record<string, string>> | undefined {
    if (!this.#isChanged) return undefined;
    this.#isChanged = false;
    return Object.fromEntries(this.#digests);
  }

  /** What was taken could not be stored. */
  notStored(): void {
    this.#isChanged = true;
  }
}

function digestOf(value: string): string {
  return createHash('sha256').update(value).digest('base64').slice(0, 16);
}
