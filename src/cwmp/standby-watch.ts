import type { Clock } from '../platform/clock.ts';
import { occurrencesBetween, periodicRecurrence } from './events/periodic.ts';
import { isWakeup } from './events/standby.ts';
import type { AcsSettings, EndpointIdentity } from './types.ts';

export interface StandbyWatchOptions {
  readonly identity: EndpointIdentity;
  readonly settings: () => AcsSettings;
  readonly clock: Clock;
  /** Orders of ScheduleInform that are due and not delivered. */
  readonly ordersDue: () => number;
  readonly onWakeup: () => void;
}

/**
 * Notices when a CPE could not be reached by connection requests and did not inform: its Proxied Device was away, or the machine
 * slept. What the ACS wants to know of it is in StandbyPolicy [TR-069 Annex L].
 */
export class StandbyWatch {
  readonly #options: StandbyWatchOptions;
  /** Uptime, milliseconds. */
  #awaySince: number | undefined;
  #ordersBefore = 0;

  constructor(options: StandbyWatchOptions) {
    this.#options = options;
  }

  /** `isReachable` may say something else now. @param isBooting `1 BOOT` tells that it was away */
  reachabilityChanged(isReachable: boolean, isBooting: boolean): void {
    const { clock, ordersDue } = this.#options;
    if (!isReachable) {
      if (this.#awaySince !== undefined) return;
      this.#awaySince = clock.uptime();
      this.#ordersBefore = ordersDue();
      return;
    }
    if (this.#awaySince === undefined) return;
    const durationMs = clock.uptime() - this.#awaySince;
    this.#awaySince = undefined;
    if (!isBooting) this.#ended(durationMs, ordersDue() - this.#ordersBefore);
  }

  /** The machine slept for so long, and with it everything. */
  slept(durationMs: number): void {
    // A device that is away is asleep longer than that, and says so when it is back.
    if (this.#awaySince === undefined) this.#ended(durationMs, this.#options.ordersDue());
  }

  #ended(durationMs: number, missedScheduled: number): void {
    const { identity, settings, clock, onWakeup } = this.#options;
    const current = settings();
    const now = clock.now();
    const missedPeriodic = current.periodicInformEnable
      ? occurrencesBetween(periodicRecurrence(current), identity, now - durationMs, now)
      : 0;
    if (isWakeup(current, { duration: durationMs / 1000, missedPeriodic, missedScheduled })) onWakeup();
  }
}
