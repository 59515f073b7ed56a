import { uptime } from 'node:os';
import { CwmpEndpoint } from '../../cwmp/endpoint.ts';
import type { EndpointStatus } from '../../cwmp/types.ts';
import { DataModel } from '../../datamodel/data-model.ts';
import { addDeviceInfo } from '../../device2/device-info.ts';
import { publishedRoot } from '../../device2/device-type/published-model.ts';
import { SupportedDataModels } from '../../device2/device-type/supported-data-models.ts';
import { DnsClient } from '../../device2/dns-client.ts';
import { InformParameters } from '../../device2/inform-parameters.ts';
import { addInterfaceStack } from '../../device2/interface-stack.ts';
import { LocalProvider } from '../../device2/local-object.ts';
import { addManagementServer } from '../../device2/management-server.ts';
import { addRoot } from '../../device2/root.ts';
import { DocumentSettingsStore } from '../../device2/settings-store.ts';
import { addSystemObjects } from '../../device2/system-objects.ts';
import type { Config, DeviceFacts, DeviceMechanism } from '../../platform/config/config.ts';
import { systemStatus } from '../../platform/system-status.ts';
import { VERSION } from '../../platform/version.ts';
import { identityKey } from '../identity.ts';
import { interfaceTypeOf } from '../../platform/interface-type.ts';
import { macAddressOf } from '../../platform/neighbour-table.ts';
import { EmbeddedDevices } from '../embedded/embedded-devices.ts';
import { Inventory } from '../inventory/inventory.ts';
import { deviceTypeOf, type VirtualDevice } from '../virtual/virtual-device.ts';
import { CwmpSwitch } from '../cwmp-switch.ts';
import { VirtualDeviceTable } from './virtual-device-table.ts';
import {
  accessSettings,
  defaultSettings,
  type AcsAccess,
  type EndpointContext,
} from '../endpoint-context.ts';

/** The version of the published model that the proxier's own objects are taken from. */
const DATA_MODEL_VERSION = '2.17';

export interface ProxierDeviceOptions {
  readonly context: EndpointContext;
  /** `inventory`, `embedded` and what `proxier` says of no identity may change. */
  readonly config: () => Pick<Config, 'proxier' | 'inventory' | 'embedded'>;
}

/** A virtual device, as far as its row tells of it. */
interface ShownDevice {
  readonly record: Pick<VirtualDevice['record'], 'identity' | 'facts'>;
}

/** What is remembered of the run before. */
interface ProxierRecord {
  /** Of the kernel; undefined where it has none. */
  readonly bootId: string | undefined;
  /** Milliseconds since the epoch. */
  readonly firstUse: number;
}

const RECORD_KEY = 'proxier/record';

/** The CPE Proxier as a CPE of its own [TR-069 J.1]: the machine it runs on, the inventory of the home, Embedded Objects. */
export class ProxierDevice {
  readonly model: DataModel;
  readonly inventory: Inventory;
  readonly embedded: EmbeddedDevices;
  readonly cwmpSwitch: CwmpSwitch;
  readonly #options: ProxierDeviceOptions;
  readonly #settings: DocumentSettingsStore;
  readonly #endpoint: CwmpEndpoint;
  readonly #informParameters: InformParameters;
  readonly #virtualDevices: VirtualDeviceTable;
  readonly #supportedDataModels: SupportedDataModels;
  readonly #dnsClient: DnsClient;
  readonly #localObjects: LocalProvider;
  /** Unknown until it is said for the first time: a table that is taken for empty would lose its rows. */
  #shown: readonly ShownDevice[] | undefined;

  constructor(options: ProxierDeviceOptions) {
    const { context } = options;
    const logger = context.logger.child({ endpoint: 'proxier' });
    const onListenerError = (error: unknown): void => {
      logger.error('listener failed', { error: String(error) });
    };
    this.#options = options;
    this.model = new DataModel('Device', onListenerError);
    const settings = new DocumentSettingsStore(
      context.store,
      'proxier/settings',
      defaultSettings(context.acs(), identityKey(context.proxier)),
      onListenerError,
    );
    this.#settings = settings;
    this.cwmpSwitch = new CwmpSwitch(settings, logger);
    this.#endpoint = new CwmpEndpoint({
      ...context,
      identity: context.proxier,
      storeKey: 'proxier/endpoint',
      model: this.model,
      settings,
      logger,
      isReachable: () => true,
      aliasBasedAddressing: true,
      informParameters: (events) => this.#informParameters.patternsFor(events),
    });
    this.#localObjects = this.#addLocalObjects(settings);
    this.#dnsClient = this.#addSystemObjects(this.#localObjects);
    this.#informParameters = new InformParameters(this.model, context.store, 'proxier/inform-parameters');
    this.inventory = new Inventory({
      model: this.model,
      store: context.store,
      clock: context.clock,
      logger,
      retentionSeconds: () => options.config().inventory.retentionSeconds,
      macAddressOf,
      interfaceTypeOf,
    });
    this.#virtualDevices = new VirtualDeviceTable(this.model, context.store);
    this.#supportedDataModels = new SupportedDataModels({
      model: this.model,
      store: context.store,
      storeKey: 'proxier/supported',
      publisher: context.connectionRequests,
      clock: context.clock,
      logger,
      deviceType: deviceTypeOf(context.proxier),
      root: publishedRoot('Device', DATA_MODEL_VERSION),
      serviceUris: (rowPath) => this.embedded.serviceUris(rowPath),
      beyond: () => this.embedded.supportedBeyond(),
    });
    this.embedded = new EmbeddedDevices({
      model: this.model,
      store: context.store,
      clock: context.clock,
      logger,
      vendorOui: context.proxier.oui,
      answerTimeoutMs: () => options.config().embedded.answerTimeoutSeconds * 1000,
      watched: () => this.#endpoint.watchedParameters(),
      isUrgent: (parameter) => this.#endpoint.isUrgent(parameter),
      onWatchedChange: (listener) => this.#endpoint.onAttributesChange(listener),
      compareWatched: (which) => this.#endpoint.compareWatchedValues(which),
      references: (udn) => this.inventory.references(udn),
      supportChanged: () => {
        this.#supportedDataModels.supportChanged();
      },
      supportedDataModels: (path) => {
        const row = this.#supportedDataModels.referenceFor(path);
        return row === '' ? [] : [row];
      },
    });
    this.inventory.onReferencesChange(() => {
      this.#refreshVirtualDevices();
      this.embedded.referencesChanged();
    });
    this.#supportedDataModels.onChange(() => {
      this.embedded.referencesChanged();
    });
  }

  /**
   * Takes up the embedded devices that are known and opens the first session if one is due. The connection request listener
   * must be started.
   * @param chooseMechanism what the rules make of a device
   * @param isVirtual whether the device with that identity key is exposed as a virtual one already
   */
  async start(
    chooseMechanism: (facts: DeviceFacts) => DeviceMechanism,
    isVirtual: (key: string) => boolean,
  ): Promise<void> {
    const { store, clock, logger, machineBootId: bootId } = this.#options.context;
    const previous = store.get<ProxierRecord>(RECORD_KEY);
    this.inventory.start();
    await this.#dnsClient.start();
    await this.embedded.start(chooseMechanism, isVirtual);
    await this.#supportedDataModels.start();
    // A daemon that restarts is no reboot of the gateway; without the kernel's word each start counts as one.
    const hasRebooted = previous !== undefined && (bootId === undefined || bootId !== previous.bootId);
    const started = this.#endpoint.start(hasRebooted);
    const record: ProxierRecord = { bootId, firstUse: previous?.firstUse ?? clock.now() };
    // A disk that takes nothing is no reason not to be there: the boot is told, and told once more after the next start.
    await Promise.all([started, store.put(RECORD_KEY, record)]).catch((error: unknown) => {
      logger.error('the start was not recorded', { error });
    });
    // What is remembered of an embedded device may be older than what the ACS was told: each is compared when it was read.
    const { providers } = this.embedded;
    await this.#endpoint.compareWatchedValues(({ provider }) => !providers.has(provider));
  }

  /** No sessions any more; one that runs ends properly. */
  endSessions(): Promise<void> {
    return this.#endpoint.stop();
  }

  async stop(): Promise<void> {
    this.inventory.stop();
    this.#dnsClient.stop();
    this.#supportedDataModels.stop();
    await this.embedded.stop();
    await this.#endpoint.stop();
  }

  /** The machine was suspended for so long, milliseconds. */
  resumed(sleptMs: number): void {
    this.#endpoint.resumed(sleptMs);
  }

  /** The configuration knows another way to the ACS: what the ACS has not set itself follows it. */
  async acsChanged(acs: AcsAccess): Promise<void> {
    const changed = await this.#settings.changeDefaults(accessSettings(acs));
    this.#endpoint.accessChanged(changed);
  }

  /** The configuration describes it in other words. */
  descriptionChanged(): void {
    this.#localObjects.valuesChanged('Device.DeviceInfo.', ['ModelName', 'Description', 'HardwareVersion']);
  }

  get status(): EndpointStatus {
    return this.#endpoint.status();
  }

  /** The virtual devices of this proxier, those that are away included. */
  showVirtualDevices(devices: readonly ShownDevice[]): void {
    this.#shown = devices;
    this.#refreshVirtualDevices();
  }

  #refreshVirtualDevices(): void {
    if (this.#shown === undefined) return;
    const rows = this.#shown.map(({ record }) => ({
      identity: record.identity,
      references: this.inventory.references(record.facts?.udn ?? ''),
    }));
    this.#virtualDevices.show(rows).catch((error: unknown) => {
      this.#options.context.logger.error('the table of virtual devices was not stored', { error });
    });
  }

  #addSystemObjects(provider: LocalProvider): DnsClient {
    const { store, clock, names } = this.#options.context;
    const { model } = this;
    addInterfaceStack(model);
    addSystemObjects(provider, { model, store, storeKey: 'proxier/process', clock, system: systemStatus });
    const { nameServers } = systemStatus;
    return new DnsClient(provider, {
      model,
      store,
      storeKey: 'proxier/dns-server',
      clock,
      nameServers,
      names,
      acsUrl: () => this.#settings.current.url,
    });
  }

  #addLocalObjects(settings: DocumentSettingsStore): LocalProvider {
    const { context, config } = this.#options;
    const provider = new LocalProvider(this.model);
    addRoot(provider, { root: 'Device:2', dataModelVersion: DATA_MODEL_VERSION });
    addDeviceInfo(provider, {
      root: 'Device:2',
      identity: context.proxier,
      settings,
      modelName: () => config().proxier.modelName,
      description: () => config().proxier.description,
      hardwareVersion: () => config().proxier.hardwareVersion,
      softwareVersion: () => VERSION,
      upTimeSeconds: uptime,
      firstUseDate: () => {
        const firstUse = context.store.get<ProxierRecord>(RECORD_KEY)?.firstUse ?? context.clock.now();
        return new Date(firstUse).toISOString();
      },
    });
    addManagementServer(provider, {
      root: 'Device:2',
      settings,
      parameterKey: () => this.#endpoint.parameterKey,
      connectionRequestUrl: () => this.#endpoint.connectionRequestUrl,
    });
    return provider;
  }
}
