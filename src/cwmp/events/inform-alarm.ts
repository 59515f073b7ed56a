import type { Clock, Timer } from '../../platform/clock.ts';

/** The wall clock may be set at any time: what depends on it is looked at at least this often. */
const LONGEST_SLEEP_MS = 60_000;

/** Calls `onDue` when nothing is left of what `untilDue` says (milliseconds; undefined = nothing will be due). */
export class InformAlarm {
  readonly #clock: Clock;
  readonly #untilDue: () => number | undefined;
  readonly #onDue: () => void;
  #timer: Timer | undefined;
  #isStopped = false;

  constructor(clock: Clock, untilDue: () => number | undefined, onDue: () => void) {
    this.#clock = clock;
    this.#untilDue = untilDue;
    this.#onDue = onDue;
  }

  /** Starts, or takes account of a changed `untilDue`. Nothing after `stop`: who waited for the disk may come late. */
  arm(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#isStopped) return;
    const delayMs = this.#untilDue();
    if (delayMs === undefined) return;
    this.#timer = this.#clock.schedule(Math.min(Math.max(0, delayMs), LONGEST_SLEEP_MS), () => this.#check());
  }

  /** For good. */
  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #check(): void {
    const delayMs = this.#untilDue();
    if (delayMs !== undefined && delayMs <= 0) this.#onDue();
    this.arm();
  }
}
