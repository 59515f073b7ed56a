import { HttpError } from '../../platform/http/http-error.ts';
import { lanRequest } from '../../platform/http/lan-http.ts';
import type { Clock, Timer } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Subscription, SubscriptionListener, SubscriptionState } from '../types.ts';
import type { EventReceiver } from './event-receiver.ts';
import { newSubscription, stepSubscription } from './subscription-machine.ts';
import type { SubscriptionEffect, SubscriptionInput } from './subscription-machine.ts';

const ASKED_SECONDS = 1800;
const REQUEST_TIMEOUT_MS = 30_000;
/** When we stop, a device that is gone must not hold us: a SUBSCRIBE under way and its UNSUBSCRIBE take no longer together. */
const STOP_LIMIT_MS = 2000;
const MAX_BODY_BYTES = 64 * 1024;

export interface EventSubscriptionOptions {
  readonly eventSubUrl: string;
  readonly deviceAddress: string;
  readonly localAddress: string;
  readonly receiver: EventReceiver;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly listener: SubscriptionListener;
  /** Called once the subscription has ended for good. */
  readonly onStopped: () => void;
}

/** Carries out what the subscription machine decides. */
export class EventSubscription implements Subscription {
  readonly #options: EventSubscriptionOptions;
  readonly #aborted = new AbortController();
  /** Nothing is waited for any more, not even that the device takes note. */
  readonly #givenUp = new AbortController();
  #machine = newSubscription;
  #state: SubscriptionState = 'none';
  #timer: Timer | undefined;
  #callback: { readonly url: string; close(): void } | undefined;
  #stopping: Promise<void> | undefined;
  #lastRequest: Promise<void> = Promise.resolve();

  constructor(options: EventSubscriptionOptions) {
    this.#options = options;
    // Not at once: the listener must not be called before its owner holds the subscription.
    queueMicrotask(() => {
      this.#step({ kind: 'start' });
    });
  }

  get state(): SubscriptionState {
    return this.#state;
  }

  /** The machine was suspended: subscribes afresh. */
  resumed(): void {
    this.#step({ kind: 'resumed' });
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    this.#timer?.cancel();
    const abort = (): void => {
      this.#aborted.abort();
    };
    // A SUBSCRIBE under way gets a while longer: its SID is needed to take it back.
    if (this.#machine.phase !== 'subscribing') abort();
    const deadline = this.#options.clock.schedule(STOP_LIMIT_MS, () => {
      abort();
      this.#givenUp.abort();
    });
    this.#step({ kind: 'stop' });
    for (let last: Promise<void> | undefined; last !== this.#lastRequest;) {
      last = this.#lastRequest;
      await last;
    }
    deadline.cancel();
    this.#callback?.close();
    this.#options.onStopped();
  }

  #step(input: SubscriptionInput): void {
    const { machine, effects } = stepSubscription(this.#machine, input);
    this.#machine = machine;
    for (const effect of effects) this.#carryOut(effect);
  }

  #carryOut(effect: SubscriptionEffect): void {
    switch (effect.kind) {
      case 'subscribe':
        this.#lastRequest = this.#subscribe();
        break;
      case 'renew':
        this.#lastRequest = this.#renew(effect.sid);
        break;
      case 'unsubscribe':
        this.#lastRequest = this.#unsubscribe(effect.sid);
        break;
      case 'timer':
        this.#timer?.cancel();
        this.#timer = this.#options.clock.schedule(effect.delayMs, () => {
          this.#step({ kind: 'timer' });
        });
        break;
      case 'deliver':
        this.#options.listener.onEvent(effect.event);
        break;
      case 'state':
        this.#state = effect.state;
        this.#options.listener.onState(effect.state);
        break;
    }
  }

  async #subscribe(): Promise<void> {
    try {
      this.#callback ??= await this.#options.receiver.open({
        deviceAddress: this.#options.deviceAddress,
        // Events may overtake the answer to SUBSCRIBE. Those of a subscription that was given up get 412, which ends it [UDA 4.3.2].
        acceptsSid: (sid) => this.#machine.phase === 'subscribing' || this.#machine.sid === sid,
        onNotification: (notification) => {
          this.#step({ kind: 'notified', notification });
        },
      });
      const response = await this.#request('SUBSCRIBE', {
        CALLBACK: `<${this.#callback.url}>`,
        NT: 'upnp:event',
        TIMEOUT: `Second-${ASKED_SECONDS}`,
      });
      const sid = response.headers.get('sid') ?? '';
      if (response.status !== 200 || sid === '') throw new Error(`HTTP status ${response.status}`);
      this.#step({ kind: 'subscribed', sid, timeoutSeconds: readTimeout(response.headers.get('timeout')) });
    } catch (error) {
      this.#logFailure('subscription refused', error);
      this.#step({ kind: 'subscribeFailed' });
    }
  }

  async #renew(sid: string): Promise<void> {
    let unknown = false;
    try {
      const response = await this.#request('SUBSCRIBE', { SID: sid, TIMEOUT: `Second-${ASKED_SECONDS}` });
      // Some devices answer 404 or 400 to a SID they have forgotten; only trouble of their own (5xx) is worth a retry.
      unknown = response.status >= 400 && response.status < 500;
      if (response.status !== 200) throw new Error(`HTTP status ${response.status}`);
      this.#step({ kind: 'renewed', timeoutSeconds: readTimeout(response.headers.get('timeout')) });
    } catch (error) {
      this.#logFailure('subscription not renewed', error);
      this.#step({ kind: 'renewFailed', unknown });
    }
  }

  async #unsubscribe(sid: string): Promise<void> {
    try {
      await this.#request('UNSUBSCRIBE', { SID: sid });
    } catch (error) {
      this.#logFailure('subscription not cancelled', error);
    }
  }

  #request(method: 'SUBSCRIBE' | 'UNSUBSCRIBE', headers: Readonly<Record<string, string>>) {
    return lanRequest({
      url: this.#options.eventSubUrl,
      method,
      headers,
      localAddress: this.#options.localAddress,
      timeoutMs: REQUEST_TIMEOUT_MS,
      maxBytes: MAX_BODY_BYTES,
      signal: method === 'UNSUBSCRIBE' ? this.#givenUp.signal : this.#aborted.signal,
    });
  }

  #logFailure(message: string, error: unknown): void {
    if (error instanceof HttpError && error.kind === 'aborted') return;
    const reason = error instanceof Error ? error.message : String(error);
    this.#options.logger.info(message, { url: this.#options.eventSubUrl, error: reason });
  }
}

/** `Second-N`; undefined for `infinite` and anything else. [UDA 4.1.2] */
function readTimeout(header: string | undefined): number | undefined {
  const seconds = /^\s*second-(\d{1,9})/i.exec(header ?? '')?.[1];
  return seconds === undefined ? undefined : Number(seconds);
}
