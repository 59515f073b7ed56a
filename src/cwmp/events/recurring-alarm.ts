import type { Clock, Timer } from '../../platform/clock.ts';
import type { EndpointIdentity } from '../types.ts';
import { nextOccurrence } from './periodic.ts';
import type { Recurrence } from './periodic.ts';

/** The wall clock may be set at any time: due times are compared with it at least this often. */
const LONGEST_SLEEP_MS = 60_000;

export interface RecurringAlarmOptions {
  readonly clock: Clock;
  readonly identity: EndpointIdentity;
  /** Sets the phases apart that one endpoint picks itself. */
  readonly salt: string;
  /** Undefined while nothing recurs. */
  readonly recurrence: () => Recurrence | undefined;
  readonly onDue: () => void;
}

/** Calls `onDue` at each occurrence, also where the wall clock is set forward or back meanwhile. */
export class RecurringAlarm {
  readonly #options: RecurringAlarmOptions;
  #dueMs: number | undefined;
  #timer: Timer | undefined;

  constructor(options: RecurringAlarmOptions) {
    this.#options = options;
  }

  /** Starts, or takes account of another recurrence. */
  restart(): void {
    this.stop();
    this.#plan();
    this.#arm();
  }

  /** Starts unless it is running: what recurs is the same. */
  start(): void {
    if (this.#timer === undefined) this.restart();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #plan(): void {
    const { recurrence, identity, salt, clock } = this.#options;
    const wanted = recurrence();
    this.#dueMs = wanted === undefined ? undefined : nextOccurrence(wanted, identity, clock.now(), salt);
  }

  #arm(): void {
    const { clock } = this.#options;
    this.#timer =
      this.#dueMs === undefined
        ? undefined
        : clock.schedule(Math.min(Math.max(0, this.#dueMs - clock.now()), LONGEST_SLEEP_MS), () =>
            this.#check(),
          );
  }

  #check(): void {
    const { clock, recurrence, onDue } = this.#options;
    const now = clock.now();
    const intervalMs = (recurrence()?.intervalSeconds ?? 0) * 1000;
    const isDue = this.#dueMs !== undefined && this.#dueMs <= now;
    // Further away than one interval: the wall clock was set back.
    if (isDue || (this.#dueMs ?? 0) - now > intervalMs) this.#plan();
    this.#arm();
    if (isDue) onDue();
  }
}
