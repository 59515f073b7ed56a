import type { ParameterNode } from '../datamodel/node.ts';
import type { CwmpNamespace, Inform } from './codec/messages.ts';
import type { EndpointState } from './endpoint-state.ts';
import { eventRule } from './events/event-table.ts';
import { buildInform } from './inform.ts';
import type { BuiltInform } from './inform.ts';
import type { InformSchedule } from './inform-schedule.ts';
import { Addressing } from './rpc/addressing.ts';
import { executeRpc } from './rpc/execute-rpc.ts';
import type { RpcContext } from './rpc/rpc-context.ts';
import type { RpcRegistry } from './rpc/rpc-registry.ts';
import type { SessionEnd } from './session-trigger.ts';
import { runSession } from './session/session.ts';
import type { SessionOutcome } from './session/session.ts';
import { NEWEST_NAMESPACE, olderNamespace } from './session/versions.ts';
import type { AcsSettings, CwmpEndpointOptions, EndpointStatus } from './types.ts';
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
  /** Aborted when no session is to begin any more; one whose Inform is on its way goes on. */
  readonly ending: AbortSignal;
  /** Aborted when everything has to end at once. */
  readonly signal: AbortSignal;
}

/** Runs the sessions of one endpoint, one after the other. */
export class EndpointSession {
  readonly #options: EndpointSessionOptions;
  /** The ACS at `url` refused a version (8006), and is offered this one next. */
  #refused: { readonly url: string; readonly next: CwmpNamespace } | undefined;
  readonly #addressing: Addressing;
  #running = false;
  /** The disk did not take what was to be saved last. */
  #isUnsaved = false;
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

  /**
   * From the Inform to the end. What has to happen afterwards is begun then, and not waited for. Never rejects.
   * @param isRetry a session failed: it is repeated even if the Inform carries no event
   */
  async run(isRetry: boolean): Promise<SessionEnd> {
    const { state, logger } = this.#options;
    this.#running = true;
    try {
      return await this.#attempt(isRetry);
    } catch (error) {
      logger.error('session could not be run', { error });
      return 'failed';
    } finally {
      state.queue.settle();
      this.#running = false;
      void this.#runAfter(this.#afterSession.splice(0));
    }
  }

  /** One after the other. The session's place is free meanwhile: a device may be asked, and take its time. */
  async #runAfter(actions: readonly (() => Promise<void>)[]): Promise<void> {
    for (const action of actions) {
      await action().catch((error: unknown) => {
        this.#options.logger.error('action after a session failed', { error });
      });
    }
  }

  async #attempt(isRetry: boolean): Promise<SessionEnd> {
    const { state, watch } = this.#options;
    const { current: settings } = this.#options.settings;
    const built = await this.#buildInform();
    for (const change of built.gone) state.valueChanges.forget(change.path);
    watch.unreadable(built.unreadable);
    const { inform } = built;
    if (inform.Event.length === 0 && !isRetry) return 'idle';
    const summary = { time: inform.CurrentTime, events: inform.Event.map((event) => event.EventCode) };
    this.#lastInform = { ...summary, result: 'running' };
    // What the ACS is told now must be known after a crash: a value that went back meanwhile is news for it.
    await this.#save();
    const namespace = this.#namespaceFor(settings.url);
    const delivery = { done: false };
    const outcome = await this.#exchange(settings, namespace, inform, async () => {
      delivery.done = true;
      await this.#informDelivered(built, settings.url);
    });
    if (outcome.versionRefused) this.#refused = { url: settings.url, next: olderNamespace(namespace) };
    this.#lastInform = {
      ...summary,
      result: outcome.result,
      ...(outcome.reason === undefined ? {} : { error: outcome.reason }),
    };
    this.#log(outcome);
    if (outcome.result === 'succeeded') return 'succeeded';
    // [TR-069 3.2.1.1] What was not delivered is sent again, and an ACS that took the Inform may have more to ask.
    return delivery.done ||
      built.told.length > 0 ||
      this.#options.state.queue.list().some(({ code }) => eventRule(code).retry !== 'never')
      ? 'failed'
      : 'lost';
  }

  #buildInform(): Promise<BuiltInform> {
    const { state, ...options } = this.#options;
    return buildInform({
      identity: options.identity,
      model: options.model,
      addressing: this.#addressing,
      informParameters: options.informParameters ?? (() => []),
      pendingEvents: () => state.queue.list().map(({ code }) => code),
      takeEvents: () => state.queue.take(MAX_QUEUED_EVENTS_PER_INFORM),
      changes: state.valueChanges.list(),
      lastTold: (path) => state.toldOf(path),
      retryCount: options.retryCount(),
      clock: options.clock,
      signal: options.ending,
    });
  }

  #exchange(
    settings: AcsSettings,
    namespace: CwmpNamespace,
    inform: Inform,
    onInformDelivered: () => Promise<void>,
  ): Promise<SessionOutcome> {
    const { registry, clock, logger, ending, signal } = this.#options;
    return runSession({
      transport: this.#transport(settings),
      namespace,
      inform,
      requests: [],
      execute: async (request) => {
        const response = await executeRpc(request, {
          registry,
          context: this.#rpcContext(),
          deadlineMs: RPC_DEADLINE_MS,
          signal,
          clock,
          logger,
        });
        // A read tells the ACS values as an Inform does.
        await this.#save();
        return response;
      },
      onInformDelivered,
      onRequestAnswered: () => Promise.resolve(),
      ending,
      signal,
      logger,
    });
  }

  /** What one ACS refused says nothing of another one. */
  #namespaceFor(url: string): CwmpNamespace {
    return this.#refused?.url === url ? this.#refused.next : NEWEST_NAMESPACE;
  }

  /** Durable, if it can be, before the session goes on: no second BOOTSTRAP after a crash. */
  async #informDelivered(built: BuiltInform, url: string): Promise<void> {
    const { state, watch } = this.#options;
    const delivered = state.queue.delivered('InformResponse');
    watch.told(built.told);
    state.setTold(Object.fromEntries(built.forced));
    if (delivered.some(({ code }) => code === '0 BOOTSTRAP')) state.bootstrappedUrl = url;
    await this.#save();
  }

  /** What cannot be stored is told once more after a restart: no reason to end a session, or to tell nothing any more. */
  async #save(): Promise<void> {
    const { state, logger } = this.#options;
    try {
      await state.saveEvents();
      this.#isUnsaved = false;
    } catch (error) {
      // One line, not one for each request of the ACS.
      if (!this.#isUnsaved) logger.error('endpoint state was not saved', { error });
      this.#isUnsaved = true;
    }
  }

  #transport(settings: AcsSettings): Parameters<typeof runSession>[0]['transport'] {
    const { tls, localAddress, names, userAgent, acsTimeoutSeconds, clock } = this.#options;
    return {
      url: settings.url,
      username: settings.username,
      password: settings.password,
      tls: tls(),
      localAddress,
      names,
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
      setParameterKey: async (key) => {
        await state.setParameterKey(key);
        watch.acsWrites()([{ path: `${model.root.path}ManagementServer.ParameterKey`, value: key }]);
        await this.#save();
      },
      acsWrites: () => {
        const wrote = watch.acsWrites();
        return (values) => {
          wrote(values);
          return this.#save();
        };
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
