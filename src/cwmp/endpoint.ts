import { isUrgent } from '../datamodel/attributes.ts';
import type { ParameterNode } from '../datamodel/node.ts';
import { EndpointState } from './endpoint-state.ts';
import { eventRule } from './events/event-table.ts';
import { RecurringAlarm } from './events/recurring-alarm.ts';
import { EndpointSession } from './endpoint-session.ts';
import { InformSchedule } from './inform-schedule.ts';
import { LightweightNotifier } from './lightweight/lightweight-notifier.ts';
import { standardRpcs } from './rpc/standard-rpcs.ts';
import { SessionTrigger } from './session-trigger.ts';
import type { SessionWish } from './session-trigger.ts';
import { StandbyWatch } from './standby-watch.ts';
import type { AcsSettings, ConnectionRequestTarget, CwmpEndpointOptions, EndpointStatus } from './types.ts';
import { ValueWatch } from './value-watch.ts';

/** How long a session may go on while the endpoint stops. */
export const LAST_SESSION_MS = 2000;

/**
 * One CPE towards the ACS: its events, sessions, RPCs and connection requests [TR-069 3]. The proxier and every Virtual CWMP
 * Device have one each; they share nothing but the listener and the scheduler.
 */
export class CwmpEndpoint {
  readonly #options: CwmpEndpointOptions;
  readonly #state: EndpointState;
  readonly #trigger: SessionTrigger;
  readonly #session: EndpointSession;
  readonly #schedule: InformSchedule;
  readonly #watch: ValueWatch;
  readonly #lightweight: LightweightNotifier | undefined;
  readonly #heartbeat: RecurringAlarm;
  readonly #standby: StandbyWatch;
  /** No new session. */
  readonly #stopping = new AbortController();
  /** Not even the rest of one. */
  readonly #stopped = new AbortController();
  #ending: Promise<void> | undefined;
  /** Settles when the values that the ACS has put in sight are known. */
  #learning: Promise<void> = Promise.resolve();
  #connectionRequestUrl = '';
  #isStarted = false;
  readonly #undo: (() => void)[] = [];
  readonly #attributeListeners = new Set<() => void>();

  constructor(options: CwmpEndpointOptions) {
    this.#options = options;
    const { clock, settings } = options;
    this.#state = new EndpointState(options.store, options.storeKey, ({ code, commandKey }) => {
      options.logger.warn('too many undelivered events, one is given up', { event: code, commandKey });
    });
    const onChange = (fresh: boolean): void => {
      this.#inBackground(this.#state.saveEvents());
      this.#trigger.evaluate(fresh);
    };
    this.#watch = new ValueWatch({
      model: options.model,
      state: this.#state,
      onChange,
      onLightweightChange: (path, urgency) => this.#lightweight?.valueChanged(path, urgency),
      onAcsWrites: () => this.#lightweight?.acsWrites() ?? (() => true),
      inBackground: (work) => this.#inBackground(work),
      clock,
      signal: this.#stopped.signal,
    });
    this.#lightweight = this.#createNotifier();
    this.#heartbeat = this.#createHeartbeat();
    this.#standby = new StandbyWatch({
      identity: options.identity,
      settings: () => settings.current,
      clock,
      ordersDue: () => this.#state.queue.list().filter(({ code }) => code === 'M ScheduleInform').length,
      onWakeup: () => this.#inBackground(this.enqueueEvent('13 WAKEUP')),
    });
    this.#schedule = new InformSchedule({
      state: this.#state,
      settings,
      identity: options.identity,
      clock,
      onChange,
    });
    this.#session = new EndpointSession({
      ...options,
      state: this.#state,
      watch: this.#watch,
      schedule: this.#schedule,
      registry: standardRpcs(),
      retryCount: () => this.#trigger.retryCount,
      onAttributesChange: () => {
        this.#learning = this.#logFailure(this.#watch.attributesChanged());
        for (const listener of this.#attributeListeners) listener();
      },
      ending: this.#stopping.signal,
      signal: this.#stopped.signal,
    });
    this.#trigger = new SessionTrigger({
      clock,
      scheduler: options.scheduler,
      random: options.random ?? Math.random,
      settings: () => settings.current,
      wish: () => this.#wish(),
      isAllowed: () => this.#isAllowed(),
      run: async (isRetry) => {
        const end = await this.#session.run(isRetry);
        // What the ACS made of the URL counts at the end of its session.
        this.#introduceIfNew();
        return end;
      },
    });
    // Rows that go while the rest of the daemon starts are news for the ACS, too.
    this.#undo.push(
      options.model.onValueChanges((changes) => this.#watch.valuesChanged(changes)),
      options.model.onStructureChange((change) => this.#watch.structureChanged(change)),
    );
  }

  /**
   * Registers for connection requests and opens the first session if one is due. The listener must be started.
   * @param hasRebooted since the last stop: the first session tells it
   */
  async start(hasRebooted = false): Promise<void> {
    const { settings, connectionRequests } = this.#options;
    const registration = connectionRequests.register(this.#state.connectionRequestPath, this.#target());
    this.#undo.push(() => registration.unregister());
    this.#connectionRequestUrl = registration.url;
    const previousUrl = this.#state.connectionRequestUrl;
    this.#introduceIfNew();
    // [TR-069 3.7.1.5] A CPE fresh from the factory has booted, too.
    if (hasRebooted) this.#state.queue.rebooted();
    if (hasRebooted || this.#state.bootstrappedUrl === undefined) this.#state.queue.add('1 BOOT');
    if (previousUrl !== undefined && previousUrl !== registration.url)
      this.#watch.connectionRequestUrlChanged(registration.url);
    this.#undo.push(settings.onChange((current, previous) => this.#settingsChanged(current, previous)));
    this.#isStarted = true;
    await this.#logFailure(
      Promise.all([this.#state.setConnectionRequestUrl(registration.url), this.#state.saveEvents()]),
    );
    // Stopped while it waited for the disk.
    if (this.#stopping.signal.aborted) return;
    this.#schedule.restart();
    this.#heartbeat.restart();
    this.#lightweight?.evaluate();
    this.#trigger.evaluate();
  }

  /**
   * Ends all timers; nothing acknowledged is lost. A session whose Inform is on its way goes on to its end, if the ACS lets it
   * come to one within LAST_SESSION_MS. Stopping twice is stopping once.
   */
  stop(): Promise<void> {
    this.#ending ??= this.#end();
    return this.#ending;
  }

  async #end(): Promise<void> {
    this.#stopping.abort();
    const limit = this.#options.clock.schedule(LAST_SESSION_MS, () => this.#stopped.abort());
    await Promise.all([this.#lightweight?.stop(), this.#trigger.stop()]);
    // What the ACS has begun to watch just now: without its value no change of it could be noticed after a restart.
    await this.#learning;
    limit.cancel();
    this.#stopped.abort();
    for (const undo of this.#undo.splice(0)) undo();
    this.#schedule.stop();
    this.#heartbeat.stop();
    this.#watch.stop();
    await this.#logFailure(this.#state.saveEvents());
  }

  /**
   * Queues an event, which opens a session; resolves when it is durable, if events of that code have to be.
   * @throws what the store throws; the ACS is told nevertheless
   */
  async enqueueEvent(code: string, commandKey = ''): Promise<void> {
    const fresh = this.#state.queue.add(code, commandKey);
    try {
      if (eventRule(code).retry !== 'never') await this.#state.saveEvents();
    } finally {
      this.#trigger.evaluate(fresh);
    }
  }

  /** The CPE that this endpoint stands for has (re)started: 1 BOOT, and retries begin anew [TR-069 3.2.1.1]. */
  async recordBoot(): Promise<void> {
    this.#state.queue.rebooted();
    this.#trigger.resetRetries();
    await this.enqueueEvent('1 BOOT');
  }

  /** `isReachable` may say something else now. */
  reachabilityChanged(): void {
    const isReachable = this.#options.isReachable();
    this.#standby.reachabilityChanged(isReachable, this.#state.queue.has('1 BOOT'));
    if (isReachable) this.#watch.deviceReturned();
    this.#lightweight?.evaluate();
    this.#trigger.evaluate();
  }

  /** The machine was suspended for so long, milliseconds. */
  resumed(sleptMs: number): void {
    // Their timers slept as well.
    this.#schedule.resumed(sleptMs);
    this.#heartbeat.restart();
    this.#standby.slept(sleptMs);
    this.#trigger.resumed(sleptMs);
  }

  /**
   * The way to the ACS may be another one: an endpoint that waits for a retry does not wait for it.
   * @param settings whether settings are others than the ACS knows
   */
  accessChanged(settings: boolean): void {
    if (this.#trigger.retryCount > 0) this.#trigger.evaluate(true);
    // A device that is silent may keep it for long.
    if (settings) this.#inBackground(this.#watch.compare());
  }

  /** The key of the last successful SetParameterValues, AddObject or DeleteObject. */
  get parameterKey(): string {
    return this.#state.parameterKey;
  }

  /** What ManagementServer.ConnectionRequestURL reads; empty before `start`. */
  get connectionRequestUrl(): string {
    return this.#connectionRequestUrl;
  }

  /** The parameters with passive or active notification: their changes have to be noticed. */
  watchedParameters(): readonly ParameterNode[] {
    return this.#watch.parameters();
  }

  /** Whether the ACS wants to hear of a change of the parameter at once. */
  isUrgent(parameter: ParameterNode): boolean {
    return isUrgent(this.#state.attributes.notificationOf(parameter));
  }

  /** `listener` is called when the ACS has changed attributes. Returns the function that ends it. */
  onAttributesChange(listener: () => void): () => void {
    this.#attributeListeners.add(listener);
    return () => void this.#attributeListeners.delete(listener);
  }

  /**
   * All values can be read again, after a time in which nobody looked: reports those that differ from what the ACS knows
   * [TR-069 A.3.2.4]. Never rejects.
   * @param which the parameters to look at; all by default
   * @returns whether all could be read
   */
  compareWatchedValues(which?: (parameter: ParameterNode) => boolean): Promise<boolean> {
    return this.#watch.compare(which);
  }

  status(): EndpointStatus {
    const pending = this.#state.queue.list();
    if (this.#state.valueChanges.size > 0) pending.push({ code: '4 VALUE CHANGE', commandKey: '' });
    return {
      identity: this.#options.identity,
      connectionRequestUrl: withoutPath(this.#connectionRequestUrl),
      enableCwmp: this.#options.settings.current.enableCwmp,
      lastInform: this.#session.lastInform,
      retryCount: this.#trigger.retryCount,
      pendingEvents: pending,
      inSession: this.#session.isRunning,
    };
  }

  #createNotifier(): LightweightNotifier | undefined {
    const { sendDatagram: send, identity, model, settings, clock, logger } = this.#options;
    if (send === undefined) return undefined;
    return new LightweightNotifier({
      identity,
      model,
      settings: () => settings.current,
      isAllowed: () => this.#isAllowed(),
      send,
      clock,
      logger,
      pending: this.#state.lightweight,
      changed: (pending) => {
        this.#state.lightweight = pending;
        this.#inBackground(this.#state.saveEvents());
      },
      nameOf: (parameters) => this.#session.namer(parameters),
      signal: this.#stopped.signal,
    });
  }

  /** [TR-181 HeartbeatPolicy] One that nobody can hear is none: it is not made up for. */
  #createHeartbeat(): RecurringAlarm {
    const { clock, identity, settings } = this.#options;
    return new RecurringAlarm({
      clock,
      identity,
      salt: 'heartbeat',
      recurrence: () => {
        const { heartbeatEnable, heartbeatReportingInterval, heartbeatInitiationTime } = settings.current;
        if (!heartbeatEnable) return undefined;
        return { intervalSeconds: heartbeatReportingInterval, reference: heartbeatInitiationTime };
      },
      onDue: () => {
        if (!this.#isAllowed()) return;
        this.#state.queue.add('14 HEARTBEAT');
        // While the ACS does not answer, heartbeats must not cut its rest between retries short.
        this.#trigger.evaluate(this.#trigger.retryCount === 0);
      },
    });
  }

  #target(): ConnectionRequestTarget {
    const { settings, isReachable } = this.#options;
    return {
      credentials: () => ({
        username: settings.current.connectionRequestUsername,
        password: settings.current.connectionRequestPassword,
      }),
      accept: () => {
        if (!settings.current.enableCwmp || this.#stopping.signal.aborted) return 'busy';
        return isReachable() ? 'accepted' : 'offline';
      },
      moved: (url) => this.#inBackground(this.#moved(url)),
      answered: () => this.#inBackground(this.enqueueEvent('6 CONNECTION REQUEST')),
    };
  }

  #isAllowed(): boolean {
    const { enableCwmp, url } = this.#options.settings.current;
    return this.#isStarted && enableCwmp && url !== '' && this.#options.isReachable();
  }

  #wish(): SessionWish {
    if (this.#state.queue.has('6 CONNECTION REQUEST')) return 'connectionRequest';
    if (this.#state.queue.size > 0) return 'event';
    return this.#state.valueChanges.hasActive ? 'notification' : undefined;
  }

  /**
   * 0 BOOTSTRAP is due as long as the ACS at the URL has not taken one, and with the first session after the URL was another one
   * for a while [TR-069 3.7.1.5]: what was due before that is gone by then, so the same ACS has to begin anew.
   */
  #introduceIfNew(): void {
    const { queue, bootstrappedUrl, valueChanges } = this.#state;
    if (this.#options.settings.current.url === bootstrappedUrl || queue.has('0 BOOTSTRAP')) return;
    queue.add('0 BOOTSTRAP');
    // The new ACS is told everything: older news is void.
    valueChanges.clear();
  }

  #settingsChanged(current: AcsSettings, previous: AcsSettings): void {
    const isOtherAcs = current.url !== previous.url;
    if (isOtherAcs) {
      this.#trigger.resetRetries();
      if (!this.#session.isRunning) this.#introduceIfNew();
      this.#inBackground(this.#state.saveEvents());
    }
    this.#schedule.restart();
    this.#heartbeat.restart();
    this.#lightweight?.evaluate();
    this.#trigger.evaluate(isOtherAcs);
  }

  #inBackground(work: Promise<unknown>): void {
    void this.#logFailure(work);
  }

  async #logFailure(work: Promise<unknown>): Promise<void> {
    await work.catch((error: unknown) => {
      this.#options.logger.error('endpoint state was not saved', { error });
    });
  }

  /** In one tick, so that the new URL and the news of it are on the disk together. */
  async #moved(url: string): Promise<void> {
    this.#connectionRequestUrl = url;
    this.#watch.connectionRequestUrlChanged(url);
    await this.#state.setConnectionRequestUrl(url);
  }
}

/** The path is the secret of the connection request URL. */
function withoutPath(url: string): string {
  return url === '' ? '' : url.replace(/\/[^/]*$/, '/');
}
