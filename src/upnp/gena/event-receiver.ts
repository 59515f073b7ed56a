import { randomBytes } from 'node:crypto';
import { createHttpServer } from '../../platform/http/http-server.ts';
import type { HttpServer, Request, Response } from '../../platform/http/http-server.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import { RateLimiter } from '../rate-limiter.ts';
import { parsePropertySet } from './parse-property-set.ts';
import type { Notification } from './subscription-machine.ts';
import { WarningDigest } from './warning-digest.ts';

/** Of the services that are subscribed to; it is read at one go. */
const MAX_EVENT_BYTES = 256 * 1024;
const MAX_CONNECTIONS = 256;
const MAX_CONNECTIONS_PER_HOST = 64;
const EVENTS_PER_SECOND = 20;
const EVENT_BURST = 100;
/** Of a longer event each part of this length counts as one: reading it costs as much. */
const BYTES_OF_AN_EVENT = 4096;
/** Devices send one event after the other: a late answer slows down whoever floods. Well below the 30 s of [UDA 4.3.2]. */
const REFUSAL_DELAY_MS = 1000;

export interface CallbackOptions {
  /** Only this host may send events. */
  readonly deviceAddress: string;
  /** Whether a SID may be ours: any while a SUBSCRIBE is under way, as its answer may come after the first event. */
  readonly acceptsSid: (sid: string) => boolean;
  readonly onNotification: (notification: Notification) => void;
}

interface Callback extends CallbackOptions {
  readonly limiter: RateLimiter;
}

/** Where devices send their events: one listener on one local address. */
export class EventReceiver {
  readonly #server: HttpServer;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #warnings: WarningDigest;
  readonly #callbacks = new Map<string, Callback>();
  readonly #address: string;
  #port: number | undefined;
  #starting: Promise<number> | undefined;

  constructor(address: string, clock: Clock, logger: Logger) {
    this.#address = address;
    this.#clock = clock;
    this.#logger = logger;
    this.#warnings = new WarningDigest(clock, logger);
    this.#server = createHttpServer({
      host: address,
      port: 0,
      maxBodyBytes: MAX_EVENT_BYTES,
      lenient: true,
      maxConnections: MAX_CONNECTIONS,
      maxConnectionsPerHost: MAX_CONNECTIONS_PER_HOST,
      logger,
      tooLarge: (request) => {
        const callback = this.#callbackOf(/^\/event\/(\w+)$/.exec(request.path)?.[1], request);
        if (callback === undefined) return;
        this.#warnings.warn('an event is too long to be read', callback.deviceAddress);
        this.#missed(callback, request);
      },
      routes: (app) => {
        app.notify('/event/:token', (request: Request, response: Response) => {
          this.#receive(request, response);
        });
      },
    });
  }

  /**
   * Opens a callback of unguessable path. [UDA 4.1.2]
   * @throws Error when the listener cannot be had
   */
  async open(options: CallbackOptions): Promise<{ readonly url: string; close(): void }> {
    this.#starting ??= this.#start();
    let port: number;
    try {
      port = this.#port ?? (await this.#starting);
    } catch (error) {
      this.#starting = undefined;
      throw error;
    }
    const token = randomBytes(16).toString('hex');
    const limiter = new RateLimiter(this.#clock, EVENTS_PER_SECOND, EVENT_BURST);
    this.#callbacks.set(token, { ...options, limiter });
    return {
      url: `http://${this.#address}:${port}/event/${token}`,
      close: () => void this.#callbacks.delete(token),
    };
  }

  async stop(): Promise<void> {
    this.#callbacks.clear();
    this.#warnings.stop();
    if (this.#starting !== undefined)
      await this.#starting.then(() => this.#server.stop()).catch(() => undefined);
  }

  async #start(): Promise<number> {
    const { port } = await this.#server.start();
    this.#port = port;
    return port;
  }

  #receive(request: Request, response: Response): void {
    const token = request.params['token'];
    const callback = this.#callbackOf(typeof token === 'string' ? token : undefined, request);
    if (callback === undefined) {
      response.status(412).end();
      return;
    }
    const { deviceAddress: source } = callback;
    const event = numbersOf(request);
    if (event === undefined) {
      response.status(400).end();
      return;
    }
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    if (!callback.limiter.take(Math.max(1, Math.ceil(body.length / BYTES_OF_AN_EVENT)))) {
      this.#warnings.warn('events come too fast, dropped', source);
      this.#clock.schedule(REFUSAL_DELAY_MS, () => {
        response.status(503).end();
        this.#missed(callback, request);
      });
      return;
    }
    // Answered before anything is done with it: single-threaded devices wait for this 200 before they answer our action.
    response.status(200).end();
    callback.onNotification({ ...event, variables: this.#parse(body, source) });
  }

  /** Undefined for a NOTIFY that is none of ours. */
  #callbackOf(token: string | undefined, request: Request): Callback | undefined {
    const callback = token === undefined ? undefined : this.#callbacks.get(token);
    const source = (request.socket.remoteAddress ?? '').replace(/^::ffff:/, '');
    if (source === callback?.deviceAddress && callback.acceptsSid(request.get('sid') ?? '')) return callback;
    this.#logger.debug('event refused', { source, known: callback !== undefined });
    return undefined;
  }

  /** What an event would have told is not known: there may be no other one that shows the gap. */
  #missed(callback: Callback, request: Request): void {
    const event = numbersOf(request);
    if (event !== undefined) callback.onNotification({ ...event, variables: undefined });
  }

  #parse(body: Buffer, source: string): ReadonlyMap<string, string> | undefined {
    try {
      return parsePropertySet(body);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#warnings.warn('unreadable event', source, { error: reason });
      return undefined;
    }
  }
}

function numbersOf(request: Request): Pick<Notification, 'sid' | 'seq'> | undefined {
  const sid = request.get('sid') ?? '';
  const seq = request.get('seq') ?? '';
  return sid === '' || !/^\d{1,10}$/.test(seq) ? undefined : { sid, seq: Number(seq) };
}
