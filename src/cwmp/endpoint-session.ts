import type { ParameterNode } from '../datamodel/node.ts';
import type { CwmpNamespace } from './codec/messages.ts';
import type { EndpointState } from './endpoint-state.ts';
import { buildInform } from './inform.ts';
import type { BuiltInform } from './inform.ts';
import type { InformSchedule } from './inform-schedule.ts';
import { Addressing } from './rpc/addressing.ts';
import { executeRpc } from './rpc/execute-rpc.ts';
import type { RpcContext } from './rpc/rpc-context.ts';
import type { RpcRegistry } from './rpc/rpc-registry.ts';
import { runSession } from './session/session.ts';
import type { SessionOutcome } from './session/session.ts';
import { NAMESPACES, olderNamespace } from './session/versions.ts';
import type { AcsSettings, CwmpEndpointOptions, EndpointStatus, SessionResult } from './types.ts';
import type { ValueWatch } from './value-watch.ts';

/** [TR-069 3.7] The CPE waits 30 s or more for an answer. */
const DEFAULT_ACS_TIMEOUT_SECONDS = 60;
/** Deployed ACSs give a CPE 30 s from request to response. */
const RPC_DEADLINE_MS = 20_000;
/** "4 VALUE CHANGE" needs one of the 64 places. */
const MAX_QUEUED_EVENTS_PER_INFORM = 63;

export interface EndpointSessionOptions extends CwmpEndpointOptions {
  readonly state: EndpointState;
  readonly watch: ValueWatch;
  readonly schedule: InformSchedule;
  readonly registry: RpcRegistry;
  readonly retryCount: () => number;
  /** The ACS has changed attributes. */
  readonly onAttributesChange: () => void;
  readonly signal: AbortSignal;
}

/** Runs the sessions of one endpoint, one after the other. */
export class EndpointSession {
  readonly #options: EndpointSessionOptions;
  /** Lowered for good when the ACS refuses it (8006). */
  #namespace: CwmpNamespace = NAMESPACES[0] ?? 'urn:dslforum-org:cwmp-1-2';
  readonly #addressing: Addressing;
  #running = false;
  #lastInform: EndpointStatus['lastInform'];
  #afterSession: (() => Promise<void>)[] = [];

  constructor(options: EndpointSessionOptions) {
    this.#options = options;
    this.#addressing = new Addressing({
      model: options.model,
      settings: () => options.settings.current,
      enabled: options.aliasBasedAddressing === true,
    });
  }

  /** Names parameters as the ACS wants them. */
  namer(parameters: readonly ParameterNode[]): Promise<(path: string) => string> {
    return this.#addressing.namer(parameters, this.#options.signal);
  }

  get isRunning(): boolean {
    return this.#running;
  }

  get lastInform(): EndpointStatus['lastInform'] {
    return this.#lastInform;
  }

  /** From the Inform to the end, with what has to happen afterwards. Never rejects. */
  async run(): Promise<SessionResult> {
    const { state, logger } = this.#options;
    this.#running = true;
    try {
      const outcome = await this.#attempt();
      this.#log(outcome);
      return outcome.result;
    } catch (error) {
      logger.error('session could not be run', { error });
      return 'failed';
    } finally {
      state.queue.settle();
      this.#running = false;
      for (const action of this.#afterSession.splice(0)) {
        await action().catch((error: unknown) => logger.error('action after a session failed', { error }));
      }
    }
  }

  async #attempt(): Promise<SessionOutcome> {
    const { options, settings } = { options: this.#options, settings: this.#options.settings.current };
    const { state, clock } = options;
    const built = await buildInform({
      identity: options.identity,
      model: options.model,
      addressing: this.#addressing,
      informParameters: options.informParameters ?? (() => []),
      pendingEvents: () => state.queue.list().map(({ code }) => code),
      takeEvents: () => state.queue.take(MAX_QUEUED_EVENTS_PER_INFORM),
      changes: state.valueChanges.list(),
      retryCount: options.retryCount(),
      clock,
    });
    for (const change of built.gone) state.valueChanges.forget(change.path);
    for (const change of built.unreadable) state.valueChanges.postpone(change);
    const { inform } = built;
    const summary = { time: inform.CurrentTime, events: inform.Event.map((event) => event.EventCode) };
    this.#lastInform = { ...summary, result: 'running' };
    const outcome = await runSession({
      transport: this.#transport(settings),
      namespace: this.#namespace,
      inform,
      requests: [],
      execute: (request) =>
        executeRpc(request, {
          registry: options.registry,
          context: this.#rpcContext(),
          deadlineMs: RPC_DEADLINE_MS,
          clock,
          logger: options.logger,
        }),
      onInformDelivered: () => this.#informDelivered(built, settings.url),
      onRequestAnswered: () => Promise.resolve(),
      signal: options.signal,
      logger: options.logger,
    });
    if (outcome.versionRefused) this.#namespace = olderNamespace(this.#namespace);
    this.#lastInform = {
      ...summary,
      result: outcome.result,
      ...(outcome.reason === undefined ? {} : { error: outcome.reason }),
    };
    return outcome;
  }

  /** Durable before the session goes on: no second BOOTSTRAP after a crash. */
  async #informDelivered(built: BuiltInform, url: string): Promise<void> {
    const { state } = this.#options;
    const delivered = state.queue.delivered('InformResponse');
    state.valueChanges.delivered(built.told);
    if (delivered.some(({ code }) => code === '0 BOOTSTRAP')) state.bootstrappedUrl = url;
    await state.saveEvents();
  }

  #transport(settings: AcsSettings): Parameters<typeof runSession>[0]['transport'] {
    const { tls, localAddress, userAgent, acsTimeoutSeconds, clock } = this.#options;
    return {
      url: settings.url,
      username: settings.username,
      password: settings.password,
      tls,
      localAddress,
      userAgent,
      timeoutMs: (acsTimeoutSeconds ?? DEFAULT_ACS_TIMEOUT_SECONDS) * 1000,
      clock,
    };
  }

  #rpcContext(): Omit<RpcContext, 'signal' | 'methods'> {
    const { state, model, watch, schedule } = this.#options;
    return {
      model,
      addressing: this.#addressing,
      hasLightweightNotification: this.#options.sendDatagram !== undefined,
      attributes: state.attributes,
      setParameterKey: (key) => state.setParameterKey(key),
      acsWrote: (values) => {
        watch.acsWrote(values);
        return state.saveEvents();
      },
      acsChangedRows: (tablePath) => {
        state.watchedValues.forget(`${tablePath.slice(0, -1)}NumberOfEntries`);
        this.#afterSession.push(() => watch.learn());
      },
      changeAttributes: async (change) => {
        if (await state.changeAttributes(change)) this.#options.onAttributesChange();
      },
      scheduleInform: (delaySeconds, commandKey) => schedule.order(delaySeconds, commandKey),
      afterSession: (action) => void this.#afterSession.push(action),
    };
  }

  #log(outcome: SessionOutcome): void {
    const { logger } = this.#options;
    const events = this.#lastInform?.events ?? [];
    if (outcome.result === 'succeeded') logger.info('session succeeded', { events });
    else logger.warn('session failed', { events, reason: outcome.reason ?? '' });
  }
}
