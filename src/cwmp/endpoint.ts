import type { StructureChange, ValueChange } from '../datamodel/data-model.ts';
import type { ParameterNode } from '../datamodel/node.ts';
import { EndpointState } from './endpoint-state.ts';
import { eventRule } from './events/event-table.ts';
import { InformAlarm } from './events/inform-alarm.ts';
import { nextPeriodicInform } from './events/periodic.ts';
import { EndpointSession } from './endpoint-session.ts';
import { RpcFault } from './rpc/rpc-fault.ts';
import { standardRpcs } from './rpc/standard-rpcs.ts';
import { SessionTrigger } from './session-trigger.ts';
import type { SessionWish } from './session-trigger.ts';
import type { AcsSettings, ConnectionRequestTarget, CwmpEndpointOptions, EndpointStatus } from './types.ts';

/** More ScheduleInform orders than an ACS has reason to give. */
const MAX_SCHEDULED_INFORMS = 64;

/**
 * One CPE towards the ACS: its events, sessions, RPCs and connection requests [TR-069 3]. The proxier and every Virtual CWMP
 * Device have one each; they share nothing but the listener and the scheduler.
 */
export class CwmpEndpoint {
  readonly #options: CwmpEndpointOptions;
  readonly #state: EndpointState;
  readonly #trigger: SessionTrigger;
  readonly #session: EndpointSession;
  readonly #alarm: InformAlarm;
  readonly #stopped = new AbortController();
  #periodicDue: number | undefined;
  #connectionRequestUrl = '';
  #isStarted = false;
  readonly #undo: (() => void)[] = [];
  readonly #attributeListeners = new Set<() => void>();
  /** Found by a walk over the whole model, so kept until the model or the attributes change. */
  #watched: readonly ParameterNode[] | undefined;

  constructor(options: CwmpEndpointOptions) {
    this.#options = options;
    const { clock, settings } = options;
    this.#state = new EndpointState(options.store, options.storeKey);
    this.#session = new EndpointSession({
      ...options,
      state: this.#state,
      registry: standardRpcs(),
      retryCount: () => this.#trigger.retryCount,
      scheduleInform: (delaySeconds, commandKey) => this.#scheduleInform(delaySeconds, commandKey),
      learnWatchedValues: async () => {
        await this.#lookAtWatched(false);
      },
      onAttributesChange: () => {
        this.#watched = undefined;
        this.#inBackground(this.#watchedChanged());
        for (const listener of this.#attributeListeners) listener();
      },
      signal: this.#stopped.signal,
    });
    this.#trigger = new SessionTrigger({
      clock,
      scheduler: options.scheduler,
      random: options.random ?? Math.random,
      settings: () => settings.current,
      wish: () => this.#wish(),
      isAllowed: () => this.#isAllowed(),
      run: () => this.#session.run(),
    });
    this.#alarm = new InformAlarm(
      clock,
      (nowMs) => this.#nextDue(nowMs),
      (nowMs) => this.#alarmed(nowMs),
    );
    // Rows that go while the rest of the daemon starts are news for the ACS, too.
    this.#undo.push(
      options.model.onValueChanges((changes) => this.#valuesChanged(changes)),
      options.model.onStructureChange((change) => this.#structureChanged(change)),
    );
  }

  /** Registers for connection requests and opens the first session if one is due. The listener must be started. */
  async start(): Promise<void> {
    const { settings, connectionRequests } = this.#options;
    const registration = connectionRequests.register(this.#state.connectionRequestPath, this.#target());
    this.#undo.push(() => registration.unregister());
    this.#connectionRequestUrl = registration.url;
    const previousUrl = this.#state.connectionRequestUrl;
    if (this.#state.bootstrappedUrl !== settings.current.url) {
      // [TR-069 3.7.1.5] A CPE fresh from the factory has booted, too.
      this.#bootstrap();
      if (this.#state.bootstrappedUrl === undefined) this.#state.queue.add('1 BOOT');
    }
    if (previousUrl !== undefined && previousUrl !== registration.url) this.#reportOwnUrl(registration.url);
    this.#undo.push(settings.onChange((current, previous) => this.#settingsChanged(current, previous)));
    this.#isStarted = true;
    await Promise.all([this.#state.setConnectionRequestUrl(registration.url), this.#state.saveEvents()]);
    this.#restartPeriodic();
    this.#trigger.evaluate();
  }

  /** Ends a running session and all timers; nothing acknowledged is lost. */
  async stop(): Promise<void> {
    for (const undo of this.#undo.splice(0)) undo();
    this.#alarm.stop();
    this.#stopped.abort();
    await this.#trigger.stop();
    await this.#state.saveEvents();
  }

  /** Queues an event, which opens a session; resolves when it is durable, if events of that code have to be. */
  async enqueueEvent(code: string, commandKey = ''): Promise<void> {
    const fresh = this.#state.queue.add(code, commandKey);
    if (eventRule(code).retry !== 'never') await this.#state.saveEvents();
    this.#trigger.evaluate(fresh);
  }

  /** The CPE that this endpoint stands for has (re)started: 1 BOOT, and retries begin anew [TR-069 3.2.1.1]. */
  async recordBoot(): Promise<void> {
    this.#state.queue.rebooted();
    this.#trigger.resetRetries();
    await this.enqueueEvent('1 BOOT');
  }

  /** `isReachable` may say something else now. */
  reachabilityChanged(): void {
    this.#trigger.evaluate();
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
    const { attributes } = this.#state;
    this.#watched ??= this.#options.model
      .parametersBelow('')
      .filter((parameter) => attributes.notificationOf(parameter) > 0);
    return this.#watched;
  }

  /** `listener` is called when the ACS has changed attributes. Returns the function that ends it. */
  onAttributesChange(listener: () => void): () => void {
    this.#attributeListeners.add(listener);
    return () => void this.#attributeListeners.delete(listener);
  }

  /**
   * All values can be read again, after a time in which nobody looked: reports those that differ from what the ACS knows
   * [TR-069 A.3.2.4]. Never rejects.
   * @returns whether all could be read
   */
  compareWatchedValues(): Promise<boolean> {
    return this.#lookAtWatched(true);
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

  #target(): ConnectionRequestTarget {
    const { settings, isReachable } = this.#options;
    return {
      credentials: () => ({
        username: settings.current.connectionRequestUsername,
        password: settings.current.connectionRequestPassword,
      }),
      accept: () => {
        if (!settings.current.enableCwmp) return 'busy';
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
    if (this.#state.queue.size > 0) return 'event';
    return this.#state.valueChanges.hasActive ? 'notification' : undefined;
  }

  /** The ACS at the URL has to be told everything: older news is void. */
  #bootstrap(): void {
    this.#state.queue.add('0 BOOTSTRAP');
    this.#state.valueChanges.clear();
  }

  #settingsChanged(current: AcsSettings, previous: AcsSettings): void {
    if (current.url !== previous.url) {
      this.#bootstrap();
      this.#inBackground(this.#state.saveEvents());
    }
    this.#restartPeriodic();
    this.#trigger.evaluate(current.url !== previous.url);
  }

  #valuesChanged(changes: readonly ValueChange[]): void {
    let fresh = false;
    for (const { parameter, value } of changes) {
      const notification = this.#state.attributes.notificationOf(parameter);
      if (notification === 0) continue;
      this.#state.watchedValues.learn(parameter.path, value);
      fresh = this.#state.valueChanges.add(parameter.path, notification === 2, value) || fresh;
    }
    this.#inBackground(this.#state.saveEvents());
    this.#trigger.evaluate(fresh);
  }

  /** What is watched no more is forgotten; what is watched from now on is read once. */
  async #watchedChanged(): Promise<void> {
    const { attributes, watchedValues } = this.#state;
    for (const path of watchedValues.paths()) {
      const node = this.#options.model.find(path);
      if (node?.kind === 'parameter' && attributes.notificationOf(node) === 0) watchedValues.forget(path);
    }
    await this.#lookAtWatched(false);
  }

  /** @param report what differs is reported; otherwise only what the ACS knows nothing of is learned */
  async #lookAtWatched(report: boolean): Promise<boolean> {
    const { model } = this.#options;
    const { watchedValues } = this.#state;
    const watched = this.watchedParameters();
    const wanted = report ? watched : watched.filter(({ path }) => !watchedValues.knows(path));
    const outcomes = await model.readValues(wanted, this.#stopped.signal);
    const changes: ValueChange[] = [];
    for (const [index, parameter] of wanted.entries()) {
      const value = outcomes[index];
      if (typeof value !== 'string') continue;
      if (!watchedValues.knows(parameter.path)) watchedValues.learn(parameter.path, value);
      else if (report && watchedValues.differs(parameter.path, value)) changes.push({ parameter, value });
    }
    this.#valuesChanged(changes);
    return outcomes.every((outcome) => typeof outcome === 'string');
  }

  /** What is gone takes its attributes along: a row that gets its number later is another row. */
  #structureChanged({ removed }: StructureChange): void {
    this.#watched = undefined;
    const attributes = this.#state.attributes.copy();
    const gone = removed.filter((path) => this.#options.model.find(path) === undefined);
    for (const path of gone) this.#state.watchedValues.forgetBelow(path);
    if (!gone.map((path) => attributes.removeBelow(path)).includes(true)) return;
    this.#inBackground(this.#state.replaceAttributes(attributes));
  }

  /** [TR-181 ManagementServer.ConnectionRequestURL] The ACS must learn of a new address. */
  #reportOwnUrl(url: string): void {
    const { model } = this.#options;
    const parameter = model.find(`${model.root.path}ManagementServer.ConnectionRequestURL`);
    if (parameter?.kind === 'parameter') this.#valuesChanged([{ parameter, value: url }]);
  }

  /** In one tick, so that the new URL and the news of it are on the disk together. */
  async #moved(url: string): Promise<void> {
    this.#connectionRequestUrl = url;
    this.#reportOwnUrl(url);
    await this.#state.setConnectionRequestUrl(url);
  }

  async #scheduleInform(delaySeconds: number, commandKey: string): Promise<void> {
    if (this.#state.scheduled.length >= MAX_SCHEDULED_INFORMS) {
      throw new RpcFault(9004, 'too many scheduled Informs');
    }
    const dueMs = this.#options.clock.now() + delaySeconds * 1000;
    this.#state.scheduled = [...this.#state.scheduled, { dueMs, commandKey }];
    await this.#state.saveEvents();
    this.#alarm.arm();
  }

  #restartPeriodic(): void {
    const { settings, identity, clock } = this.#options;
    this.#periodicDue = nextPeriodicInform(settings.current, identity, clock.now());
    this.#alarm.arm();
  }

  #nextDue(nowMs: number): number | undefined {
    const { settings, identity } = this.#options;
    const intervalMs = settings.current.periodicInformInterval * 1000;
    if (this.#periodicDue !== undefined && this.#periodicDue - nowMs > intervalMs) {
      // The wall clock was set back.
      this.#periodicDue = nextPeriodicInform(settings.current, identity, nowMs);
    }
    const dues = this.#state.scheduled.map(({ dueMs }) => dueMs);
    if (this.#periodicDue !== undefined) dues.push(this.#periodicDue);
    return dues.length === 0 ? undefined : Math.min(...dues);
  }

  #alarmed(nowMs: number): void {
    const { queue } = this.#state;
    let fresh = false;
    if (this.#periodicDue !== undefined && this.#periodicDue <= nowMs) {
      fresh = queue.add('2 PERIODIC');
      const { settings, identity } = this.#options;
      this.#periodicDue = nextPeriodicInform(settings.current, identity, nowMs);
    }
    for (const { dueMs, commandKey } of this.#state.scheduled) {
      if (dueMs > nowMs) continue;
      queue.add('3 SCHEDULED');
      fresh = queue.add('M ScheduleInform', commandKey) || fresh;
    }
    this.#state.scheduled = this.#state.scheduled.filter(({ dueMs }) => dueMs > nowMs);
    this.#inBackground(this.#state.saveEvents().then(() => this.#trigger.evaluate(fresh)));
  }

  #inBackground(work: Promise<void>): void {
    work.catch((error: unknown) => this.#options.logger.error('endpoint state was not saved', { error }));
  }
}

/** The path is the secret of the connection request URL. */
function withoutPath(url: string): string {
  return url === '' ? '' : url.replace(/\/[^/]*$/, '/');
}
