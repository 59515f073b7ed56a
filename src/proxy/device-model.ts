import type { DataModel } from '../datamodel/data-model.ts';
import { ModelError } from '../datamodel/model-error.ts';
import type { ParameterNode } from '../datamodel/node.ts';
import type { Provider } from '../datamodel/provider.ts';
import { atOnce, type Steps } from '../datamodel/sliced-work.ts';
import type { ValueType } from '../datamodel/value.ts';
import type { SupportedBeyondModel } from '../device2/device-type/describe-model.ts';
import type { RowAliases } from '../device2/row-aliases.ts';
import { systemClock, type Clock } from '../platform/clock.ts';
import { withDeadline } from '../platform/deadline.ts';
import type { Logger } from '../platform/logger.ts';
import type { ChangeStatus, CmsClient, NodeAttributes } from '../upnp-dm/types.ts';
import type { CmsTree } from '../upnp-dm/walk.ts';
import { guessCreatedRow, readCreatedRow } from './created-row.ts';
import { attributesOfRows, withEvents, withRemembered, withRows } from './device-attributes.ts';
import { DeviceNodes } from './device-nodes.ts';
import { DeviceValues } from './device-values.ts';
import { cmsLeaf, leafOfEvents } from './mapping/cms-leaf.ts';
import { CmsProvider, type DeviceAccess } from './mapping/cms-provider.ts';
import { ContentPaths } from './mapping/content-paths.ts';
import { readInstances } from './mapping/instances-reader.ts';
import { mapTreeInSteps, type Capabilities, type MappedTree } from './mapping/map-tree.ts';
import type { MountPlan } from './mapping/mounts.ts';
import { isInOneOf, PathMapping } from './mapping/path-mapping.ts';
import { ReferenceTranslator } from './mapping/references.ts';
import { supportedBeyond } from './mapping/supported-beyond.ts';
import { toCmsValue, toCwmpValue } from './mapping/value-mapping.ts';
import type { Shadow } from './shadow.ts';

/** Of one description in the log. */
const MOST_REMARKS = 20;
/** Of a row that was just created: the ACS waits, and has a row whether it can be read or not. */
const ROW_READ_MS = 5_000;

export interface DeviceModelOptions {
  readonly model: DataModel;
  /** Asked before each placing: rows that come may need places that were not there before. */
  readonly plan: () => MountPlan;
  /** Makes room for these rows; `plan` gives their places when it has resolved. */
  readonly prepare?: (instances: readonly string[]) => Promise<void>;
  /** What stands between the model and the device, if anything does. */
  readonly wrap?: (device: CmsProvider) => Provider;
  readonly logger: Logger;
  /** Names rows that the device does not name; undefined where rows have no aliases. */
  readonly aliases?: RowAliases | undefined;
  readonly onStructureDoubtful: () => void;
  /** Default: the system's. */
  readonly clock?: Clock;
  /** See DeviceValuesOptions; default: false. */
  readonly writesAgain?: boolean;
}

/**
 * The part of a virtual device's data model that its Proxied Device answers for: keeps the nodes in step with the device's
 * own description and holds the shadow of its values.
 */
export class DeviceModel {
  readonly #options: DeviceModelOptions;
  readonly values: DeviceValues;
  /** Answers for every parameter and object of the device. */
  readonly provider: Provider;
  readonly #access: Mutable<DeviceAccess>;
  #tree: CmsTree | undefined;
  #subscribed = false;
  #attributesDoubtful = false;
  #eventsUnknown: ((eventPaths: readonly string[]) => void) | undefined;
  /** Leaves that the structure promises but this device did not return: a row may lack a leaf that its table has. */
  readonly #absent = new Set<string>();
  #capabilities: Capabilities = { setValues: false, createInstance: false, deleteInstance: false };
  /** CMS paths of the outermost tables. */
  #tables: ReadonlySet<string> = new Set();
  readonly #nodes: DeviceNodes;

  constructor(options: DeviceModelOptions) {
    this.#options = options;
    this.values = new DeviceValues({
      parametersOf: (path) => this.parametersOf(path),
      toDataModel: (type, raw) => this.toDataModel(type, raw),
      report: (changes) => {
        options.model.reportValueChanges(changes);
      },
      writesAgain: options.writesAgain ?? false,
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
      eventsUnknown: (eventPaths) => {
        this.#eventsUnknown?.(eventPaths);
      },
      write: (values, signal) => this.write(values, signal),
      changeRows: (table, by, change) => this.values.changeRows(leafOfEvents(table), by, change),
      rowCreated: (path, signal) => this.#rowCreated(path, signal),
      rowDeleted: (path) => {
        this.#rowDeleted(path);
      },
    };
    const device = new CmsProvider(this.shadow, this.#access, options.logger);
    this.provider = options.wrap?.(device) ?? device;
    this.#nodes = new DeviceNodes({
      model: options.model,
      provider: this.provider,
      aliases: options.aliases,
    });
  }

  /** The device is within reach. `eventsReliable`: an active subscription tells of every change of an EventOnChange leaf. */
  connect(client: CmsClient, eventsReliable: boolean): void {
    if (this.#access.client !== client) {
      this.shadow.invalidate();
      this.#attributesDoubtful = false;
    }
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
    this.#subscribed = reliable;
    this.#access.eventsReliable = reliable && !this.#attributesDoubtful;
  }

  /** While true nobody knows which leaves raise events: another control point may have switched some off. */
  setAttributesDoubtful(doubtful: boolean): void {
    if (doubtful) this.shadow.invalidate();
    this.#attributesDoubtful = doubtful;
    this.#access.eventsReliable = this.#subscribed && !doubtful;
  }

  /** CMS paths of the nodes whose events vouch for values. */
  get eventedPaths(): string[] {
    return this.#nodes.eventedPaths;
  }

  /** The last known values. */
  get shadow(): Shadow {
    return this.values.shadow;
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
    return this.#nodes.parametersOf(cmsPath);
  }

  /** What the device supports below tables that have no rows now. */
  supportedBeyond(): SupportedBeyondModel {
    if (this.#tree === undefined) return { objects: [], parameters: [] };
    const { plan, aliases } = this.#options;
    const isTaken = (path: string): boolean => this.#nodes.isTaken(path);
    return supportedBeyond(this.#tree, plan(), this.#capabilities, isTaken, aliases !== undefined);
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
    this.#options.model.restructuring.finish();
    this.#nodes.clear();
    this.#tree = undefined;
  }

  /**
   * Takes over what the device says of itself, in slices; nodes that did not change stay as they are. Logs oddities.
   * @param generation of the shadow in which the reading of the tree began
   */
  describe(read: CmsTree, capabilities: Capabilities, generation: number): Promise<void> {
    return this.#options.model.restructuring.run(this.#describe(read, capabilities, generation));
  }

  *#describe(read: CmsTree, capabilities: Capabilities, generation: number): Steps {
    const tree = { ...read, attributes: withRemembered(read, this.#tree?.attributes) };
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
    yield;
    const mapped = yield* this.#map(tree);
    this.#noteAbsent(mapped, tree.values);
    this.#logRemarks([...(read.remarks ?? []), ...mapped.remarks]);
    yield* this.#place(mapped);
    if (tree.values !== undefined) yield* this.values.takenInSteps(tree.values, generation);
  }

  /**
   * Takes over which rows the device has now.
   * @param known the rows of the model when the device was asked: what came or went since is left alone
   * @returns whether some came or went
   */
  async updateInstances(
    instances: readonly string[],
    known: readonly string[] = this.#tree?.instances ?? [],
  ): Promise<boolean> {
    const tree = this.#tree;
    if (tree === undefined) return false;
    const [before, now] = [new Set(known), new Set(instances)];
    const added = instances.filter((instance) => !before.has(instance));
    const gone = new Set(known.filter((instance) => !now.has(instance)));
    if (added.length === 0 && gone.size === 0) return false;
    const attributes = await attributesOfRows(this.#access.client, tree, added);
    await this.#options.prepare?.(instances);
    this.#forgetRows(gone);
    this.#changeRows(added, attributes, gone);
    return true;
  }

  /** Takes over values that were read from the device, and reports those that the ACS did not change itself. */
  valuesRead(values: ReadonlyMap<string, string>, generation: number): void {
    this.#placeReturned(values);
    this.values.taken(values, generation);
  }

  /**
   * Gives the device values of the ACS, by CMS path.
   * @throws ModelError retryLater while it is away, or what the CMS client throws
   */
  async write(values: ReadonlyMap<string, string>, signal?: AbortSignal): Promise<ChangeStatus> {
    const { client } = this.#access;
    if (client === undefined) throw new ModelError('retryLater', 'the device is offline');
    return await this.values.write(client, values, signal);
  }

  /** Looks which rows the device has now. @throws ActionError when it does not answer, or not now */
  async readInstances(client: CmsClient, signal?: AbortSignal): Promise<void> {
    const tree = this.#tree;
    if (tree === undefined || this.#tables.size === 0) return;
    await this.updateInstances(await readInstances(client, tree, this.#tables, signal), tree.instances);
  }

  /** Takes over whether leaves raise events; `unknown` = the device was asked anew and did not tell. */
  attributesRead(read: ReadonlyMap<string, Pick<NodeAttributes, 'eventOnChange'>>): void {
    this.#options.model.restructuring.finish();
    const tree = this.#tree;
    if (tree === undefined) return;
    const events = new Map<string, boolean | 'unknown'>();
    const begun: string[] = [];
    for (const [path, { eventOnChange }] of read) {
      if (eventOnChange === undefined) continue;
      let known = path;
      for (const parameter of this.parametersOf(leafOfEvents(path))) {
        const leaf = cmsLeaf(parameter);
        if (leaf.eventPath !== path) continue;
        // The text that is in memory anyway.
        known = leaf.eventPath;
        if (eventOnChange === true && leaf.eventOnChange !== true) begun.push(leaf.cmsPath);
        leaf.eventOnChange = eventOnChange;
      }
      events.set(known, eventOnChange);
    }
    this.#tree = { ...tree, attributes: withEvents(tree.attributes, events) };
    // What was read while nothing vouched for it may have changed since.
    if (begun.length > 0) this.shadow.doubt(begun);
  }

  /** The device does not tell of these nodes whether they raise events: there is no use in asking again. */
  eventsNotTold(eventPaths: Iterable<string>): void {
    for (const path of eventPaths) {
      for (const parameter of this.parametersOf(leafOfEvents(path))) {
        const leaf = cmsLeaf(parameter);
        if (leaf.eventPath === path && leaf.eventOnChange === 'unknown') leaf.eventOnChange = undefined;
      }
    }
  }

  /**
   * `listener` is called with nodes that were read, of which nobody knows whether they raise events. Returns the function that ends
   * it.
   */
  onEventsUnknown(listener: (eventPaths: readonly string[]) => void): () => void {
    this.#eventsUnknown = listener;
    return () => {
      if (this.#eventsUnknown === listener) this.#eventsUnknown = undefined;
    };
  }

  /** Shortens path lists for this device. */
  get contentPaths(): ContentPaths {
    return this.#access.contentPaths;
  }

  /** The device has the row: whether it can be read now or not, the ACS gets it. */
  async #rowCreated(rowPath: string, signal?: AbortSignal): Promise<void> {
    const { logger, onStructureDoubtful, prepare, clock = systemClock } = this.#options;
    const { client } = this.#access;
    const tree = this.#tree;
    if (client === undefined || tree === undefined) return;
    const { generation } = this.shadow;
    const { rows, attributes, values } = await withDeadline(clock, ROW_READ_MS, signal, (inTime) =>
      readCreatedRow(client, tree, rowPath, inTime),
    ).catch((error: unknown) => {
      logger.info('a row that was created cannot be read yet', { path: rowPath, error: String(error) });
      onStructureDoubtful();
      return guessCreatedRow(tree, rowPath);
    });
    await prepare?.([...new Set([...tree.instances, ...rows])]);
    this.#changeRows(rows, attributes, new Set());
    this.valuesRead(values, generation);
  }

  #rowDeleted(rowPath: string): void {
    const instances = this.#tree?.instances ?? [];
    const gone = new Set([rowPath, ...instances.filter((instance) => instance.startsWith(rowPath))]);
    this.#forgetRows(gone);
    this.#changeRows([], new Map(), gone);
  }

  /** In the tree as it is now: what was learned of it while the device was asked for rows must not be undone. */
  #changeRows(added: readonly string[], attributes: CmsTree['attributes'], gone: ReadonlySet<string>): void {
    if (this.#tree !== undefined) this.#remap(withRows(this.#tree, added, attributes, gone));
  }

  #forgetRows(rows: ReadonlySet<string>): void {
    this.shadow.forget(rows);
    for (const path of this.#absent) if (isInOneOf(rows, path)) this.#absent.delete(path);
  }

  #noteAbsent({ parameters }: MappedTree, values: ReadonlyMap<string, string> | undefined): void {
    this.#absent.clear();
    if (values === undefined) return;
    for (const { cmsPath } of parameters) if (!values.has(cmsPath)) this.#absent.add(cmsPath);
    if (this.#absent.size === 0) return;
    const [example] = this.#absent;
    this.#options.logger.info('device does not return some parameters that it lists, leaving them out', {
      count: this.#absent.size,
      example,
    });
  }

  /** A leaf that the device did not return may appear later, in a row that is long known. */
  #placeReturned(values: ReadonlyMap<string, string>): void {
    if (this.#absent.size === 0 || this.#tree === undefined) return;
    const returned = [...this.#absent].filter((path) => values.has(path));
    if (returned.length === 0) return;
    for (const path of returned) this.#absent.delete(path);
    this.#options.logger.info('device returns parameters that it did not return before', {
      count: returned.length,
    });
    this.#remap(this.#tree);
  }

  #logRemarks(remarks: readonly string[]): void {
    const { logger } = this.#options;
    for (const remark of remarks.slice(0, MOST_REMARKS)) logger.warn('device description', { remark });
    if (remarks.length > MOST_REMARKS) {
      logger.warn('device description', { remark: `${remarks.length - MOST_REMARKS} more remarks` });
    }
  }

  #map(tree: CmsTree): Steps<MappedTree> {
    return mapTreeInSteps(tree, this.#options.plan(), this.#capabilities, (path) =>
      this.#nodes.isTaken(path),
    );
  }

  #remap(tree: CmsTree): void {
    this.#options.model.restructuring.finish();
    this.#tree = { ...tree };
    atOnce(this.#place(atOnce(this.#map(tree))));
  }

  *#place(mapped: MappedTree): Steps {
    this.#access.references = new ReferenceTranslator(mapped.paths, mapped.structure);
    yield* this.#nodes.place(mapped, (cmsPath) => this.#absent.has(cmsPath));
    this.#access.contentPaths = new ContentPaths(this.#nodes.cmsPaths);
  }
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
