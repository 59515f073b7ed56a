import type { EndpointIdentity } from '../../cwmp/types.ts';
import type { DataModel } from '../../datamodel/data-model.ts';
import type { ParameterNode } from '../../datamodel/node.ts';
import type { Change } from '../../datamodel/provider.ts';
import type { Clock, Timer } from '../../platform/clock.ts';
import { RowAliases } from '../../device2/row-aliases.ts';
import type { DeviceFacts } from '../../platform/config/config.ts';
import type { Logger } from '../../platform/logger.ts';
import type { DocumentStore } from '../../platform/store/document-store.ts';
import type { CmsTree } from '../../upnp-dm/walk.ts';
import { DeviceModel } from '../device-model.ts';
import type { ExposedDevice } from '../exposed-device.ts';
import { identityKey } from '../identity.ts';
import { cmsLeaf } from '../mapping/cms-leaf.ts';
import type { Capabilities } from '../mapping/map-tree.ts';
import type { Mount } from '../mapping/mounts.ts';
import type { DeviceReferences } from '../proxier/proxied-device-columns.ts';
import type { Command } from './command-queue.ts';
import { CommandRunner } from './command-runner.ts';
import { loadSnapshot, saveSnapshot } from './device-snapshot.ts';
import { planEmbedded, serviceRowsOf, serviceTablesOf, type ServiceTable } from './embedded-plan.ts';
import { EmbeddedProvider, toCommandValues, type EmbeddedAccess } from './embedded-provider.ts';
import { newEmbeddedDeviceRow, type EmbeddedDeviceRow, type EmbeddedTables } from './embedded-tables.ts';

/** Values that changed are written to the disk at most once in so long a time; a power cut costs no more than that. */
const SNAPSHOT_INTERVAL_MS = 60_000;

export interface EmbeddedDeviceOptions {
  readonly identity: EndpointIdentity;
  readonly model: DataModel;
  readonly tables: EmbeddedTables;
  readonly store: DocumentStore;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly answerTimeoutMs: number;
  /** Parameters of the proxier's whole model with notification on. */
  readonly watched: () => readonly ParameterNode[];
  readonly onWatchedChange: (listener: () => void) => () => void;
  /** Rows of the inventory for the device of that UDN. */
  readonly references: (udn: string) => DeviceReferences;
  /** Rows of SupportedDataModel that describe the object at a path. */
  readonly supportedDataModels: (objectPath: string) => readonly string[];
}

/** A Proxied Device as rows of the proxier's own data model [TR-069 J.3]. */
export class EmbeddedDevice implements ExposedDevice {
  readonly deviceModel: DeviceModel;
  readonly key: string;
  readonly #options: EmbeddedDeviceOptions;
  readonly #commands: CommandRunner;
  readonly #aliases: RowAliases;
  #facts: DeviceFacts | undefined;
  #friendlyName = '';
  #capabilities: Capabilities = { setValues: false, createInstance: false, deleteInstance: false };
  #services: readonly ServiceTable[] = [];
  #rowMounts: readonly Mount[] = [];
  #online = false;
  #lastSync: number | undefined;
  #structureDoubtful: () => void = () => undefined;
  #snapshotTimer: Timer | undefined;
  #retired = false;

  constructor(options: EmbeddedDeviceOptions) {
    const { identity, model, store, clock, logger } = options;
    this.#options = options;
    this.key = identityKey(identity);
    this.#commands = new CommandRunner({
      store,
      storeKey: `embedded/${this.key}/commands`,
      clock,
      logger,
      send: (values) => this.#send(values),
      changed: () => {
        this.#showStatus();
      },
      dropped: (command) => {
        this.#dropped(command);
      },
    });
    this.#aliases = new RowAliases({ model, store, storeKey: `embedded/${this.key}/aliases` });
    this.deviceModel = new DeviceModel({
      model,
      plan: () => planEmbedded(this.#services, this.#rowMounts, `${this.#vendorRow}.`),
      prepare: (instances) => this.#allocate(instances),
      wrap: (device) => new EmbeddedProvider(device, this.#access(), options.answerTimeoutMs),
      logger,
      aliases: this.#aliases,
      onStructureDoubtful: () => {
        this.#structureDoubtful();
      },
    });
  }

  /** Takes up what is remembered of the device. @returns false when that is nothing */
  async restore(): Promise<boolean> {
    const snapshot = loadSnapshot(this.#options.store, this.#snapshotKey);
    if (snapshot === undefined) return false;
    this.#facts = snapshot.facts;
    this.#friendlyName = snapshot.friendlyName;
    await this.#place(snapshot.tree, snapshot.capabilities, false);
    return true;
  }

  /** What the rules compare, as last seen. */
  get facts(): DeviceFacts | undefined {
    return this.#facts;
  }

  /** Who it is, as found on the LAN now. */
  identified(facts: DeviceFacts, friendlyName: string): void {
    this.#facts = facts;
    this.#friendlyName = friendlyName;
  }

  async describe(tree: CmsTree, capabilities: Capabilities, valuesCurrent: boolean): Promise<void> {
    await this.#place(tree, capabilities, valuesCurrent);
    this.#synchronized();
    await this.#saveSnapshot();
  }

  setReachable(reachable: boolean, structureDoubtful: () => void = () => undefined): void {
    this.#structureDoubtful = structureDoubtful;
    this.#online = reachable;
    this.#showRows();
    this.#commands.setOnline(reachable);
  }

  get watched(): readonly ParameterNode[] {
    return this.#options.watched().filter(({ provider }) => provider === this.deviceModel.provider);
  }

  onWatchedChange(listener: () => void): () => void {
    return this.#options.onWatchedChange(listener);
  }

  /** The rows of other tables that it refers to may have changed. */
  referencesChanged(): void {
    this.#showStatus();
  }

  get status(): EmbeddedDeviceRow & { readonly pendingCommands: number } {
    return { ...this.#row, pendingCommands: this.#commands.state.commands.length };
  }

  /** Ends all work; what is known stays on the disk. */
  async stop(): Promise<void> {
    this.#commands.stop();
    this.#snapshotTimer?.cancel();
    await this.#saveSnapshot();
  }

  /** Row and reference die together [TR-181 EmbeddedDevice.Reference], and with them everything remembered. */
  async retire(): Promise<void> {
    const { tables, store } = this.#options;
    this.#retired = true;
    this.#snapshotTimer?.cancel();
    this.deviceModel.clear();
    await Promise.all([
      tables.embeddedDevices.remove(this.key),
      ...tables.serviceRowsOf(this.key).map(({ table, key }) => table.remove(key)),
      tables.proxiedDevices.remove(this.key),
      this.#commands.forget(),
      this.#aliases.forget(),
      store.delete(this.#snapshotKey),
    ]);
  }

  get #snapshotKey(): string {
    return `embedded/${this.key}/snapshot`;
  }

  /** The row of the vendor table, without final dot. */
  get #vendorRow(): string {
    return this.#options.tables.proxiedDevices.reference(this.key);
  }

  async #place(tree: CmsTree, capabilities: Capabilities, valuesCurrent: boolean): Promise<void> {
    this.#capabilities = capabilities;
    this.#services = serviceTablesOf(tree.subTrees, tree.structure);
    await this.#showProxiedDevice([]);
    await this.#allocate(tree.instances);
    if (this.#retired) return;
    this.deviceModel.describe(tree, capabilities, valuesCurrent);
    await this.#showProxiedDevice(this.#serviceReferences());
    await this.#showEmbeddedDevice();
  }

  /** Gives each service row of the device its row in the proxier's tables, and takes those back that are gone. */
  async #allocate(instances: readonly string[]): Promise<void> {
    const { tables } = this.#options;
    const rows = serviceRowsOf(this.#services, instances).map(({ cmsPath, objectName }) => ({
      cmsPath,
      table: tables.services(objectName),
      key: `${this.key} ${cmsPath}`,
    }));
    const wanted = new Set(rows.map(({ table, key }) => table.path + key));
    const gone = tables.serviceRowsOf(this.key).filter(({ table, key }) => !wanted.has(table.path + key));
    await Promise.all([
      ...rows.map(({ table, key }) => table.put(key, { device: this.key })),
      ...gone.map(({ table, key }) => table.remove(key)),
    ]);
    this.#rowMounts = rows.map(({ cmsPath, table, key }) => ({
      location: cmsPath,
      prefix: `${table.reference(key)}.`,
    }));
    if (this.deviceModel.tree !== undefined && !this.#retired) {
      await this.#showProxiedDevice(this.#serviceReferences());
      await this.#showEmbeddedDevice();
    }
  }

  #serviceReferences(): string[] {
    return this.#rowMounts.map(({ prefix }) => prefix.replace(/\.$/, ''));
  }

  async #showProxiedDevice(services: readonly string[]): Promise<void> {
    const { tables, identity } = this.#options;
    const known = tables.proxiedDevices.find(this.key)?.row;
    await tables.proxiedDevices.put(this.key, {
      friendlyName: this.#friendlyName,
      identity,
      online: this.#online,
      services: known === undefined || services.length > 0 ? services : known.services,
      embeddedDevice: tables.embeddedDevices.reference(this.key),
    });
  }

  /**
   * Its Reference is its one service row, or its row in the vendor table where it has none or several, and stays that while the
   * row exists; when the row goes, this one does too, and a new one takes its place.
   */
  async #showEmbeddedDevice(): Promise<void> {
    const { tables } = this.#options;
    const services = this.#serviceReferences();
    const known = tables.embeddedDevices.find(this.key)?.row;
    const candidates = [...services, this.#vendorRow];
    if (known !== undefined && !candidates.includes(known.reference)) {
      await tables.embeddedDevices.remove(this.key);
    }
    const kept = tables.embeddedDevices.find(this.key)?.row.reference;
    const [only] = services;
    const reference = kept ?? (services.length === 1 && only !== undefined ? only : this.#vendorRow);
    await tables.embeddedDevices.put(this.key, this.#rowFor(reference));
    await this.#showProxiedDevice(services);
  }

  get #row(): EmbeddedDeviceRow {
    const known = this.#options.tables.embeddedDevices.find(this.key)?.row;
    return this.#rowFor(known?.reference ?? this.#vendorRow);
  }

  #rowFor(reference: string): EmbeddedDeviceRow {
    const { references, supportedDataModels } = this.#options;
    const { hosts, discovery } = references(this.#facts?.udn ?? '');
    const { processed, message } = this.#commands.state;
    return {
      ...newEmbeddedDeviceRow(this.key, reference),
      supportedDataModels: supportedDataModels(`${reference}.`),
      hosts,
      discovery,
      commandProcessed: processed,
      message,
      lastSync: this.#lastSync,
    };
  }

  #showRows(): void {
    this.#inBackground(this.#showProxiedDevice(this.#serviceReferences()));
    this.#showStatus();
  }

  #showStatus(): void {
    const { tables } = this.#options;
    if (tables.embeddedDevices.find(this.key) === undefined || this.#retired) return;
    this.#inBackground(tables.embeddedDevices.put(this.key, this.#row));
  }

  #access(): EmbeddedAccess {
    const isOnline = (): boolean => this.#online;
    const hasPending = (): boolean => this.#commands.state.commands.length > 0;
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
      synchronized: () => {
        this.#commands.written();
        this.#synchronized();
      },
    };
  }

  #accept(changes: readonly Change[]): Promise<() => Promise<void>> {
    return this.#commands.accept(
      toCommandValues(changes, (parameter, value) => this.deviceModel.toDevice(parameter, value)),
    );
  }

  async #send(values: ReadonlyMap<string, string>): Promise<void> {
    await this.deviceModel.write(values, AbortSignal.timeout(this.#options.answerTimeoutMs));
    this.#synchronized();
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

  /** [TR-181 EmbeddedDevice.LastSyncTime] */
  #synchronized(): void {
    this.#lastSync = this.#options.clock.now();
    this.#showStatus();
    this.#snapshotTimer ??= this.#options.clock.schedule(SNAPSHOT_INTERVAL_MS, () => {
      this.#snapshotTimer = undefined;
      this.#inBackground(this.#saveSnapshot());
    });
  }

  async #saveSnapshot(): Promise<void> {
    const { tree, shadow } = this.deviceModel;
    if (tree === undefined || this.#facts === undefined || this.#retired) return;
    await saveSnapshot(this.#options.store, this.#snapshotKey, {
      identity: this.#options.identity,
      facts: this.#facts,
      friendlyName: this.#friendlyName,
      capabilities: this.#capabilities,
      tree: { ...tree, values: new Map(shadow.entries()) },
    });
  }

  #inBackground(work: Promise<unknown>): void {
    work.catch((error: unknown) => {
      this.#options.logger.error('state of an embedded device was not stored', { error: String(error) });
    });
  }
}
