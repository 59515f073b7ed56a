import type { Clock, Timer } from '../../platform/clock.ts';

/** The wall clock may be set at any time: due times are compared with it at least this often. */
const LONGEST_SLEEP_MS = 60_000;

/** Calls `onDue` when the wall clock has reached what `next` says (ms since the epoch; undefined = nothing is due). */
export class InformAlarm {
  readonly #clock: Clock;
  readonly #next: (nowMs: number) => number | undefined;
  readonly #onDue: (nowMs: number) => void;
  #timer: Timer | undefined;

  constructor(clock: Clock, next: (nowMs: number) => number | undefined, onDue: (nowMs: number) => void) {
    this.#clock = clock;
    this.#next = next;
    this.#onDue = onDue;
  }

  /** Starts, or takes account of a changed `next`. */
  arm(): void {
    this.stop();
    const now = this.#clock.now();
    const due = this.#next(now);
    if (due === undefined) return;
    this.#timer = this.#clock.schedule(Math.min(Math.max(0, due - now), LONGEST_SLEEP_MS), () =>
      this.#check(),
    );
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #check(): void {
    const now = this.#clock.now();
    const due = this.#next(now);
    if (due !== undefined && due <= now) this.#onDue(now);
    this.arm();
  }
}
