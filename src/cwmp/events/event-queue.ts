import { eventOrder, eventRule, isVendorEvent } from './event-table.ts';
import type { EndpointEvent } from '../types.ts';

/** [TR-069 A.3.3.1] An Inform holds at most 64 events. */
export const MAX_INFORM_EVENTS = 64;

/** M events wait for an ACS that may be away for months: beyond this some are given up, never those that happen once. */
const MAX_QUEUED_EVENTS = 256;

interface Entry extends EndpointEvent {
  /** In an Inform that was sent and not answered yet: the same event happening now is a new one. */
  sent: boolean;
}

/**
 * Undelivered events of one endpoint, without "4 VALUE CHANGE", which follows from the value changes.
 * Rules come from the event table.
 */
export class EventQueue {
  #entries: Entry[] = [];

  readonly #onGivenUp: (event: EndpointEvent) => void;

  /** @param onGivenUp called with each event that there is no room for */
  constructor(
    stored: readonly EndpointEvent[] = [],
    onGivenUp: (event: EndpointEvent) => void = () => undefined,
  ) {
    this.#onGivenUp = onGivenUp;
    for (const event of stored) this.add(event.code, event.commandKey);
  }

  /** @returns whether the queue changed: the event was not waiting already */
  add(code: string, commandKey = ''): boolean {
    const rule = eventRule(code);
    const key = rule.cumulative === 'multiple' ? commandKey : '';
    if (this.#entries.some((entry) => !entry.sent && entry.code === code && entry.commandKey === key))
      return false;
    if (code === '0 BOOTSTRAP') {
      // [TR-069 3.7.1.5] BOOTSTRAP makes every other undelivered event void.
      this.#entries = [];
    }
    this.#entries.push({ code, commandKey: key, sent: false });
    if (this.#entries.length > MAX_QUEUED_EVENTS) this.#giveUpOne();
    return true;
  }

  get size(): number {
    return this.#entries.length;
  }

  has(code: string): boolean {
    return this.#entries.some((entry) => entry.code === code);
  }

  /** Takes the events of the next Inform, in its order; they stay queued until `delivered`. */
  take(limit = MAX_INFORM_EVENTS): EndpointEvent[] {
    const sorted = [...this.#entries].sort((a, b) => eventOrder(a.code) - eventOrder(b.code)).slice(0, limit);
    for (const entry of sorted) entry.sent = true;
    return sorted.map(({ code, commandKey }) => ({ code, commandKey }));
  }

  /** Forgets what was taken and is delivered by a message of `kind`. @returns what that was */
  delivered(kind: string): EndpointEvent[] {
    const isDone = (entry: Entry): boolean => entry.sent && eventRule(entry.code).deliveredBy === kind;
    const done = this.#entries.filter(isDone);
    if (done.length === 0) return [];
    this.#entries = this.#entries.filter((entry) => !isDone(entry));
    // Those that did not find room in this Inform need theirs in the next one.
    for (const { code } of this.#entries.filter(({ sent }) => !sent)) {
      const { companion } = eventRule(code);
      if (companion !== undefined) this.add(companion);
    }
    return done.map(({ code, commandKey }) => ({ code, commandKey }));
  }

  /** Ends the attempt begun by `take`: what is undelivered waits again, or is dropped where the table says so. */
  settle(): void {
    const kept = this.#entries.filter((entry) => !(entry.sent && eventRule(entry.code).retry === 'never'));
    this.#entries = [];
    for (const entry of kept) this.add(entry.code, entry.commandKey);
  }

  /** The CPE rebooted: what is kept only until then goes. */
  rebooted(): void {
    this.#entries = this.#entries.filter((entry) => eventRule(entry.code).retry === 'always');
  }

  /** The ACS minds least what is on its way already, then the vendor's own, then the oldest of all that come in numbers. */
  #giveUpOne(): void {
    const many = this.#entries.filter(({ code }) => eventRule(code).cumulative === 'multiple');
    const isTwice = (entry: Entry): boolean =>
      entry.sent &&
      many.some(
        ({ code, commandKey, sent }) => !sent && code === entry.code && commandKey === entry.commandKey,
      );
    const victim = many.find(isTwice) ?? many.find(({ code }) => isVendorEvent(code)) ?? many[0];
    if (victim === undefined) return;
    this.#entries = this.#entries.filter((entry) => entry !== victim);
    this.#onGivenUp({ code: victim.code, commandKey: victim.commandKey });
  }

  list(): EndpointEvent[] {
    return this.#entries.map(({ code, commandKey }) => ({ code, commandKey }));
  }

  /** What must be found again after a restart of the daemon, which is no reboot of the CPE. */
  toStored(): EndpointEvent[] {
    return this.list().filter((event) => eventRule(event.code).retry !== 'never');
  }
}
