import type { Clock, Timer } from '../../platform/clock.ts';

export interface BackoffOptions {
  readonly clock: Clock;
  /** The first wait; each is twice the one before, milliseconds. */
  readonly firstMs: number;
  readonly longestMs: number;
  /** Resolves with whether something is left to be tried again. */
  readonly attempt: () => Promise<boolean>;
  /** Takes attempts that nobody waits for. */
  readonly inBackground: (work: Promise<unknown>) => void;
}

/** Tries again what failed, less and less often, one attempt at a time. */
export class Backoff {
  readonly #options: BackoffOptions;
  /** The next attempt, and how long it was put off. */
  #next: { readonly timer: Timer; readonly waitMs: number } | undefined;
  #nextWaitMs: number;
  #isUnderWay = false;
  #isStopped = false;

  constructor(options: BackoffOptions) {
    this.#options = options;
    this.#nextWaitMs = options.firstMs;
  }

  /**
   * Something has to be tried again.
   * @param isFresh it failed for the first time: it does not have to wait as long as what fails for ever
   */
  plan(isFresh: boolean): void {
    const { clock, firstMs, longestMs } = this.#options;
    if (isFresh) this.#nextWaitMs = firstMs;
    if (this.#isStopped || this.#isUnderWay) return;
    if (this.#next !== undefined && this.#next.waitMs <= this.#nextWaitMs) return;
    this.#next?.timer.cancel();
    const waitMs = this.#nextWaitMs;
    const timer = clock.schedule(waitMs, () => this.#options.inBackground(this.#attempt()));
    this.#next = { timer, waitMs };
    this.#nextWaitMs = Math.min(waitMs * 2, longestMs);
  }

  /** What failed may succeed now. Does nothing when nothing has failed. */
  hurry(): void {
    if (this.#next === undefined) return;
    this.#next.timer.cancel();
    this.#nextWaitMs = this.#options.firstMs;
    this.#options.inBackground(this.#attempt());
  }

  stop(): void {
    this.#isStopped = true;
    this.#next?.timer.cancel();
  }

  async #attempt(): Promise<void> {
    this.#next = undefined;
    this.#isUnderWay = true;
    let isLeft = true;
    try {
      isLeft = await this.#options.attempt();
    } finally {
      this.#isUnderWay = false;
      if (isLeft) this.plan(false);
      else this.#nextWaitMs = this.#options.firstMs;
    }
  }
}
