import { randomBytes } from 'node:crypto';
import { abortable } from '../../datamodel/abortable.ts';
import type { DataModel } from '../../datamodel/data-model.ts';
import type { ParameterNode } from '../../datamodel/node.ts';
import type { Clock, Timer } from '../../platform/clock.ts';
import type { SendDatagram } from '../../platform/datagram.ts';
import { Deadline } from '../../platform/deadline.ts';
import type { Logger } from '../../platform/logger.ts';
import { RecurringAlarm } from '../events/recurring-alarm.ts';
import type { AcsSettings, EndpointIdentity } from '../types.ts';
import {
  formatNotification,
  frameNotification,
  LONGEST_DATAGRAM_BYTES,
  splitParameters,
} from './notification-message.ts';
import type { NotifiedParameter } from './notification-message.ts';

/** How soon a change is to be told. */
export type Urgency = 'active' | 'passive';

/** A parameter whose change has not been told. */
export interface PendingNotification {
  readonly path: string;
  readonly urgency: Urgency;
}

export interface LightweightNotifierOptions {
  readonly identity: EndpointIdentity;
  readonly model: DataModel;
  readonly settings: () => AcsSettings;
  /** False while no message may be sent at all. */
  readonly isAllowed: () => boolean;
  readonly send: SendDatagram;
  readonly clock: Clock;
  readonly logger: Logger;
  /** What was pending when the daemon stopped. */
  readonly pending: readonly PendingNotification[];
  /** What is pending has changed. */
  readonly changed: (pending: readonly PendingNotification[]) => void;
  /** Names parameters as the ACS wants them. */
  readonly nameOf: (parameters: readonly ParameterNode[]) => Promise<(path: string) => string>;
  /** Aborted when nothing is waited for any more, neither a value nor a name that is looked up. */
  readonly signal: AbortSignal;
}

/** When something could not be told (no route, no name, a silent device): the next attempts, milliseconds. */
const FIRST_RETRY_MS = 30_000;
const LONGEST_RETRY_MS = 3600_000;
/** Values that the device does not give in this time are told with a later message, milliseconds. */
const READ_DEADLINE_MS = 5000;
/** More than an ACS could want to hear by datagrams. */
const MAX_PENDING = 1024;

/**
 * Tells changes by UDP, without a session [TR-069 Annex M]. Active ones go out at once and take the passive ones along;
 * passive ones wait for that, or for LightweightNotificationTriggerTime ± n × LightweightNotificationTriggerInterval.
 * What was handed to the network counts as told: nobody acknowledges a datagram.
 */
export class LightweightNotifier {
  readonly #options: LightweightNotifierOptions;
  readonly #waiting: Map<string, PendingNotification>;
  /** In a message that is being made: the same parameter changing now is a new change. */
  readonly #underWay = new Map<string, PendingNotification>();
  readonly #trigger: RecurringAlarm;
  #flushing: Promise<void> | undefined;
  #failures = 0;
  #retry: Timer | undefined;
  #stopped = false;

  constructor(options: LightweightNotifierOptions) {
    this.#options = options;
    this.#waiting = new Map(options.pending.map((change) => [change.path, change]));
    this.#trigger = new RecurringAlarm({
      clock: options.clock,
      identity: options.identity,
      salt: 'lightweight',
      recurrence: () => {
        const current = options.settings();
        const intervalSeconds = current.lightweightNotificationTriggerInterval;
        if (this.#waiting.size === 0 || intervalSeconds === 0) return undefined;
        return { intervalSeconds, reference: current.lightweightNotificationTriggerTime };
      },
      onDue: () => this.#flush(),
    });
  }

  /** What an ACS has not been told, for the disk. */
  get pending(): PendingNotification[] {
    return [...new Map([...this.#underWay, ...this.#waiting]).values()];
  }

  /** The value of a parameter with a lightweight notification attribute changed. */
  valueChanged(path: string, urgency: Urgency): void {
    if (!this.#isOn || this.#stopped) return;
    if (!this.#waiting.has(path) && this.#waiting.size >= MAX_PENDING) {
      this.#options.logger.warn('too many lightweight notifications pending, one is dropped', { path });
      return;
    }
    this.#wait(path, urgency);
    this.#options.changed(this.pending);
    this.#wake();
  }

  /**
   * The ACS is about to write. The function that is returned is called with each parameter that it has written: what was pending
   * is no news any more. Returns false when the parameter has changed since, which may have come after the write.
   */
  acsWrites(): (path: string) => boolean {
    const before = new Map([...this.#underWay, ...this.#waiting]);
    return (path) => {
      const now = this.#waiting.get(path) ?? this.#underWay.get(path);
      if (now === undefined) return true;
      if (now !== before.get(path)) return false;
      this.#waiting.delete(path);
      this.#underWay.delete(path);
      this.#options.changed(this.pending);
      return true;
    };
  }

  /** Settings or reachability may be others now. */
  evaluate(): void {
    if (this.#stopped) return;
    if (!this.#isOn && this.#waiting.size > 0) {
      // [TR-181 LightweightNotificationProtocolsUsed] Empty: disabled, whatever the attributes say.
      this.#waiting.clear();
      this.#options.changed(this.pending);
    }
    this.#trigger.restart();
    this.#wake();
  }

  /** Resolves when a message under way is out, or nothing is waited for any more: it counts as not told then. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#trigger.stop();
    this.#retry?.cancel();
    // The look-up of a name may take for ever.
    await abortable(this.#flushing ?? Promise.resolve(), this.#options.signal).catch(() => undefined);
    this.#options.changed(this.pending);
  }

  get #isOn(): boolean {
    return this.#options.settings().lightweightNotificationProtocolsUsed !== '';
  }

  get #hasActive(): boolean {
    return [...this.#waiting.values()].some(({ urgency }) => urgency === 'active');
  }

  /** Each change is an object of its own, so that it can be told from one that came before. */
  #wait(path: string, urgency: Urgency): void {
    const isActive = urgency === 'active' || this.#waiting.get(path)?.urgency === 'active';
    this.#waiting.set(path, { path, urgency: isActive ? 'active' : 'passive' });
  }

  #wake(): void {
    this.#trigger.start();
    if (this.#retry === undefined && this.#hasActive) this.#flush();
  }

  /** All that changed in one turn of the event loop goes together. */
  #flush(): void {
    if (this.#flushing !== undefined || this.#stopped || !this.#options.isAllowed()) return;
    this.#flushing = Promise.resolve()
      .then(() => this.#sendWaiting())
      .catch((error: unknown) => {
        this.#options.logger.warn('lightweight notification not sent, trying again later', {
          error: error instanceof Error ? error.message : String(error),
        });
        return false;
      })
      .then((isAllTold) => {
        if (this.#options.signal.aborted) return;
        this.#flushing = undefined;
        this.#takeBack();
        this.#options.changed(this.pending);
        if (isAllTold) this.#succeeded();
        else this.#tryAgainLater();
      });
  }

  /** What was not told waits again; a change that came meanwhile may be more urgent. */
  #takeBack(): void {
    for (const [path, change] of this.#underWay) {
      if (this.#waiting.has(path)) this.#wait(path, change.urgency);
      else this.#waiting.set(path, change);
    }
    this.#underWay.clear();
  }

  #succeeded(): void {
    this.#failures = 0;
    if (!this.#stopped) this.#wake();
  }

  #tryAgainLater(): void {
    if (this.#stopped) return;
    const delayMs = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#failures);
    this.#failures += 1;
    this.#retry?.cancel();
    this.#retry = this.#options.clock.schedule(delayMs, () => {
      this.#retry = undefined;
      this.#flush();
    });
  }

  /** @returns whether everything was told */
  async #sendWaiting(): Promise<boolean> {
    for (const [path, change] of this.#waiting) this.#underWay.set(path, change);
    this.#waiting.clear();
    const { identity, clock, settings, logger, signal } = this.#options;
    const parameters = await this.#readUnderWay();
    const { username, password, url, ...current } = settings();
    const host = current.udpLightweightNotificationHost || new URL(url).hostname;
    const port = current.udpLightweightNotificationPort;
    const head = { identity, username, time: clock.now() };
    for (const part of splitParameters({ ...head, cnonce: newCnonce() }, parameters)) {
      if (signal.aborted) return false;
      const body = formatNotification({ ...head, cnonce: newCnonce(), parameters: part });
      const datagram = frameNotification(body, host, port, password);
      if (datagram.length > LONGEST_DATAGRAM_BYTES) {
        logger.warn('a value is too long for a lightweight notification, it is not told', {
          parameter: part[0]?.name ?? '',
        });
      } else await this.#options.send(host, port, datagram);
      for (const { path } of part) this.#underWay.delete(path);
    }
    if (parameters.length > 0)
      logger.info('lightweight notification sent', { parameters: parameters.length });
    return this.#underWay.size === 0;
  }

  /** Values of what is under way; what does not exist any more is not. */
  async #readUnderWay(): Promise<(NotifiedParameter & { readonly path: string })[]> {
    const { model, nameOf, clock, signal } = this.#options;
    const nodes: ParameterNode[] = [];
    for (const path of this.#underWay.keys()) {
      const node = model.find(path);
      if (node?.kind === 'parameter') nodes.push(node);
      else this.#underWay.delete(path);
    }
    const deadline = new Deadline(clock, READ_DEADLINE_MS, signal);
    try {
      const outcomes = await model.readValues(nodes, deadline.signal);
      const name = await nameOf(nodes);
      return nodes.flatMap(({ path, type }, index) => {
        const value = outcomes[index];
        // What the ACS has written meanwhile is what was read, perhaps.
        if (!this.#underWay.has(path)) return [];
        return typeof value === 'string' ? [{ path, name: name(path), type, value }] : [];
      });
    } finally {
      deadline.cancel();
    }
  }
}

function newCnonce(): string {
  return randomBytes(8).toString('hex');
}
