import type { EndpointIdentity } from '../cwmp/types.ts';
import type { Clock, Timer } from '../platform/clock.ts';
import { ConcurrencyLimit } from '../platform/concurrency-limit.ts';
import type { DeviceFacts, DeviceMechanism, DevicesConfig } from '../platform/config/config.ts';
import type { Logger } from '../platform/logger.ts';
import type { DocumentStore } from '../platform/store/document-store.ts';
import type { ControlPoint, LossReason, RootDevice } from '../upnp/types.ts';
import { findManagementServices, type ManageableDevice } from '../upnp-dm/manageable-device.ts';
import type { ExposedDevice } from './exposed-device.ts';
import { identityKey, type DeviceIdTriple } from './identity.ts';
import { IdentityClaims } from './identity-claims.ts';
import type { ExposingMechanism, HoldingMechanism } from './exposing-mechanism.ts';
import { ProxiedDevice, type DescribedDevice } from './proxied-device.ts';
import { factsOf, serviceNames, statusOf } from './registry-entry.ts';
import type { ProxiedDeviceStatus, RegistryEntry } from './registry-entry.ts';

export interface DeviceRegistryOptions {
  readonly store: DocumentStore;
  readonly proxier: DeviceIdTriple;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly controlPoint: () => ControlPoint;
  readonly chooseMechanism: (facts: DeviceFacts) => DeviceMechanism;
  readonly limits: () => Pick<DevicesConfig, 'maxDevices' | 'forgetAfterSeconds'>;
  readonly pollIntervalSeconds: () => number;
  readonly alarms: () => boolean;
  readonly virtual: ExposingMechanism;
  /** Undefined: the proxier has no endpoint of its own in which anything could be embedded. */
  readonly embedded: HoldingMechanism | undefined;
  /** A device came to be exposed, or changed sides. */
  readonly exposureChanged: () => void;
}

const READINGS_AT_A_TIME = 4;
const LONGEST_CLEANUP_INTERVAL_SECONDS = 3600;

/** All Proxied Devices of this proxier: gives each its identity and its mechanism. */
export class DeviceRegistry {
  readonly #options: DeviceRegistryOptions;
  readonly #logger: Logger;
  readonly #entries = new Map<string, RegistryEntry>();
  readonly #claims: IdentityClaims;
  readonly #readings = new ConcurrencyLimit(READINGS_AT_A_TIME);
  /** Those that the log has told of in this run. */
  readonly #registered = new WeakSet<ExposedDevice>();
  #cleanup: Timer | undefined;
  /** Settles when no deletion is under way. */
  #cleaning: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(options: DeviceRegistryOptions) {
    this.#options = options;
    this.#logger = options.logger;
    this.#claims = new IdentityClaims({
      store: options.store,
      proxier: options.proxier,
      isThere: (udn) => this.#isThere(udn),
      clock: options.clock,
    });
    options.embedded?.onReleased((key) => {
      this.#released(key);
    });
  }

  /** Begins to look after what is long gone; not at once, so that what is here after a start is seen first. */
  start(): void {
    const { clock, limits } = this.#options;
    const seconds = Math.min(LONGEST_CLEANUP_INTERVAL_SECONDS, limits().forgetAfterSeconds);
    this.#cleanup = clock.schedule(seconds * 1000, () => {
      this.#clean(async () => {
        try {
          await this.#cleanUp();
        } finally {
          if (!this.#stopped) this.start();
        }
      });
    });
  }

  /** No device comes to be exposed any more, nor is one that leaves taken for lost. */
  close(): void {
    this.#stopped = true;
  }

  async stop(): Promise<void> {
    this.close();
    this.#cleanup?.cancel();
    await this.#cleaning;
    await Promise.all([...this.#entries.values()].map(({ device }) => device.stop()));
  }

  /** The machine was suspended. */
  resumed(): void {
    for (const { device } of this.#entries.values()) device.resumed();
  }

  /** `pollIntervalSeconds` says something else now. */
  pollIntervalChanged(): void {
    for (const { device } of this.#entries.values()) device.pollIntervalChanged();
  }

  /** It came, or its address or description changed: `previous` is what was known. */
  deviceAppeared(root: RootDevice, previous?: RootDevice): void {
    if (this.#stopped) return;
    const managedDevices = findManagementServices(root);
    if (previous !== undefined) this.#loseAllBut(managedDevices, previous);
    for (const managed of managedDevices) {
      const udn = managed.description.udn.toLowerCase();
      const entry = this.#entries.get(udn) ?? this.#createEntry(udn);
      this.#logger.info('device discovered', {
        udn,
        address: root.announcement.sourceAddress,
        friendlyName: managed.description.friendlyName,
        services: serviceNames(managed),
      });
      if (managed.cms === undefined) {
        entry.device.lost('removed');
        entry.mechanism = 'none';
        entry.note = 'no ConfigurationManagement service: there is no data model to expose';
        continue;
      }
      entry.device.appeared({ root, managed });
    }
  }

  /** A bridge whose sensor was taken away describes itself without it, and says no more. */
  #loseAllBut(managedDevices: readonly ManageableDevice[], previous: RootDevice): void {
    const kept = new Set(managedDevices.map(({ description }) => description.udn.toLowerCase()));
    for (const { description } of findManagementServices(previous)) {
      const udn = description.udn.toLowerCase();
      if (!kept.has(udn)) this.#lose(udn, previous, 'removed');
    }
  }

  /** The same run of the device has another number from now on [UDA 1.2.4]. */
  bootIdChanged(root: RootDevice, previous: RootDevice): void {
    const [bootId, before] = [root.announcement.bootId, previous.announcement.bootId];
    if (bootId === undefined || before === undefined) return;
    for (const { description } of findManagementServices(root)) {
      const udn = description.udn.toLowerCase();
      const entry = this.#entries.get(udn);
      if (entry === undefined) continue;
      this.#logger.info('device announced a new BOOTID', { udn, bootId, before });
      entry.device.renumbered(root);
      if (entry.identity === undefined) continue;
      const written = this.#options.virtual.bootIdChanged?.(identityKey(entry.identity), bootId, before);
      written?.catch((error: unknown) => {
        this.#logger.error('the new BOOTID was not stored', { udn, error: String(error) });
      });
    }
  }

  deviceLost(root: RootDevice, reason: LossReason): void {
    // The control point lets all go after an orderly stop: that is no news.
    if (this.#stopped) return;
    for (const { description } of findManagementServices(root)) {
      this.#lose(description.udn.toLowerCase(), root, reason);
    }
  }

  #lose(udn: string, root: RootDevice, reason: LossReason): void {
    const entry = this.#entries.get(udn);
    if (entry === undefined) return;
    const { present } = entry.device;
    // It has moved to another root device in the meantime.
    if (present !== undefined && present.root.announcement.location !== root.announcement.location) return;
    this.#logger.info('device lost', { udn, reason, address: root.announcement.sourceAddress });
    entry.device.lost(reason, reason === 'rebooted' || root.announcement.dmAnnouncement !== undefined);
    if (entry.mechanism === 'none') this.#entries.delete(udn);
    if (entry.mechanism === 'none' || entry.mechanism === 'ignore')
      this.#clean(() => this.#forgetUnlessExposed(udn));
  }

  /** `chooseMechanism` may answer otherwise from now on. Devices change sides one by one; resolves when those away have. */
  async rulesChanged(): Promise<void> {
    const { virtual, embedded, chooseMechanism, exposureChanged } = this.#options;
    const present = new Set<string>();
    for (const { device, identity } of this.#entries.values()) {
      if (device.present === undefined) continue;
      if (identity !== undefined) present.add(identityKey(identity));
      device.reconsider();
    }
    for (const [mechanism, exposing] of [
      ['virtual', virtual],
      ['embedded', embedded],
    ] as const) {
      for (const [key, facts] of exposing?.exposed ?? []) {
        if (this.#stopped) return;
        if (present.has(key) || facts === undefined || chooseMechanism(facts) === mechanism) continue;
        // What was accepted for it reaches it when it returns; a device that is to be ignored is not waited for.
        if (chooseMechanism(facts) === 'virtual' && this.#isHeld(key)) continue;
        await exposing?.retire(key);
        this.#logger.info('device changes sides', { endpoint: key, mechanism: chooseMechanism(facts) });
      }
    }
    exposureChanged();
  }

  get devices(): readonly ProxiedDeviceStatus[] {
    return [...this.#entries.values()].map((entry) => statusOf(entry));
  }

  #createEntry(udn: string): RegistryEntry {
    const device = new ProxiedDevice(udn, {
      controlPoint: this.#options.controlPoint(),
      clock: this.#options.clock,
      logger: this.#logger.child({ udn }),
      pollIntervalSeconds: this.#options.pollIntervalSeconds,
      alarms: this.#options.alarms,
      readings: this.#readings,
      expose: (described) => this.#expose(udn, described),
      withdrawn: () => {
        if (!this.#stopped)
          this.#logger.info('device offline', { udn, mechanism: this.#entries.get(udn)?.mechanism });
      },
    });
    const entry: RegistryEntry = {
      device,
      mechanism: 'virtual',
      identity: undefined,
      note: undefined,
      leftOut: false,
    };
    this.#entries.set(udn, entry);
    return entry;
  }

  async #expose(udn: string, read: DescribedDevice): Promise<ExposedDevice | undefined> {
    const entry = this.#entries.get(udn);
    if (entry === undefined || this.#stopped) return undefined;
    const identity = await this.#identify(udn, entry, read);
    const { present } = entry.device;
    if (present === undefined) return undefined;
    // While it was read it may have announced another BOOTID.
    const described = { ...read, ...present };
    const facts = factsOf(identity, described);
    const wanted = this.#options.chooseMechanism(facts);
    const mechanism = this.#isHeld(identityKey(identity)) ? 'embedded' : wanted;
    if (mechanism !== wanted) {
      entry.note = `is going to be ${wanted === 'ignore' ? 'ignored' : wanted} when it has taken what the ACS wrote`;
    }
    entry.mechanism = mechanism;
    this.#logger.info('device described', {
      udn,
      endpoint: identityKey(identity),
      mechanism,
      parameters: described.tree.values?.size ?? described.tree.structure.length,
      dataModels: described.tree.subTrees.map(({ uri }) => uri),
    });
    return this.#exposeBy(mechanism, entry, identity, described, facts);
  }

  /** A device that crashed and came back as another counts as present until its max-age has passed: it is asked. */
  async #isThere(udn: string): Promise<boolean> {
    const present = this.#entries.get(udn)?.device.present;
    return present !== undefined && (await this.#options.controlPoint().verify(present.root));
  }

  #isHeld(key: string): boolean {
    return this.#options.embedded?.holds(key) === true;
  }

  /** A device that the rules want elsewhere goes there now. */
  #released(key: string): void {
    const { embedded, chooseMechanism } = this.#options;
    const facts = embedded?.exposed.get(key);
    if (this.#stopped || facts === undefined || chooseMechanism(facts) === 'embedded') return;
    for (const { device, identity } of this.#entries.values()) {
      if (identity !== undefined && identityKey(identity) === key) device.reconsider();
    }
  }

  async #identify(udn: string, entry: RegistryEntry, described: DescribedDevice): Promise<EndpointIdentity> {
    const { description } = described.managed;
    const { identity, source, conflictsWith } = await this.#claims.claim(description, described.triple);
    entry.identity = identity;
    this.#endReboots(entry, identity);
    entry.note =
      conflictsWith === undefined
        ? source === 'udn'
          ? 'the device has no DeviceID: its identity is made from the UDN'
          : undefined
        : `claims the same DeviceID as ${conflictsWith}: exposed under an identity made from its UDN`;
    if (conflictsWith !== undefined) {
      this.#logger.warn('two devices claim one DeviceID', { udn, other: conflictsWith });
    }
    return identity;
  }

  /** What rebooted under one UDN is back under another. */
  #endReboots(entry: RegistryEntry, identity: EndpointIdentity): void {
    for (const other of this.#entries.values()) {
      const isSame = other.identity !== undefined && identityKey(other.identity) === identityKey(identity);
      if (other !== entry && isSame && other.device.phase === 'rebooting') other.device.lost('removed');
    }
  }

  /** Never both [TR-069 J.1]: what the device was before ends first. */
  async #exposeBy(
    mechanism: DeviceMechanism,
    entry: RegistryEntry,
    identity: EndpointIdentity,
    described: DescribedDevice,
    facts: DeviceFacts,
  ): Promise<ExposedDevice | undefined> {
    const { virtual, embedded, exposureChanged } = this.#options;
    const key = identityKey(identity);
    const by = mechanism === 'virtual' ? virtual : mechanism === 'embedded' ? embedded : undefined;
    for (const other of [virtual, embedded]) {
      if (other !== by && (await other?.retire(key)) === true) {
        this.#logger.info('device changes sides', { endpoint: key, mechanism });
      }
    }
    if (by !== undefined && !this.#hasRoomFor(key)) {
      this.#leaveOut(entry);
      return undefined;
    }
    entry.leftOut = false;
    // Closed while the disk took the identity: the mechanisms are about to stop, and would not stop who comes later.
    if (this.#stopped) return undefined;
    const exposed = await by?.expose(identity, described, facts);
    exposureChanged();
    if (exposed !== undefined && !this.#registered.has(exposed)) {
      this.#registered.add(exposed);
      this.#logger.info('device registered', { udn: entry.device.udn, endpoint: key, mechanism });
    }
    return exposed;
  }

  #hasRoomFor(key: string): boolean {
    const { virtual, embedded, limits } = this.#options;
    const known = new Set([...virtual.known, ...(embedded?.known ?? [])]);
    return known.has(key) || known.size < limits().maxDevices;
  }

  #leaveOut(entry: RegistryEntry): void {
    const { udn } = entry.device;
    const { maxDevices } = this.#options.limits();
    entry.mechanism = 'none';
    entry.note = `left out: ${maxDevices} devices are known already (devices.maxDevices)`;
    if (!entry.leftOut)
      this.#logger.warn('device left out, devices.maxDevices is reached', { udn, maxDevices });
    entry.leftOut = true;
  }

  async #cleanUp(): Promise<void> {
    const { limits } = this.#options;
    const isPresent = (udn: string): boolean => this.#entries.get(udn)?.device.present !== undefined;
    for (const [udn] of this.#claims.all) if (isPresent(udn)) await this.#claims.seen(udn);
    for (const udn of this.#claims.unseenFor(limits().forgetAfterSeconds * 1000)) {
      if (!isPresent(udn)) await this.#forget(udn);
    }
    for (const [udn] of this.#claims.all) await this.#forgetUnlessExposed(udn);
  }

  async #forget(udn: string): Promise<void> {
    const { exposureChanged, virtual, embedded } = this.#options;
    const claim = this.#claims.all.get(udn);
    if (claim === undefined) return;
    const key = identityKey(claim.identity);
    await virtual.forget(key);
    await embedded?.forget(key);
    // Last, so that it is done again after a crash on the way.
    await this.#claims.forget(udn);
    this.#entries.delete(udn);
    this.#logger.info('device forgotten, it was not seen for devices.forgetAfterSeconds', {
      udn,
      endpoint: key,
    });
    exposureChanged();
    for (const { device, leftOut } of this.#entries.values()) if (leftOut) device.reconsider();
  }

  /** Who is away and was never exposed need not be told apart from others later. */
  async #forgetUnlessExposed(udn: string): Promise<void> {
    const { virtual, embedded } = this.#options;
    const claim = this.#claims.all.get(udn);
    if (claim === undefined || this.#entries.get(udn)?.device.present !== undefined) return;
    const key = identityKey(claim.identity);
    if (virtual.known.has(key) || embedded?.known.has(key) === true) return;
    await this.#claims.forget(udn);
  }

  /** One after the other; what fails is left for the next time. */
  #clean(work: () => Promise<void>): void {
    this.#cleaning = this.#cleaning.then(work).catch((error: unknown) => {
      this.#logger.error('could not delete what is stored of a device', { error: String(error) });
    });
  }
}
