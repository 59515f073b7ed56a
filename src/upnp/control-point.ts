import type { Clock, Timer } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { DEFAULT_ACTION_TIMEOUT_MS, invokeAction } from './control/soap-client.ts';
import { DescriptionFetcher } from './description/description-fetcher.ts';
import { DeviceTracker } from './device-tracker.ts';
import { EventReceiver } from './gena/event-receiver.ts';
import { EventSubscription } from './gena/event-subscription.ts';
import { checkInterfaceNames, findInterface, hasAddress, hasSameAddresses } from './ssdp/lan-interface.ts';
import type { LanInterface } from './ssdp/lan-interface.ts';
import { SsdpListener } from './ssdp/ssdp-listener.ts';
import type {
  ControlPoint,
  ControlPointListener,
  DeviceDescription,
  OutArguments,
  RootDevice,
  Scpd,
  ServiceDescription,
  Subscription,
  SubscriptionListener,
} from './types.ts';

/** Bounds on what the LAN can make us keep or do. */
export interface ControlPointLimits {
  /** Root devices at one address; default 128. */
  readonly maxDevicesPerHost?: number;
  /** Root devices in all; default 512. */
  readonly maxDevices?: number;
  /** A shorter max-age counts as this; default 30 s. */
  readonly minMaxAgeSeconds?: number;
  /** A longer max-age counts as this; default 3600 s. */
  readonly maxMaxAgeSeconds?: number;
  /** Between multicast searches; default 60 s. */
  readonly searchIntervalSeconds?: number;
}

export interface ControlPointOptions {
  /** Names of network interfaces, `lo` included. IPv4 only. */
  readonly interfaces: readonly string[];
  readonly clock: Clock;
  readonly logger: Logger;
  readonly listener: ControlPointListener;
  readonly limits?: ControlPointLimits;
}

const INTERFACE_CHECK_MS = 15_000;

/** The control point of a home network. Its methods reject or throw for a stopped or unknown device as for a silent one. */
export function createControlPoint(options: ControlPointOptions): ControlPoint {
  return new LanControlPoint(options);
}

class LanControlPoint implements ControlPoint {
  readonly #options: ControlPointOptions;
  readonly #fetcher = new DescriptionFetcher();
  readonly #tracker: DeviceTracker;
  readonly #ssdp = new Map<string, SsdpListener>();
  readonly #receivers = new Map<string, EventReceiver>();
  readonly #subscriptions = new Map<EventSubscription, RootDevice>();
  /** By description: it is replaced when the device reboots or its CONFIGID changes. */
  readonly #scpds = new WeakMap<DeviceDescription, Map<string, Promise<Scpd>>>();
  readonly #stopped = new AbortController();
  #interfaceTimer: Timer | undefined;
  #interfaces: readonly string[];
  /** Settles when no check of the interfaces is under way. */
  #checking: Promise<void> = Promise.resolve();

  constructor(options: ControlPointOptions) {
    this.#options = options;
    this.#interfaces = options.interfaces;
    const { limits = {}, clock, logger } = options;
    this.#tracker = new DeviceTracker({
      clock,
      logger,
      listener: this.#createListener(options.listener),
      fetcher: this.#fetcher,
      times: {
        minValidityMs: (limits.minMaxAgeSeconds ?? 30) * 1000,
        maxValidityMs: (limits.maxMaxAgeSeconds ?? 3600) * 1000,
      },
      maxDevices: limits.maxDevices ?? 512,
      maxDevicesPerHost: limits.maxDevicesPerHost ?? 128,
      searchUnicast: ({ interfaceName, sourceAddress, searchPort }) => {
        this.#ssdp.get(interfaceName)?.searchUnicast(sourceAddress, searchPort, 'upnp:rootdevice');
      },
    });
  }

  get devices(): readonly RootDevice[] {
    return this.#tracker.devices;
  }

  /** @throws Error naming the interface that does not exist or cannot be used */
  async start(): Promise<void> {
    checkInterfaceNames(this.#interfaces);
    try {
      for (const name of new Set(this.#interfaces)) await this.#openInterface(name);
    } catch (error) {
      await this.stop();
      throw error;
    }
    this.#watchInterfaces();
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#interfaceTimer?.cancel();
    for (const ssdp of this.#ssdp.values()) ssdp.stop();
    this.#ssdp.clear();
    const stopping = [...this.#subscriptions.keys()].map((subscription) => subscription.stop());
    this.#tracker.clear('stopped');
    await Promise.all(stopping);
    await Promise.all([...this.#receivers.values()].map((receiver) => receiver.stop()));
    this.#receivers.clear();
  }

  async useInterfaces(names: readonly string[]): Promise<void> {
    checkInterfaceNames(names);
    this.#interfaces = names;
    await this.#checkInterfaces();
  }

  search(): void {
    for (const ssdp of this.#ssdp.values()) ssdp.search();
  }

  resumed(sleptMs: number): void {
    this.#tracker.slept(sleptMs);
    for (const subscription of [...this.#subscriptions.keys()]) subscription.resumed();
    this.search();
  }

  verify(device: RootDevice): Promise<boolean> {
    return this.#tracker.verify(device, this.#stopped.signal);
  }

  fetchScpd(device: RootDevice, service: ServiceDescription): Promise<Scpd> {
    let known = this.#scpds.get(device.description);
    if (known === undefined) {
      known = new Map();
      this.#scpds.set(device.description, known);
    }
    const found = known.get(service.scpdUrl);
    if (found !== undefined) return found;
    const scpds = known;
    const fetched = this.#fetcher.fetchScpd(
      service.scpdUrl,
      device.announcement.localAddress,
      this.#stopped.signal,
    );
    scpds.set(service.scpdUrl, fetched);
    // A failure is not remembered: the device may just have been busy.
    fetched.catch(() => scpds.delete(service.scpdUrl));
    return fetched;
  }

  invoke(
    device: RootDevice,
    service: ServiceDescription,
    action: string,
    inArguments: readonly (readonly [name: string, value: string])[],
    options: { readonly signal?: AbortSignal; readonly timeoutMs?: number } = {},
  ): Promise<OutArguments> {
    return invokeAction({
      controlUrl: service.controlUrl,
      localAddress: device.announcement.localAddress,
      serviceType: service.serviceType,
      action,
      inArguments,
      timeoutMs: options.timeoutMs ?? DEFAULT_ACTION_TIMEOUT_MS,
      signal: options.signal ?? this.#stopped.signal,
    });
  }

  subscribe(device: RootDevice, service: ServiceDescription, listener: SubscriptionListener): Subscription {
    if (service.eventSubUrl === undefined || this.#stopped.signal.aborted) {
      return { state: 'none', stop: () => Promise.resolve() };
    }
    const { sourceAddress, localAddress } = device.announcement;
    const subscription = new EventSubscription({
      eventSubUrl: service.eventSubUrl,
      deviceAddress: sourceAddress,
      localAddress,
      receiver: this.#receiverAt(localAddress),
      clock: this.#options.clock,
      logger: this.#options.logger,
      listener,
      onStopped: () => void this.#subscriptions.delete(subscription),
    });
    this.#subscriptions.set(subscription, device);
    return subscription;
  }

  #receiverAt(localAddress: string): EventReceiver {
    let receiver = this.#receivers.get(localAddress);
    if (receiver === undefined) {
      receiver = new EventReceiver(localAddress, this.#options.clock, this.#options.logger);
      this.#receivers.set(localAddress, receiver);
    }
    return receiver;
  }

  /** A lost device takes its subscriptions along, a moved one those at its old place. [UDA 1.2.2] */
  #createListener(listener: ControlPointListener): ControlPointListener {
    const { logger } = this.#options;
    return {
      deviceAppeared: (device, previous) => {
        const { udn, location } = device.announcement;
        logger.debug('description read', { udn, location, deviceType: device.description.deviceType });
        if (previous !== undefined && previous.announcement.location !== location)
          this.#dropSubscriptions(previous);
        listener.deviceAppeared(device, previous);
      },
      deviceLost: (device, reason) => {
        logger.debug('root device lost', {
          udn: device.announcement.udn,
          location: device.announcement.location,
          reason,
        });
        this.#dropSubscriptions(device);
        listener.deviceLost(device, reason);
      },
      bootIdChanged: (device, previous) => listener.bootIdChanged?.(device, previous),
      deviceRenewed: (device, announcement) => listener.deviceRenewed?.(device, announcement),
      unusableRenewed: (announcement) => listener.unusableRenewed?.(announcement),
      unusableLost: (announcement, reason) => listener.unusableLost?.(announcement, reason),
      deviceUnusable: (announcement, error) => {
        logger.debug('description not usable', { location: announcement.location, error: error.message });
        listener.deviceUnusable(announcement, error);
      },
    };
  }

  #dropSubscriptions(device: RootDevice): void {
    for (const [subscription, subscribed] of this.#subscriptions) {
      if (subscribed.announcement.location === device.announcement.location) void subscription.stop();
    }
  }

  async #openInterface(name: string): Promise<void> {
    const { clock, logger, limits } = this.#options;
    const lan = findInterface(name);
    if (lan === undefined) {
      logger.warn('interface has no IPv4 address yet', { interface: name });
      return;
    }
    const ssdp = new SsdpListener({
      lan,
      clock,
      logger,
      searchIntervalMs: (limits?.searchIntervalSeconds ?? 60) * 1000,
      onSighting: (sighting) => {
        this.#tracker.receive(sighting);
      },
    });
    await ssdp.start();
    if (this.#stopped.signal.aborted) ssdp.stop();
    else this.#ssdp.set(name, ssdp);
    logger.info('listening for devices', { interface: name, address: formatAddresses(lan) });
  }

  #watchInterfaces(): void {
    this.#interfaceTimer = this.#options.clock.schedule(INTERFACE_CHECK_MS, () => {
      void this.#checkInterfaces().finally(() => {
        if (!this.#stopped.signal.aborted) this.#watchInterfaces();
      });
    });
  }

  /** One check after the other: two would open an interface twice. */
  #checkInterfaces(): Promise<void> {
    this.#checking = this.#checking.then(() => this.#followInterfaces());
    return this.#checking;
  }

  /** Picks up addresses that came, changed or went, and interfaces that are to be used no more. */
  async #followInterfaces(): Promise<void> {
    const { logger } = this.#options;
    for (const [name, ssdp] of this.#ssdp) {
      if (this.#interfaces.includes(name)) continue;
      logger.info('interface is used no more', { interface: name });
      this.#closeInterface(name, ssdp, undefined);
    }
    for (const name of new Set(this.#interfaces)) {
      const ssdp = this.#ssdp.get(name);
      const now = findInterface(name);
      if (hasSameAddresses(ssdp?.lan, now)) continue;
      if (ssdp !== undefined) {
        logger.warn('interface changed its address', { interface: name, address: formatAddresses(now) });
        this.#closeInterface(name, ssdp, now);
      }
      try {
        if (now !== undefined) await this.#openInterface(name);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        logger.warn('interface cannot be used', { interface: name, error: reason });
      }
    }
  }

  /** @param now the interface if it goes on: devices that are reached by an address that stays are kept */
  #closeInterface(name: string, ssdp: SsdpListener, now: LanInterface | undefined): void {
    this.#ssdp.delete(name);
    ssdp.stop();
    for (const lost of ssdp.lan.addresses) {
      if (hasAddress(now, lost)) continue;
      this.#tracker.clear(
        'expired',
        ({ interfaceName, localAddress }) => interfaceName === name && localAddress === lost.address,
      );
      this.#closeReceiver(lost.address);
    }
  }

  #closeReceiver(localAddress: string): void {
    const receiver = this.#receivers.get(localAddress);
    this.#receivers.delete(localAddress);
    if (receiver !== undefined) void receiver.stop();
  }
}

function formatAddresses(lan: LanInterface | undefined): string | undefined {
  return lan?.addresses.map(({ address }) => address).join(', ');
}
