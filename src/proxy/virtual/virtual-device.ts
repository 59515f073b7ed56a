import { CwmpEndpoint } from '../../cwmp/endpoint.ts';
import type { EndpointIdentity, EndpointStatus } from '../../cwmp/types.ts';
import { DataModel } from '../../datamodel/data-model.ts';
import type { ParameterNode } from '../../datamodel/node.ts';
import { addDeviceInfo } from '../../device2/device-info.ts';
import { publishedRoot } from '../../device2/device-type/published-model.ts';
import { SupportedDataModels } from '../../device2/device-type/supported-data-models.ts';
import { InformParameters } from '../../device2/inform-parameters.ts';
import { LocalProvider } from '../../device2/local-object.ts';
import { addManagementServer } from '../../device2/management-server.ts';
import { RowAliases } from '../../device2/row-aliases.ts';
import { addRoot, device2Version, type RootObject } from '../../device2/root.ts';
import { DocumentSettingsStore } from '../../device2/settings-store.ts';
import type { DeviceFacts } from '../../platform/config/config.ts';
import type { DocumentStore } from '../../platform/store/document-store.ts';
import type { CmsTree } from '../../upnp-dm/walk.ts';
import { CwmpSwitch } from '../cwmp-switch.ts';
import { DeviceModel } from '../device-model.ts';
import {
  accessSettings,
  defaultSettings,
  type AcsAccess,
  type EndpointContext,
} from '../endpoint-context.ts';
import type { ExposedDevice } from '../exposed-device.ts';
import { identityKey } from '../identity.ts';
import type { BootMark } from '../boot-mark.ts';
import type { Capabilities } from '../mapping/map-tree.ts';
import type { MountPlan } from '../mapping/mounts.ts';

/** What is remembered of a virtual device while its Proxied Device is away, also over a restart of the daemon. */
export interface VirtualDeviceRecord {
  readonly identity: EndpointIdentity;
  readonly plan: MountPlan;
  readonly description: {
    readonly modelName: string;
    readonly modelNumber: string;
    readonly modelDescription: string;
  };
  /** Milliseconds since the epoch. */
  readonly firstSeen: number;
  readonly boot: BootMark;
  /** What the rules compare, as last seen. */
  readonly facts?: DeviceFacts;
  /** The rules no longer make a virtual device of it. */
  readonly retired?: boolean;
}

/** A Proxied Device as a CPE of its own: its data model and its CWMP endpoint [TR-069 J.2]. */
export class VirtualDevice implements ExposedDevice {
  record: VirtualDeviceRecord;
  readonly deviceModel: DeviceModel;
  readonly cwmpSwitch: CwmpSwitch;
  readonly #model: DataModel;
  readonly #settings: DocumentSettingsStore;
  readonly #endpoint: CwmpEndpoint;
  /** Device:1 has no such table. */
  readonly #informParameters: InformParameters | undefined;
  readonly #supportedDataModels: SupportedDataModels;
  readonly #upSince: number;
  #reachable = false;
  #isDescribed = false;
  #isCompared = false;
  #structureDoubtful: () => void = () => undefined;

  constructor(record: VirtualDeviceRecord, context: EndpointContext) {
    const key = identityKey(record.identity);
    const logger = context.logger.child({ endpoint: key });
    // [TR-181 issue 1] knows neither aliases nor InformParameter.
    const hasAliases = rootObjectOf(record.plan) !== 'Device:1';
    const onListenerError = (error: unknown): void => {
      logger.error('listener failed', { error: String(error) });
    };
    this.record = record;
    this.#upSince = context.clock.monotonic();
    this.#model = new DataModel(record.plan.root, onListenerError);
    const settings = new DocumentSettingsStore(
      context.store,
      `settings/${key}`,
      defaultSettings(context.acs(), key),
      onListenerError,
    );
    this.#settings = settings;
    this.cwmpSwitch = new CwmpSwitch(settings, logger);
    this.#endpoint = new CwmpEndpoint({
      identity: record.identity,
      storeKey: `endpoint/${key}`,
      store: context.store,
      model: this.#model,
      settings,
      tls: context.tls,
      names: context.names,
      connectionRequests: context.connectionRequests,
      scheduler: context.scheduler,
      clock: context.clock,
      logger,
      userAgent: context.userAgent,
      isReachable: () => this.#reachable,
      // [TR-106 issue 1] The parameters that steer it came with Device:2.
      sendDatagram: hasAliases ? context.sendDatagram : undefined,
      aliasBasedAddressing: hasAliases,
      informParameters: (events) => this.#informParameters?.patternsFor(events) ?? [],
    });
    this.#addLocalObjects(settings, context);
    const { store } = context;
    if (hasAliases) {
      this.#informParameters = new InformParameters(this.#model, store, `inform-parameters/${key}`);
    }
    this.deviceModel = new DeviceModel({
      model: this.#model,
      plan: () => record.plan,
      logger,
      aliases: hasAliases
        ? new RowAliases({ model: this.#model, store, storeKey: `aliases/${key}` })
        : undefined,
      onStructureDoubtful: () => {
        this.#structureDoubtful();
      },
    });
    this.#supportedDataModels = this.#createSupportedDataModels(context);
  }

  start(): Promise<void> {
    return this.#endpoint.start();
  }

  endSessions(): Promise<void> {
    return this.#endpoint.stop();
  }

  stop(): Promise<void> {
    this.#supportedDataModels.stop();
    return this.#endpoint.stop();
  }

  async describe(tree: CmsTree, capabilities: Capabilities, generation: number): Promise<void> {
    await this.deviceModel.describe(tree, capabilities, generation);
    // While the device has not said what it supports, the rows of the time before stand.
    if (this.#isDescribed) this.#supportedDataModels.supportChanged();
    else {
      this.#isDescribed = true;
      await this.#supportedDataModels.start();
    }
    if (!this.#isCompared) void this.#compare();
  }

  /** The Proxied Device came within reach, or left. While it is away no session is opened and connection requests get 503. */
  setReachable(reachable: boolean, structureDoubtful: () => void = () => undefined): void {
    this.#structureDoubtful = structureDoubtful;
    if (this.#reachable === reachable) return;
    this.#reachable = reachable;
    this.#endpoint.reachabilityChanged();
  }

  /** The Proxied Device restarted: `1 BOOT`. */
  recordBoot(): Promise<void> {
    return this.#endpoint.recordBoot();
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

  /** Parameters with notification on. */
  get watched(): readonly ParameterNode[] {
    return this.#endpoint.watchedParameters();
  }

  isUrgent(parameter: ParameterNode): boolean {
    return this.#endpoint.isUrgent(parameter);
  }

  onWatchedChange(listener: () => void): () => void {
    return this.#endpoint.onAttributesChange(listener);
  }

  /** What the ACS sees of it. */
  get model(): DataModel {
    return this.#model;
  }

  get status(): EndpointStatus {
    return this.#endpoint.status();
  }

  /** Nobody saw what changed while this daemon was not running. */
  async #compare(): Promise<void> {
    this.#isCompared = await this.#endpoint.compareWatchedValues();
  }

  #addLocalObjects(settings: DocumentSettingsStore, context: EndpointContext): void {
    const { identity, plan, description, firstSeen } = this.record;
    const root = rootObjectOf(plan);
    const provider = new LocalProvider(this.#model);
    addRoot(provider, { root, dataModelVersion: rootVersionOf(plan) ?? '1.0' });
    addDeviceInfo(provider, {
      root,
      identity,
      settings,
      modelName: () => description.modelName,
      modelNumber: () => description.modelNumber,
      description: () => description.modelDescription,
      hardwareVersion: () => description.modelNumber,
      softwareVersion: () => '',
      upTimeSeconds: () => (context.clock.monotonic() - this.#upSince) / 1000,
      firstUseDate: () => new Date(firstSeen).toISOString(),
      proxier: context.proxier,
    });
    addManagementServer(provider, {
      root,
      settings,
      parameterKey: () => this.#endpoint.parameterKey,
      connectionRequestUrl: () => this.#endpoint.connectionRequestUrl,
    });
  }

  #createSupportedDataModels({
    store,
    connectionRequests,
    clock,
    logger,
  }: EndpointContext): SupportedDataModels {
    const { identity, plan } = this.record;
    return new SupportedDataModels({
      model: this.#model,
      store,
      storeKey: `supported/${identityKey(identity)}`,
      publisher: connectionRequests,
      clock,
      logger,
      deviceType: deviceTypeOf(identity),
      root: publishedRoot(plan.root, rootVersionOf(plan)),
      serviceUris: () => this.deviceModel.tree?.subTrees.map(({ uri }) => uri) ?? [],
      beyond: () => this.deviceModel.supportedBeyond(),
    });
  }
}

/** Keys of all that is stored of the virtual device of that identity. */
export function storedDocuments(store: DocumentStore, key: string): string[] {
  return ['virtual', 'endpoint', 'settings', 'supported', 'inform-parameters', 'aliases'].flatMap((kind) => {
    const document = `${kind}/${key}`;
    return store.keys(document).filter((found) => found === document || found.startsWith(`${document}/`));
  });
}

/** Names the kind of device, not the single one: its serial number stays out of documents that anybody may read. */
export function deviceTypeOf({ oui, productClass }: EndpointIdentity): string {
  return `urn:cwmp-proxier:device:${oui}:${encodeURIComponent(productClass)}`;
}

/** Of Device:2; undefined for the other roots. */
function rootVersionOf({ rootDataModelVersion: stated }: MountPlan): string | undefined {
  return stated === undefined ? undefined : device2Version(stated);
}

function rootObjectOf(plan: MountPlan): RootObject {
  if (plan.root === 'InternetGatewayDevice') return 'InternetGatewayDevice:1';
  return plan.rootDataModelVersion === undefined ? 'Device:1' : 'Device:2';
}
