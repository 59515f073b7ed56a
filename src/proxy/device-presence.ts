import type { Clock, Timer } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type {
  ControlPoint,
  EventMessage,
  RootDevice,
  Scpd,
  Subscription,
  SubscriptionState,
} from '../upnp/types.ts';
import { createCmsClient } from '../upnp-dm/cms-client.ts';
import { parseFlag } from '../upnp-dm/documents.ts';
import type { ManageableDevice } from '../upnp-dm/manageable-device.ts';
import type { CmsClient } from '../upnp-dm/types.ts';
import { parseUpdateVariable } from '../upnp-dm/update-variable.ts';
import { AnswerWatch } from './answer-watch.ts';
import { ChangeWatcher } from './change-watcher.ts';
import type { ExposedDevice } from './exposed-device.ts';

/** How long to wait for the initial event, so that the first values read are guaranteed by events already. */
const FIRST_EVENT_WAIT_MS = 2_000;
/** A device that confirms a subscription and sends nothing for so long will not: [UDA 4.1.2] asks for an event at once. */
const MUTE_AFTER_MS = 30_000;

/** Variables whose counter grows when the data model itself changed [CMS:2 2.3]. */
const STRUCTURE_VARIABLES = ['SupportedDataModelsUpdate', 'SupportedParametersUpdate'];
/** Its counter grows when attributes of nodes changed, by this control point or another. */
const ATTRIBUTES_VARIABLE = 'AttributeValuesUpdate';

/** A device on the LAN with its management services. */
export interface PresentDevice {
  readonly root: RootDevice;
  readonly managed: ManageableDevice;
}

export interface DevicePresenceOptions {
  readonly device: PresentDevice;
  readonly controlPoint: ControlPoint;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly pollIntervalSeconds: () => number;
  readonly alarms: () => boolean;
  /** The device is announced, and answers nothing. */
  readonly onSilent: () => void;
  /** It answers again. */
  readonly onAnswer: () => void;
  /** The device no longer matches what was read of it. */
  readonly onStructureDoubtful: () => void;
}

/**
 * One stay of a device at one place of the LAN: its CMS client, its event subscription, and the watcher that looks after what
 * events hint at. Thrown away as a whole when the device leaves or moves.
 */
export class DevicePresence {
  readonly client: CmsClient;
  readonly #options: DevicePresenceOptions;
  readonly #answers: AnswerWatch;
  #subscription: Subscription | undefined;
  #subscriptionState: SubscriptionState = 'none';
  /** An event of the subscription has come: a firewall may keep them off, or the device may send none. */
  #isHeard = false;
  /** The device has AttributeValuesUpdate, which is optional [CMS:2 2.3]. */
  #tellsAttributes = true;
  #muteTimer: Timer | undefined;
  #attributesTimer: Timer | undefined;
  #firstEvent: () => void = () => undefined;
  #exposed: ExposedDevice | undefined;
  #attached:
    | { readonly exposed: ExposedDevice; readonly watcher: ChangeWatcher; readonly unwatch: () => void }
    | undefined;
  /** Grows with every hint that values changed: what was read before the last hint may be old. */
  #hints = 0;
  /** The hints that a watcher has looked after. */
  #hintsSeen = 0;
  #attributeHints = 0;
  /** Attributes changed, or may have, while nobody was there to look after it. */
  #attributesHint = false;
  /** Counters of the update variables, to tell an event that repeats them from a change. */
  readonly #counters = new Map<string, number>();
  #ended = false;

  private constructor(client: CmsClient, answers: AnswerWatch, options: DevicePresenceOptions) {
    this.client = client;
    this.#answers = answers;
    this.#options = options;
  }

  /** Subscribes before anything is read, so that no change falls between. */
  static async begin(options: DevicePresenceOptions, signal: AbortSignal): Promise<DevicePresence> {
    const { controlPoint, device, logger, clock } = options;
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
    signal.throwIfAborted();
    const client = createCmsClient({
      controlPoint: {
        invoke: (...action) => answers.observe(controlPoint.invoke(...action)),
      },
      device: device.root,
      service: cms.service,
      clock,
      ...(scpd === undefined ? {} : { scpd }),
    });
    const answers = new AnswerWatch({
      clock,
      probe: (patience) => client.getConfigurationUpdate(patience),
      onSilent: options.onSilent,
      onAnswer: options.onAnswer,
    });
    const presence = new DevicePresence(client, answers, options);
    await presence.#subscribe();
    return presence;
  }

  get device(): PresentDevice {
    return this.#options.device;
  }

  get subscriptionState(): SubscriptionState {
    return this.#subscriptionState;
  }

  /** Grows with every hint that values on the device changed. */
  get hints(): number {
    return this.#hints;
  }

  /** Grows with every hint that attributes of the device changed. */
  get attributeHints(): number {
    return this.#attributeHints;
  }

  /** Nobody knows which leaves raise events now: the next `attach` has it looked after. */
  doubtAttributes(): void {
    this.#attributesHint = true;
  }

  /** From now on `exposed` reads and writes the device through this presence. @returns false when it did so already */
  connect(exposed: ExposedDevice): boolean {
    const isNew = this.#exposed !== exposed;
    this.#exposed = exposed;
    exposed.deviceModel.connect(this.client, this.#vouches);
    return isNew;
  }

  /** The device is described: looks after what the ACS watches from now on. */
  attach(): void {
    const exposed = this.#exposed;
    if (exposed === undefined || this.#ended) return;
    if (this.#attached?.exposed !== exposed) {
      this.#detachWatcher();
      const watcher = this.#createWatcher(exposed);
      const unwatch = exposed.onWatchedChange(() => {
        watcher.watchedChanged();
      });
      this.#attached = { exposed, watcher, unwatch };
    }
    exposed.setReachable(true, this.#options.onStructureDoubtful);
    this.#attached.watcher.watchedChanged();
    // Hints that came while the device was being read found nobody to look after them.
    if (this.#hints !== this.#hintsSeen) this.#attached.watcher.deviceChanged();
    this.#hintsSeen = this.#hints;
    if (this.#attributesHint) this.#attached.watcher.attributesChanged();
    this.#attributesHint = false;
  }

  /** Whoever had changes to tell found nobody listening for a while. */
  valuesMissed(): void {
    if (!this.#ended) this.#valuesDoubtful();
  }

  pollIntervalChanged(): void {
    this.#attached?.watcher.pollIntervalChanged();
  }

  /** Ends all work; resolves when the subscription is cancelled. */
  async end(): Promise<void> {
    this.#ended = true;
    this.#muteTimer?.cancel();
    this.#attributesTimer?.cancel();
    this.#answers.stop();
    this.#detachWatcher();
    await this.#subscription?.stop();
  }

  async #subscribe(): Promise<void> {
    const { controlPoint, device, clock } = this.#options;
    const service = device.managed.cms?.service;
    if (service?.eventSubUrl === undefined) return;
    const initial = new Promise<void>((resolve) => {
      this.#firstEvent = resolve;
    });
    this.#subscription = controlPoint.subscribe(device.root, service, {
      onEvent: (message) => {
        this.#eventReceived(message);
      },
      onState: (state) => {
        this.#subscriptionChanged(state);
      },
    });
    this.#subscriptionState = this.#subscription.state;
    await new Promise<void>((resolve) => {
      const timer = clock.schedule(FIRST_EVENT_WAIT_MS, resolve);
      void initial.then(() => {
        timer.cancel();
        resolve();
      });
    });
  }

  #createWatcher(exposed: ExposedDevice): ChangeWatcher {
    const { pollIntervalSeconds, alarms, clock, logger, onStructureDoubtful } = this.#options;
    return new ChangeWatcher({
      client: this.client,
      deviceModel: exposed.deviceModel,
      watched: () => exposed.watched,
      isUrgent: (parameter) => exposed.isUrgent(parameter),
      alarms,
      isSubscribed: () => this.#vouches,
      pollIntervalSeconds,
      onStructureDoubtful,
      clock,
      logger,
    });
  }

  #detachWatcher(): void {
    this.#attached?.unwatch();
    this.#attached?.watcher.stop();
    this.#attached = undefined;
  }

  #subscriptionChanged(state: SubscriptionState): void {
    if (this.#ended) return;
    this.#subscriptionState = state;
    if (state !== 'active') this.#isHeard = false;
    this.#vouchingChanged();
    this.#muteTimer?.cancel();
    if (state !== 'active') return;
    // Events may have been missed while there was no subscription.
    this.#valuesDoubtful();
    if (!this.#isHeard) this.#muteTimer = this.#options.clock.schedule(MUTE_AFTER_MS, () => this.#logMute());
  }

  /** Whether events tell of every change: they come, and if they do not tell of attributes, these are read from time to time. */
  get #vouches(): boolean {
    if (this.#subscriptionState !== 'active' || !this.#isHeard) return false;
    return this.#tellsAttributes || this.#options.pollIntervalSeconds() > 0;
  }

  #vouchingChanged(): void {
    this.#exposed?.deviceModel.setEventsReliable(this.#vouches);
    this.#attached?.watcher.subscriptionChanged();
  }

  #logMute(): void {
    this.#options.logger.warn(
      'the subscription is confirmed, but no event comes: is the event port open to the LAN? The device is polled',
      { seconds: MUTE_AFTER_MS / 1000 },
    );
  }

  #heard(message: EventMessage): void {
    this.#muteTimer?.cancel();
    const hadAttributes = this.#tellsAttributes;
    // The first event of a subscription has every evented variable [UDA 4.1.2].
    if (message.variables.has(ATTRIBUTES_VARIABLE)) this.#tellsAttributes = true;
    else if (message.seq === 0) this.#tellsAttributes = false;
    const wasHeard = this.#isHeard;
    this.#isHeard = true;
    if (!wasHeard || hadAttributes !== this.#tellsAttributes) this.#vouchingChanged();
    if (!this.#tellsAttributes) this.#attributesTimer ??= this.#checkAttributesLater();
  }

  /** Another control point may switch EventOnChange off, and no event would say so. */
  #checkAttributesLater(): Timer | undefined {
    const seconds = this.#options.pollIntervalSeconds();
    if (seconds === 0) return undefined;
    return this.#options.clock.schedule(seconds * 1000, () => {
      this.#attributesTimer = undefined;
      if (this.#tellsAttributes) return;
      this.#attributesDoubtful();
      this.#attributesTimer = this.#checkAttributesLater();
    });
  }

  /** [CMS:2 2.2] An event says that something changed; the counters tell whether the model did. */
  #eventReceived(message: EventMessage): void {
    this.#firstEvent();
    if (this.#ended) return;
    this.#heard(message);
    const changed = [...STRUCTURE_VARIABLES, ATTRIBUTES_VARIABLE].filter((name) =>
      this.#hasCounted(name, message),
    );
    if (changed.some((name) => name !== ATTRIBUTES_VARIABLE)) this.#options.onStructureDoubtful();
    if (changed.includes(ATTRIBUTES_VARIABLE)) this.#attributesDoubtful();
    if (parseFlag(message.variables.get('AlarmsEnabled') ?? '') === false)
      this.#attached?.watcher.alarmsDisabled();
    const isInitial = message.seq === 0;
    const update = message.variables.get('ConfigurationUpdate');
    if (update !== undefined && !isInitial) this.#valuesDoubtful(parseUpdateVariable(update)?.alarms?.keys());
  }

  #hasCounted(name: string, message: EventMessage): boolean {
    const counter = parseUpdateVariable(message.variables.get(name) ?? '')?.counter;
    if (counter === undefined) return false;
    const known = this.#counters.get(name);
    this.#counters.set(name, counter);
    return known !== undefined && known !== counter;
  }

  #attributesDoubtful(): void {
    this.#attributeHints += 1;
    if (this.#attached === undefined) this.#attributesHint = true;
    else this.#attached.watcher.attributesChanged();
  }

  #valuesDoubtful(alarmed?: Iterable<string>): void {
    this.#hints += 1;
    if (this.#attached === undefined) return;
    this.#hintsSeen = this.#hints;
    this.#attached.watcher.deviceChanged(alarmed);
  }
}
