import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { sleep, systemClock } from '../../platform/clock.ts';
import type { Clock } from '../../platform/clock.ts';
import { AcsDevice } from './acs-device.ts';
import type { InformRecord } from './acs-device.ts';
import type { AcsAuthenticationOptions } from './acs-authentication.ts';
import type { AcsSession, SessionTask } from './acs-session.ts';
import { sendConnectionRequest } from './connection-request.ts';
import type { ConnectionRequestResult } from './connection-request.ts';
import { CwmpListener } from './cwmp-listener.ts';
import type { Credentials } from './digest.ts';
import { CpeFault } from './messages.ts';
import type { CpeRequest, InformMessage, RpcAnswer } from './messages.ts';
import { CONNECTION_REQUEST_RETRY_MS, PATIENT_TRIES } from './patience.ts';
import { applyPresets } from './presets.ts';
import { RpcCalls } from './rpc-calls.ts';
import type { AcsScript } from './script.ts';
import type { CpeEnvelope } from './soap.ts';
import { Transcript } from './transcript.ts';
import type { TranscriptEntry } from './transcript.ts';
import { WebApi } from './web-api.ts';

export interface LabAcsOptions {
  /** Address to listen on, default 127.0.0.1. The page has no login: whoever reaches the address operates the CPEs. */
  readonly host?: string;
  /** Default 0: any free port. */
  readonly port?: number;
  readonly clock?: Clock;
  /** Demanded of CPEs; default none. */
  readonly authentication?: AcsAuthenticationOptions;
  /** Write the connection request credentials and the periodic Inform settings on a device's first session; default true. */
  readonly presets?: boolean;
  /** Default 300, GenieACS's. */
  readonly periodicInformIntervalSeconds?: number;
  /** Used for connection requests to a device whose credentials this ACS has not written. */
  readonly connectionRequestCredentials?: Credentials;
  /** Answers go out chunked. */
  readonly chunked?: boolean;
  /** Answers go out compressed. */
  readonly gzip?: boolean;
  /** Milliseconds before each answer, default 0. */
  readonly latencyMs?: number;
  /** Milliseconds of silence after which a session is given up, default 30 000. */
  readonly sessionTimeoutMs?: number;
  /** Messages kept in the transcript, default 20 000. */
  readonly transcriptLimit?: number;
}

/** What happens at the ACS, for the page and the demo. */
export type AcsEvent =
  | { readonly kind: 'inform'; readonly device: AcsDevice; readonly inform: InformRecord }
  | { readonly kind: 'sessionEnded'; readonly device: AcsDevice }
  | { readonly kind: 'reachability'; readonly device: AcsDevice };

export type SessionScript<T> = (session: AcsSession) => Promise<T>;

const DEFAULT_WAIT_MS = 20_000;

/** A small ACS that treats CPEs as GenieACS does, to be driven by tests, by the demo and by a person on its page. */
export class LabAcs {
  /** By id: OUI-ProductClass-Serial as GenieACS writes it. */
  readonly devices = new Map<string, AcsDevice>();
  readonly #transcript: Transcript;
  readonly #options: LabAcsOptions;
  readonly #clock: Clock;
  readonly #scripts = new Map<string, AcsScript>();
  readonly #listeners = new Set<(event: AcsEvent) => void>();
  readonly #listener: CwmpListener;
  readonly #webApi: WebApi;
  #server: Server | undefined;
  #informCount = 0;
  #address = '';

  constructor(options: LabAcsOptions = {}) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#transcript = new Transcript(options.transcriptLimit ?? 20_000);
    this.#listener = new CwmpListener(
      { ...options, clock: this.#clock, sessionTimeoutMs: options.sessionTimeoutMs ?? 30_000 },
      {
        transcript: this.#transcript,
        script: (deviceId) => this.#scripts.get(deviceId) ?? this.#scripts.get('*'),
        device: (deviceId) => this.#device(deviceId),
        informed: (device, inform, envelope) => {
          this.#informed(device, inform, envelope);
        },
        sessionEnded: (device) => {
          this.#sessionEnded(device);
        },
      },
    );
    this.#webApi = new WebApi(this);
  }

  /** @throws Error when the address cannot be bound */
  async start(): Promise<void> {
    const server = createServer((request, response) => {
      this.#route(request, response);
    });
    server.requestTimeout = 10_000;
    server.headersTimeout = 10_000;
    server.keepAliveTimeout = 60_000;
    const host = this.#options.host ?? '127.0.0.1';
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#options.port ?? 0, host, resolve);
    });
    this.#server = server;
    const bound = server.address();
    if (bound === null || typeof bound === 'string') throw new Error('the server has no port');
    this.#address = `http://${bound.family === 'IPv6' ? `[${bound.address}]` : bound.address}:${bound.port}`;
  }

  /** Cuts every connection; work that still waits rejects. */
  async stop(): Promise<void> {
    this.#webApi.stop();
    this.#listener.stop();
    for (const device of this.devices.values()) {
      for (const task of device.tasks.splice(0)) task.abandon(new Error('the ACS stopped'));
    }
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    const closed = new Promise<void>((resolve) => {
      server.close(() => {
        resolve();
      });
    });
    server.closeAllConnections();
    await closed;
  }

  /** For CPEs: `http://host:port/acs`. Known once started. */
  get url(): string {
    return `${this.#address}/acs`;
  }

  /** For people: `http://host:port/`. */
  get pageUrl(): string {
    return `${this.#address}/`;
  }

  /** Every HTTP message of every CPE, both directions, oldest first. */
  get transcript(): readonly TranscriptEntry[] {
    return this.#transcript.entries;
  }

  /** Number of the last Inform: give it to `waitForInform` to wait for later ones only. */
  get informCount(): number {
    return this.#informCount;
  }

  /** @returns a function that stops the listening */
  onEnvelope(listener: (entry: TranscriptEntry) => void): () => void {
    return this.#transcript.listen(listener);
  }

  /** @returns a function that stops the listening */
  onEvent(listener: (event: AcsEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Lets `script` look at each request of a device ('*': of every device without its own) before it is answered; undefined removes it. */
  script(deviceId: string, script: AcsScript | undefined): void {
    if (script === undefined) this.#scripts.delete(deviceId);
    else this.#scripts.set(deviceId, script);
  }

  /**
   * Queues work for the device's next session, or the current one: a request, whose answer (or fault) is the result, or a
   * script that makes several calls within the session. The device need not be known yet.
   */
  queue(deviceId: string, work: CpeRequest): Promise<RpcAnswer>;
  queue<T>(deviceId: string, work: SessionScript<T>): Promise<T>;
  queue<T>(deviceId: string, work: CpeRequest | SessionScript<T>): Promise<T | RpcAnswer> {
    return this.#enqueue(deviceId, toScript(work)).done;
  }

  /**
   * Queues work and asks the device for a session when it is in none.
   * @throws Error when the connection request fails or the work is not done within `timeoutMs`; it is then taken back
   */
  async perform<T>(
    deviceId: string,
    script: SessionScript<T>,
    timeoutMs: number = DEFAULT_WAIT_MS,
  ): Promise<T> {
    const device = this.#device(deviceId);
    const { done, task } = this.#enqueue(deviceId, script);
    const deadline = this.#clock.schedule(timeoutMs, () => {
      giveUp(device, task, new Error(`not done within ${timeoutMs} ms`));
    });
    try {
      if (device.session === undefined) {
        void this.#connect(device, task);
      } else {
        // The session may be past its last request: then the work needs one of its own.
        const stopListening = this.onEvent((event) => {
          if (event.kind !== 'sessionEnded' || event.device !== device) return;
          stopListening();
          if (device.tasks.includes(task)) void this.#connect(device, task);
        });
      }
      return await done;
    } finally {
      deadline.cancel();
    }
  }

  /** The RPC methods of one device as typed calls, each by `perform`. */
  cpe(deviceId: string): RpcCalls {
    return new RemoteCpe(this, deviceId);
  }

  /**
   * Asks the device for a session with the credentials that this ACS last wrote to it. Never rejects.
   * @param tries how often at most while the answer is 503, which a CPE that throttles gives as well as one that is offline
   */
  async connectionRequest(deviceId: string, tries = 1): Promise<ConnectionRequestResult> {
    const device = this.#device(deviceId);
    const credentials = device.credentials ??
      this.#options.connectionRequestCredentials ?? { username: '', password: '' };
    for (let attempt = 1; ; attempt++) {
      const result = await sendConnectionRequest(device.connectionRequestUrl, credentials);
      if (result.status === 503 && attempt < tries && device.session === undefined) {
        await sleep(this.#clock, CONNECTION_REQUEST_RETRY_MS);
        continue;
      }
      if (device.isOnline !== result.accepted) {
        device.isOnline = result.accepted;
        this.#emit({ kind: 'reachability', device });
      }
      return result;
    }
  }

  /** The first Inform of the device ('*': of any) after number `after` (default 0: since the start) for which `predicate` holds. */
  waitForInform(
    deviceId: string,
    predicate: (inform: InformRecord) => boolean = () => true,
    timeoutMs: number = DEFAULT_WAIT_MS,
    after = 0,
  ): Promise<InformRecord> {
    const isMatch = (inform: InformRecord): boolean =>
      inform.sequence > after && (deviceId === '*' || inform.deviceId === deviceId) && predicate(inform);
    const past = [...this.devices.values()]
      .flatMap((device) => device.informs)
      .sort((a, b) => a.sequence - b.sequence)
      .find(isMatch);
    if (past !== undefined) return Promise.resolve(past);
    return this.#waitFor(
      (event) => (event.kind === 'inform' && isMatch(event.inform) ? event.inform : undefined),
      `an Inform of ${deviceId === '*' ? 'any device' : deviceId}`,
      timeoutMs,
    );
  }

  /** Waits until the device is in no session and nothing is queued for it. */
  async waitForIdle(deviceId: string, timeoutMs: number = DEFAULT_WAIT_MS): Promise<void> {
    const device = this.#device(deviceId);
    if (device.session === undefined && device.tasks.length === 0) return;
    await this.#waitFor(
      (event) =>
        event.kind === 'sessionEnded' && event.device === device && device.tasks.length === 0
          ? event
          : undefined,
      `the end of the session of ${deviceId}`,
      timeoutMs,
    );
  }

  #waitFor<T>(pick: (event: AcsEvent) => T | undefined, what: string, timeoutMs: number): Promise<T> {
    return new Promise((resolve, reject) => {
      const stopListening = this.onEvent((event) => {
        const picked = pick(event);
        if (picked === undefined) return;
        timer.cancel();
        stopListening();
        resolve(picked);
      });
      const timer = this.#clock.schedule(timeoutMs, () => {
        stopListening();
        reject(new Error(`timed out after ${timeoutMs} ms waiting for ${what}`));
      });
    });
  }

  #enqueue<T>(deviceId: string, script: SessionScript<T>): { done: Promise<T>; task: SessionTask } {
    const { promise, resolve, reject } = withResolvers<T>();
    // Whoever queued it may not be listening any more when the ACS stops.
    promise.catch(() => undefined);
    const task: SessionTask = {
      run: async (session) => {
        try {
          resolve(await script(session));
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      },
      abandon: reject,
    };
    this.#device(deviceId).tasks.push(task);
    return { done: promise, task };
  }

  async #connect(device: AcsDevice, task: SessionTask): Promise<void> {
    const result = await this.connectionRequest(device.id, PATIENT_TRIES);
    if (result.accepted || device.session !== undefined) return;
    giveUp(device, task, new Error(`connection request: ${result.text}`));
  }

  #device(deviceId: string): AcsDevice {
    let device = this.devices.get(deviceId);
    if (device === undefined) {
      device = new AcsDevice(deviceId);
      this.devices.set(deviceId, device);
    }
    return device;
  }

  #informed(device: AcsDevice, message: InformMessage, envelope: CpeEnvelope): void {
    const inform: InformRecord = {
      ...message,
      sequence: ++this.#informCount,
      deviceId: device.id,
      time: this.#clock.now(),
      namespace: envelope.namespace,
      supportedCwmpVersions: envelope.supportedCwmpVersions,
    };
    device.addInform(inform);
    if (this.#options.presets !== false && !device.arePresetsQueued) {
      device.arePresetsQueued = true;
      const interval = this.#options.periodicInformIntervalSeconds ?? 300;
      const { task, done } = this.#enqueue(device.id, (session) => applyPresets(session, device, interval));
      device.tasks.unshift(...device.tasks.splice(device.tasks.indexOf(task), 1));
      // A session lost on the way: once more in the next one. A CPE that refuses is left alone.
      done.catch((error: unknown) => {
        if (!(error instanceof CpeFault)) device.arePresetsQueued = false;
      });
    }
    this.#emit({ kind: 'inform', device, inform });
  }

  #sessionEnded(device: AcsDevice): void {
    this.#emit({ kind: 'sessionEnded', device });
  }

  #emit(event: AcsEvent): void {
    for (const listener of [...this.#listeners]) listener(event);
  }

  #route(request: IncomingMessage, response: ServerResponse): void {
    const isPage = request.method === 'GET' || (request.url ?? '').startsWith('/api/');
    void (isPage ? this.#webApi.handle(request, response) : this.#listener.handle(request, response));
  }
}

class RemoteCpe extends RpcCalls {
  readonly #acs: LabAcs;
  readonly #deviceId: string;

  constructor(acs: LabAcs, deviceId: string) {
    super();
    this.#acs = acs;
    this.#deviceId = deviceId;
  }

  override call(request: CpeRequest): Promise<RpcAnswer> {
    return this.#acs.perform(this.#deviceId, (session) => session.call(request));
  }
}

function toScript<T>(work: CpeRequest | SessionScript<T>): SessionScript<T | RpcAnswer> {
  return typeof work === 'function' ? work : (session) => session.call(work);
}

function giveUp(device: AcsDevice, task: SessionTask, error: Error): void {
  const index = device.tasks.indexOf(task);
  if (index >= 0) device.tasks.splice(index, 1);
  task.abandon(error);
}

function withResolvers<T>(): {
  promise: Promise<T>;
  resolve: (value: T) => void;
  reject: (error: Error) => void;
} {
  let resolve!: (value: T) => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}
