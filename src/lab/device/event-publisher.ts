import type { EventFault } from './device-fault.ts';
import { randomUUID } from 'node:crypto';
import { request } from 'node:http';
import type { Clock, Timer } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import { escapeXml } from '../xml.ts';
import { isOnSubnet, type LabAddress } from './network.ts';
import type { ServiceTable } from './service-table.ts';

/** One NOTIFY that was sent. */
export interface SentEvent {
  readonly service: string;
  readonly sid: string;
  readonly seq: number;
  readonly variables: Readonly<Record<string, string>>;
  /** HTTP status of the answer; undefined when there was none. */
  readonly status: number | undefined;
}

export interface EventPublisherOptions {
  readonly service: ServiceTable;
  /** Text of an evented variable; `forEvent` false for initial events. */
  readonly read: (variable: string, forEvent: boolean) => string;
  readonly fault: () => EventFault | undefined;
  /** Where events come from: a subscriber takes those of the device only. */
  readonly localAddress: () => string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onSent: (event: SentEvent) => void;
}

interface Subscription {
  readonly sid: string;
  readonly callbacks: readonly URL[];
  seq: number;
  expiry: Timer;
  /** NOTIFYs go out one after the other. */
  tail: Promise<void>;
}

export interface SubscribeAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
}

const LONGEST_LEASE_SECONDS = 1800;
const MOST_SUBSCRIPTIONS = 64;
const NOTIFY_TIMEOUT_MS = 5000;

/** Publisher side of GENA for one service: subscriptions, SEQ, moderation [UDA 4]. */
export class EventPublisher {
  readonly #options: EventPublisherOptions;
  readonly #evented: readonly string[];
  readonly #subscriptions = new Map<string, Subscription>();
  readonly #pending = new Set<string>();
  readonly #lastSent = new Map<string, number>();
  #timer: Timer | undefined;

  constructor(options: EventPublisherOptions) {
    this.#options = options;
    this.#evented = Object.entries(options.service.variables)
      .filter(([, variable]) => variable.eventEveryMs !== undefined)
      .map(([name]) => name);
  }

  get subscriptionCount(): number {
    return this.#subscriptions.size;
  }

  /** SUBSCRIBE with CALLBACK and NT. The initial event waits until `sendInitial` is called. [UDA 4.1.2] */
  subscribe(
    callback: string,
    timeout: string | undefined,
    own: LabAddress,
  ): SubscribeAnswer & { readonly sendInitial?: () => Promise<void> } {
    const callbacks = readCallbacks(callback).filter((url) => isOnSubnet(own, url.hostname));
    // A callback elsewhere would let anyone aim our traffic at any host (CallStranger).
    if (callbacks.length === 0) return { status: 412, headers: {} };
    if (this.#subscriptions.size >= MOST_SUBSCRIPTIONS) return { status: 503, headers: {} };
    const sid = `uuid:${randomUUID()}`;
    const lease = leaseSeconds(timeout);
    const expiry = this.#expireLater(sid, lease);
    const subscription: Subscription = { sid, callbacks, seq: 0, expiry, tail: Promise.resolve() };
    this.#subscriptions.set(sid, subscription);
    return {
      status: 200,
      headers: { SID: sid, TIMEOUT: `Second-${lease}` },
      sendInitial: () => this.#enqueue(subscription, this.#snapshot(this.#evented, false)),
    };
  }

  /** SUBSCRIBE with SID [UDA 4.1.3]. */
  renew(sid: string, timeout: string | undefined): SubscribeAnswer {
    const subscription = this.#subscriptions.get(sid);
    if (subscription === undefined) return { status: 412, headers: {} };
    const lease = leaseSeconds(timeout);
    subscription.expiry.cancel();
    subscription.expiry = this.#expireLater(sid, lease);
    return { status: 200, headers: { SID: sid, TIMEOUT: `Second-${lease}` } };
  }

  unsubscribe(sid: string): SubscribeAnswer {
    const subscription = this.#subscriptions.get(sid);
    subscription?.expiry.cancel();
    this.#subscriptions.delete(sid);
    return { status: subscription === undefined ? 412 : 200, headers: {} };
  }

  /** Forgets all subscriptions, as a restart does. */
  clear(): void {
    for (const subscription of this.#subscriptions.values()) subscription.expiry.cancel();
    this.#subscriptions.clear();
    this.#pending.clear();
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** A variable changed: its event goes out as soon as its moderation allows [UDA 4.3.2]. */
  changed(variable: string): void {
    this.#pending.add(variable);
    this.#arm();
  }

  /**
   * Sends so many events of one variable, without regard to moderation and as fast as they are answered.
   * @param padding so many characters more in the variable, after a comma
   */
  async flood(variable: string, count: number, padding = 0): Promise<void> {
    const value = this.#options.read(variable, false);
    const snapshot = { [variable]: padding === 0 ? value : `${value},${'x'.repeat(padding)}` };
    for (const subscription of this.#subscriptions.values()) {
      for (let sent = 0; sent < count; sent += 1) void this.#enqueue(subscription, snapshot);
    }
    await Promise.all([...this.#subscriptions.values()].map((subscription) => subscription.tail));
  }

  /** Sends what is pending without regard to moderation and waits until every subscriber answered. */
  async flush(): Promise<void> {
    this.#send([...this.#pending]);
    await Promise.all([...this.#subscriptions.values()].map((subscription) => subscription.tail));
  }

  #dueIn(variable: string): number {
    const last = this.#lastSent.get(variable);
    if (last === undefined) return 0;
    const every = this.#options.service.variables[variable]?.eventEveryMs ?? 0;
    return Math.max(0, last + every - this.#options.clock.monotonic());
  }

  #arm(): void {
    if (this.#timer !== undefined || this.#pending.size === 0) return;
    const wait = Math.min(...[...this.#pending].map((variable) => this.#dueIn(variable)));
    this.#timer = this.#options.clock.schedule(wait, () => {
      this.#timer = undefined;
      this.#send([...this.#pending].filter((variable) => this.#dueIn(variable) <= 0));
      this.#arm();
    });
  }

  #send(variables: readonly string[]): void {
    if (variables.length === 0) return;
    const snapshot = this.#snapshot(variables, true);
    for (const variable of variables) {
      this.#pending.delete(variable);
      this.#lastSent.set(variable, this.#options.clock.monotonic());
    }
    for (const subscription of this.#subscriptions.values()) void this.#enqueue(subscription, snapshot);
  }

  #snapshot(variables: readonly string[], forEvent: boolean): Record<string, string> {
    return Object.fromEntries(variables.map((name) => [name, this.#options.read(name, forEvent)]));
  }

  #enqueue(subscription: Subscription, variables: Record<string, string>): Promise<void> {
    const fault = this.#options.fault();
    const { AttributeValuesUpdate: _optional, ...required } = variables;
    const told = fault === 'noAttributes' ? required : variables;
    if (fault === 'mute' || Object.keys(told).length === 0) return subscription.tail;
    const { seq } = subscription;
    subscription.seq = seq === 4_294_967_295 ? 1 : seq + (fault === 'wrongSeq' ? 2 : 1);
    subscription.tail = subscription.tail.then(() => this.#deliver(subscription, seq, told));
    return subscription.tail;
  }

  async #deliver(subscription: Subscription, seq: number, variables: Record<string, string>): Promise<void> {
    // Gone in the meantime: nobody may be sent an event after its subscription ended.
    if (!this.#subscriptions.has(subscription.sid)) return;
    const { sid } = subscription;
    let status: number | undefined;
    for (const callback of subscription.callbacks) {
      status = await notify(callback, this.#options.localAddress(), sid, seq, propertySet(variables));
      if (status !== undefined) break;
    }
    const service = this.#options.service.name;
    if (status !== 200) this.#options.logger.debug('event was not accepted', { service, sid, seq, status });
    // The subscription stays although the subscriber failed [UDA 4.3.2].
    this.#options.onSent({ service, sid, seq, variables, status });
  }

  #expireLater(sid: string, seconds: number): Timer {
    return this.#options.clock.schedule(seconds * 1000, () => this.#subscriptions.delete(sid));
  }
}

function leaseSeconds(timeout: string | undefined): number {
  const asked = Number(/^second-(\d{1,9})$/i.exec(timeout?.trim() ?? '')?.[1] ?? LONGEST_LEASE_SECONDS);
  return Math.min(Math.max(asked, 1), LONGEST_LEASE_SECONDS);
}

function readCallbacks(header: string): URL[] {
  const urls = [...header.matchAll(/<([^<>]+)>/g)].slice(0, 4).map((match) => match[1] ?? '');
  return urls
    .filter((url) => URL.canParse(url))
    .map((url) => new URL(url))
    .filter((url) => url.protocol === 'http:');
}

function propertySet(variables: Readonly<Record<string, string>>): string {
  const properties = Object.entries(variables).map(
    ([name, value]) => `<e:property><${name}>${escapeXml(value)}</${name}></e:property>`,
  );
  return (
    '<?xml version="1.0" encoding="utf-8"?>\n' +
    `<e:propertyset xmlns:e="urn:schemas-upnp-org:event-1-0">${properties.join('')}</e:propertyset>\n`
  );
}

/** Sends one NOTIFY; the status of the answer, or undefined when there was none in time. */
function notify(
  callback: URL,
  localAddress: string,
  sid: string,
  seq: number,
  body: string,
): Promise<number | undefined> {
  return new Promise((resolve) => {
    const message = request(callback, {
      method: 'NOTIFY',
      localAddress,
      agent: false,
      timeout: NOTIFY_TIMEOUT_MS,
      headers: {
        'CONTENT-TYPE': 'text/xml; charset="utf-8"',
        NT: 'upnp:event',
        NTS: 'upnp:propchange',
        SID: sid,
        SEQ: String(seq),
        'CONTENT-LENGTH': String(Buffer.byteLength(body)),
        CONNECTION: 'close',
      },
    });
    message.on('response', (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    message.on('timeout', () => message.destroy());
    message.on('error', () => resolve(undefined));
    message.on('close', () => resolve(undefined));
    message.end(body);
  });
}
