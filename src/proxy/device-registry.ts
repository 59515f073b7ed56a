import type { EndpointIdentity, EndpointStatus } from '../cwmp/types.ts';
import { ConcurrencyLimit } from '../platform/concurrency-limit.ts';
import type { DeviceFacts, DeviceMechanism } from '../platform/config/config.ts';
import type { Logger } from '../platform/logger.ts';
import type { ControlPoint, LossReason, RootDevice, SubscriptionState } from '../upnp/types.ts';
import { findManagementServices, type ManageableDevice } from '../upnp-dm/manageable-device.ts';
import { bootMark, hasRebooted, isSameMark } from './boot-mark.ts';
import { identityKey } from './identity.ts';
import { IdentityClaims } from './identity-claims.ts';
import type { DevicePhase } from './lifecycle.ts';
import { planMounts } from './mapping/mounts.ts';
import { ProxiedDevice, type DescribedDevice } from './proxied-device.ts';
import {
  VirtualDevice,
  type VirtualDeviceContext,
  type VirtualDeviceRecord,
} from './virtual/virtual-device.ts';

export interface DeviceRegistryOptions {
  readonly context: VirtualDeviceContext;
  readonly controlPoint: () => ControlPoint;
  readonly chooseMechanism: (facts: DeviceFacts) => DeviceMechanism;
  readonly pollIntervalSeconds: number;
}

/** A device for the status page. */
export interface ProxiedDeviceStatus {
  readonly udn: string;
  readonly friendlyName: string;
  readonly address: string;
  readonly services: readonly string[];
  readonly state: DevicePhase;
  readonly identity: EndpointIdentity | undefined;
  readonly mechanism: DeviceMechanism | 'none';
  readonly subscription: SubscriptionState;
  readonly lastSync: string | undefined;
  readonly note: string | undefined;
}

interface Entry {
  readonly device: ProxiedDevice;
  mechanism: DeviceMechanism | 'none';
  identity: EndpointIdentity | undefined;
  note: string | undefined;
}

const RECORD_PREFIX = 'virtual/';
const READINGS_AT_A_TIME = 4;

/** All Proxied Devices and virtual devices of this proxier. */
export class DeviceRegistry {
  readonly #options: DeviceRegistryOptions;
  readonly #logger: Logger;
  readonly #entries = new Map<string, Entry>();
  readonly #virtuals = new Map<string, VirtualDevice>();
  readonly #claims: IdentityClaims;
  /** Claims are decided one after the other: two devices with one triple must not both find it free. */
  #claimQueue: Promise<unknown> = Promise.resolve();
  readonly #readings = new ConcurrencyLimit(READINGS_AT_A_TIME);
  #stopped = false;

  constructor(options: DeviceRegistryOptions) {
    this.#options = options;
    this.#logger = options.context.logger;
    this.#claims = new IdentityClaims(
      options.context.store,
      options.context.proxier.oui,
      (udn) => this.#entries.get(udn)?.device.present !== undefined,
    );
  }

  /** Brings up the endpoints of all known virtual devices, so that connection requests are answered while they are away. */
  async start(): Promise<void> {
    const { store } = this.#options.context;
    for (const key of store.keys(RECORD_PREFIX)) {
      const record = store.get<VirtualDeviceRecord>(key);
      if (record === undefined) continue;
      try {
        await this.#startVirtual(record);
      } catch (error) {
        this.#logger.error('could not restore a virtual device', { key, error: String(error) });
      }
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all([...this.#entries.values()].map(({ device }) => device.stop()));
    await Promise.all([...this.#virtuals.values()].map((virtual) => virtual.stop()));
  }

  deviceAppeared(root: RootDevice): void {
    if (this.#stopped) return;
    for (const managed of findManagementServices(root)) {
      const udn = managed.description.udn.toLowerCase();
      const entry = this.#entries.get(udn) ?? this.#createEntry(udn);
      this.#logger.info('device discovered', {
        udn,
        address: root.announcement.sourceAddress,
        friendlyName: managed.description.friendlyName,
        services: serviceNames(managed),
      });
      if (managed.cms === undefined) {
        entry.mechanism = 'none';
        entry.note = 'no ConfigurationManagement service: there is no data model to expose';
        continue;
      }
      entry.device.appeared({ root, managed });
    }
  }

  deviceLost(root: RootDevice, reason: LossReason): void {
    for (const { description } of findManagementServices(root)) {
      const udn = description.udn.toLowerCase();
      const entry = this.#entries.get(udn);
      if (entry === undefined) continue;
      this.#logger.info('device lost', { udn, reason, address: root.announcement.sourceAddress });
      if (entry.mechanism === 'none') this.#entries.delete(udn);
      else entry.device.lost(reason);
    }
  }

  get devices(): readonly ProxiedDeviceStatus[] {
    return [...this.#entries.values()].map((entry) => statusOf(entry));
  }

  get endpoints(): readonly EndpointStatus[] {
    return [...this.#virtuals.values()].map((virtual) => virtual.status);
  }

  #createEntry(udn: string): Entry {
    const device = new ProxiedDevice(udn, {
      controlPoint: this.#options.controlPoint(),
      clock: this.#options.context.clock,
      logger: this.#logger.child({ udn }),
      pollIntervalSeconds: this.#options.pollIntervalSeconds,
      readings: this.#readings,
      expose: (described) => this.#expose(udn, described),
      withdrawn: (virtual) => {
        this.#logger.info('virtual device offline', { endpoint: identityKey(virtual.record.identity) });
      },
    });
    const entry: Entry = { device, mechanism: 'virtual', identity: undefined, note: undefined };
    this.#entries.set(udn, entry);
    return entry;
  }

  async #expose(udn: string, described: DescribedDevice): Promise<VirtualDevice | undefined> {
    const entry = this.#entries.get(udn);
    if (entry === undefined || this.#stopped) return undefined;
    const { description } = described.managed;
    const claim = this.#claimQueue.then(() => this.#claims.claim(description, described.triple));
    this.#claimQueue = claim.catch(() => undefined);
    const { identity, source, conflictsWith } = await claim;
    entry.identity = identity;
    entry.note =
      conflictsWith === undefined
        ? source === 'udn'
          ? 'the device has no DeviceID: its identity is made from the UDN'
          : undefined
        : `claims the same DeviceID as ${conflictsWith}: exposed under an identity made from its UDN`;
    if (conflictsWith !== undefined) {
      this.#logger.warn('two devices claim one DeviceID', { udn, other: conflictsWith });
    }
    entry.mechanism = this.#options.chooseMechanism({
      manufacturerOui: identity.oui,
      productClass: identity.productClass,
      serialNumber: identity.serialNumber,
      modelName: description.modelName,
      deviceType: description.deviceType,
      udn,
      address: described.root.announcement.sourceAddress,
    });
    this.#logger.info('device described', {
      udn,
      endpoint: identityKey(identity),
      mechanism: entry.mechanism,
      parameters: described.tree.values?.size ?? described.tree.structure.length,
      dataModels: described.tree.subTrees.map(({ uri }) => uri),
    });
    return entry.mechanism === 'virtual' ? this.#virtualOf(identity, described) : undefined;
  }

  /** The virtual device of that identity: the known one, unless the device now has another root object. */
  async #virtualOf(identity: EndpointIdentity, described: DescribedDevice): Promise<VirtualDevice> {
    const { context } = this.#options;
    const key = identityKey(identity);
    const plan = planMounts(described.tree.subTrees, described.tree.structure, context.proxier.oui);
    const known = this.#virtuals.get(key);
    const boot = bootMark(described.root.announcement.bootId, described.upTimeSeconds, context.clock.now());
    const { modelName, modelNumber, modelDescription } = described.managed.description;
    const record: VirtualDeviceRecord = {
      identity,
      plan,
      description: { modelName, modelNumber, modelDescription },
      firstSeen: known?.record.firstSeen ?? context.clock.now(),
      boot,
    };
    if (known !== undefined && JSON.stringify(known.record.plan) === JSON.stringify(plan)) {
      const previous = known.record.boot;
      if (!isSameMark(previous, boot)) {
        known.record = record;
        await context.store.put(RECORD_PREFIX + key, record);
        if (hasRebooted(previous, boot)) await known.recordBoot();
      }
      return known;
    }
    await known?.stop();
    await context.store.put(RECORD_PREFIX + key, record);
    const virtual = await this.#startVirtual(record);
    this.#logger.info('device registered', { endpoint: key, root: plan.root });
    return virtual;
  }

  async #startVirtual(record: VirtualDeviceRecord): Promise<VirtualDevice> {
    const virtual = new VirtualDevice(record, this.#options.context);
    this.#virtuals.set(identityKey(record.identity), virtual);
    await virtual.start();
    return virtual;
  }
}

function statusOf({ device, mechanism, identity, note }: Entry): ProxiedDeviceStatus {
  const { present } = device;
  return {
    udn: device.udn,
    friendlyName: present?.managed.description.friendlyName ?? '',
    address: present?.root.announcement.sourceAddress ?? '',
    services: present === undefined ? [] : serviceNames(present.managed),
    state: device.phase,
    identity,
    mechanism,
    subscription: device.subscriptionState,
    lastSync: device.lastSync === undefined ? undefined : new Date(device.lastSync).toISOString(),
    note: device.lastError ?? note,
  };
}

function serviceNames({ cms, bms, sms }: ManageableDevice): string[] {
  return [cms, bms, sms].flatMap((service) =>
    service === undefined ? [] : [`${service.name}:${service.version}`],
  );
}
