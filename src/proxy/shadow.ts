import { isInOneOf } from './mapping/path-mapping.ts';

/** The generation of what is remembered: before every read. */
export const LONG_AGO = -1;

interface Entry {
  value: string;
  /** True while nothing suggests that the device changed it since. */
  current: boolean;
  /** The generation in which the read began that it is from. */
  readIn: number;
}

/** A value that differs from what was known, with both spellings. */
export interface ShadowChange {
  readonly path: string;
  readonly previous: string;
  readonly value: string;
  /** The ACS wrote `previous`, and `value` is how the device spells that. */
  readonly own: boolean;
}

/** What the ACS wrote, and what was known of the device before. */
export interface Written {
  readonly value: string;
  readonly before: string | undefined;
}

/** One value of the ACS on its way to the device, or not read back since. */
interface OwnValue extends Written {
  /**
   * `sent` = the device has not answered; `accepted` = it has the value, in a spelling of its own perhaps; `unanswered` = nobody
   * knows whether it took the value, or will.
   */
  phase: 'sent' | 'accepted' | 'unanswered';
  /** Reads that began in this generation or later show what the device made of it. */
  acceptedIn: number;
  /** The write before, when nothing was read since: what it left behind may still show. */
  earlier: OwnValue | undefined;
}

/** Values of one SetValues, by CMS path. */
export type OwnWrite = ReadonlyMap<string, OwnValue>;

/**
 * The last known values of one device by CMS path, as the device spelled them.
 *
 * An event says that something changed, not what [CMS:2 2.2]: `invalidate` therefore makes every value questionable. A read that
 * began before an event must not make values current again, so reads carry the generation in which they began.
 *
 * What the ACS writes is known here before the device gets it, because a device may send the NOTIFY of a write, and answer the
 * read that follows it, before it answers the write. What was written is never taken for read: a secret reads as the empty
 * string, and devices spell values in ways of their own.
 */
export class Shadow {
  readonly #entries = new Map<string, Entry>();
  readonly #own = new Map<string, OwnValue>();
  readonly #isSame: (path: string, written: Written, read: string) => boolean;
  #generation = 0;

  /** @param isSame whether a device that was given a value and has taken it may show what was read */
  constructor(isSame: (path: string, written: Written, read: string) => boolean) {
    this.#isSame = isSame;
  }

  /** Take it before a read begins and hand it to `store`. */
  get generation(): number {
    return this.#generation;
  }

  get(path: string): string | undefined {
    return this.#entries.get(path)?.value;
  }

  /** How many values are known. */
  get size(): number {
    return this.#entries.size;
  }

  /** Every known value by path. */
  *entries(): Generator<readonly [path: string, value: string]> {
    for (const [path, { value }] of this.#entries) yield [path, value];
  }

  /** Whether the value can be served without asking the device. The caller knows whether events guarantee it. */
  isCurrent(path: string): boolean {
    return this.#entries.get(path)?.current === true;
  }

  /** An event came, or events may have been missed. */
  invalidate(): void {
    this.#generation += 1;
    for (const entry of this.#entries.values()) entry.current = false;
  }

  /** Only reads that begin from now on make these values current: events vouch for them only now. */
  doubt(paths: Iterable<string>): void {
    this.#generation += 1;
    for (const path of paths) {
      const entry = this.#entries.get(path);
      if (entry !== undefined) entry.current = false;
    }
  }

  /**
   * Takes over values that were read, but for those of which something newer is known: answers overtake each other.
   * @param generation in which the read began
   * @returns what differs from the known values, and what turned out to be what the ACS wrote
   */
  store(values: ReadonlyMap<string, string>, generation: number): ShadowChange[] {
    const changed: ShadowChange[] = [];
    for (const [path, value] of values) {
      const entry = this.#entries.get(path);
      if (entry !== undefined && generation < entry.readIn) continue;
      const current = generation === this.#generation && this.#own.get(path)?.phase !== 'sent';
      const change = this.#settle(path, value, generation);
      if (change !== undefined) changed.push(change);
      if (entry === undefined) {
        this.#entries.set(path, { value, current, readIn: generation });
      } else {
        entry.value = value;
        entry.current = current;
        entry.readIn = generation;
      }
    }
    return changed;
  }

  /** The device is about to get these values: whoever reads them before it has answered reads no change. */
  beginWrite(values: ReadonlyMap<string, string>): OwnWrite {
    const write = new Map<string, OwnValue>();
    for (const [path, value] of values) {
      const before = this.get(path);
      const earlier = this.#own.get(path);
      const own: OwnValue = { value, before, phase: 'sent', acceptedIn: Infinity, earlier };
      write.set(path, own);
      this.#own.set(path, own);
    }
    return write;
  }

  /**
   * Something else than what was written was read while it was on its way: it came before the write or after, and only another
   * read can tell.
   */
  hasSeenOthers(write: OwnWrite): boolean {
    return [...write].some(([path, { value, before }]) => {
      const seen = this.get(path);
      return seen !== before && seen !== value;
    });
  }

  /** The device took the values [CMS:2 2.4: reads show them from now on]. How it spells them, the next read tells. */
  writeAccepted(write: OwnWrite): void {
    // Reads under way may show either the old or the new values.
    this.#generation += 1;
    for (const [path, own] of write) {
      if (this.#own.get(path) !== own) continue;
      own.phase = 'accepted';
      own.earlier = undefined;
      own.acceptedIn = this.#generation;
      const entry = this.#entries.get(path);
      const seen = entry !== undefined && entry.value !== own.before;
      const value = seen ? entry.value : own.value;
      this.#entries.set(path, { value, current: false, readIn: this.#generation });
    }
  }

  /**
   * The device refused the values, or nobody knows whether it took them. It may have, and may do so late: until a read shows
   * something third, the value written counts as the ACS's own.
   * @param isRefused also where the ACS is told so: what is read later is none of its own then
   * @returns what was read meanwhile
   */
  writeFailed(write: OwnWrite, isRefused: boolean): ShadowChange[] {
    this.invalidate();
    const changed: ShadowChange[] = [];
    for (const [path, own] of write) {
      if (this.#own.get(path) !== own) continue;
      const { before, earlier } = own;
      const seen = this.get(path);
      const isSeen = seen !== before;
      own.earlier = undefined;
      if (isRefused && earlier !== undefined) {
        this.#own.set(path, earlier);
        continue;
      }
      if (isRefused || isSeen) {
        this.#own.delete(path);
      } else {
        own.phase = 'unanswered';
        own.acceptedIn = this.#generation;
      }
      if (!isSeen || before === undefined || seen === undefined) continue;
      changed.push({ path, previous: before, value: seen, own: !isRefused && this.#isSame(path, own, seen) });
    }
    return changed;
  }

  /** The value of that leaf is not known after all. */
  forgetValue(path: string): void {
    this.#entries.delete(path);
  }

  /** Forgets everything below these rows, given by their CMS paths. */
  forget(rows: ReadonlySet<string>): void {
    for (const map of [this.#entries, this.#own]) {
      for (const known of map.keys()) if (isInOneOf(rows, known)) map.delete(known);
    }
  }

  /** What a value that was read says: an own value that was read back is done with. */
  #settle(path: string, value: string, generation: number): ShadowChange | undefined {
    const known = this.get(path);
    const own = this.#own.get(path);
    if (own === undefined) {
      return known === undefined || known === value
        ? undefined
        : { path, previous: known, value, own: false };
    }
    // Either the old value or the new one.
    if (own.phase === 'sent' || generation < own.acceptedIn) return undefined;
    if (own.phase === 'unanswered' && value === own.before) return undefined;
    this.#own.delete(path);
    if (this.#isSame(path, own, value)) return { path, previous: own.value, value, own: true };
    const previous = own.phase === 'accepted' ? own.value : own.before;
    return previous === undefined ? undefined : { path, previous, value, own: false };
  }
}
