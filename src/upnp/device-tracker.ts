import type { Clock, Timer } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { DescriptionFetcher } from './description/description-fetcher.ts';
import type { ParsedDescription } from './description/parse-description.ts';
import { discover, stepDiscovery } from './discovery.ts';
import type {
  DiscoveryEffect,
  DiscoveryInput,
  DiscoveryStep,
  DiscoveryTimes,
  Presence,
} from './discovery.ts';
import { findIdentityDifferences } from './identity-differences.ts';
import type { Sighting } from './ssdp/sighting.ts';
import type {
  Announcement,
  ControlPointListener,
  DeviceDescription,
  LossReason,
  RootDevice,
} from './types.ts';

export interface DeviceTrackerOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly listener: ControlPointListener;
  readonly fetcher: Pick<DescriptionFetcher, 'fetchDescription'>;
  readonly times: DiscoveryTimes;
  readonly maxDevices: number;
  readonly maxDevicesPerHost: number;
  /** Sends a unicast search to the device. */
  readonly searchUnicast: (announcement: Announcement) => void;
}

/** What is tracked of one location. */
interface Entry {
  readonly location: string;
  presence: Presence;
  device: RootDevice | undefined;
  /** UDN of the device here when it is in use at another location: it has an address on each of our interfaces. */
  spareOf: string | undefined;
  timer: Timer | undefined;
  probeTimer: Timer | undefined;
  /** Cuts off the fetch or probe under way. */
  work: AbortController;
  /** While it is probed: the question is out. */
  isAsked: boolean;
  /** When it was heard of last, monotonic milliseconds. */
  heardAt: number;
}

/** How long a unicast search may take to be answered. [UDA 1.3.3] allows 1 s. */
const PROBE_ANSWER_MS = 1500;

/** Keeps the root devices of the LAN: carries out what the discovery machine decides for each location. */
export class DeviceTracker {
  readonly #options: DeviceTrackerOptions;
  /** Hosts whose devices did not all find room. */
  readonly #warned = new Set<string>();
  /** Pairs of locations at which different devices have one UDN, each told once. */
  readonly #warnedPairs = new Set<string>();
  readonly #entries = new Map<string, Entry>();

  constructor(options: DeviceTrackerOptions) {
    this.#options = options;
  }

  get devices(): RootDevice[] {
    return [...this.#entries.values()].flatMap((entry) => entry.device ?? []);
  }

  /** Takes what SSDP tells. */
  receive(sighting: Sighting): void {
    if (sighting.kind === 'byebye') {
      this.#receiveByebye(sighting.udn, sighting.sourceAddress, sighting.dmAnnouncement);
      return;
    }
    const { announcement } = sighting;
    const entry = this.#entries.get(announcement.location);
    if (entry !== undefined) {
      // An answer that was on its way when the device said goodbye is none to the question whether it is there.
      if (sighting.kind === 'response' && entry.presence.phase === 'probing' && !entry.isAsked) return;
      entry.heardAt = this.#options.clock.monotonic();
      this.#step(entry, sighting);
      if (entry.device !== undefined)
        this.#options.listener.deviceRenewed?.(entry.device, entry.presence.announcement);
      else if (entry.presence.phase === 'unusable')
        this.#options.listener.unusableRenewed?.(entry.presence.announcement);
    } else if (this.#hasRoomFor(announcement)) {
      const bootId = sighting.kind === 'update' ? sighting.nextBootId : undefined;
      this.#add({ ...announcement, bootId: bootId ?? announcement.bootId });
    }
  }

  /** Forgets the devices that can be reached no more: all unless told which. */
  clear(reason: LossReason, isGone: (announcement: Announcement) => boolean = () => true): void {
    for (const entry of [...this.#entries.values()]) {
      if (!isGone(entry.presence.announcement)) continue;
      this.#remove(entry);
      this.#lose(entry, reason);
    }
  }

  /** The machine slept for so long, milliseconds: what is known of the devices is older than our timers say. */
  slept(durationMs: number): void {
    for (const entry of [...this.#entries.values()]) {
      const { dueAt } = entry.presence;
      if (dueAt === undefined) continue;
      entry.presence = { ...entry.presence, dueAt: dueAt - durationMs };
      this.#arm(entry);
    }
  }

  /** Whether the device answers at its location; one that does not is lost. */
  async verify(device: RootDevice, signal: AbortSignal): Promise<boolean> {
    const entry = this.#entries.get(device.announcement.location);
    const asked = entry?.device;
    if (entry === undefined || asked?.description.udn !== device.description.udn) return false;
    const answered = await this.#answersHttp(entry, signal);
    if (!answered && !signal.aborted && entry.device === asked) {
      this.#remove(entry);
      this.#lose(entry, 'expired');
    }
    return answered;
  }

  #receiveByebye(udn: string, sourceAddress: string, dmAnnouncement: string | undefined): void {
    for (const entry of [...this.#entries.values()]) {
      const { device } = entry;
      const { announcement } = entry.presence;
      // Of one that was never described its announcement alone tells who it is.
      const isItself =
        device === undefined ? sameUdn(announcement.udn, udn) : hasUdn(device.description, udn);
      if (isItself && announcement.sourceAddress === sourceAddress)
        this.#step(entry, { kind: 'byebye', dmAnnouncement });
    }
  }

  #hasRoomFor(announcement: Announcement): boolean {
    let onHost = 0;
    let unusable: Entry | undefined;
    for (const entry of this.#entries.values()) {
      if (entry.presence.announcement.sourceAddress === announcement.sourceAddress) onHost++;
      if (entry.presence.phase === 'unusable') unusable = entry;
    }
    if (onHost >= this.#options.maxDevicesPerHost) {
      this.#warnOnce('too many devices on one host: the others are left out', announcement, onHost);
      return false;
    }
    if (this.#entries.size < this.#options.maxDevices) return true;
    if (unusable === undefined) {
      this.#warnOnce('too many devices: the others are left out', announcement, this.#entries.size);
      return false;
    }
    this.#remove(unusable);
    return true;
  }

  /** Once for each host: those that are left out announce themselves again and again. */
  #warnOnce(message: string, { sourceAddress }: Announcement, limit: number): void {
    if (this.#warned.has(sourceAddress) || this.#warned.size >= this.#options.maxDevices) return;
    this.#warned.add(sourceAddress);
    this.#options.logger.warn(message, { host: sourceAddress, limit });
  }

  #add(announcement: Announcement): void {
    const step = discover(announcement);
    if (step.presence === undefined) return;
    const entry: Entry = {
      location: announcement.location,
      presence: step.presence,
      device: undefined,
      spareOf: undefined,
      timer: undefined,
      probeTimer: undefined,
      work: new AbortController(),
      isAsked: false,
      heardAt: this.#options.clock.monotonic(),
    };
    this.#entries.set(entry.location, entry);
    this.#apply(entry, step);
  }

  #step(entry: Entry, input: DiscoveryInput): void {
    const { clock, times } = this.#options;
    this.#apply(entry, stepDiscovery(entry.presence, input, clock.monotonic(), times));
  }

  #apply(entry: Entry, { presence, effects }: DiscoveryStep): void {
    if (presence === undefined) this.#remove(entry);
    else {
      entry.presence = presence;
      this.#arm(entry);
      if (presence.phase !== 'probing') entry.probeTimer?.cancel();
      this.#adoptBootId(entry);
    }
    for (const effect of effects) this.#carryOut(entry, effect);
  }

  #arm(entry: Entry): void {
    entry.timer?.cancel();
    entry.timer = undefined;
    const { dueAt } = entry.presence;
    if (dueAt === undefined) return;
    entry.timer = this.#options.clock.schedule(dueAt - this.#options.clock.monotonic(), () => {
      this.#step(entry, { kind: 'due' });
    });
  }

  /** An ssdp:update changed the boot number of a device that stays. */
  #adoptBootId(entry: Entry): void {
    const { device, presence } = entry;
    if (device === undefined || !presence.known) return;
    const { bootId } = presence.announcement;
    if (device.announcement.bootId === undefined || device.announcement.bootId === bootId) return;
    entry.device = { ...device, announcement: { ...device.announcement, bootId } };
    this.#options.listener.bootIdChanged?.(entry.device, device);
  }

  #carryOut(entry: Entry, effect: DiscoveryEffect): void {
    switch (effect.kind) {
      case 'describe':
        void this.#describe(entry, this.#startWork(entry));
        break;
      case 'probe':
        this.#probeAfter(entry, effect.delayMs, this.#startWork(entry));
        break;
      case 'lose':
        this.#lose(entry, effect.reason);
        break;
    }
  }

  #startWork(entry: Entry): AbortSignal {
    entry.work.abort();
    entry.work = new AbortController();
    return entry.work.signal;
  }

  #lose(entry: Entry, reason: LossReason): void {
    const { device } = entry;
    entry.device = undefined;
    if (device === undefined) {
      // One that is known at another location has lost this way to it only.
      if (entry.spareOf === undefined)
        this.#options.listener.unusableLost?.(entry.presence.announcement, reason);
      return;
    }
    const { dmAnnouncement } = entry.presence.announcement;
    this.#options.listener.deviceLost(
      { ...device, announcement: { ...device.announcement, dmAnnouncement } },
      reason,
    );
    if (reason === 'byebye' || reason === 'expired') this.#lookForSpare(device.description.udn);
  }

  #lookForSpare(udn: string): void {
    for (const entry of this.#entries.values()) {
      const { phase } = entry.presence;
      if (phase === 'unusable' && entry.spareOf === udn.toLowerCase()) this.#step(entry, { kind: 'due' });
    }
  }

  #remove(entry: Entry): void {
    entry.timer?.cancel();
    entry.probeTimer?.cancel();
    entry.work.abort();
    this.#entries.delete(entry.location);
  }

  async #describe(entry: Entry, signal: AbortSignal): Promise<void> {
    try {
      const parsed = await this.#options.fetcher.fetchDescription(entry.presence.announcement, signal);
      const other = this.#findOther(entry, parsed.description.udn);
      const known = other && (await this.#describeAgain(other, signal));
      if (other !== undefined && known !== undefined) {
        if (signal.aborted) return;
        entry.spareOf = parsed.description.udn.toLowerCase();
        this.#noteSpare(entry, parsed.description, other, known);
        this.#step(entry, { kind: 'described', ok: false });
        return;
      }
      if (!signal.aborted) this.#accept(entry, parsed);
    } catch (error) {
      if (signal.aborted) return;
      const { announcement } = entry.presence;
      // What has been silent for longer than it said is tried again, but nobody can say that it is there.
      const isOver = this.#options.clock.monotonic() - entry.heardAt > announcement.maxAgeSeconds * 1000;
      if (!isOver) this.#options.listener.deviceUnusable(announcement, asError(error));
      this.#step(entry, { kind: 'described', ok: false });
    }
  }

  /** Two locations of one device are common; two devices with one UDN are a fault of theirs that hides one of them. */
  #noteSpare(entry: Entry, spare: DeviceDescription, other: Entry, known: DeviceDescription): void {
    const { logger, maxDevices } = this.#options;
    const [location, knownLocation] = [entry.location, other.location];
    const differences = findIdentityDifferences(
      { description: spare, announcement: entry.presence.announcement },
      { description: known, announcement: other.presence.announcement },
    );
    if (differences.length === 0) {
      logger.debug('device is known at another location', { udn: spare.udn, location });
      return;
    }
    const pair = [location, knownLocation].sort().join(' ');
    if (this.#warnedPairs.has(pair) || this.#warnedPairs.size >= maxDevices) return;
    this.#warnedPairs.add(pair);
    logger.warn('another device has the same UDN and is left out: give each device a UDN of its own', {
      udn: spare.udn,
      location,
      knownLocation,
      differences,
    });
  }

  #accept(entry: Entry, parsed: ParsedDescription): void {
    const { udn } = parsed.description;
    const other = this.#findOther(entry, udn);
    if (entry.device !== undefined && !sameUdn(entry.device.description.udn, udn)) {
      // Another device has taken its place.
      this.#lose(entry, 'rebooted');
    }
    let previous = entry.device;
    if (other !== undefined) {
      // The device has moved: its old location is silent.
      this.#remove(other);
      previous = other.device;
    }
    entry.presence = {
      ...entry.presence,
      announcement: { ...entry.presence.announcement, udn, namesRoot: true },
    };
    const device = { ...parsed, announcement: entry.presence.announcement };
    entry.device = device;
    this.#step(entry, { kind: 'described', ok: true });
    this.#options.listener.deviceAppeared(device, previous);
  }

  #findOther(entry: Entry, udn: string): Entry | undefined {
    for (const other of this.#entries.values()) {
      if (other !== entry && other.device !== undefined && sameUdn(other.device.description.udn, udn))
        return other;
    }
    return undefined;
  }

  #probeAfter(entry: Entry, delayMs: number, signal: AbortSignal): void {
    entry.isAsked = false;
    entry.probeTimer = this.#options.clock.schedule(delayMs, () => {
      entry.isAsked = true;
      this.#options.searchUnicast(entry.presence.announcement);
      // An answer comes in as a sighting and ends the probing.
      entry.probeTimer = this.#options.clock.schedule(PROBE_ANSWER_MS, () => {
        void this.#probeByHttp(entry, signal);
      });
    });
  }

  async #probeByHttp(entry: Entry, signal: AbortSignal): Promise<void> {
    const answered = await this.#answersHttp(entry, signal);
    if (!signal.aborted) this.#step(entry, { kind: 'probed', answered });
  }

  /** Whether the description is still served, for the same device. */
  async #answersHttp(entry: Entry, signal: AbortSignal): Promise<boolean> {
    return (await this.#describeAgain(entry, signal)) !== undefined;
  }

  /** What is served now for the same device; undefined when nothing is. */
  async #describeAgain(entry: Entry, signal: AbortSignal): Promise<DeviceDescription | undefined> {
    const { device } = entry;
    if (device === undefined) return undefined;
    try {
      const { description } = await this.#options.fetcher.fetchDescription(device.announcement, signal);
      return sameUdn(description.udn, device.description.udn) ? description : undefined;
    } catch {
      return undefined;
    }
  }
}

function hasUdn(description: RootDevice['description'], udn: string): boolean {
  return sameUdn(description.udn, udn) || description.devices.some((device) => hasUdn(device, udn));
}

function sameUdn(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
