import { randomBytes } from 'node:crypto';
import type { DataModel } from '../../datamodel/data-model.ts';
import type { ParameterNode } from '../../datamodel/node.ts';
import type { Clock } from '../../platform/clock.ts';
import type { SendDatagram } from '../../platform/datagram.ts';
import type { Logger } from '../../platform/logger.ts';
import { RecurringAlarm } from '../events/recurring-alarm.ts';
import type { AcsSettings, EndpointIdentity } from '../types.ts';
import { formatNotification, frameNotification, splitParameters } from './notification-message.ts';
import type { NotifiedParameter } from './notification-message.ts';

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
  readonly pending: readonly string[];
  /** What is pending has changed. */
  readonly changed: (pending: readonly string[]) => void;
  /** Name of a parameter as the ACS wants it. */
  readonly nameOf: (parameters: readonly ParameterNode[]) => Promise<(path: string) => string>;
}

/** When nothing can be sent (no route, no name): the next attempt, milliseconds. */
const RETRY_MS = 60_000;
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
  readonly #active = new Set<string>();
  readonly #passive: Set<string>;
  readonly #trigger: RecurringAlarm;
  #flushing: Promise<void> | undefined;
  #stopped = false;

  constructor(options: LightweightNotifierOptions) {
    const { clock } = options;
    this.#options = options;
    this.#passive = new Set(options.pending);
    this.#trigger = new RecurringAlarm({
      clock,
      identity: options.identity,
      salt: 'lightweight',
      recurrence: () => {
        const current = options.settings();
        const intervalSeconds = current.lightweightNotificationTriggerInterval;
        if (this.#passive.size === 0 || intervalSeconds === 0) return undefined;
        return { intervalSeconds, reference: current.lightweightNotificationTriggerTime };
      },
      onDue: () => this.#flush(),
    });
  }

  /** Paths, for the disk. After a restart they wait for the trigger. */
  get pending(): string[] {
    return [...new Set([...this.#active, ...this.#passive])];
  }

  /** The value of a parameter with a lightweight notification attribute changed. */
  valueChanged(path: string, urgency: 'active' | 'passive'): void {
    if (!this.#isOn || this.#stopped) return;
    if (this.#active.size + this.#passive.size >= MAX_PENDING) {
      this.#options.logger.warn('too many lightweight notifications pending, one is dropped', { path });
      return;
    }
    (urgency === 'active' ? this.#active : this.#passive).add(path);
    this.#options.changed(this.pending);
    this.#wake();
  }

  /** Settings or reachability may be others now. */
  evaluate(): void {
    if (this.#stopped) return;
    if (!this.#isOn && this.pending.length > 0) {
      // [TR-181 LightweightNotificationProtocolsUsed] Empty: disabled, whatever the attributes say.
      this.#active.clear();
      this.#passive.clear();
      this.#options.changed(this.pending);
    }
    this.#trigger.restart();
    this.#wake();
  }

  /** Resolves when a message under way is out. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#trigger.stop();
    await this.#flushing;
  }

  #wake(): void {
    this.#trigger.start();
    if (this.#active.size > 0) this.#flush();
  }

  get #isOn(): boolean {
    return this.#options.settings().lightweightNotificationProtocolsUsed !== '';
  }

  /** All that changed in one turn of the event loop goes together. */
  #flush(): void {
    if (this.#flushing !== undefined || this.#stopped || !this.#options.isAllowed()) return;
    this.#flushing = Promise.resolve()
      .then(() => this.#sendPending())
      .catch((error: unknown) => {
        this.#options.logger.warn('lightweight notification not sent, trying again', {
          error: error instanceof Error ? error.message : String(error),
        });
        return false;
      })
      .then((isSent) => {
        this.#flushing = undefined;
        if (this.#stopped) return;
        if (isSent) this.#wake();
        else this.#options.clock.schedule(RETRY_MS, () => this.#flush());
      });
  }

  /** @returns whether all is told that was pending */
  async #sendPending(): Promise<boolean> {
    const { identity, clock, settings, logger, changed } = this.#options;
    const paths = this.pending;
    const { parameters, told, gone } = await this.#read(paths);
    const { username, password, url, ...current } = settings();
    const host = current.udpLightweightNotificationHost || new URL(url).hostname;
    const port = current.udpLightweightNotificationPort;
    const head = { identity, username, time: clock.now() };
    for (const part of splitParameters({ ...head, cnonce: newCnonce() }, parameters)) {
      const body = formatNotification({ ...head, cnonce: newCnonce(), parameters: part });
      await this.#options.send(host, port, frameNotification(body, host, port, password));
    }
    for (const path of [...told, ...gone]) {
      this.#active.delete(path);
      this.#passive.delete(path);
    }
    changed(this.pending);
    logger.info('lightweight notification sent', { parameters: parameters.length });
    return told.length + gone.length === paths.length;
  }

  async #read(
    paths: readonly string[],
  ): Promise<{ parameters: NotifiedParameter[]; told: string[]; gone: string[] }> {
    const { model, nameOf } = this.#options;
    const nodes: ParameterNode[] = [];
    const gone: string[] = [];
    for (const path of paths) {
      const node = model.find(path);
      if (node?.kind === 'parameter') nodes.push(node);
      else gone.push(path);
    }
    const outcomes = await model.readValues(nodes, AbortSignal.timeout(READ_DEADLINE_MS));
    const name = await nameOf(nodes);
    const parameters = nodes.flatMap(({ path, type }, index) => {
      const value = outcomes[index];
      return typeof value === 'string' ? [{ path, name: name(path), type, value }] : [];
    });
    return { parameters, told: parameters.map(({ path }) => path), gone };
  }
}

function newCnonce(): string {
  return randomBytes(8).toString('hex');
}
