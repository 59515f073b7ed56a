import type { Clock, Timer } from '../../platform/clock.ts';
import type { LogFields, Logger } from '../../platform/logger.ts';

const PERIOD_MS = 60_000;

interface Flood {
  /** Since the last line. */
  count: number;
  timer: Timer;
}

/** Warns of what hosts of the LAN do at any rate they like: the first time at once, then once a minute with a count. */
export class WarningDigest {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #floods = new Map<string, Flood>();

  constructor(clock: Clock, logger: Logger) {
    this.#clock = clock;
    this.#logger = logger;
  }

  /** @param fields of the first of a minute; the line for the others has `count` instead */
  warn(message: string, source: string, fields: LogFields = {}): void {
    const key = `${message} ${source}`;
    const flood = this.#floods.get(key);
    if (flood !== undefined) {
      flood.count += 1;
      return;
    }
    this.#logger.warn(message, { source, ...fields });
    this.#floods.set(key, { count: 0, timer: this.#sumUp(key, message, source) });
  }

  stop(): void {
    for (const { timer } of this.#floods.values()) timer.cancel();
    this.#floods.clear();
  }

  #sumUp(key: string, message: string, source: string): Timer {
    return this.#clock.schedule(PERIOD_MS, () => {
      const flood = this.#floods.get(key);
      if (flood === undefined) return;
      if (flood.count === 0) {
        this.#floods.delete(key);
        return;
      }
      this.#logger.warn(message, { source, count: flood.count });
      this.#floods.set(key, { count: 0, timer: this.#sumUp(key, message, source) });
    });
  }
}
