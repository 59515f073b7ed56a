import type { Clock, Timer } from '../platform/clock.ts';
import type { ConcurrencyLimit } from '../platform/concurrency-limit.ts';
import type { Logger } from '../platform/logger.ts';
import {
  ActionError,
  type ControlPoint,
  type EventMessage,
  type LossReason,
  type RootDevice,
  type Scpd,
  type Subscription,
  type SubscriptionState,
} from '../upnp/types.ts';
import { createCmsClient } from '../upnp-dm/cms-client.ts';
import type { ManageableDevice } from '../upnp-dm/manageable-device.ts';
import type { CmsClient } from '../upnp-dm/types.ts';
import { parseUpdateVariable } from '../upnp-dm/update-variable.ts';
import { readCmsTree, type CmsTree } from '../upnp-dm/walk.ts';
import { ChangeWatcher } from './change-watcher.ts';
import { DEVICE_ID_PATH, tripleOf, type DeviceIdTriple } from './identity.ts';
import {
  deviceTransition,
  INITIAL_DEVICE_STATE,
  type DeviceEffect,
  type DeviceInput,
  type DeviceState,
} from './lifecycle.ts';
import type { Capabilities } from './mapping/map-tree.ts';
import type { VirtualDevice } from './virtual/virtual-device.ts';

/** Longest time for identifying and reading a device; a slow one is tried again later. */
const BRING_UP_TIMEOUT_MS = 120_000;
/** After so long a slow device no longer keeps others waiting. */
const LONGEST_TURN_MS = 5_000;
/** How long to wait for the initial event, so that the first values read are guaranteed by events already. */
const FIRST_EVENT_WAIT_MS = 2_000;

/** A device on the LAN with its management services. */
export interface PresentDevice {
  readonly root: RootDevice;
  readonly managed: ManageableDevice;
}

/** What was learned of a device by reading it. */
export interface DescribedDevice extends PresentDevice {
  readonly triple: DeviceIdTriple | undefined;
  readonly tree: CmsTree;
  readonly upTimeSeconds: number | undefined;
}

export interface ProxiedDeviceOptions {
  readonly controlPoint: ControlPoint;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly pollIntervalSeconds: number;
  /** Shared by all devices: how many are read at a time. */
  readonly readings: ConcurrencyLimit;
  /**
   * Decides identity and mechanism of a device that was read, and resolves with its virtual device, or undefined when it is
   * not to be exposed as one. Called again after each new description.
   */
  readonly expose: (described: DescribedDevice) => Promise<VirtualDevice | undefined>;
  /** It left, or is no longer to be exposed. */
  readonly withdrawn: (virtual: VirtualDevice) => void;
}

/** What is under way for one presence of the device; thrown away as a whole when it leaves. */
interface Presence {
  readonly device: PresentDevice;
  readonly abort: AbortController;
  readonly client: CmsClient;
  readonly subscription: Subscription | undefined;
  attached:
    | { readonly virtual: VirtualDevice; readonly watcher: ChangeWatcher; readonly unwatch: () => void }
    | undefined;
  subscriptionState: SubscriptionState;
  /** Grows with every hint that values changed: what was read before the last hint may be old. */
  hints: number;
  /** The hints that a watcher has looked after. */
  hintsSeen: number;
  /** Counters of the update variables, to tell an event that repeats them from a change. */
  readonly counters: Map<string, number>;
}

/** One ManageableDevice of the LAN: keeps its virtual device in step with it, through the transitions of lifecycle.ts. */
export class ProxiedDevice {
  readonly udn: string;
  readonly #options: ProxiedDeviceOptions;
  #state: DeviceState = INITIAL_DEVICE_STATE;
  #present: PresentDevice | undefined;
  #presence: Presence | undefined;
  #attempt: AbortController | undefined;
  #retry: Timer | undefined;
  #virtual: VirtualDevice | undefined;
  #lastSync: number | undefined;
  #lastError: string | undefined;

  constructor(udn: string, options: ProxiedDeviceOptions) {
    this.udn = udn;
    this.#options = options;
  }

  get phase(): DeviceState['phase'] {
    return this.#state.phase;
  }

  get present(): PresentDevice | undefined {
    return this.#present;
  }

  get virtual(): VirtualDevice | undefined {
    return this.#virtual;
  }

  get subscriptionState(): SubscriptionState {
    return this.#presence?.subscriptionState ?? 'none';
  }

  /** Milliseconds since the epoch when it was last read as a whole. */
  get lastSync(): number | undefined {
    return this.#lastSync;
  }

  /** Why the last attempt to read it failed; cleared by success. */
  get lastError(): string | undefined {
    return this.#lastError;
  }

  /** It came, or its address, description or BOOTID changed. */
  appeared(device: PresentDevice): void {
    this.#present = device;
    this.#endPresence();
    this.#input({ type: 'appeared' });
  }

  lost(reason: LossReason): void {
    this.#input({ type: 'lost', reason });
    this.#present = undefined;
  }

  /** Ends all work on it; resolves when its subscription is cancelled. */
  async stop(): Promise<void> {
    const subscription = this.#presence?.subscription;
    this.lost('stopped');
    await subscription?.stop();
  }

  #input(input: DeviceInput): void {
    const { state, effects } = deviceTransition(this.#state, input);
    this.#state = state;
    for (const effect of effects) this.#perform(effect);
  }

  #perform(effect: DeviceEffect): void {
    switch (effect.type) {
      case 'abort':
        this.#attempt?.abort();
        this.#retry?.cancel();
        return;
      case 'bringUp':
        void this.#bringUp();
        return;
      case 'attach':
        this.#attach();
        return;
      case 'detach':
        this.#detach();
        return;
      case 'retryAfter':
        this.#retry = this.#options.clock.schedule(effect.seconds * 1000, () => {
          this.#input({ type: 'retryDue' });
        });
        return;
    }
  }

  async #bringUp(): Promise<void> {
    const device = this.#present;
    if (device === undefined) return;
    const attempt = new AbortController();
    this.#attempt = attempt;
    const signal = AbortSignal.any([attempt.signal, AbortSignal.timeout(BRING_UP_TIMEOUT_MS)]);
    try {
      const presence = this.#presence ?? (await this.#beginPresence(device, attempt));
      attempt.signal.throwIfAborted();
      const hintsBefore = presence.hints;
      const described = await this.#describeInTurn(presence, signal);
      signal.throwIfAborted();
      const virtual = await this.#options.expose(described);
      signal.throwIfAborted();
      if (virtual !== this.#virtual) {
        this.#detachVirtual();
        this.#virtual = virtual;
      }
      virtual?.deviceModel.connect(presence.client, presence.subscriptionState === 'active');
      virtual?.deviceModel.describe(
        described.tree,
        capabilitiesOf(presence.client),
        presence.hints === hintsBefore,
      );
      this.#lastSync = this.#options.clock.now();
      this.#lastError = undefined;
      this.#input({ type: 'broughtUp' });
      // Nobody wants to hear of a device that the rules leave alone.
      if (virtual === undefined) this.#endPresence();
    } catch (error) {
      if (attempt.signal.aborted) return;
      this.#lastError = error instanceof Error ? error.message : String(error);
      this.#options.logger.warn('could not read the device, trying again later', { error: this.#lastError });
      this.#input({ type: 'failed' });
    }
  }

  /** Subscribes before anything is read, so that no change falls between. */
  async #beginPresence(device: PresentDevice, attempt: AbortController): Promise<Presence> {
    const { controlPoint, logger, clock } = this.#options;
    const { cms } = device.managed;
    if (cms === undefined) throw new Error('the device has no ConfigurationManagement service');
    let scpd: Scpd | undefined;
    try {
      scpd = await controlPoint.fetchScpd(device.root, cms.service);
    } catch (error) {
      logger.info('device has no readable SCPD, trying its actions as they are needed', {
        error: String(error),
      });
    }
    attempt.signal.throwIfAborted();
    const client = createCmsClient({
      controlPoint,
      device: device.root,
      service: cms.service,
      clock,
      ...(scpd === undefined ? {} : { scpd }),
    });
    let firstEvent: () => void = () => undefined;
    const initial = new Promise<void>((resolve) => {
      firstEvent = resolve;
    });
    const subscription =
      cms.service.eventSubUrl === undefined
        ? undefined
        : controlPoint.subscribe(device.root, cms.service, {
            onEvent: (message) => {
              firstEvent();
              this.#eventReceived(message);
            },
            onState: (state) => {
              this.#subscriptionChanged(state);
            },
          });
    this.#presence = {
      device,
      abort: attempt,
      client,
      subscription,
      attached: undefined,
      subscriptionState: subscription?.state ?? 'none',
      hints: 0,
      hintsSeen: 0,
      counters: new Map(),
    };
    const presence = this.#presence;
    if (subscription !== undefined) await this.#within(FIRST_EVENT_WAIT_MS, initial);
    return presence;
  }

  /** Few at a time: twenty devices that appear together would cost their documents' memory all at once. */
  async #describeInTurn(presence: Presence, signal: AbortSignal): Promise<DescribedDevice> {
    const release = await this.#options.readings.acquire();
    const tooSlow = this.#options.clock.schedule(LONGEST_TURN_MS, release);
    try {
      signal.throwIfAborted();
      return await this.#describe(presence, signal);
    } finally {
      tooSlow.cancel();
      release();
    }
  }

  async #describe(presence: Presence, signal: AbortSignal): Promise<DescribedDevice> {
    const { client, device } = presence;
    const triple = await readTriple(client, signal);
    const tree = await readCmsTree(client, { values: true, signal });
    const upTime = Number(tree.values?.get('/UPnP/DM/DeviceInfo/UpTime') ?? NaN);
    return { ...device, triple, tree, upTimeSeconds: Number.isFinite(upTime) ? upTime : undefined };
  }

  #attach(): void {
    const presence = this.#presence;
    const virtual = this.#virtual;
    if (presence === undefined || virtual === undefined) return;
    if (presence.attached?.virtual !== virtual) {
      presence.attached?.unwatch();
      presence.attached?.watcher.stop();
      const watcher = this.#createWatcher(presence.client, virtual);
      const unwatch = virtual.onWatchedChange(() => {
        watcher.watchedChanged();
      });
      presence.attached = { virtual, watcher, unwatch };
    }
    virtual.setReachable(true, () => {
      this.#input({ type: 'structureDoubtful' });
    });
    presence.attached.watcher.watchedChanged();
    // Hints that came while the device was being read found nobody to look after them.
    if (presence.hints !== presence.hintsSeen) presence.attached.watcher.deviceChanged();
    presence.hintsSeen = presence.hints;
  }

  #createWatcher(client: CmsClient, virtual: VirtualDevice): ChangeWatcher {
    const { pollIntervalSeconds, clock, logger } = this.#options;
    return new ChangeWatcher({
      client,
      deviceModel: virtual.deviceModel,
      watched: () => virtual.watched,
      pollIntervalSeconds,
      onStructureDoubtful: () => {
        this.#input({ type: 'structureDoubtful' });
      },
      clock,
      logger,
    });
  }

  #detach(): void {
    this.#endPresence();
    this.#detachVirtual();
  }

  #detachVirtual(): void {
    const virtual = this.#virtual;
    if (virtual === undefined) return;
    this.#virtual = undefined;
    virtual.deviceModel.disconnect();
    virtual.setReachable(false);
    this.#options.withdrawn(virtual);
  }

  #endPresence(): void {
    const presence = this.#presence;
    this.#presence = undefined;
    presence?.attached?.unwatch();
    presence?.attached?.watcher.stop();
    void presence?.subscription?.stop();
  }

  #subscriptionChanged(state: SubscriptionState): void {
    const presence = this.#presence;
    if (presence === undefined) return;
    presence.subscriptionState = state;
    this.#virtual?.deviceModel.setEventsReliable(state === 'active');
    // Events may have been missed while there was no subscription.
    if (state === 'active') this.#valuesDoubtful(presence);
  }

  /** [CMS:2 2.2] An event says that something changed; the counters tell whether the model did. */
  #eventReceived(message: EventMessage): void {
    const presence = this.#presence;
    if (presence === undefined) return;
    let structureChanged = false;
    for (const name of ['SupportedDataModelsUpdate', 'SupportedParametersUpdate', 'AttributeValuesUpdate']) {
      const counter = parseUpdateVariable(message.variables.get(name) ?? '')?.counter;
      if (counter === undefined) continue;
      const known = presence.counters.get(name);
      presence.counters.set(name, counter);
      if (known !== undefined && known !== counter) structureChanged = true;
    }
    if (structureChanged) this.#input({ type: 'structureDoubtful' });
    const isInitial = message.seq === 0;
    if (message.variables.has('ConfigurationUpdate') && !isInitial) this.#valuesDoubtful(presence);
  }

  #valuesDoubtful(presence: Presence): void {
    presence.hints += 1;
    if (presence.attached === undefined) return;
    presence.hintsSeen = presence.hints;
    presence.attached.watcher.deviceChanged();
  }

  async #within(milliseconds: number, condition: Promise<void>): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = this.#options.clock.schedule(milliseconds, resolve);
      void condition.then(() => {
        timer.cancel();
        resolve();
      });
    });
  }
}

/** The triple, or undefined when the device has none. Trouble on the way is thrown: it must not change the identity. */
async function readTriple(client: CmsClient, signal: AbortSignal): Promise<DeviceIdTriple | undefined> {
  try {
    return tripleOf(await client.getValues([DEVICE_ID_PATH], signal));
  } catch (error) {
    if (error instanceof ActionError && error.source === 'upnp' && error.code !== 501 && error.code !== 708) {
      return undefined;
    }
    throw error;
  }
}

function capabilitiesOf(client: CmsClient): Capabilities {
  const has = (action: string): boolean => client.actions?.has(action) ?? true;
  return {
    setValues: has('SetValues'),
    createInstance: has('CreateInstance'),
    deleteInstance: has('DeleteInstance'),
  };
}
