import { systemClock, type Clock } from '../../platform/clock.ts';
import { silentLogger, type Logger } from '../../platform/logger.ts';
import { withBenchParameters } from './bench-parameters.ts';
import { cmsHandlers, type Arguments } from './cms-service.ts';
import { CMS_VARIABLES, Configuration, type CmsVariable } from './configuration.ts';
import {
  configId,
  describedDevices,
  stableUuid,
  writeDescription,
  type DescribedDevice,
  type MissingPart,
} from './description.ts';
import type { DeviceFault } from './device-fault.ts';
import { DeviceHttp, type HostedService } from './device-http.ts';
import { DeviceTree } from './device-tree.ts';
import { Drift } from './drift.ts';
import { EventPublisher, type SentEvent } from './event-publisher.ts';
import type { LabDeviceAddress, LabDeviceOptions } from './lab-device-options.ts';
import { labAddress, type LabAddress } from './network.ts';
import { loadProfile, type DeviceProfile } from './profile.ts';
import type { RowValues } from './schema.ts';
import { BMS_TABLE, CMS_TABLE, type ServiceTable } from './service-table.ts';
import { SsdpResponder } from './ssdp-responder.ts';
import { UpnpError } from './upnp-error.ts';

export type { DeviceFault } from './device-fault.ts';
export type { LabDeviceAddress, LabDeviceOptions } from './lab-device-options.ts';
export type { SentEvent } from './event-publisher.ts';

/** An action that a control point invoked. */
export interface ReceivedAction {
  readonly service: string;
  readonly action: string;
  readonly arguments: Arguments;
}

/** Oldest entries of the logs are dropped beyond this: a lab device may run for days. */
const LONGEST_LOG = 10_000;

/** A simulated UPnP DM device: ManageableDevice:2 with BasicManagement:2 and ConfigurationManagement:2. */
export class LabDevice {
  /** Actions received, oldest first. */
  readonly requests: ReceivedAction[] = [];
  /** NOTIFYs sent, oldest first. */
  readonly eventsSent: SentEvent[] = [];
  readonly #options: LabDeviceOptions;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #profile: DeviceProfile;
  readonly #configuration: Configuration;
  readonly #drift: Drift;
  readonly #services: readonly HostedService[];
  readonly #cmsPublisher: EventPublisher;
  readonly #bmsPublisher: EventPublisher;
  #address: LabAddress;
  #udn: string;
  #port: number;
  #bootId: number;
  #bootedAt: number;
  #fault: DeviceFault | undefined;
  #missing: MissingPart | undefined;
  #http: DeviceHttp | undefined;
  #ssdp: SsdpResponder | undefined;
  #rebooting: Promise<void> | undefined;

  constructor(options: LabDeviceOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#logger = options.logger ?? silentLogger;
    this.#address = labAddress(options.interface, options.host);
    this.#profile = loadProfile(options.profile, options.identity, this.#address.address);
    const { manufacturerOui, productClass, serialNumber } = this.#profile.identity;
    this.#udn = options.udn ?? stableUuid(`${manufacturerOui} ${productClass} ${serialNumber}`);
    this.#port = options.port ?? 0;
    this.#fault = options.fault;
    this.#bootId = Math.floor(this.#clock.now() / 1000) % 2 ** 31;
    this.#bootedAt = this.#clock.monotonic();
    const tree = new DeviceTree(withBenchParameters(this.#profile.root, options.parameters ?? 0), {
      upTime: () => String(Math.floor((this.#clock.monotonic() - this.#bootedAt) / 1000)),
      currentTime: () => new Date(this.#clock.now()).toISOString().replace(/\.\d+Z$/, 'Z'),
    });
    this.#configuration = new Configuration({
      tree,
      clock: this.#clock,
      onEvent: (variable) => this.#cmsPublisher.changed(variable),
    });
    this.#drift = new Drift(this.#configuration, this.#clock);
    this.#cmsPublisher = this.#createPublisher(CMS_TABLE, (variable, forEvent) =>
      this.#configuration.variable(cmsVariable(variable), forEvent),
    );
    this.#bmsPublisher = this.#createPublisher(BMS_TABLE, () => this.#deviceStatus());
    this.#services = [this.#hostBms(), this.#hostCms()];
  }

  get udn(): string {
    return this.#udn;
  }

  get profile(): DeviceProfile {
    return this.#profile;
  }

  /** Subscriptions to ConfigurationManagement that are in force. */
  get subscriptionCount(): number {
    return this.#cmsPublisher.subscriptionCount;
  }

  /** CurrentConfigurationVersion. */
  get configurationVersion(): number {
    return this.#configuration.currentVersion;
  }

  /** Opens the sockets and announces the device. */
  async start(): Promise<LabDeviceAddress> {
    await this.#open();
    if (this.#options.drift !== false) this.#drift.start();
    this.#logger.info('lab device started', { udn: this.#udn, location: this.#location() });
    return this.#where();
  }

  /** Stops for good; without byebye messages when `byebye` is false. */
  async stop(options: { readonly byebye?: boolean } = {}): Promise<void> {
    await this.#rebooting;
    this.#drift.stop();
    await this.#close(options.byebye ?? true);
  }

  /** Value of a leaf. @throws UpnpError 703 */
  get(path: string): string {
    const { tree } = this.#configuration;
    const leaf = tree.get(path);
    if (leaf.kind !== 'leaf') throw new UpnpError(703);
    return tree.read(leaf);
  }

  /** All values at or below a path. @throws UpnpError 703 */
  list(path = '/'): ReadonlyMap<string, string> {
    const { tree } = this.#configuration;
    return new Map(Array.from(tree.leaves(tree.get(path)), (leaf) => [leaf.path, tree.read(leaf)]));
  }

  /** Changes a value on the device itself, read-only ones too. @throws UpnpError 703, 704, 705 */
  set(path: string, value: string): void {
    this.#configuration.setValue(path, value);
  }

  /** Adds a row on the device itself. @returns its path @throws UpnpError 703, 704, 705, 709 */
  addRow(tablePath: string, values: RowValues = {}): string {
    const table = this.#configuration.tree.get(tablePath);
    if (table.kind !== 'table') throw new UpnpError(703);
    return this.#configuration.addRow(table, values).path;
  }

  /** Deletes a row on the device itself. @throws UpnpError 703 */
  deleteRow(rowPath: string): void {
    const row = this.#configuration.tree.get(rowPath);
    if (row.kind !== 'object' || row.table === undefined) throw new UpnpError(703);
    this.#configuration.removeRow(row, row.table);
  }

  /** Byebye that says why, silence, then alive with a new BOOTID; subscriptions are lost. */
  reboot(): Promise<void> {
    this.#rebooting ??= this.#reboot().finally(() => {
      this.#rebooting = undefined;
    });
    return this.#rebooting;
  }

  /** Announces a new BOOTID and runs on, as a device does that gets another network interface [UDA 1.2.4]. */
  async update(): Promise<void> {
    this.#bootId += 1;
    await this.#ssdp?.update(this.#bootId);
  }

  /** Disappears as a pulled plug does: no byebye, all sockets closed. */
  async vanish(): Promise<void> {
    await this.#close(false);
  }

  /** Appears again after `vanish`, at another address or with another UDN when given; BOOTID is new. */
  async comeBack(
    changes: { readonly host?: string; readonly port?: number; readonly udn?: string } = {},
  ): Promise<LabDeviceAddress> {
    if (this.#http !== undefined) await this.#close(false);
    if (changes.host !== undefined) this.#moveTo(changes.host);
    this.#udn = changes.udn ?? this.#udn;
    this.#port = changes.port ?? this.#port;
    this.#boot();
    await this.#open();
    return this.#where();
  }

  /** Describes itself without that part, or (undefined) whole again, under a new CONFIGID [UDA 2.1]. */
  async describeWithout(missing: MissingPart | undefined): Promise<void> {
    this.#missing = missing;
    await this.#ssdp?.stop(false);
    await this.#announce();
  }

  /** Misbehave from now on, or (undefined) stop that. */
  setFault(fault: DeviceFault | undefined): void {
    this.#fault = fault;
  }

  /** Sends so many events that nothing has changed for; resolves when all are answered, or their subscription has ended. */
  floodEvents(count: number, padding?: number): Promise<void> {
    return this.#cmsPublisher.flood('ConfigurationUpdate', count, padding);
  }

  /** The device learnt or lost parameters: SupportedParametersUpdate is evented. */
  announceStructureChange(): void {
    this.#configuration.structureChanged();
  }

  #createPublisher(
    service: ServiceTable,
    read: (variable: string, forEvent: boolean) => string,
  ): EventPublisher {
    return new EventPublisher({
      service,
      read,
      localAddress: () => this.#address.address,
      fault: () => (this.#fault !== undefined && 'events' in this.#fault ? this.#fault.events : undefined),
      clock: this.#clock,
      logger: this.#logger,
      onSent: (event) => append(this.eventsSent, event),
    });
  }

  #hostCms(): HostedService {
    const handlers = cmsHandlers(this.#configuration, this.#profile.subTrees);
    return {
      table: CMS_TABLE,
      received: (action, input) => this.#record(CMS_TABLE, action, input),
      publisher: this.#cmsPublisher,
      invoke: async (action, input) => {
        this.#refuseWhileRebooting();
        const handler = handlers.get(action);
        if (handler === undefined) throw new UpnpError(602, 'Optional Action Not Implemented');
        const output = handler(input);
        if (action === 'SetValues' && this.#options.notifyBeforeResponse === true) {
          await this.#cmsPublisher.flush();
        }
        return output;
      },
      answered: () => {},
    };
  }

  #hostBms(): HostedService {
    return {
      table: BMS_TABLE,
      received: (action, input) => this.#record(BMS_TABLE, action, input),
      publisher: this.#bmsPublisher,
      invoke: (action): Arguments => {
        this.#refuseWhileRebooting();
        return action === 'Reboot' ? { RebootStatus: 'RebootNow' } : { DeviceStatus: this.#deviceStatus() };
      },
      // The answer goes out first [BMS:2 2.4.1].
      answered: (action) => {
        if (action === 'Reboot') {
          this.reboot().catch((error: unknown) =>
            this.#logger.error('lab device did not come back', { error: String(error) }),
          );
        }
      },
    };
  }

  #record({ name }: ServiceTable, action: string, input: Arguments): void {
    append(this.requests, { service: name, action, arguments: input });
  }

  #refuseWhileRebooting(): void {
    if (this.#rebooting !== undefined) throw new UpnpError(501);
  }

  /** `OK` since the device started, with the time of that. */
  #deviceStatus(): string {
    const since = this.#clock.now() - (this.#clock.monotonic() - this.#bootedAt);
    return `OK,${new Date(since).toISOString().replace(/\.\d+Z$/, 'Z')}`;
  }

  async #reboot(): Promise<void> {
    await this.#close(true, ['Announcement.dm.upnp.org: AboutToReboot']);
    await new Promise<void>((resolve) => {
      this.#clock.schedule(this.#options.rebootMs ?? 500, resolve);
    });
    this.#boot();
    await this.#open();
  }

  #boot(): void {
    this.#bootId += 1;
    this.#bootedAt = this.#clock.monotonic();
  }

  /** The device's own address shows in its values, too. */
  #moveTo(host: string): void {
    const before = this.#address.address;
    this.#address = labAddress(this.#options.interface, host);
    for (const [path, value] of this.list()) if (value === before) this.set(path, host);
  }

  #location(): string {
    return `http://${this.#address.address}:${this.#port}/description.xml`;
  }

  #where(): LabDeviceAddress {
    const { address } = this.#address;
    return { udn: this.#udn, location: this.#location(), address, port: this.#port };
  }

  async #open(): Promise<void> {
    this.#http = new DeviceHttp({
      address: this.#address,
      port: this.#port,
      clock: this.#clock,
      description: () => writeDescription(this.#profile.identity, this.#described()),
      services: this.#services,
      fault: () => this.#fault,
      initialEventFirst: this.#options.initialEventFirst ?? false,
    });
    this.#port = await this.#http.start();
    await this.#announce();
  }

  #described(): readonly DescribedDevice[] {
    return describedDevices(this.#profile, this.#udn, this.#missing);
  }

  async #announce(): Promise<void> {
    this.#ssdp = new SsdpResponder({
      address: this.#address,
      location: this.#location(),
      devices: this.#described(),
      bootId: this.#bootId,
      configId: configId(this.#profile.identity, this.#described()),
      maxAgeSeconds: this.#options.maxAgeSeconds ?? 1800,
      clock: this.#clock,
      logger: this.#logger,
    });
    await this.#ssdp.start();
  }

  async #close(byebye: boolean, extraHeaders: readonly string[] = []): Promise<void> {
    const [ssdp, http] = [this.#ssdp, this.#http];
    this.#ssdp = undefined;
    this.#http = undefined;
    this.#cmsPublisher.clear();
    this.#bmsPublisher.clear();
    await ssdp?.stop(byebye, extraHeaders);
    await http?.stop();
  }
}

function cmsVariable(name: string): CmsVariable {
  const variable = CMS_VARIABLES.find((known) => known === name);
  if (variable === undefined) throw new Error(`${name} is not an evented variable`);
  return variable;
}

function append<T>(log: T[], entry: T): void {
  log.push(entry);
  if (log.length > LONGEST_LOG) log.shift();
}

/** A simulated device, not yet started. @throws Error for a bad profile or address */
export function createLabDevice(options: LabDeviceOptions): LabDevice {
  return new LabDevice(options);
}
