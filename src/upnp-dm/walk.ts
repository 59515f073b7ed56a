import { ActionError } from '../upnp/types.ts';
import { readTreeAttributes } from './walk-attributes.ts';
import { expandLeaves } from './tree-expansion.ts';
import { isInstancePath, isLeaf, isWithin, toStructurePath } from './cms-path.ts';
import { isBusy, isRefusal } from './refusal.ts';
import { boundRows, boundStructure } from './tree-limits.ts';
import type { CmsClient, NodeAttributes, SubTree } from './types.ts';

/** Everything that a device tells of its data model. */
export interface CmsTree {
  /** Empty when the device does not say. */
  readonly subTrees: readonly SubTree[];
  /** StructurePaths of all leaves, and of all tables as `/A/B/#/`. */
  readonly structure: readonly string[];
  /** InstancePaths `/A/B/0/` of all rows, parents before children. */
  readonly instances: readonly string[];
  /**
   * By StructurePath (a table is `/A/B/`, its rows `/A/B/#/`), and by the path itself where one instance differs from its
   * StructurePath: look up the path first. Nodes of which the device tells nothing are missing.
   */
  readonly attributes: ReadonlyMap<string, NodeAttributes>;
  /** Leaf -> value as sent, when values were asked for. */
  readonly values?: ReadonlyMap<string, string>;
  /** What was left out, for the log. */
  readonly remarks?: readonly string[];
}

export interface ReadCmsTreeOptions {
  /** Sub-trees or leaves to read, by their CMS paths (no `#`); default `/`. */
  readonly paths?: readonly string[];
  /** Read the values too. */
  readonly values?: boolean;
  /** Ask each node for its attributes, also in a large tree: one action more for every 1 000 nodes. Default false. */
  readonly allAttributes?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** What the standard defines for every ManageableDevice, and where models of the Broadband Forum are found unless a device says otherwise. */
const COMMON_OBJECTS = '/UPnP/DM/';
const DEFAULT_BBF_LOCATION = '/BBF/';
/** Above this many leaves one answer would get too large for small devices: values are read in slices. */
const MAX_LEAVES_IN_ONE_ANSWER = 5000;

/**
 * Reads the data model of a device in as few actions as it allows: four for a device that keeps to the standard. A device
 * that refuses `/` is asked at the locations of its data models; one that lacks actions is understood by those it has,
 * down to GetValues alone.
 * @throws ActionError when the device does not answer, or nothing can be learned from its answers
 */
export async function readCmsTree(client: CmsClient, options: ReadCmsTreeOptions = {}): Promise<CmsTree> {
  const { signal } = options;
  const subTrees = await readSubTrees(client, signal);
  const walk = new Walk(client, subTrees, options);
  const leaves = await walk.readStructure();
  const instances = await walk.readInstances();
  const values = options.values === true || walk.needsValues ? await walk.readValues() : undefined;
  const structure = [...leaves, ...tablesOf(leaves)];
  const concreteLeaves = values === undefined ? expandLeaves(leaves, instances) : [...values.keys()];
  const attributes = await readTreeAttributes(
    client,
    { structure, instances, leaves: concreteLeaves, askAll: options.allAttributes === true },
    signal,
  );
  return {
    subTrees,
    structure,
    instances,
    attributes,
    remarks: walk.remarks,
    ...(options.values === true && values !== undefined && { values }),
  };
}

/** Devices exist that refuse this required action: then the defaults hold. */
async function readSubTrees(client: CmsClient, signal: AbortSignal | undefined): Promise<readonly SubTree[]> {
  try {
    return await client.getSupportedDataModels(signal);
  } catch (error) {
    // A gateway was seen to answer HTTP 500 without a fault. If the device is away, the next action will tell.
    if (!(error instanceof ActionError) || isBusy(error) || signal?.aborted === true) throw error;
    return [];
  }
}

/** The StructurePath `/A/B/#/` of every table that leads to one of `paths`. */
function tablesOf(paths: readonly string[]): string[] {
  const tables = new Set<string>();
  for (const path of paths) {
    for (let end = path.lastIndexOf('/#/'); end > 0; end = path.lastIndexOf('/#/', end - 1)) {
      const table = path.slice(0, end + 3);
      if (tables.has(table)) break;
      tables.add(table);
    }
  }
  for (const path of paths) tables.delete(path);
  return [...tables];
}

/** The rows that lead to `paths`, which end in a leaf or in an instance. */
export function rowsAlong(paths: Iterable<string>): Set<string> {
  const rows = new Set<string>();
  for (const path of paths) {
    for (const match of path.matchAll(/\/\d+(?=\/)/g))
      rows.add(path.slice(0, match.index + match[0].length + 1));
  }
  return rows;
}

/** One reading of one device: remembers what it refused. */
class Walk {
  readonly #client: CmsClient;
  readonly #starts: readonly string[];
  /** Asked one by one when `/` is refused. */
  readonly #fallbacks: readonly string[];
  readonly #signal: AbortSignal | undefined;
  #structure: readonly string[] = [];
  #instances: readonly string[] = [];
  #values: ReadonlyMap<string, string> | undefined;
  /** What was left out. */
  readonly remarks: string[] = [];

  constructor(client: CmsClient, subTrees: readonly SubTree[], options: ReadCmsTreeOptions) {
    this.#client = client;
    this.#signal = options.signal;
    this.#starts = options.paths ?? ['/'];
    const locations =
      subTrees.length === 0 ? [DEFAULT_BBF_LOCATION] : subTrees.map((subTree) => subTree.location);
    const all = [...new Set([...locations, COMMON_OBJECTS])];
    this.#fallbacks = all.filter((path) => !all.some((other) => other !== path && isWithin(path, other)));
  }

  /** Instances or structure could only be learned from values, which were read for that. */
  get needsValues(): boolean {
    return this.#values !== undefined;
  }

  async readStructure(): Promise<readonly string[]> {
    const read = (start: string): Promise<readonly string[]> =>
      this.#client.getSupportedParameters(toStructurePath(start), 0, this.#signal);
    let found: Set<string>;
    try {
      found = await this.#collect(read);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      found = new Set();
    }
    // Only leaves and rows of tables without leaves count: other objects have nothing to read.
    const useful = [...found].filter((path) => isLeaf(path) || path.endsWith('/#/'));
    const structure = useful.length > 0 ? useful : await this.#structureFromValues();
    this.#structure = boundStructure(structure);
    this.#noteCut('parameters and tables', structure.length, this.#structure.length);
    return this.#structure;
  }

  async #structureFromValues(): Promise<readonly string[]> {
    const values = await this.readValues();
    return [...new Set(Array.from(values.keys(), toStructurePath))];
  }

  async readInstances(): Promise<readonly string[]> {
    if (!this.#structure.some((path) => path.includes('/#/'))) return [];
    let found: Set<string>;
    try {
      const read = (start: string): Promise<readonly string[]> =>
        isLeaf(start) ? Promise.resolve([start]) : this.#client.getInstances(start, 0, this.#signal);
      found = await this.#collect(read);
      for (const start of this.#starts) if (isInstancePath(start)) found.add(start);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      found = new Set((await this.readValues()).keys());
    }
    const rows = [...rowsAlong(found)];
    this.#instances = boundRows(this.#structure, rows);
    this.#noteCut('rows', rows.length, this.#instances.length);
    return this.#instances;
  }

  #noteCut(what: string, all: number, kept: number): void {
    if (kept < all)
      this.remarks.push(`the device has too much: ${all - kept} of ${all} ${what} are left out`);
  }

  async readValues(): Promise<ReadonlyMap<string, string>> {
    this.#values ??= await this.#fetchValues();
    return this.#values;
  }

  async #fetchValues(): Promise<ReadonlyMap<string, string>> {
    const leaves = expandLeaves(this.#structure, this.#instances);
    if (leaves.length > MAX_LEAVES_IN_ONE_ANSWER) {
      try {
        return await this.#client.getValues(leaves, this.#signal);
      } catch (error) {
        // A row may lack a leaf that its table has: only the device knows.
        if (!isRefusal(error)) throw error;
      }
    }
    try {
      const read = async (start: string): Promise<Iterable<[string, string]>> =>
        (await this.#client.getValues([start], this.#signal)).entries();
      return new Map(await this.#collect(read));
    } catch (error) {
      if (!isRefusal(error) || this.#structure.length === 0) throw error;
      // A gateway without GetInstances was seen to expand `#` itself, against the grammar.
      const named = this.#instances.length > 0 ? leaves : this.#structure.filter(isLeaf);
      return this.#client.getValues(named, this.#signal);
    }
  }

  /**
   * Reads at each start. Where a device refuses `/`, or finds nothing there, it is asked at the known locations, of which it
   * need not have all.
   */
  async #collect<T>(read: (start: string) => Promise<Iterable<T>>): Promise<Set<T>> {
    const found = new Set<T>();
    for (const start of this.#starts) {
      try {
        for (const item of await read(start)) found.add(item);
        if (found.size > 0 || start !== '/') continue;
      } catch (error) {
        if (!isRefusal(error) || start !== '/') throw error;
      }
      await this.#collectFallbacks(read, found);
    }
    return found;
  }

  async #collectFallbacks<T>(read: (start: string) => Promise<Iterable<T>>, found: Set<T>): Promise<void> {
    let refusal: ActionError | undefined;
    let answered = false;
    for (const location of this.#fallbacks) {
      try {
        for (const item of await read(location)) found.add(item);
        answered = true;
      } catch (error) {
        if (!isRefusal(error)) throw error;
        refusal = error;
      }
    }
    if (!answered && refusal !== undefined) throw refusal;
  }
}
