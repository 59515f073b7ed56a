import { isInOneOf } from './mapping/path-mapping.ts';

interface Entry {
  value: string;
  /** True while nothing suggests that the device changed it since. */
  current: boolean;
}

/** A value that differs from what was known, with both spellings. */
export interface ShadowChange {
  readonly path: string;
  readonly previous: string;
  readonly value: string;
}

/** One value of the ACS on its way to the device, or not read back since. */
interface OwnValue {
  readonly value: string;
  /** What was known of the device when the write began. */
  readonly before: string | undefined;
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
  #generation = 0;

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

  /**
   * Takes over values that were read.
   * @returns what differs from the known values, except what the ACS wrote
   */
  store(values: ReadonlyMap<string, string>, generation: number): ShadowChange[] {
    const changed: ShadowChange[] = [];
    for (const [path, value] of values) {
      const entry = this.#entries.get(path);
      const current = generation === this.#generation && this.#own.get(path)?.phase !== 'sent';
      const isOwn = this.#settle(path, value, generation);
      if (entry === undefined) {
        this.#entries.set(path, { value, current });
        continue;
      }
      if (entry.value !== value && !isOwn) changed.push({ path, previous: entry.value, value });
      entry.value = value;
      entry.current = current;
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

  /** The device took the values. How it spells them, and whether it shows them, the next read tells. */
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
      this.#entries.set(path, { value: seen ? entry.value : own.value, current: false });
    }
  }

  /**
   * The device refused the values, or nobody knows whether it took them. It may have, and may do so late: until a read shows
   * something third, a value that is exactly the one written counts as the ACS's own. If the device spells it in another way it
   * is reported: a change too many does less harm than one that the ACS never hears of.
   * @returns what was read meanwhile and was not written by the ACS
   */
  writeFailed(write: OwnWrite, isRefused: boolean): ShadowChange[] {
    this.invalidate();
    const changed: ShadowChange[] = [];
    for (const [path, own] of write) {
      if (this.#own.get(path) !== own) continue;
      const { before, earlier } = own;
      const seen = this.get(path);
      const isSeen = seen !== before;
      if (isRefused && earlier !== undefined) this.#own.set(path, earlier);
      else if (isRefused || isSeen) this.#own.delete(path);
      else own.phase = 'unanswered';
      own.earlier = undefined;
      if (!isSeen || before === undefined || seen === undefined) continue;
      const isOwn = isRefused ? earlier !== undefined : seen === own.value;
      if (!isOwn) changed.push({ path, previous: before, value: seen });
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

  /** Whether the ACS may have made this value what it is; an own value that was read back is done with. */
  #settle(path: string, value: string, generation: number): boolean {
    const own = this.#own.get(path);
    switch (own?.phase) {
      case undefined:
        return false;
      case 'sent':
        return true;
      case 'accepted':
        if (generation >= own.acceptedIn) this.#own.delete(path);
        return true;
      case 'unanswered':
        if (value === own.before) return true;
        this.#own.delete(path);
        return value === own.value;
    }
  }
}
