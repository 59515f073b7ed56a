import type { Clock } from '../platform/clock.ts';
import type { EndpointState } from './endpoint-state.ts';
import { InformAlarm } from './events/inform-alarm.ts';
import { nextPeriodicInform } from './events/periodic.ts';
import { RpcFault } from './rpc/rpc-fault.ts';
import type { EndpointIdentity, SettingsStore } from './types.ts';

/** More ScheduleInform orders than an ACS has reason to give. */
const MAX_SCHEDULED_INFORMS = 64;

export interface InformScheduleOptions {
  readonly state: EndpointState;
  readonly settings: SettingsStore;
  readonly identity: EndpointIdentity;
  readonly clock: Clock;
  /** Events that are due were queued. `fresh`: some were not pending before. */
  readonly onDue: (fresh: boolean) => void;
}

/** When an endpoint informs by the clock: periodically, and as the ACS ordered by ScheduleInform. */
export class InformSchedule {
  readonly #options: InformScheduleOptions;
  readonly #alarm: InformAlarm;
  #periodicDue: number | undefined;

  constructor(options: InformScheduleOptions) {
    this.#options = options;
    this.#alarm = new InformAlarm(
      options.clock,
      (nowMs) => this.#nextDue(nowMs),
      (nowMs) => this.#alarmed(nowMs),
    );
  }

  /** Starts, or takes account of changed settings. */
  restart(): void {
    const { settings, identity, clock } = this.#options;
    this.#periodicDue = nextPeriodicInform(settings.current, identity, clock.now());
    this.#alarm.arm();
  }

  stop(): void {
    this.#alarm.stop();
  }

  /** What fell due while no timer ran is due now. */
  catchUp(): void {
    this.#alarmed(this.#options.clock.now());
    this.#alarm.arm();
  }

  /** Resolves when the order is durable. @throws RpcFault 9004 when there are too many */
  async order(delaySeconds: number, commandKey: string): Promise<void> {
    const { state, clock } = this.#options;
    if (state.scheduled.length >= MAX_SCHEDULED_INFORMS) {
      throw new RpcFault(9004, 'too many scheduled Informs');
    }
    const dueMs = clock.now() + delaySeconds * 1000;
    state.scheduled = [...state.scheduled, { dueMs, commandKey }];
    await state.saveEvents();
    this.#alarm.arm();
  }

  #nextDue(nowMs: number): number | undefined {
    const { settings, identity, state } = this.#options;
    const intervalMs = settings.current.periodicInformInterval * 1000;
    if (this.#periodicDue !== undefined && this.#periodicDue - nowMs > intervalMs) {
      // The wall clock was set back.
      this.#periodicDue = nextPeriodicInform(settings.current, identity, nowMs);
    }
    const dues = state.scheduled.map(({ dueMs }) => dueMs);
    if (this.#periodicDue !== undefined) dues.push(this.#periodicDue);
    return dues.length === 0 ? undefined : Math.min(...dues);
  }

  #alarmed(nowMs: number): void {
    const { settings, identity, state } = this.#options;
    const { queue } = state;
    let fresh = false;
    if (this.#periodicDue !== undefined && this.#periodicDue <= nowMs) {
      fresh = queue.add('2 PERIODIC');
      this.#periodicDue = nextPeriodicInform(settings.current, identity, nowMs);
    }
    for (const { dueMs, commandKey } of state.scheduled) {
      if (dueMs > nowMs) continue;
      queue.add('3 SCHEDULED');
      fresh = queue.add('M ScheduleInform', commandKey) || fresh;
    }
    state.scheduled = state.scheduled.filter(({ dueMs }) => dueMs > nowMs);
    this.#options.onDue(fresh);
  }
}
