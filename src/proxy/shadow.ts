interface Entry {
  value: string;
  /** True while nothing suggests that the device changed it since. */
  current: boolean;
  /** Written by the ACS and not read back since: the device may have normalised it. */
  written: boolean;
}

/** A value that differs from what was known, with both spellings. */
export interface ShadowChange {
  readonly path: string;
  readonly previous: string;
  readonly value: string;
}

/**
 * The last known values of one device by CMS path, as the device spelled them.
 *
 * An event says that something changed, not what [CMS:2 2.2]: `invalidate` therefore makes every value questionable. A read that
 * began before an event must not make values current again, so reads carry the generation in which they began.
 */
export class Shadow {
  readonly #entries = new Map<string, Entry>();
  #generation = 0;

  /** Take it before a read begins and hand it to `store`. */
  get generation(): number {
    return this.#generation;
  }

  get(path: string): string | undefined {
    return this.#entries.get(path)?.value;
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
   * @returns what differs from the known values, except where the device merely normalised what the ACS wrote
   */
  store(values: ReadonlyMap<string, string>, generation: number): ShadowChange[] {
    const changed: ShadowChange[] = [];
    const current = generation === this.#generation;
    for (const [path, value] of values) {
      const entry = this.#entries.get(path);
      if (entry === undefined) {
        this.#entries.set(path, { value, current, written: false });
        continue;
      }
      if (entry.value !== value && !entry.written) changed.push({ path, previous: entry.value, value });
      entry.value = value;
      entry.current = current;
      entry.written = false;
    }
    return changed;
  }

  /** Takes over values that the device accepted from the ACS. */
  storeWritten(values: ReadonlyMap<string, string>): void {
    for (const [path, value] of values) this.#entries.set(path, { value, current: true, written: true });
  }

  /** Forgets everything at or below a CMS path. */
  forget(path: string): void {
    for (const known of this.#entries.keys()) if (known.startsWith(path)) this.#entries.delete(known);
  }
}
