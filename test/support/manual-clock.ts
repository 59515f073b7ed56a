import type { Clock, Timer } from '../../src/platform/clock.ts';

interface Pending {
  at: number;
  order: number;
  task: () => void;
}

/** A clock that stands still until a test moves it. */
export class ManualClock implements Clock {
  #elapsed = 0;
  #wallOffset: number;
  #suspended = 0;
  #order = 0;
  readonly #pending = new Set<Pending>();

  constructor(startMs = Date.UTC(2026, 0, 1)) {
    this.#wallOffset = startMs;
  }

  now(): number {
    return this.#wallOffset + this.#elapsed;
  }

  monotonic(): number {
    return this.#elapsed;
  }

  uptime(): number {
    return this.#elapsed + this.#suspended;
  }

  schedule(delayMs: number, task: () => void): Timer {
    const entry = { at: this.#elapsed + Math.max(0, delayMs), order: this.#order++, task };
    this.#pending.add(entry);
    return { cancel: () => void this.#pending.delete(entry) };
  }

  /** How many timers wait. */
  get pendingCount(): number {
    return this.#pending.size;
  }

  /** Milliseconds until the next timer, or undefined when none waits. */
  get nextDelayMs(): number | undefined {
    const next = this.#next();
    return next === undefined ? undefined : next.at - this.#elapsed;
  }

  /** Moves both clocks forward and runs what falls due, in order of time. */
  advance(milliseconds: number): void {
    const target = this.#elapsed + milliseconds;
    for (let next = this.#next(); next !== undefined && next.at <= target; next = this.#next()) {
      this.#pending.delete(next);
      this.#elapsed = next.at;
      next.task();
    }
    this.#elapsed = target;
  }

  /** Sets the wall clock as NTP or an operator would: durations do not move. */
  jumpWallClock(milliseconds: number): void {
    this.#wallOffset += milliseconds;
  }

  /** The machine sleeps: wall clock and uptime go on, timers and durations do not. */
  suspend(milliseconds: number): void {
    this.#suspended += milliseconds;
    this.#wallOffset += milliseconds;
  }

  #next(): Pending | undefined {
    let first: Pending | undefined;
    for (const entry of this.#pending) {
      if (
        first === undefined ||
        entry.at < first.at ||
        (entry.at === first.at && entry.order < first.order)
      ) {
        first = entry;
      }
    }
    return first;
  }
}
