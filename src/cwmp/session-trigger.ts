import type { Clock, Timer } from '../platform/clock.ts';
import { retryDelayMs } from './session/retry-policy.ts';
import type { RetrySettings } from './session/retry-policy.ts';
import type { SessionResult, SessionScheduler } from './types.ts';

/** Why a session is wanted: only active notifications are subject to the throttle. */
export type SessionWish = 'event' | 'notification' | undefined;

export interface SessionTriggerOptions {
  readonly clock: Clock;
  readonly scheduler: SessionScheduler;
  /** Numbers in [0, 1). */
  readonly random: () => number;
  readonly settings: () => RetrySettings & { readonly defaultActiveNotificationThrottle: number };
  readonly wish: () => SessionWish;
  /** False while no session may be opened at all. */
  readonly isAllowed: () => boolean;
  /** Runs one session; never rejects. */
  readonly run: () => Promise<SessionResult>;
}

/** Decides when an endpoint opens its next session: retries, immediate retry on a new event, notification throttle. */
export class SessionTrigger {
  readonly #options: SessionTriggerOptions;
  #retryCount = 0;
  #retryTimer: Timer | undefined;
  /** A failed session has to be repeated, and its wait is over. */
  #retryDue = false;
  #throttleTimer: Timer | undefined;
  /** Monotonic end of the last successful session. */
  #succeededAt: number | undefined;
  #running: Promise<void> | undefined;
  #stopped = false;

  constructor(options: SessionTriggerOptions) {
    this.#options = options;
  }

  /** [TR-069 3.7.1.1] Failed sessions since the last successful one. */
  get retryCount(): number {
    return this.#retryCount;
  }

  /** The CPE rebooted: retries start over [TR-069 3.2.1.1]. */
  resetRetries(): void {
    this.#retryCount = 0;
    this.#clearTimers();
  }

  /** Something changed. `fresh`: an event that was not pending before, which ends the wait for a retry [TR-069 3.2.1.1]. */
  evaluate(fresh = false): void {
    if (this.#stopped || this.#running !== undefined || !this.#options.isAllowed()) return;
    if (this.#retryTimer !== undefined && !fresh) return;
    const wish = this.#options.wish();
    if (wish === undefined && !this.#retryDue) return;
    if (wish === 'notification' && !this.#retryDue && this.#throttle()) return;
    this.#clearTimers();
    this.#running = this.#runOne();
  }

  /** No session starts any more; resolves when the running one is over. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#clearTimers();
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

  async #runOne(): Promise<void> {
    const { scheduler, isAllowed, run, clock } = this.#options;
    const release = await scheduler.acquire();
    try {
      if (!this.#stopped && isAllowed()) {
        this.#retryDue = false;
        if ((await run()) === 'succeeded') {
          this.#retryCount = 0;
          this.#succeededAt = clock.monotonic();
        } else {
          this.#retryCount += 1;
          this.#waitForRetry();
        }
      }
    } finally {
      release();
      this.#running = undefined;
    }
    this.evaluate();
  }

  #waitForRetry(): void {
    if (this.#stopped) return;
    const { clock, settings, random } = this.#options;
    this.#retryTimer = clock.schedule(retryDelayMs(settings(), this.#retryCount, random), () => {
      this.#retryTimer = undefined;
      this.#retryDue = true;
      this.evaluate();
    });
  }

  #clearTimers(): void {
    this.#retryTimer?.cancel();
    this.#retryTimer = undefined;
    this.#throttleTimer?.cancel();
    this.#throttleTimer = undefined;
  }
}
