import type { Clock } from '../../platform/clock.ts';
import { TokenBucket } from './token-bucket.ts';

/** Two documents for each of some fifty devices at once, then five a second. */
const BURST = 100;
const REFILL_MS = 200;
/** Of all callers together: what a small machine unpacks without harm. */
const TOTAL_BURST = 500;
const TOTAL_REFILL_MS = 20;
/** Callers that are told apart. The one that was silent the longest is forgotten first. */
const MOST_CALLERS = 256;

/** How many documents a caller may fetch: one that asks too often gets none, and the others theirs. */
export class DocumentLimit {
  readonly #clock: Clock;
  readonly #total: TokenBucket;
  readonly #callers = new Map<string, TokenBucket>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#total = new TokenBucket(TOTAL_BURST, TOTAL_REFILL_MS, clock);
  }

  /** @param caller its address */
  take(caller: string): boolean {
    const bucket = this.#callers.get(caller) ?? new TokenBucket(BURST, REFILL_MS, this.#clock);
    // A map keeps the order of insertion: the first one was silent the longest.
    this.#callers.delete(caller);
    this.#callers.set(caller, bucket);
    for (const oldest of this.#callers.keys()) {
      if (this.#callers.size <= MOST_CALLERS) break;
      this.#callers.delete(oldest);
    }
    return bucket.take() && this.#total.take();
  }
}
