import type { Clock } from '../platform/clock.ts';
import type { EndpointState } from './endpoint-state.ts';
import { InformAlarm } from './events/inform-alarm.ts';
import { nextPeriodicInform } from './events/periodic.ts';
import { RpcFault } from './rpc/rpc-fault.ts';
import type { EndpointIdentity, SettingsStore } from './types.ts';

/** More ScheduleInform orders than an ACS has reason to give. */
const MAX_SCHEDULED_INFORMS = 64;
/** Stored times that are less wrong than this stay as they are. */
const TOLERANCE_MS = 1000;

export interface InformScheduleOptions {
  readonly state: EndpointState;
  readonly settings: SettingsStore;
  readonly identity: EndpointIdentity;
  readonly clock: Clock;
  /** What has to be saved changed. `fresh`: events that are due were queued and were not pending before. */
  readonly onChange: (fresh: boolean) => void;
}

interface Order {
  /** Monotonic. */
  readonly dueAt: number;
  readonly commandKey: string;
}

/**
 * When an endpoint informs by the clock. Periodic Informs have a phase of the wall clock and follow it wherever it is set: one
 * that was passed over is made up for at once. Orders of ScheduleInform are a time from now: the wall clock is only asked how
 * long the daemon was not running, and never believed to have stood still for longer than the order has left.
 */
export class InformSchedule {
  readonly #options: InformScheduleOptions;
  readonly #alarm: InformAlarm;
  #orders: readonly Order[];
  /** Wall clock less monotonic time when the orders were stored. */
  #storedOffsetMs: number;
  /** Wall clock. */
  #periodicDue: number | undefined;

  constructor(options: InformScheduleOptions) {
    const { clock, state } = options;
    this.#options = options;
    this.#alarm = new InformAlarm(
      clock,
      () => this.#untilDue(),
      () => this.#due(),
    );
    this.#storedOffsetMs = this.#offsetMs();
    this.#orders = state.scheduled.map(({ dueMs, remainingMs, commandKey }) => {
      const leftMs = Math.min(Math.max(0, dueMs - clock.now()), remainingMs ?? Infinity);
      return { dueAt: clock.monotonic() + leftMs, commandKey };
    });
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

  /** The machine was suspended for so long, milliseconds: what fell due meanwhile is due now. */
  resumed(sleptMs: number): void {
    this.#keep(this.#orders.map((order) => ({ ...order, dueAt: order.dueAt - sleptMs })));
    this.#due();
    this.#alarm.arm();
  }

  /** Resolves when the order is durable. @throws RpcFault 9004 when there are too many, or what the store throws */
  async order(delaySeconds: number, commandKey: string): Promise<void> {
    const { state, clock } = this.#options;
    if (this.#orders.length >= MAX_SCHEDULED_INFORMS) throw new RpcFault(9004, 'too many scheduled Informs');
    const order = { dueAt: clock.monotonic() + delaySeconds * 1000, commandKey };
    this.#keep([...this.#orders, order]);
    try {
      await state.saveEvents();
    } catch (error) {
      // The ACS is told that it was refused.
      this.#keep(this.#orders.filter((other) => other !== order));
      throw error;
    }
    this.#alarm.arm();
  }

  #keep(orders: readonly Order[]): void {
    const { state, clock } = this.#options;
    this.#orders = orders;
    this.#storedOffsetMs = this.#offsetMs();
    state.scheduled = orders.map(({ dueAt, commandKey }) => {
      const remainingMs = Math.round(dueAt - clock.monotonic());
      return { dueMs: Math.round(clock.now()) + remainingMs, remainingMs, commandKey };
    });
  }

  #offsetMs(): number {
    return this.#options.clock.now() - this.#options.clock.monotonic();
  }

  #untilDue(): number | undefined {
    const { settings, identity, clock } = this.#options;
    const now = clock.now();
    const intervalMs = settings.current.periodicInformInterval * 1000;
    if (this.#periodicDue !== undefined && this.#periodicDue - now > intervalMs) {
      // The wall clock was set back.
      this.#periodicDue = nextPeriodicInform(settings.current, identity, now);
    }
    if (this.#orders.length > 0 && Math.abs(this.#offsetMs() - this.#storedOffsetMs) > TOLERANCE_MS) {
      // What is stored is a time of the wall clock.
      this.#keep(this.#orders);
      this.#options.onChange(false);
    }
    const delays = this.#orders.map(({ dueAt }) => dueAt - clock.monotonic());
    if (this.#periodicDue !== undefined) delays.push(this.#periodicDue - now);
    return delays.length === 0 ? undefined : Math.min(...delays);
  }

  #due(): void {
    const { settings, identity, state, clock } = this.#options;
    const now = clock.now();
    let fresh = false;
    if (this.#periodicDue !== undefined && this.#periodicDue <= now) {
      fresh = state.queue.add('2 PERIODIC');
      this.#periodicDue = nextPeriodicInform(settings.current, identity, now);
    }
    const isDue = ({ dueAt }: Order): boolean => dueAt <= clock.monotonic();
    for (const { commandKey } of this.#orders.filter(isDue)) {
      state.queue.add('3 SCHEDULED');
      fresh = state.queue.add('M ScheduleInform', commandKey) || fresh;
    }
    this.#keep(this.#orders.filter((order) => !isDue(order)));
    this.#options.onChange(fresh);
  }
}
