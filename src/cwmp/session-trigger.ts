import type { Clock, Timer } from '../platform/clock.ts';
import { retryDelayMs } from './session/retry-policy.ts';
import type { RetrySettings } from './session/retry-policy.ts';
import type { SessionScheduler, SessionTurn } from './types.ts';

/** Why a session is wanted: only active notifications are subject to the throttle, and only a request of the ACS is urgent. */
export type SessionWish = 'connectionRequest' | 'event' | 'notification' | undefined;

/**
 * How an attempt ended. `failed` has to be repeated; `lost` failed too, but nothing is left that it would be repeated for;
 * `idle`: there was nothing to tell, so no session was opened.
 */
export type SessionEnd = 'succeeded' | 'failed' | 'lost' | 'idle';

export interface SessionTriggerOptions {
  readonly clock: Clock;
  readonly scheduler: SessionScheduler;
  /** Numbers in [0, 1). */
  readonly random: () => number;
  readonly settings: () => RetrySettings & { readonly defaultActiveNotificationThrottle: number };
  readonly wish: () => SessionWish;
  /** False while no session may be opened at all. */
  readonly isAllowed: () => boolean;
  /** Runs one session; never rejects. `isRetry`: in place of one that failed. */
  readonly run: (isRetry: boolean) => Promise<SessionEnd>;
}

/** Decides when an endpoint opens its next session: retries, immediate retry on a new event, notification throttle. */
export class SessionTrigger {
  readonly #options: SessionTriggerOptions;
  #retryCount = 0;
  #retryTimer: Timer | undefined;
  /** Monotonic. */
  #retryAt: number | undefined;
  /** A failed session has to be repeated, and its wait is over. */
  #retryDue = false;
  #throttleTimer: Timer | undefined;
  /** Monotonic end of the last successful session. */
  #succeededAt: number | undefined;
  #running: Promise<void> | undefined;
  #turn: SessionTurn | undefined;
  /** An event came that the running session may not have told: if that fails, the event does not wait for the retry. */
  #freshMeanwhile = false;
  /** The running session is none of those that are counted from now on. */
  #uncounted = false;
  #stopped = false;

  constructor(options: SessionTriggerOptions) {
    this.#options = options;
  }

  /** [TR-069 3.7.1.1] Failed sessions since the last successful one. */
  get retryCount(): number {
    return this.#retryCount;
  }

  /** The CPE rebooted, or has another ACS: retries start over [TR-069 3.2.1.1], and a running session counts no more. */
  resetRetries(): void {
    this.#retryCount = 0;
    this.#retryDue = false;
    this.#uncounted = true;
    this.#clearTimers();
  }

  /** Something changed. `fresh`: an event that was not pending before, which ends the wait for a retry [TR-069 3.2.1.1]. */
  evaluate(fresh = false): void {
    if (this.#stopped) return;
    const wish = this.#options.wish();
    if (this.#running !== undefined) {
      this.#freshMeanwhile ||= fresh;
      if (wish === 'connectionRequest') this.#turn?.hurry();
      return;
    }
    if (!this.#options.isAllowed()) return;
    if (this.#retryTimer !== undefined && !fresh) return;
    if (wish === undefined && !this.#retryDue) return;
    if (wish === 'notification' && !this.#retryDue && this.#throttle()) return;
    this.#clearTimers();
    this.#running = this.#runOne(wish === 'connectionRequest');
  }

  /** The machine slept for so long, milliseconds: waits that ended meanwhile are over. */
  resumed(sleptMs: number): void {
    if (this.#succeededAt !== undefined) this.#succeededAt -= sleptMs;
    if (this.#retryAt !== undefined) this.#retryIn(this.#retryAt - sleptMs - this.#options.clock.monotonic());
    this.evaluate();
  }

  /** No session starts any more; resolves when the running one is over. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#clearTimers();
    // One that waits for its turn waits no more; one that runs is ended by its owner.
    this.#turn?.end();
    await this.#running;
  }

  /** [TR-181 DefaultActiveNotificationThrottle] @returns whether the session has to wait */
  #throttle(): boolean {
    if (this.#succeededAt === undefined) return false;
    const { clock, settings } = this.#options;
    const gapMs = settings().defaultActiveNotificationThrottle * 1000;
    const waitMs = this.#succeededAt + gapMs - clock.monotonic();
    if (waitMs <= 0) return false;
    this.#throttleTimer?.cancel();
    this.#throttleTimer = clock.schedule(waitMs, () => {
      this.#throttleTimer = undefined;
      this.evaluate(true);
    });
    return true;
  }

  async #runOne(urgent: boolean): Promise<void> {
    const turn = this.#options.scheduler.request(urgent);
    this.#turn = turn;
    try {
      await turn.granted;
      if (!this.#stopped && this.#options.isAllowed()) await this.#runNow();
    } finally {
      turn.end();
      this.#turn = undefined;
      this.#running = undefined;
    }
    this.evaluate(this.#freshMeanwhile);
  }

  async #runNow(): Promise<void> {
    const { run, clock } = this.#options;
    const isRetry = this.#retryDue;
    this.#retryDue = false;
    this.#freshMeanwhile = false;
    this.#uncounted = false;
    const end = await run(isRetry);
    if (end === 'idle') return;
    if (end === 'succeeded') {
      this.#retryCount = 0;
      this.#succeededAt = clock.monotonic();
    } else if (!this.#uncounted) {
      this.#retryCount += 1;
      if (end === 'failed') this.#waitForRetry();
    }
  }

  #waitForRetry(): void {
    if (this.#stopped) return;
    const { settings, random } = this.#options;
    this.#retryIn(retryDelayMs(settings(), this.#retryCount, random));
  }

  #retryIn(delayMs: number): void {
    const { clock } = this.#options;
    this.#retryTimer?.cancel();
    this.#retryAt = clock.monotonic() + delayMs;
    this.#retryTimer = clock.schedule(delayMs, () => {
      this.#retryTimer = undefined;
      this.#retryAt = undefined;
      this.#retryDue = true;
      this.evaluate();
    });
  }

  #clearTimers(): void {
    this.#retryTimer?.cancel();
    this.#retryTimer = undefined;
    this.#retryAt = undefined;
    this.#throttleTimer?.cancel();
    this.#throttleTimer = undefined;
  }
}
