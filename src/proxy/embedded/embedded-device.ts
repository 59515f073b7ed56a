import type { EndpointIdentity } from '../../cwmp/types.ts';
import type { DataModel } from '../../datamodel/data-model.ts';
import { ModelError } from '../../datamodel/model-error.ts';
import type { ParameterNode } from '../../datamodel/node.ts';
import type { Change, TakeBack } from '../../datamodel/provider.ts';
import type { Clock } from '../../platform/clock.ts';
import { RowAliases } from '../../device2/row-aliases.ts';
import { withDeadline } from '../../platform/deadline.ts';
import type { DeviceFacts } from '../../platform/config/config.ts';
import type { Logger } from '../../platform/logger.ts';
import type { DocumentStore } from '../../platform/store/document-store.ts';
import type { CmsTree } from '../../upnp-dm/walk.ts';
import { DeviceModel } from '../device-model.ts';
import type { ExposedDevice } from '../exposed-device.ts';
import { identityKey } from '../identity.ts';
import { cmsLeaf } from '../mapping/cms-leaf.ts';
import { modelErrorOf } from '../mapping/error-map.ts';
import type { Capabilities } from '../mapping/map-tree.ts';
import { isSecret } from '../mapping/secrets.ts';
import { LONG_AGO } from '../shadow.ts';
import type { DeviceReferences } from '../proxier/proxied-device-columns.ts';
import { Answering } from './answering.ts';
import type { Command } from './command-queue.ts';
import { CommandRunner } from './command-runner.ts';
import { DeviceMemory } from './device-memory.ts';
import type { DeviceSnapshot } from './device-snapshot.ts';
import { planEmbedded, serviceTablesOf, type ServiceTable } from './embedded-plan.ts';
import { EmbeddedProvider, toCommandValues, type EmbeddedAccess } from './embedded-provider.ts';
import { EmbeddedRows, type ShownState } from './embedded-rows.ts';
import type { EmbeddedDeviceRow, EmbeddedTables } from './embedded-tables.ts';

export interface EmbeddedDeviceOptions {
  readonly identity: EndpointIdentity;
  readonly model: DataModel;
  readonly tables: EmbeddedTables;
  readonly store: DocumentStore;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly answerTimeoutMs: () => number;
  /** Parameters of the proxier's whole model with notification on. */
  readonly watched: () => readonly ParameterNode[];
  readonly isUrgent: (parameter: ParameterNode) => boolean;
  readonly onWatchedChange: (listener: () => void) => () => void;
  /** Reports which of these parameters have other values than the ACS knows; resolves with whether all could be read. */
  readonly compareWatched: (which: (parameter: ParameterNode) => boolean) => Promise<boolean>;
  /** Rows of the inventory for the device of that UDN. */
  readonly references: (udn: string) => DeviceReferences;
  /** The device supports something else than before, though perhaps no node came or went. */
  readonly supportChanged: () => void;
  /** Rows of SupportedDataModel that describe the object at a path. */
  readonly supportedDataModels: (objectPath: string) => readonly string[];
  /** Nothing waits for the device any more. */
  readonly released: (key: string) => void;
}

/** A Proxied Device as rows of the proxier's own data model [TR-069 J.3]. */
export class EmbeddedDevice implements ExposedDevice {
  readonly deviceModel: DeviceModel;
  readonly key: string;
  readonly #options: EmbeddedDeviceOptions;
  readonly #rows: EmbeddedRows;
  readonly #commands: CommandRunner;
  readonly #answering: Answering;
  readonly #aliases: RowAliases;
  readonly #memory: DeviceMemory;
  #facts: DeviceFacts | undefined;
  #friendlyName = '';
  #capabilities: Capabilities = { setValues: false, createInstance: false, deleteInstance: false };
  #services: readonly ServiceTable[] = [];
  #online = false;
  #isCompared = false;
  #lastSync: number | undefined;
  #structureDoubtful: () => void = () => undefined;

  constructor(options: EmbeddedDeviceOptions) {
    const { identity, model, tables, store, clock, logger, supportedDataModels } = options;
    this.#options = options;
    this.key = identityKey(identity);
    this.#rows = new EmbeddedRows({
      key: this.key,
      identity,
      tables,
      state: () => this.#state,
      supportedDataModels,
    });
    this.#commands = new CommandRunner({
      store,
      storeKey: `embedded/${this.key}/commands`,
      clock,
      logger,
      send: (values) => this.#send(values),
      changed: () => {
        this.#showState();
        if (!this.hasPending) options.released(this.key);
      },
      dropped: (command) => {
        this.#dropped(command);
      },
    });
    this.#answering = new Answering({
      clock,
      ask: (cmsPath) => this.#ask(cmsPath),
      changed: () => {
        this.#answeringChanged();
      },
    });
    this.#memory = new DeviceMemory({
      store,
      storeKey: `embedded/${this.key}/`,
      clock,
      logger,
      current: () => this.#snapshot,
    });
    this.#aliases = new RowAliases({ model, store, storeKey: `embedded/${this.key}/aliases` });
    this.deviceModel = this.#createDeviceModel();
  }

  /** Takes up what is remembered of the device. @returns false when that is nothing */
  async restore(): Promise<boolean> {
    const snapshot = this.#memory.load();
    if (snapshot === undefined) return false;
    this.#facts = snapshot.facts;
    this.#friendlyName = snapshot.friendlyName;
    await this.#place(snapshot.tree, snapshot.capabilities, LONG_AGO);
    // What stands for a secret there is not what the device has.
    for (const path of snapshot.tree.values?.keys() ?? []) {
      if (isSecret(path)) this.deviceModel.shadow.forgetValue(path);
    }
    return true;
  }

  /** What the rules compare, as last seen. */
  get facts(): DeviceFacts | undefined {
    return this.#facts;
  }

  /** Writes that the ACS was told are accepted wait for the device. */
  get hasPending(): boolean {
    return this.#commands.state.commands.length > 0;
  }

  /** Who it is, as found on the LAN now. */
  identified(facts: DeviceFacts, friendlyName: string): void {
    this.#facts = facts;
    this.#friendlyName = friendlyName;
  }

  async describe(tree: CmsTree, capabilities: Capabilities, generation: number): Promise<void> {
    await this.#place(tree, capabilities, generation);
    this.#synchronized();
    this.#options.supportChanged();
    await this.#memory.save();
    if (!this.#isCompared) this.#inBackground(this.#compare());
  }

  setReachable(reachable: boolean, structureDoubtful: () => void = () => undefined): void {
    this.#structureDoubtful = structureDoubtful;
    this.#online = reachable;
    this.#answering.reset();
    this.#showState();
    this.#commands.setOnline(reachable);
  }

  get watched(): readonly ParameterNode[] {
    return this.#options.watched().filter(({ provider }) => provider === this.deviceModel.provider);
  }

  isUrgent(parameter: ParameterNode): boolean {
    return this.#options.isUrgent(parameter);
  }

  onWatchedChange(listener: () => void): () => void {
    return this.#options.onWatchedChange(listener);
  }

  /** The rows of other tables that it refers to may have changed. */
  referencesChanged(): void {
    this.#showState();
  }

  get status(): EmbeddedDeviceRow & { readonly pendingCommands: number } {
    return { ...this.#rows.embeddedDevice, pendingCommands: this.#commands.state.commands.length };
  }

  /** Ends all work; what is known stays on the disk. */
  async stop(): Promise<void> {
    this.#endWork();
    this.#commands.stop();
    await this.#memory.save();
  }

  /** The rows go, and with them everything remembered. */
  async retire(): Promise<void> {
    this.#endWork();
    if (this.hasPending) {
      this.#options.logger.warn('accepted changes are lost: the device is no longer embedded', {
        endpoint: this.key,
        paths: this.#commands.state.commands.flatMap(({ values }) => values.map(([path]) => path)),
      });
    }
    this.deviceModel.clear();
    await Promise.all([
      this.#rows.remove(),
      this.#commands.forget(),
      this.#aliases.forget(),
      this.#memory.forget(),
    ]);
  }

  #endWork(): void {
    this.#online = false;
    this.#memory.stop();
    this.#answering.reset();
  }

  #createDeviceModel(): DeviceModel {
    const { model, clock, logger, answerTimeoutMs } = this.#options;
    return new DeviceModel({
      model,
      plan: () => planEmbedded(this.#services, this.#rows.mounts, `${this.#rows.vendorRow}.`),
      prepare: (instances) => this.#makeRoom(instances),
      wrap: (device) => new EmbeddedProvider(device, this.#access(), { clock, answerTimeoutMs }),
      logger,
      aliases: this.#aliases,
      writesAgain: true,
      onStructureDoubtful: () => {
        this.#structureDoubtful();
      },
    });
  }

  async #place(tree: CmsTree, capabilities: Capabilities, generation: number): Promise<void> {
    this.#capabilities = capabilities;
    this.#services = serviceTablesOf(tree.subTrees, tree.structure);
    await this.#rows.showProxiedDevice();
    await this.#rows.allocate(this.#services, tree.instances);
    if (this.#rows.isRemoved) return;
    await this.deviceModel.describe(tree, capabilities, generation);
    if (!this.#rows.isRemoved) await this.#rows.show();
  }

  /** Nobody saw what changed while this daemon was not running. */
  async #compare(): Promise<void> {
    const { provider } = this.deviceModel;
    this.#isCompared = await this.#options.compareWatched((parameter) => parameter.provider === provider);
  }

  /** For rows that come while the device is described. */
  async #makeRoom(instances: readonly string[]): Promise<void> {
    await this.#rows.allocate(this.#services, instances);
    await this.#rows.show();
    // Its nodes must not come back after the rows that they belong to.
    if (this.#rows.isRemoved) throw new ModelError('retryLater', 'the device is no longer embedded');
  }

  get #state(): ShownState {
    const { processed, message } = this.#commands.state;
    return {
      ...this.#options.references(this.#facts?.udn ?? ''),
      friendlyName: this.#friendlyName,
      online: this.#online && this.#answering.isAnswering,
      commandProcessed: processed,
      message,
      lastSync: this.#lastSync,
    };
  }

  #showState(): void {
    this.#inBackground(this.#rows.showState());
  }

  #answeringChanged(): void {
    const { isAnswering } = this.#answering;
    this.#options.logger.info(isAnswering ? 'device answers again' : 'device does not answer', {
      endpoint: this.key,
    });
    this.#showState();
    if (isAnswering) this.#commands.setOnline(this.#online);
  }

  /** Reads one leaf of a device that was silent. */
  async #ask(cmsPath: string): Promise<boolean> {
    const { client, shadow } = this.deviceModel;
    if (client === undefined) return false;
    const { generation } = shadow;
    try {
      const values = await this.#inTime((signal) => client.getValues([cmsPath], signal));
      this.deviceModel.valuesRead(values, generation);
      return true;
    } catch (error) {
      return modelErrorOf(error).kind !== 'retryLater';
    }
  }

  #access(): EmbeddedAccess {
    const isOnline = (): boolean => this.#online;
    const hasPending = (): boolean => this.hasPending;
    return {
      get online() {
        return isOnline();
      },
      get hasPending() {
        return hasPending();
      },
      pendingValue: (parameter) => {
        const { cmsPath, type } = cmsLeaf(parameter);
        const raw = this.#commands.pendingValue(cmsPath);
        return raw === undefined ? undefined : this.deviceModel.toDataModel(type, raw);
      },
      lastValue: (parameter) => {
        const { cmsPath, type } = cmsLeaf(parameter);
        const raw = this.deviceModel.shadow.get(cmsPath);
        return raw === undefined ? undefined : this.deviceModel.toDataModel(type, raw);
      },
      accept: (changes) => this.#accept(changes),
      synchronized: async (changes) => {
        this.#commands.written();
        this.#synchronized();
        if (changes === undefined) await this.#memory.changedRows();
        else await this.#memory.took(this.#commandValues(changes));
      },
      answered: (unanswered) => {
        if (!this.#online) return;
        if (unanswered === undefined) this.#answering.answered();
        else this.#answering.silent(cmsLeaf(unanswered).cmsPath);
      },
    };
  }

  #accept(changes: readonly Change[]): Promise<TakeBack> {
    return this.#commands.accept(this.#commandValues(changes));
  }

  #commandValues(changes: readonly Change[]): ReturnType<typeof toCommandValues> {
    return toCommandValues(changes, (parameter, value) => this.deviceModel.toDevice(parameter, value));
  }

  async #send(values: ReadonlyMap<string, string>): Promise<void> {
    await this.#inTime((signal) => this.deviceModel.write(values, signal));
    this.#synchronized();
    await this.#memory.took(values);
  }

  #inTime<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { clock, answerTimeoutMs } = this.#options;
    return withDeadline(clock, answerTimeoutMs(), undefined, work);
  }

  /** The ACS was told that these values are set: it has to hear that they are not. */
  #dropped(command: Command): void {
    const changes = command.values.flatMap(([cmsPath]) =>
      this.deviceModel.parametersOf(cmsPath).flatMap((parameter) => {
        const raw = this.deviceModel.shadow.get(cmsPath);
        if (raw === undefined) return [];
        const value = parameter.hidden ? '' : this.deviceModel.toDataModel(parameter.type, raw);
        return [{ parameter, value }];
      }),
    );
    this.#options.model.reportValueChanges(changes);
  }

  /** The device has told, or taken, its values [TR-181 EmbeddedDevice.LastSyncTime]. */
  #synchronized(): void {
    this.#lastSync = this.#options.clock.now();
    this.#answering.answered();
    this.#showState();
    this.#memory.saveLater();
  }

  get #snapshot(): DeviceSnapshot | undefined {
    const { tree, shadow } = this.deviceModel;
    if (tree === undefined || this.#facts === undefined || this.#rows.isRemoved) return undefined;
    return {
      identity: this.#options.identity,
      facts: this.#facts,
      friendlyName: this.#friendlyName,
      capabilities: this.#capabilities,
      tree: { ...tree, values: new Map(shadow.entries()) },
    };
  }

  #inBackground(work: Promise<unknown>): void {
    work.catch((error: unknown) => {
      this.#options.logger.error('state of an embedded device was not stored', { error: String(error) });
    });
  }
}
