import type { EndpointIdentity } from '../../cwmp/types.ts';
import type { SupportedBeyondModel } from '../../device2/device-type/describe-model.ts';
import { Listeners } from '../../datamodel/listeners.ts';
import type { Provider } from '../../datamodel/provider.ts';
import type { DeviceFacts, DeviceMechanism } from '../../platform/config/config.ts';
import type { HoldingMechanism } from '../exposing-mechanism.ts';
import { identityKey } from '../identity.ts';
import type { DescribedDevice } from '../proxied-device.ts';
import { EmbeddedDevice, type EmbeddedDeviceOptions } from './embedded-device.ts';
import type { CommandProcessed } from './command-queue.ts';
import { EmbeddedTables } from './embedded-tables.ts';

export interface EmbeddedDevicesOptions extends Omit<
  EmbeddedDeviceOptions,
  'identity' | 'tables' | 'released'
> {
  /** Six hex digits, for the name of the vendor table. */
  readonly vendorOui: string;
}

/** An embedded device for the status page. */
export interface EmbeddedDeviceStatus {
  readonly identity: EndpointIdentity;
  /** Undefined when nothing is remembered of the device but its identity. */
  readonly udn: string | undefined;
  readonly friendlyName: string;
  readonly online: boolean;
  /** [TR-181 EmbeddedDevice.CommandProcessed, CommandProcessingErrMsg] */
  readonly commandProcessed: CommandProcessed;
  readonly commandProcessingErrMsg: string;
  /** Commands that were accepted from the ACS and wait for the device. */
  readonly pendingCommands: number;
  /** ISO 8601; undefined before the first synchronisation of this run. */
  readonly lastSync: string | undefined;
  /** Paths of its rows in EmbeddedDevice, in the vendor table and in the tables of Service Objects. */
  readonly rows: readonly string[];
}

/** All devices that are embedded in the proxier's own data model, those that are away included. */
export class EmbeddedDevices implements HoldingMechanism {
  readonly #options: EmbeddedDevicesOptions;
  readonly #tables: EmbeddedTables;
  readonly #byKey = new Map<string, EmbeddedDevice>();
  readonly #released: Listeners<string>;

  constructor(options: EmbeddedDevicesOptions) {
    this.#options = options;
    this.#tables = new EmbeddedTables(options.model, options.store, options.vendorOui);
    this.#released = new Listeners((error) => {
      options.logger.error('listener failed', { error: String(error) });
    });
  }

  /**
   * Takes up all known devices with their last values and the commands that wait for them.
   * @param chooseMechanism what the rules make of a device now
   * @param isVirtual whether the device of that key is exposed as a virtual one already, since a time without this mechanism: what
   * waits for it here is older than what the ACS wrote there
   */
  async start(
    chooseMechanism: (facts: DeviceFacts) => DeviceMechanism,
    isVirtual: (key: string) => boolean,
  ): Promise<void> {
    for (const { key, row } of [...this.#tables.proxiedDevices.rows]) {
      const device = this.#create(row.identity);
      try {
        const isKnown = await device.restore();
        const wanted = device.facts === undefined ? 'ignore' : chooseMechanism(device.facts);
        const isHeld = wanted === 'virtual' && device.hasPending && !isVirtual(key);
        if (isKnown && (wanted === 'embedded' || isHeld)) continue;
      } catch (error) {
        this.#options.logger.error('could not restore an embedded device', { key, error: String(error) });
        continue;
      }
      await this.retire(key).catch((error: unknown) => {
        this.#options.logger.error('could not retire an embedded device', { key, error: String(error) });
      });
    }
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#byKey.values()].map((device) => device.stop()));
  }

  async expose(
    identity: EndpointIdentity,
    described: DescribedDevice,
    facts: DeviceFacts,
  ): Promise<EmbeddedDevice> {
    const device = this.#byKey.get(identityKey(identity)) ?? this.#create(identity);
    device.identified(facts, described.managed.description.friendlyName);
    return Promise.resolve(device);
  }

  async retire(key: string): Promise<boolean> {
    const device = this.#byKey.get(key);
    if (device === undefined) return false;
    this.#byKey.delete(key);
    await device.retire();
    this.#options.supportChanged();
    return true;
  }

  holds(key: string): boolean {
    return this.#byKey.get(key)?.hasPending === true;
  }

  onReleased(listener: (identityKey: string) => void): () => void {
    return this.#released.add(listener);
  }

  async forget(key: string): Promise<void> {
    await this.retire(key);
  }

  get known(): ReadonlySet<string> {
    return new Set(this.#byKey.keys());
  }

  get exposed(): ReadonlyMap<string, DeviceFacts | undefined> {
    return new Map([...this.#byKey].map(([key, { facts }]) => [key, facts]));
  }

  /** Those that answer for parameters of the devices. */
  get providers(): ReadonlySet<Provider> {
    return new Set([...this.#byKey.values()].map(({ deviceModel }) => deviceModel.provider));
  }

  /** Rows of the inventory, or of SupportedDataModel, came or went. */
  referencesChanged(): void {
    for (const device of this.#byKey.values()) device.referencesChanged();
  }

  /** What the devices support below tables that have no rows now. */
  supportedBeyond(): SupportedBeyondModel {
    const each = [...this.#byKey.values()].map(({ deviceModel }) => deviceModel.supportedBeyond());
    return {
      objects: each.flatMap(({ objects }) =>
        objects.map((object) => ({ ...object, ref: this.#sharedRef(object.ref) })),
      ),
      parameters: each.flatMap(({ parameters }) =>
        parameters.map((parameter) => ({ ...parameter, objectRef: this.#sharedRef(parameter.objectRef) })),
      ),
    };
  }

  /** URIs of the service models as the device of that row of a Service Object names them. */
  serviceUris(rowPath: string): readonly string[] {
    for (const { key, deviceModel } of this.#byKey.values()) {
      const rows = this.#tables.serviceRowsOf(key);
      if (rows.some((row) => `${row.table.reference(row.key)}.` === rowPath))
        return deviceModel.tree?.subTrees.map(({ uri }) => uri) ?? [];
    }
    return [];
  }

  /** The rows of the vendor table are rows of the proxier, which no device's own tree knows for such. */
  #sharedRef(ref: string): string {
    return ref.replace(/^(Device\.X_[0-9A-F]{6}_ProxiedDevice\.)\d+\./, '$1{i}.');
  }

  /** Each device, those that are away included. */
  get summary(): readonly EmbeddedDeviceStatus[] {
    const { embeddedDevices, proxiedDevices } = this.#tables;
    return [...this.#byKey.values()].flatMap(({ key, facts, status }) => {
      const row = proxiedDevices.find(key)?.row;
      if (row === undefined) return [];
      const { commandProcessed, message, pendingCommands, lastSync } = status;
      return {
        identity: row.identity,
        udn: facts?.udn,
        friendlyName: row.friendlyName,
        online: row.online,
        commandProcessed,
        commandProcessingErrMsg: message,
        pendingCommands,
        lastSync: lastSync === undefined ? undefined : new Date(lastSync).toISOString(),
        rows: [
          embeddedDevices.reference(key),
          proxiedDevices.reference(key),
          ...this.#tables.serviceRowsOf(key).map((service) => service.table.reference(service.key)),
        ].filter((path) => path !== ''),
      };
    });
  }

  /** By identity key. */
  get all(): ReadonlyMap<string, EmbeddedDevice> {
    return this.#byKey;
  }

  #create(identity: EndpointIdentity): EmbeddedDevice {
    const device = new EmbeddedDevice({
      ...this.#options,
      identity,
      tables: this.#tables,
      released: (key) => this.#released.notify(key),
    });
    this.#byKey.set(device.key, device);
    return device;
  }
}
