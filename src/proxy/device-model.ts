import type { DataModel } from '../datamodel/data-model.ts';
import { ModelError } from '../datamodel/model-error.ts';
import type { ParameterNode } from '../datamodel/node.ts';
import type { Provider } from '../datamodel/provider.ts';
import type { ValueType } from '../datamodel/value.ts';
import type { SupportedBeyondModel } from '../device2/device-type/describe-model.ts';
import type { RowAliases } from '../device2/row-aliases.ts';
import type { Logger } from '../platform/logger.ts';
import { ActionError } from '../upnp/types.ts';
import { toStructurePath } from '../upnp-dm/cms-path.ts';
import { expandLeaves } from '../upnp-dm/tree-expansion.ts';
import type { ChangeStatus, CmsClient, NodeAttributes } from '../upnp-dm/types.ts';
import { readTreeAttributes } from '../upnp-dm/walk-attributes.ts';
import type { CmsTree } from '../upnp-dm/walk.ts';
import { DeviceValues } from './device-values.ts';
import { cmsLeaf, type CmsLeaf } from './mapping/cms-leaf.ts';
import { CmsProvider, type DeviceAccess } from './mapping/cms-provider.ts';
import { ConstantProvider } from './mapping/constant-provider.ts';
import { ContentPaths } from './mapping/content-paths.ts';
import { mapTree, type Capabilities, type MappedObject, type MappedTree } from './mapping/map-tree.ts';
import type { MountPlan } from './mapping/mounts.ts';
import { PathMapping } from './mapping/path-mapping.ts';
import { ReferenceTranslator } from './mapping/references.ts';
import { isSecret } from './mapping/secrets.ts';
import { isOverridable, standardFlags } from './mapping/standard-flags.ts';
import { supportedBeyond } from './mapping/supported-beyond.ts';
import { toCmsValue, toCwmpValue } from './mapping/value-mapping.ts';
import type { Shadow } from './shadow.ts';

/** A generation of the shadow before every other. */
const LONG_AGO = -1;
const ROW = /\.\d+\.$/;

export interface DeviceModelOptions {
  readonly model: DataModel;
  /** Asked before each placing: rows that come may need places that were not there before. */
  readonly plan: () => MountPlan;
  /** Makes room for these rows; `plan` gives their places when it has resolved. */
  readonly prepare?: (instances: readonly string[]) => Promise<void>;
  /** What stands between the model and the device, if anything does. */
  readonly wrap?: (device: CmsProvider) => Provider;
  readonly logger: Logger;
  /** Paths the daemon serves itself. */
  readonly reserved: (path: string) => boolean;
  /** Names rows that the device does not name; undefined where rows have no aliases. */
  readonly aliases?: RowAliases | undefined;
  readonly onStructureDoubtful: () => void;
}

/**
 * The part of a virtual device's data model that its Proxied Device answers for: keeps the nodes in step with the device's
 * own description and holds the shadow of its values.
 */
export class DeviceModel {
  readonly #options: DeviceModelOptions;
  readonly #values: DeviceValues;
  /** Answers for every parameter and object of the device. */
  readonly provider: Provider;
  readonly #constants = new ConstantProvider();
  readonly #access: Mutable<DeviceAccess>;
  #tree: CmsTree | undefined;
  /** Leaves that the structure promises but this device did not return: a row may lack a leaf that its table has. */
  readonly #absent = new Set<string>();
  #capabilities: Capabilities = { setValues: false, createInstance: false, deleteInstance: false };
  /** CMS paths of the outermost tables. */
  #tables: ReadonlySet<string> = new Set();
  /** By data model path. */
  readonly #placed = new Map<string, ParameterNode>();
  #objects = new Map<string, MappedObject>();
  /** A writable Common Object fills two parameters. */
  #byCmsPath = new Map<string, ParameterNode[]>();

  constructor(options: DeviceModelOptions) {
    this.#options = options;
    this.#values = new DeviceValues({
      parametersOf: (path) => this.parametersOf(path),
      toDataModel: (type, raw) => this.toDataModel(type, raw),
      report: (changes) => {
        options.model.reportValueChanges(changes);
      },
    });
    this.#access = {
      client: undefined,
      eventsReliable: false,
      references: new ReferenceTranslator(new PathMapping(options.plan()), new Set()),
      contentPaths: new ContentPaths([]),
      valuesRead: (values, generation) => {
        this.valuesRead(values, generation);
      },
      structureDoubtful: () => {
        options.onStructureDoubtful();
      },
      write: (values, signal) => this.write(values, signal),
      rowCreated: (path, signal) => this.#rowCreated(path, signal),
      rowDeleted: (path) => {
        this.#rowDeleted(path);
      },
    };
    const device = new CmsProvider(this.shadow, this.#access, options.logger);
    this.provider = options.wrap?.(device) ?? device;
  }

  /** The device is within reach. `eventsReliable`: an active subscription tells of every change of an EventOnChange leaf. */
  connect(client: CmsClient, eventsReliable: boolean): void {
    if (this.#access.client !== client) this.shadow.invalidate();
    this.#access.client = client;
    this.setEventsReliable(eventsReliable);
  }

  /** The device left: nothing can be read or written until it returns. */
  disconnect(): void {
    this.#access.client = undefined;
    this.setEventsReliable(false);
  }

  /** While false every value is read from the device. */
  setEventsReliable(reliable: boolean): void {
    if (!reliable) this.shadow.invalidate();
    this.#access.eventsReliable = reliable;
  }

  /** The last known values. */
  get shadow(): Shadow {
    return this.#values.shadow;
  }

  /** The device as it can be asked now; undefined while it is away. */
  get client(): CmsClient | undefined {
    return this.#access.client;
  }

  /** What the device said of itself last, without values. */
  get tree(): CmsTree | undefined {
    return this.#tree;
  }

  /** The parameters that show the leaf of that CMS path: one, or two for a writable Common Object. */
  parametersOf(cmsPath: string): readonly ParameterNode[] {
    return this.#byCmsPath.get(cmsPath) ?? [];
  }

  /** What the device supports below tables that have no rows now. */
  supportedBeyond(): SupportedBeyondModel {
    if (this.#tree === undefined) return { objects: [], parameters: [] };
    const { plan, reserved, aliases } = this.#options;
    return supportedBeyond(this.#tree, plan(), this.#capabilities, reserved, aliases !== undefined);
  }

  /** A value of the device in the form that the ACS gets. */
  toDataModel(type: ValueType, raw: string): string {
    return toCwmpValue(type, raw, this.#access.references);
  }

  /** A value of the ACS in the form that the device gets. */
  toDevice(parameter: ParameterNode, value: string): string {
    const { cmsPath, type } = cmsLeaf(parameter);
    return toCmsValue(type, value, this.shadow.get(cmsPath), this.#access.references);
  }

  /** Takes everything of the device out of the model. */
  clear(): void {
    for (const path of this.#placed.keys()) this.#options.model.remove(path);
    for (const path of this.#objects.keys()) this.#options.model.remove(path);
    this.#placed.clear();
    this.#objects = new Map();
    this.#byCmsPath = new Map();
    this.#tree = undefined;
  }

  get hasTables(): boolean {
    return this.#tables.size > 0;
  }

  /**
   * Takes over what the device says of itself; nodes that did not change stay as they are. Logs oddities.
   * @param valuesCurrent false when something may have changed while the tree was read
   */
  describe(read: CmsTree, capabilities: Capabilities, valuesCurrent: boolean): void {
    const tree = { ...read, attributes: this.#withRemembered(read) };
    // The values go into the shadow: kept here too they would double the memory of a device.
    const { values: _values, ...treeWithoutValues } = tree;
    this.#tree = treeWithoutValues;
    this.#tables = new Set(
      tree.structure.flatMap((path) => {
        const end = path.indexOf('/#/');
        return end === -1 ? [] : [path.slice(0, end + 1)];
      }),
    );
    this.#capabilities = capabilities;
    this.#absent.clear();
    const mapped = mapTree(tree, this.#options.plan(), capabilities, this.#options.reserved);
    if (tree.values !== undefined) {
      for (const { cmsPath } of mapped.parameters) if (!tree.values.has(cmsPath)) this.#absent.add(cmsPath);
    }
    for (const remark of mapped.remarks) this.#options.logger.warn('device description', { remark });
    this.#place(mapped);
    if (tree.values !== undefined) {
      this.valuesRead(tree.values, valuesCurrent ? this.shadow.generation : LONG_AGO);
    }
  }

  /** Compares the rows that the device has now with those in the model. Returns true when some came or went. */
  async updateInstances(instances: readonly string[]): Promise<boolean> {
    const tree = this.#tree;
    if (tree === undefined) return false;
    const before = new Set(tree.instances);
    if (before.size === instances.length && instances.every((instance) => before.has(instance))) return false;
    const added = instances.filter((instance) => !before.has(instance));
    const attributes = await this.#learnAttributes(this.#access.client, tree, added);
    await this.#options.prepare?.(instances);
    const now = new Set(instances);
    for (const instance of before) if (!now.has(instance)) this.#forgetRow(instance);
    this.#remap({ ...tree, instances, attributes });
    return true;
  }

  /** Takes over values that were read from the device, and reports those that the ACS did not change itself. */
  valuesRead(values: ReadonlyMap<string, string>, generation: number): void {
    this.#values.taken(values, generation);
  }

  /**
   * Gives the device values of the ACS, by CMS path.
   * @throws ModelError retryLater while it is away, or what the CMS client throws
   */
  async write(values: ReadonlyMap<string, string>, signal?: AbortSignal): Promise<ChangeStatus> {
    const { client } = this.#access;
    if (client === undefined) throw new ModelError('retryLater', 'the device is offline');
    return await this.#values.write(client, values, signal);
  }

  /** The rows that the device has now. A device that refuses `/` is asked at the places of its models. */
  async readInstances(client: CmsClient, signal?: AbortSignal): Promise<readonly string[]> {
    try {
      return await client.getInstances('/', 0, signal);
    } catch (error) {
      if (!(error instanceof ActionError) || error.source !== 'upnp') throw error;
    }
    const tables = [...this.#tables];
    const found = await Promise.all(tables.map((table) => client.getInstances(table, 0, signal)));
    return found.flat();
  }

  /** Shortens path lists for this device. */
  get contentPaths(): ContentPaths {
    return this.#access.contentPaths;
  }

  async #rowCreated(rowPath: string, signal?: AbortSignal): Promise<void> {
    const { client } = this.#access;
    const tree = this.#tree;
    if (client === undefined || tree === undefined) return;
    const rowStructure = rowPath.replace(/\/\d+(?=\/)/g, '/#');
    const nested = tree.structure.some(
      (path) => path.startsWith(rowStructure) && path.indexOf('#', rowStructure.length) !== -1,
    );
    const below = nested ? await client.getInstances(rowPath, 0, signal) : [];
    const generation = this.shadow.generation;
    const values = await client.getValues([rowPath], signal);
    const known = new Set(tree.instances);
    const added = [rowPath, ...below].filter((instance) => !known.has(instance));
    const instances = [...tree.instances, ...new Set(added)];
    const attributes = await this.#learnAttributes(client, tree, added, signal);
    await this.#options.prepare?.(instances);
    this.#remap({ ...tree, instances, attributes });
    this.valuesRead(values, generation);
  }

  /** A table that has lost its rows keeps what they said of themselves: GetAttributes takes instances only. */
  #withRemembered({ structure, attributes }: CmsTree): ReadonlyMap<string, NodeAttributes> {
    const remembered = new Map(attributes);
    for (const path of attributes.size === 0 ? [] : structure) {
      const known = this.#tree?.attributes.get(path);
      if (known !== undefined && !remembered.has(path)) remembered.set(path, known);
    }
    return remembered;
  }

  /** The first row of a table tells what its leaves are. */
  async #learnAttributes(
    client: CmsClient | undefined,
    { structure, attributes }: CmsTree,
    rows: readonly string[],
    signal?: AbortSignal,
  ): Promise<ReadonlyMap<string, NodeAttributes>> {
    const leaves = expandLeaves(structure, rows).filter(
      (path) => /\/\d+\//.test(path) && !attributes.has(toStructurePath(path)),
    );
    if (client === undefined || attributes.size === 0 || leaves.length === 0) return attributes;
    const below = structure.filter((path) => rows.some((row) => path.startsWith(toStructurePath(row))));
    const learned = await readTreeAttributes(client, { structure: below, instances: rows, leaves }, signal);
    return new Map([...learned, ...attributes]);
  }

  #rowDeleted(rowPath: string): void {
    const tree = this.#tree;
    if (tree === undefined) return;
    this.#forgetRow(rowPath);
    this.#remap({ ...tree, instances: tree.instances.filter((instance) => !instance.startsWith(rowPath)) });
  }

  #forgetRow(rowPath: string): void {
    this.shadow.forget(rowPath);
    for (const path of this.#absent) if (path.startsWith(rowPath)) this.#absent.delete(path);
  }

  #remap(tree: CmsTree): void {
    this.#tree = { ...tree };
    this.#place(mapTree(tree, this.#options.plan(), this.#capabilities, this.#options.reserved));
  }

  #place(mapped: MappedTree): void {
    const { model } = this.#options;
    this.#access.references = new ReferenceTranslator(mapped.paths, mapped.structure);
    this.#removeGone(mapped);
    for (const object of mapped.objects) {
      model.addObject(object.path, {
        provider: this.provider,
        table: object.table,
        writable: object.writable,
        handle: object.cmsPath,
      });
    }
    this.#objects = new Map(mapped.objects.map((object) => [object.path, object]));
    for (const parameter of mapped.parameters) {
      if (this.#placed.has(parameter.path) || this.#absent.has(parameter.cmsPath)) continue;
      const leaf: CmsLeaf = {
        cmsPath: parameter.cmsPath,
        type: parameter.type,
        eventOnChange: parameter.eventOnChange,
      };
      if (isOverridable(parameter.path)) model.remove(parameter.path);
      const node = model.addParameter(parameter.path, {
        provider: this.provider,
        type: parameter.type,
        writable: parameter.writable,
        constraint: parameter.constraint,
        handle: leaf,
        hidden: isSecret(parameter.cmsPath),
        ...standardFlags(parameter.path),
      });
      // The node's own text is the key, so that the path is in memory once.
      this.#placed.set(node.path, node);
    }
    for (const constant of mapped.constants) {
      if (model.find(constant.path) !== undefined) continue;
      this.#constants.set(constant.path, constant.value);
      model.addParameter(constant.path, { provider: this.#constants, type: constant.type });
    }
    this.#options.aliases?.place(mapped.objects.map(({ path }) => path).filter((path) => ROW.test(path)));
    this.#index();
  }

  #removeGone(mapped: MappedTree): void {
    const wanted = new Map(mapped.parameters.map((parameter) => [parameter.path, parameter]));
    const wantedObjects = new Set(mapped.objects.map(({ path }) => path));
    for (const path of this.#objects.keys()) if (!wantedObjects.has(path)) this.#options.model.remove(path);
    for (const [path, node] of this.#placed) {
      const leaf = cmsLeaf(node);
      const parameter = wanted.get(path);
      if (
        !this.#absent.has(leaf.cmsPath) &&
        parameter?.cmsPath === leaf.cmsPath &&
        parameter.type === node.type &&
        parameter.writable === node.writable
      ) {
        leaf.eventOnChange = parameter.eventOnChange;
        continue;
      }
      this.#options.model.remove(path);
      this.#placed.delete(path);
    }
  }

  #index(): void {
    this.#byCmsPath = new Map();
    for (const node of this.#placed.values()) {
      const { cmsPath } = cmsLeaf(node);
      const sharing = this.#byCmsPath.get(cmsPath);
      if (sharing === undefined) this.#byCmsPath.set(cmsPath, [node]);
      else sharing.push(node);
    }
    this.#access.contentPaths = new ContentPaths(this.#byCmsPath.keys());
  }
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
