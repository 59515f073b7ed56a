import type { Clock, Timer } from '../platform/clock.ts';
import { Deadline } from '../platform/deadline.ts';
import type { ConcurrencyLimit } from '../platform/concurrency-limit.ts';
import type { Logger } from '../platform/logger.ts';
import {
  ActionError,
  type ControlPoint,
  type LossReason,
  type RootDevice,
  type SubscriptionState,
} from '../upnp/types.ts';
import type { CmsClient } from '../upnp-dm/types.ts';
import { readCmsTree, type CmsTree } from '../upnp-dm/walk.ts';
import { DevicePresence, type PresentDevice } from './device-presence.ts';
import type { ExposedDevice } from './exposed-device.ts';
import { DEVICE_ID_PATH, identityKey, tripleOf, type DeviceIdTriple } from './identity.ts';
import {
  deviceTransition,
  INITIAL_DEVICE_STATE,
  type DeviceEffect,
  type DeviceInput,
  type DeviceState,
} from './lifecycle.ts';
import type { Capabilities } from './mapping/map-tree.ts';

/** Longest time for identifying and reading a device; a slow one is tried again later. */
const BRING_UP_TIMEOUT_MS = 120_000;
/** After so long a slow device no longer keeps others waiting. */
const LONGEST_TURN_MS = 5_000;

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
  readonly pollIntervalSeconds: () => number;
  /** Whether devices are to raise alarms for what the ACS watches actively. */
  readonly alarms: () => boolean;
  /** Shared by all devices: how many are read at a time. */
  readonly readings: ConcurrencyLimit;
  /**
   * Decides identity and mechanism of a device that was read, and resolves with how it is exposed; undefined when it is not.
   * Called again after each new description.
   */
  readonly expose: (described: DescribedDevice) => Promise<ExposedDevice | undefined>;
  /** It left, or is no longer to be exposed in that way. */
  readonly withdrawn: (exposed: ExposedDevice) => void;
}

/** One ManageableDevice of the LAN: keeps what the ACS sees in step with it, through the transitions of lifecycle.ts. */
export class ProxiedDevice {
  readonly udn: string;
  readonly #options: ProxiedDeviceOptions;
  #state: DeviceState = INITIAL_DEVICE_STATE;
  #present: PresentDevice | undefined;
  #presence: DevicePresence | undefined;
  #attempt: AbortController | undefined;
  #retry: Timer | undefined;
  /** Ends the wait for a device that reboots. */
  #giveUp: Timer | undefined;
  #exposed: ExposedDevice | undefined;
  /** Who it said it was when it was exposed, and when it was asked last. */
  #exposedAs: DeviceIdTriple | undefined;
  #found: { readonly presence: DevicePresence; readonly triple: DeviceIdTriple | undefined } | undefined;
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

  /** It goes on under the BOOTID of `root`, as it announced: nothing else about it has changed. */
  renumbered(root: RootDevice): void {
    if (this.#present !== undefined) this.#present = { ...this.#present, root };
  }

  /** The rules may want it elsewhere: it is read and exposed anew; what is known stays in use until then. */
  reconsider(): void {
    this.#input({ type: 'structureDoubtful' });
  }

  /** `pollIntervalSeconds` says something else now. */
  pollIntervalChanged(): void {
    this.#presence?.pollIntervalChanged();
  }

  /** The machine was suspended: its timers slept, and nobody saw what changed. */
  resumed(): void {
    this.#presence?.valuesMissed();
    this.#retry?.cancel();
    this.#input({ type: 'retryDue' });
  }

  /** @param reboots it said that it comes back, or is back already */
  lost(reason: LossReason, reboots = false): void {
    this.#input({ type: 'lost', reason, reboots });
    this.#present = undefined;
  }

  /** Ends all work on it; resolves when its subscription is cancelled. */
  async stop(): Promise<void> {
    const presence = this.#presence;
    this.lost('stopped');
    await presence?.end();
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
        this.#giveUp?.cancel();
        return;
      case 'bringUp':
        void this.#bringUp();
        return;
      case 'attach':
        this.#presence?.attach();
        return;
      case 'suspend':
        this.#suspend();
        return;
      case 'detach':
        this.#detach();
        return;
      case 'giveUpAfter':
        this.#giveUp = this.#options.clock.schedule(effect.seconds * 1000, () => {
          this.#input({ type: 'notBack' });
        });
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
    const deadline = new Deadline(this.#options.clock, BRING_UP_TIMEOUT_MS, attempt.signal);
    const { signal } = deadline;
    try {
      const presence = this.#presence ?? (await this.#beginPresence(device, attempt.signal));
      const hintsBefore = presence.hints;
      const attributeHintsBefore = presence.attributeHints;
      const generationBefore = this.#exposed?.deviceModel.shadow.generation;
      const described = await this.#describeInTurn(presence, signal);
      signal.throwIfAborted();
      const exposed = await this.#options.expose(described);
      signal.throwIfAborted();
      let generation = generationBefore;
      if (exposed !== this.#exposed) {
        this.#withdraw();
        this.#exposed = exposed;
        this.#exposedAs = described.triple;
        generation = exposed?.deviceModel.shadow.generation;
      }
      if (exposed !== undefined && generation !== undefined) {
        // Something may have changed while the tree was read.
        if (presence.hints !== hintsBefore) exposed.deviceModel.shadow.invalidate();
        presence.connect(exposed);
        await exposed.describe(described.tree, capabilitiesOf(presence.client), generation);
        signal.throwIfAborted();
        // What the tree says of events may be older than what was read of them meanwhile.
        if (presence.attributeHints !== attributeHintsBefore) presence.doubtAttributes();
      }
      this.#lastSync = this.#options.clock.now();
      this.#lastError = undefined;
      this.#input({ type: 'broughtUp' });
      // Nobody wants to hear of a device that the rules leave alone.
      if (exposed === undefined) this.#endPresence();
    } catch (error) {
      if (attempt.signal.aborted) return;
      this.#lastError = error instanceof Error ? error.message : String(error);
      this.#options.logger.warn('could not read the device, trying again later', { error: this.#lastError });
      this.#goOn();
      this.#input({ type: 'failed' });
    } finally {
      deadline.cancel();
    }
  }

  /** What is known of a device that cannot be read anew stays in use: it is kept in step where the device is now, if it is the same. */
  #goOn(): void {
    const exposed = this.#exposed;
    const found = this.#found;
    if (exposed === undefined || found === undefined || found.presence !== this.#presence) return;
    const [then, now] = [this.#exposedAs, found.triple];
    if (then === undefined || now === undefined ? then !== now : identityKey(then) !== identityKey(now))
      return;
    if (!found.presence.connect(exposed)) return;
    // It may have been away: another control point may have switched events off meanwhile.
    found.presence.doubtAttributes();
    found.presence.attach();
  }

  async #beginPresence(device: PresentDevice, signal: AbortSignal): Promise<DevicePresence> {
    const { controlPoint, logger, clock, pollIntervalSeconds, alarms } = this.#options;
    const presence = await DevicePresence.begin(
      {
        device,
        controlPoint,
        clock,
        logger,
        pollIntervalSeconds,
        alarms,
        onStructureDoubtful: () => {
          this.#input({ type: 'structureDoubtful' });
        },
        onSilent: () => {
          this.#input({ type: 'fellSilent' });
        },
        onAnswer: () => {
          this.#input({ type: 'answered' });
        },
      },
      signal,
    );
    if (signal.aborted) {
      void presence.end();
      signal.throwIfAborted();
    }
    this.#presence = presence;
    return presence;
  }

  /** Few at a time: twenty devices that appear together would cost their documents' memory all at once. */
  async #describeInTurn(presence: DevicePresence, signal: AbortSignal): Promise<DescribedDevice> {
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

  async #describe(presence: DevicePresence, signal: AbortSignal): Promise<DescribedDevice> {
    const { client, device } = presence;
    const triple = await readTriple(client, signal);
    this.#found = { presence, triple };
    const tree = await readCmsTree(client, { values: true, signal });
    const upTime = Number(tree.values?.get('/UPnP/DM/DeviceInfo/UpTime') ?? NaN);
    return { ...device, triple, tree, upTimeSeconds: Number.isFinite(upTime) ? upTime : undefined };
  }

  /** What is known of it stays, and so does its subscription: it may only be busy. */
  #suspend(): void {
    this.#lastError = 'the device is announced, but answers nothing';
    this.#options.logger.warn('device does not answer any more');
    this.#exposed?.setReachable(false);
  }

  #detach(): void {
    this.#endPresence();
    this.#withdraw();
  }

  #withdraw(): void {
    const exposed = this.#exposed;
    if (exposed === undefined) return;
    this.#exposed = undefined;
    exposed.deviceModel.disconnect();
    exposed.setReachable(false);
    this.#options.withdrawn(exposed);
  }

  #endPresence(): void {
    const presence = this.#presence;
    this.#presence = undefined;
    // Events of the next presence vouch for values that are read in its time.
    if (presence !== undefined) this.#exposed?.deviceModel.setEventsReliable(false);
    void presence?.end();
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
