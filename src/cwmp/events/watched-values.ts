import { createHash } from 'node:crypto';

/** One changed value shall not make all the others be written. */
const BUCKETS = 32;

/** What is told of a parameter by a digest that no value has: the ACS knows a value, and nobody remembers which. */
const DOUBTFUL = '';

/** Between the digest of what the ACS wrote and the one of what any spelling of it has in common. */
const OR_LIKE = '~';

/**
 * What the ACS was told of the parameters that it watches, or wrote to them: what is found different after a restart has changed
 * meanwhile. Digests only: a value may be long, or nobody's business. Stored in a fixed number of buckets.
 */
export class WatchedValues {
  readonly #digests = new Map<string, string>();
  /** Paths of what is expected to be read at once. Not stored: after a restart it is too late for that. */
  readonly #expected = new Set<string>();
  #changed = new Set<number>();

  /** @param stored the content of all buckets */
  constructor(stored: readonly Readonly<Record<string, string>>[] = []) {
    for (const bucket of stored) {
      for (const [path, digest] of Object.entries(bucket)) this.#digests.set(path, digest);
    }
  }

  /** The ACS knows this value of the parameter. */
  learn(path: string, value: string): void {
    this.#set(path, digestOf(value));
  }

  /** The ACS wrote this value, and nobody has read yet how the device spells it. */
  learnWritten(path: string, value: string): void {
    this.#set(path, `${digestOf(value)}${OR_LIKE}${digestOf(withoutSpelling(value))}`);
  }

  /** Whether the value is what the ACS wrote, as the device spells it. Once that was learned, other spellings are other values. */
  isWritten(path: string, value: string): boolean {
    const like = this.#digests.get(path)?.split(OR_LIKE)[1];
    return like !== undefined && like === digestOf(withoutSpelling(value));
  }

  /** The parameter has another value than the ACS knows, whatever it is. */
  doubt(path: string): void {
    this.#set(path, DOUBTFUL);
  }

  /**
   * The ACS watches the parameter from now on, and nobody remembers its value. What is read at once is what it knows; what is read
   * later may have changed in between, and counts as changed: better told once too often than never.
   */
  expect(path: string): void {
    this.#set(path, DOUBTFUL);
    this.#expected.add(path);
  }

  /** Whether the value that is read first is the one that the ACS knows. */
  isExpected(path: string): boolean {
    return this.#expected.has(path);
  }

  /** Whether the ACS knows any value of the parameter. */
  knows(path: string): boolean {
    return this.#digests.has(path);
  }

  /** Whether the ACS knows another value of the parameter. */
  differs(path: string, value: string): boolean {
    const known = this.#digests.get(path)?.split(OR_LIKE)[0];
    return known !== undefined && known !== digestOf(value);
  }

  forget(path: string): void {
    this.#expected.delete(path);
    if (this.#digests.delete(path)) this.#changed.add(bucketOf(path));
  }

  /**
   * Forgets a parameter, or all below an object (a path with final dot).
   * @param which of those at or below `path`; all by default
   */
  forgetBelow(path: string, which: (path: string) => boolean = () => true): void {
    for (const known of this.#digests.keys()) {
      if ((known === path || (path.endsWith('.') && known.startsWith(path))) && which(known))
        this.forget(known);
    }
  }

  paths(): readonly string[] {
    return [...this.#digests.keys()];
  }

  /** The buckets that are to be stored because they are not what was taken last, by number. */
  takeChanged(): ReadonlyMap<number, Readonly<Record<string, string>>> {
    const taken = new Map<number, Record<string, string>>([...this.#changed].map((bucket) => [bucket, {}]));
    if (taken.size === 0) return taken;
    this.#changed = new Set();
    for (const [path, digest] of this.#digests) {
      const bucket = taken.get(bucketOf(path));
      if (bucket !== undefined) bucket[path] = digest;
    }
    return taken;
  }

  /** What was taken could not be stored. */
  notStored(buckets: Iterable<number>): void {
    for (const bucket of buckets) this.#changed.add(bucket);
  }

  #set(path: string, digest: string): void {
    this.#expected.delete(path);
    if (this.#digests.get(path) === digest) return;
    this.#digests.set(path, digest);
    this.#changed.add(bucketOf(path));
  }
}

/** FNV-1a: the same in every run, and cheap enough for every path of a large model. */
function bucketOf(path: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < path.length; index++) {
    hash = Math.imul(hash ^ path.charCodeAt(index), 0x01000193);
  }
  return (hash >>> 0) % BUCKETS;
}

/** Devices take upper for lower case, and leave spaces out. The type has been taken care of: the value is in its canonical form. */
function withoutSpelling(value: string): string {
  return value.replace(/\s+/g, '').toLowerCase();
}

function digestOf(value: string): string {
  return createHash('sha256').update(value).digest('base64').slice(0, 16);
}
