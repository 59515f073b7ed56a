import type { Clock } from '../../platform/clock.ts';

/** Allows `capacity` takings at once and one more each `refillMs` milliseconds. */
export class TokenBucket {
  readonly #capacity: number;
  readonly #refillMs: number;
  readonly #clock: Clock;
  #tokens: number;
  #updated: number;

  constructor(capacity: number, refillMs: number, clock: Clock) {
    this.#capacity = capacity;
    this.#refillMs = refillMs;
    this.#clock = clock;
    this.#tokens = capacity;
    this.#updated = clock.monotonic();
  }

  /** Whether there was one left. */
  take(): boolean {
    const now = this.#clock.monotonic();
    this.#tokens = Math.min(this.#capacity, this.#tokens + (now - this.#updated) / this.#refillMs);
    this.#updated = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
