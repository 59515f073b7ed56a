import { LONGEST_PATH } from '../../datamodel/path.ts';
import { atOnce, type Steps } from '../../datamodel/sliced-work.ts';
import type { Constraint, ValueType } from '../../datamodel/value.ts';
import { parseTypeString, type ParsedType } from '../../upnp-dm/type-string.ts';
import type { NodeAttributes } from '../../upnp-dm/types.ts';
import type { CmsTree } from '../../upnp-dm/walk.ts';
import { tableCountedBy } from './cms-leaf.ts';
import { COMMON_OBJECTS } from './common-objects.ts';
import type { MountPlan } from './mounts.ts';
import { PathMapping } from './path-mapping.ts';
import { Places } from './places.ts';
import { StructureTree, type StructureNode } from './structure-tree.ts';

/** What the device lets us do, from its SCPD (SetValues, CreateInstance and DeleteInstance are optional actions). */
export interface Capabilities {
  readonly setValues: boolean;
  readonly createInstance: boolean;
  readonly deleteInstance: boolean;
}

export interface MappedObject {
  readonly path: string;
  /** CMS path of the table or row; undefined for a table that only the standard model has. */
  readonly cmsPath: string | undefined;
  readonly table: boolean;
  /** Table: rows can be created. Row: it can be deleted. */
  readonly writable: boolean;
}

export interface MappedParameter {
  readonly path: string;
  readonly cmsPath: string;
  readonly type: ValueType;
  readonly writable: boolean;
  readonly constraint: Constraint | undefined;
  /** The node whose EventOnChange tells of it: the leaf itself, or the table whose rows it counts. */
  readonly eventPath: string;
  /** Undefined: the device does not support events for it; `unknown`: it was not asked. */
  readonly eventOnChange: NodeAttributes['eventOnChange'];
}

/** A value that follows from the mapping itself, such as the number of rows of a table that the CMS flattens. */
export interface MappedConstant {
  readonly path: string;
  readonly type: ValueType;
  readonly value: string;
}

export interface MappedTree {
  readonly objects: readonly MappedObject[];
  readonly parameters: readonly MappedParameter[];
  readonly constants: readonly MappedConstant[];
  /** StructurePaths of every leaf, object, table (`/A/`) and row (`/A/#/`). */
  readonly structure: ReadonlySet<string>;
  readonly paths: PathMapping;
  /** Oddities for the log, each naming a path. */
  readonly remarks: readonly string[];
}

/**
 * Lays a device's CMS tree out in the data model of its virtual device. Whatever a device names its nodes, this does not throw:
 * a node whose place is taken goes below the vendor object, one that has no place there either is left out with a remark.
 *
 * @param isTaken whether the daemon has something at a path itself (see `Places`) that bars the device from it
 */
export function mapTree(
  tree: CmsTree,
  plan: MountPlan,
  capabilities: Capabilities,
  isTaken: (path: string) => boolean,
): MappedTree {
  return atOnce(mapTreeInSteps(tree, plan, capabilities, isTaken));
}

/** The same in steps: a device may have very many leaves. */
export function* mapTreeInSteps(
  tree: CmsTree,
  plan: MountPlan,
  capabilities: Capabilities,
  isTaken: (path: string) => boolean,
): Steps<MappedTree> {
  return yield* new TreeMapper(tree, plan, capabilities, isTaken).map();
}

/** An object of the device that is being visited. */
interface Place {
  readonly cmsPath: string;
  readonly structurePath: string;
  /** Undefined: it has no place, its leaves may have one below the vendor object. */
  readonly dataPath: string | undefined;
}

class TreeMapper {
  readonly #tree: CmsTree;
  readonly #plan: MountPlan;
  readonly #capabilities: Capabilities;
  readonly #structure: StructureTree;
  readonly #paths: PathMapping;
  readonly #places: Places;
  readonly #mounted: ReadonlySet<string>;
  readonly #objects = new Map<string, MappedObject>();
  readonly #parameters: MappedParameter[] = [];
  readonly #constants = new Map<string, MappedConstant>();
  readonly #remarks: string[] = [];
  /** Row numbers by CMS path of their table. */
  readonly #rows = new Map<string, string[]>();
  readonly #types = new Map<string, ParsedType>();
  /** Row structures `/A/#/` with leaves that have no standard place, of Common Objects. */
  readonly #vendorRows = new Set<string>();

  constructor(
    tree: CmsTree,
    plan: MountPlan,
    capabilities: Capabilities,
    isTaken: (path: string) => boolean,
  ) {
    this.#tree = tree;
    this.#plan = plan;
    this.#capabilities = capabilities;
    this.#structure = new StructureTree(tree.structure);
    this.#paths = new PathMapping(plan, this.#structure.paths);
    this.#mounted = new Set(plan.mounts.map(({ location }) => location));
    const given = plan.sharedTables === undefined ? [] : plan.mounts.map(({ prefix }) => prefix);
    this.#places = new Places([`${plan.root}.`, plan.vendorPrefix, ...given], isTaken);
  }

  *map(): Steps<MappedTree> {
    yield* this.#findRows();
    yield* this.#findVendorRows();
    for (const path of this.#structure.hiddenLeaves) {
      this.#remarks.push(`${path}: is an object too; the leaf is left out`);
    }
    yield* this.#visit(this.#structure.root, {
      cmsPath: '/',
      structurePath: '/',
      dataPath: this.#place('/'),
    });
    this.#serviceRows();
    return {
      objects: [...this.#objects.values()],
      parameters: this.#parameters,
      constants: [...this.#constants.values()],
      structure: this.#structure.paths,
      paths: this.#paths,
      remarks: this.#remarks,
    };
  }

  *#findRows(): Steps {
    for (const instance of this.#tree.instances) {
      yield;
      const match = /^(.*\/)(\d+)\/$/.exec(instance);
      if (match === null) continue;
      const [, table = '', number = ''] = match;
      const rows = this.#rows.get(table);
      if (rows === undefined) this.#rows.set(table, [number]);
      else rows.push(number);
    }
  }

  *#visit(node: StructureNode, place: Place): Steps {
    for (const [name, child] of node.children) {
      yield;
      if (name === '#') {
        yield* this.#table(child, place);
      } else if (child.leaf) {
        this.#leaf(name, place);
      } else {
        const cmsPath = `${place.cmsPath}${name}/`;
        const structurePath = `${place.structurePath}${name}/`;
        yield* this.#visit(child, { cmsPath, structurePath, dataPath: this.#place(cmsPath) });
      }
    }
  }

  #place(cmsPath: string): string | undefined {
    try {
      return this.#paths.dataPath(cmsPath);
    } catch {
      return undefined;
    }
  }

  *#table(row: StructureNode, place: Place): Steps {
    const { cmsPath: tablePath, structurePath } = place;
    const rowStructure = `${structurePath}#/`;
    if (this.#plan.sharedTables?.includes(tablePath) === true) {
      yield* this.#sharedRows(row, tablePath, rowStructure);
      return;
    }
    const creatable =
      this.#attributes(tablePath, structurePath)?.access === 'readWrite' && this.#capabilities.createInstance;
    // The rows of a Common Object whose leaves all have standard places are not seen.
    const isSeen = !tablePath.startsWith(COMMON_OBJECTS) || this.#vendorRows.has(rowStructure);
    if (isSeen && !this.#placeTable(tablePath, creatable)) return;
    for (const number of this.#rows.get(tablePath) ?? []) {
      yield* this.#row(row, `${tablePath}${number}/`, rowStructure, creatable, isSeen);
    }
  }

  /** Rows that are rows of a table which several devices share: the table, and who may delete from it, is not the device's. */
  *#sharedRows(row: StructureNode, tablePath: string, rowStructure: string): Steps {
    for (const number of this.#rows.get(tablePath) ?? []) {
      const cmsPath = `${tablePath}${number}/`;
      if (!this.#mounted.has(cmsPath)) continue;
      const dataPath = this.#place(cmsPath);
      if (dataPath === undefined) continue;
      this.#objects.set(dataPath, { path: dataPath, cmsPath, table: false, writable: false });
      yield* this.#visit(row, { cmsPath, structurePath: rowStructure, dataPath });
    }
  }

  /**
   * Tables go aside as a whole: if rows of two CMS tables stood in one table, the row that the ACS deletes might be the other
   * one. @returns false when there is no place at all
   */
  #placeTable(tablePath: string, writable: boolean): boolean {
    const standard = this.#place(tablePath);
    if (standard !== undefined && this.#takeTable(standard, tablePath, writable)) return true;
    this.#paths.moveAside(tablePath);
    const aside = this.#place(tablePath);
    if (aside !== undefined && this.#takeTable(aside, tablePath, writable)) {
      this.#remarks.push(`${tablePath}: ${standard ?? 'its place'} is taken; the table is at ${aside}`);
      return true;
    }
    this.#remarks.push(`${tablePath}: ${whyNoPlace(standard ?? aside)}; the table is left out`);
    return false;
  }

  #takeTable(path: string, cmsPath: string, writable: boolean): boolean {
    if (this.#objects.has(path) || !this.#places.takeWhole(path)) return false;
    this.#objects.set(path, { path, cmsPath, table: true, writable });
    return true;
  }

  *#row(
    row: StructureNode,
    cmsPath: string,
    rowStructure: string,
    creatable: boolean,
    isSeen: boolean,
  ): Steps {
    const dataPath = this.#place(cmsPath);
    if (dataPath === undefined || (isSeen && !this.#places.takeWhole(dataPath))) {
      this.#remarks.push(`${cmsPath}: ${whyNoPlace(dataPath)}; the row is left out`);
      return;
    }
    if (isSeen) {
      const access = this.#attributes(cmsPath, rowStructure)?.access;
      const deletable =
        this.#capabilities.deleteInstance && (access === undefined ? creatable : access === 'readWrite');
      this.#objects.set(dataPath, { path: dataPath, cmsPath, table: false, writable: deletable });
    }
    yield* this.#visit(row, { cmsPath, structurePath: rowStructure, dataPath });
  }

  #leaf(name: string, place: Place): void {
    const cmsPath = place.cmsPath + name;
    const structurePath = place.structurePath + name;
    const attributes = this.#attributes(cmsPath, structurePath);
    const { type, constraint } = this.#type(attributes?.type ?? 'string');
    const mayWrite =
      this.#capabilities.setValues &&
      (attributes?.access === undefined
        ? // A device without attributes at all tells nothing: let it decide by its answer (706).
          this.#tree.attributes.size === 0
        : attributes.access === 'readWrite');
    const parameter = {
      cmsPath,
      type: type === undefined || type === 'multiInstance' ? 'string' : type,
      constraint,
      ...this.#eventsOf(cmsPath, structurePath, attributes),
    } as const;
    const row = this.#paths.commonObjectRow(structurePath);
    const path = row === undefined ? place.dataPath && place.dataPath + name : this.#place(cmsPath);
    if (path !== undefined && this.#places.takeParameter(path)) {
      this.#parameters.push({ ...parameter, path, writable: mayWrite && row?.readOnly !== true });
      if (row !== undefined) this.#standardTables(path);
      if (!(row?.readOnly === true && mayWrite)) return;
    }
    const aside = this.#paths.vendorPath(cmsPath);
    if (this.#places.takeParameter(aside)) {
      this.#parameters.push({ ...parameter, path: aside, writable: mayWrite });
    } else {
      this.#remarks.push(`${cmsPath}: ${whyNoPlace(path ?? aside)}; the leaf is left out`);
    }
  }

  /** Most devices raise no events for a leaf that counts rows, but for the table itself [CMS:2 1.6.2, B.2]. */
  #eventsOf(
    cmsPath: string,
    structurePath: string,
    attributes: NodeAttributes | undefined,
  ): Pick<MappedParameter, 'eventPath' | 'eventOnChange'> {
    const [table, tableStructure] = [tableCountedBy(cmsPath), tableCountedBy(structurePath)];
    const own = { eventPath: cmsPath, eventOnChange: attributes?.eventOnChange };
    if (own.eventOnChange !== undefined || table === undefined || tableStructure === undefined) return own;
    if (!this.#structure.paths.has(`${tableStructure}#/`)) return own;
    const eventOnChange = this.#attributes(table, tableStructure)?.eventOnChange;
    return eventOnChange === undefined ? own : { eventPath: table, eventOnChange };
  }

  /** The tables that a standard path of a Common Object runs through, with the row counts that the CMS does not have. */
  #standardTables(path: string): void {
    for (const match of path.matchAll(/\.\d+(?=\.)/g)) {
      const tablePath = path.slice(0, match.index + 1);
      this.#standardTable(tablePath);
      if (tablePath.endsWith('.IPv4Address.')) this.#countRows(tablePath);
    }
  }

  /** The table around a service model that a device has without the table: one row is what there is of it. */
  #serviceRows(): void {
    for (const { location, prefix } of this.#plan.mounts) {
      const table = /^(\w+\.Services\.\w+\.)1\.$/.exec(prefix)?.[1];
      if (table === undefined || this.#plan.sharedTables !== undefined) continue;
      if (!this.#structure.paths.has(location) || !this.#places.takeObject(prefix)) continue;
      this.#standardTable(table);
      this.#countRows(table);
    }
  }

  #standardTable(path: string): void {
    if (this.#objects.has(path)) return;
    this.#objects.set(path, { path, cmsPath: undefined, table: true, writable: false });
  }

  #countRows(tablePath: string): void {
    const path = tablePath.replace(/\.$/, 'NumberOfEntries');
    this.#constants.set(path, { path, type: 'unsignedInt', value: '1' });
  }

  *#findVendorRows(): Steps {
    for (const path of this.#tree.structure) {
      yield;
      if (!path.startsWith(COMMON_OBJECTS) || path.endsWith('/')) continue;
      if (this.#paths.commonObjectRow(path) !== undefined) continue;
      for (let end = path.lastIndexOf('/#/'); end > 0; end = path.lastIndexOf('/#/', end - 1)) {
        this.#vendorRows.add(path.slice(0, end + 3));
      }
    }
  }

  #type(text: string): ParsedType {
    let parsed = this.#types.get(text);
    if (parsed === undefined) this.#types.set(text, (parsed = parseTypeString(text)));
    return parsed;
  }

  #attributes(cmsPath: string, structurePath: string): NodeAttributes | undefined {
    return this.#tree.attributes.get(cmsPath) ?? this.#tree.attributes.get(structurePath);
  }
}

/** @param path where it would have stood, if there is such a path */
function whyNoPlace(path: string | undefined): string {
  return path !== undefined && path.length > LONGEST_PATH
    ? `its name in the data model would be longer than the ${LONGEST_PATH} characters of CWMP`
    : 'no place in the data model';
}
