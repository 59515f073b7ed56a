import type { EndpointIdentity, EndpointStatus } from '../../cwmp/types.ts';
import type { DeviceFacts } from '../../platform/config/config.ts';
import type { Logger } from '../../platform/logger.ts';
import { bootMark, hasRebooted, isSameMark } from '../boot-mark.ts';
import type { ExposingMechanism } from '../exposing-mechanism.ts';
import type { AcsAccess, EndpointContext } from '../endpoint-context.ts';
import { identityKey } from '../identity.ts';
import { planMounts } from '../mapping/mounts.ts';
import type { DescribedDevice } from '../proxied-device.ts';
import { storedDocuments, VirtualDevice, type VirtualDeviceRecord } from './virtual-device.ts';

const RECORD_PREFIX = 'virtual/';

/** All Virtual CWMP Devices of this proxier, those whose Proxied Device is away included. */
export class VirtualDevices implements ExposingMechanism {
  readonly #context: EndpointContext;
  readonly #logger: Logger;
  readonly #byKey = new Map<string, VirtualDevice>();
  /** Keys of those whose record is not on the disk as it is. */
  readonly #unstored = new Set<string>();

  constructor(context: EndpointContext) {
    this.#context = context;
    this.#logger = context.logger;
  }

  /**
   * Brings up the endpoints of all known virtual devices, so that connection requests are answered while they are away.
   * @param isVirtual whether the rules still make a virtual device of it
   */
  async start(isVirtual: (facts: DeviceFacts) => boolean): Promise<void> {
    const { store } = this.#context;
    for (const key of store.keys(RECORD_PREFIX)) {
      const record = store.get<VirtualDeviceRecord>(key);
      if (record === undefined || record.retired === true) continue;
      try {
        if (record.facts !== undefined && !isVirtual(record.facts)) {
          await store.put(key, { ...record, retired: true });
          continue;
        }
        await this.#start(record);
      } catch (error) {
        this.#logger.error('could not restore a virtual device', { key, error: String(error) });
      }
    }
  }

  /** No sessions any more; those that run end properly. */
  async endSessions(): Promise<void> {
    await Promise.all(this.all.map((virtual) => virtual.endSessions()));
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#byKey.values()].map((virtual) => virtual.stop()));
  }

  /** The configuration knows another way to the ACS. */
  async acsChanged(acs: AcsAccess): Promise<void> {
    await Promise.all(this.all.map((virtual) => virtual.acsChanged(acs)));
  }

  /** The virtual device of that identity: the known one, unless the device now has another root object. */
  async expose(
    identity: EndpointIdentity,
    described: DescribedDevice,
    facts: DeviceFacts,
  ): Promise<VirtualDevice> {
    const { store, proxier, clock, machineBootId } = this.#context;
    const key = identityKey(identity);
    const known = this.#byKey.get(key);
    const stored = known?.record ?? store.get<VirtualDeviceRecord>(RECORD_PREFIX + key);
    const boot = bootMark(described.root.announcement.bootId, described.upTimeSeconds, {
      uptimeMs: clock.uptime(),
      machineBootId,
    });
    const { modelName, modelNumber, modelDescription } = described.managed.description;
    const record: VirtualDeviceRecord = {
      identity,
      plan: planMounts(described.tree.subTrees, described.tree.structure, proxier.oui),
      description: { modelName, modelNumber, modelDescription },
      firstSeen: stored?.firstSeen ?? clock.now(),
      boot,
      facts,
    };
    if (known !== undefined && JSON.stringify(known.record.plan) === JSON.stringify(record.plan)) {
      await this.#update(known, record);
      return known;
    }
    if (known !== undefined) await known.stop();
    const virtual = await this.#start(record);
    // Back from the other mechanism: for the ACS this CPE comes on line again.
    const isBack = stored?.retired === true;
    await this.#store(virtual, isBack || (stored !== undefined && hasRebooted(stored.boot, boot)));
    return virtual;
  }

  /** The device is exposed otherwise, or not at all, from now on. Its state stays, in case it comes back. */
  async retire(key: string): Promise<boolean> {
    const { store } = this.#context;
    const virtual = this.#byKey.get(key);
    const record = virtual?.record ?? store.get<VirtualDeviceRecord>(RECORD_PREFIX + key);
    if (record === undefined || record.retired === true) return false;
    await store.put(RECORD_PREFIX + key, { ...record, retired: true });
    this.#byKey.delete(key);
    await virtual?.stop();
    this.#logger.info('virtual device retired', { endpoint: key });
    return true;
  }

  async bootIdChanged(key: string, bootId: number, previous: number): Promise<void> {
    const virtual = this.#byKey.get(key);
    // A record of another boot has to show the reboot that came between.
    if (virtual?.record.boot.bootId !== previous) return;
    virtual.record = { ...virtual.record, boot: { ...virtual.record.boot, bootId } };
    await this.#store(virtual, false);
  }

  /** Ends the virtual device and deletes everything that is stored of it. */
  async forget(key: string): Promise<void> {
    const { store } = this.#context;
    const virtual = this.#byKey.get(key);
    this.#byKey.delete(key);
    await virtual?.stop();
    await Promise.all(storedDocuments(store, key).map((document) => store.delete(document)));
  }

  /** Retired ones included. */
  get known(): ReadonlySet<string> {
    const stored = this.#context.store.keys(RECORD_PREFIX).map((key) => key.slice(RECORD_PREFIX.length));
    return new Set([...stored, ...this.#byKey.keys()]);
  }

  get exposed(): ReadonlyMap<string, DeviceFacts | undefined> {
    return new Map([...this.#byKey].map(([key, { record }]) => [key, record.facts]));
  }

  /** In the order in which they came up. */
  get all(): readonly VirtualDevice[] {
    return [...this.#byKey.values()];
  }

  get endpoints(): readonly EndpointStatus[] {
    return this.all.map((virtual) => virtual.status);
  }

  async #update(known: VirtualDevice, record: VirtualDeviceRecord): Promise<void> {
    const previous = known.record;
    const sameBoot = isSameMark(previous.boot, record.boot);
    const isStored = !this.#unstored.has(identityKey(record.identity));
    if (isStored && sameBoot && JSON.stringify(previous.facts) === JSON.stringify(record.facts)) return;
    known.record = sameBoot ? { ...record, boot: previous.boot } : record;
    await this.#store(known, hasRebooted(previous.boot, record.boot));
  }

  /**
   * In one tick, so that both are on the disk or neither: the mark of a boot, and that the ACS has to hear of it. A device whose
   * identity is on the disk is managed though that takes no more: what could not be written is when it is read next.
   */
  async #store(virtual: VirtualDevice, hasBooted: boolean): Promise<void> {
    const booted = hasBooted ? virtual.recordBoot() : undefined;
    const key = identityKey(virtual.record.identity);
    try {
      await Promise.all([booted, this.#context.store.put(RECORD_PREFIX + key, virtual.record)]);
      this.#unstored.delete(key);
    } catch (error) {
      this.#unstored.add(key);
      this.#logger.error('the record of a virtual device was not stored', { endpoint: key, error });
    }
  }

  async #start(record: VirtualDeviceRecord): Promise<VirtualDevice> {
    const virtual = new VirtualDevice(record, this.#context);
    this.#byKey.set(identityKey(record.identity), virtual);
    await virtual.start();
    return virtual;
  }
}
