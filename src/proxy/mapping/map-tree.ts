import type { Constraint, ValueType } from '../../datamodel/value.ts';
import { parseTypeString } from '../../upnp-dm/type-string.ts';
import type { NodeAttributes } from '../../upnp-dm/types.ts';
import type { CmsTree } from '../../upnp-dm/walk.ts';
import { COMMON_OBJECTS } from './common-objects.ts';
import type { MountPlan } from './mounts.ts';
import { PathMapping, structurePathOf } from './path-mapping.ts';

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
  /** Undefined: the device does not support events for it. */
  readonly eventOnChange: boolean | undefined;
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

interface StructureNode {
  readonly children: Map<string, StructureNode>;
  leaf: boolean;
}

/**
 * Lays a device's CMS tree out in the data model of its virtual device.
 *
 * @param reserved paths that the daemon serves itself: a device's leaf there moves below the vendor object
 */
export function mapTree(
  tree: CmsTree,
  plan: MountPlan,
  capabilities: Capabilities,
  reserved: (path: string) => boolean,
): MappedTree {
  return new TreeMapper(tree, plan, capabilities, reserved).map();
}

class TreeMapper {
  readonly #tree: CmsTree;
  readonly #plan: MountPlan;
  readonly #capabilities: Capabilities;
  readonly #reserved: (path: string) => boolean;
  readonly #paths: PathMapping;
  readonly #objects = new Map<string, MappedObject>();
  readonly #parameters = new Map<string, MappedParameter>();
  readonly #constants = new Map<string, MappedConstant>();
  readonly #structure = new Set<string>();
  readonly #remarks: string[] = [];
  readonly #instances = new Map<string, string[]>();

  constructor(
    tree: CmsTree,
    plan: MountPlan,
    capabilities: Capabilities,
    reserved: (path: string) => boolean,
  ) {
    this.#tree = tree;
    this.#plan = plan;
    this.#capabilities = capabilities;
    this.#reserved = reserved;
    this.#paths = new PathMapping(plan);
    for (const instance of tree.instances) {
      const match = /^(.*\/)(\d+)\/$/.exec(instance);
      if (match === null) continue;
      const [, table = '', number = ''] = match;
      const rows = this.#instances.get(table) ?? [];
      rows.push(number);
      this.#instances.set(table, rows);
    }
  }

  map(): MappedTree {
    const root = buildStructure(this.#tree.structure, this.#structure);
    this.#visit(root, '/', '/');
    return {
      objects: [...this.#objects.values()],
      parameters: [...this.#parameters.values()],
      constants: [...this.#constants.values()],
      structure: this.#structure,
      paths: this.#paths,
      remarks: this.#remarks,
    };
  }

  #visit(node: StructureNode, cmsPath: string, structurePath: string): void {
    for (const [name, child] of node.children) {
      if (name === '#') {
        this.#table(child, cmsPath, `${structurePath}#/`);
      } else if (child.leaf) {
        this.#leaf(cmsPath + name, structurePath + name);
      } else {
        this.#visit(child, `${cmsPath}${name}/`, `${structurePath}${name}/`);
      }
    }
  }

  #table(row: StructureNode, tablePath: string, rowStructure: string): void {
    const tableAttributes = this.#attributes(tablePath);
    const shared = this.#plan.sharedTables?.includes(tablePath) === true;
    const creatable = !shared && tableAttributes?.access === 'readWrite' && this.#capabilities.createInstance;
    if (shared) this.#sharedRows(row, tablePath, rowStructure);
    else this.#ownRows(row, tablePath, rowStructure, creatable);
  }

  /** Rows that are rows of a table which several devices share: the table, and who may delete from it, is not the device's. */
  #sharedRows(row: StructureNode, tablePath: string, rowStructure: string): void {
    for (const number of this.#instances.get(tablePath) ?? []) {
      const rowPath = `${tablePath}${number}/`;
      if (!this.#plan.mounts.some(({ location }) => location === rowPath)) continue;
      this.#object(rowPath, false, false);
      this.#visit(row, rowPath, rowStructure);
    }
  }

  #ownRows(row: StructureNode, tablePath: string, rowStructure: string, creatable: boolean): void {
    if (!tablePath.startsWith(COMMON_OBJECTS) || this.#hasVendorLeaves(rowStructure)) {
      this.#object(tablePath, true, creatable);
    }
    for (const number of this.#instances.get(tablePath) ?? []) {
      const rowPath = `${tablePath}${number}/`;
      try {
        this.#paths.dataPath(rowPath);
      } catch {
        this.#remarks.push(`${rowPath}: the instance number has no CWMP counterpart; the row is left out`);
        continue;
      }
      const access = this.#attributes(rowPath)?.access;
      const deletable =
        this.#capabilities.deleteInstance && (access === undefined ? creatable : access === 'readWrite');
      if (!tablePath.startsWith(COMMON_OBJECTS) || this.#hasVendorLeaves(rowStructure)) {
        this.#object(rowPath, false, deletable);
      }
      this.#visit(row, rowPath, rowStructure);
    }
  }

  /** Whether a Common Object table has leaves without a standard place, so that the vendor table is needed as well. */
  #hasVendorLeaves(rowStructure: string): boolean {
    return this.#tree.structure.some(
      (path) =>
        path.startsWith(rowStructure) &&
        !path.endsWith('/') &&
        this.#paths.commonObjectRow(path) === undefined,
    );
  }

  #object(cmsPath: string, table: boolean, writable: boolean): void {
    const path = this.#paths.dataPath(cmsPath);
    this.#objects.set(path, { path, cmsPath, table, writable });
  }

  #leaf(cmsPath: string, structurePath: string): void {
    const attributes = this.#attributes(cmsPath);
    const { type, constraint } = parseTypeString(attributes?.type ?? 'string');
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
      eventOnChange: attributes?.eventOnChange,
    } as const;
    const row = this.#paths.commonObjectRow(structurePath);
    const standardPath = this.#paths.dataPath(cmsPath);
    const taken = this.#reserved(standardPath) || this.#parameters.has(standardPath);
    if (!taken) {
      this.#addParameter({ ...parameter, path: standardPath, writable: mayWrite && row?.readOnly !== true });
      if (row !== undefined) this.#standardTables(standardPath);
      if (!(row?.readOnly === true && mayWrite)) return;
    }
    const vendorPath = this.#paths.vendorPath(cmsPath);
    if (this.#reserved(vendorPath))
      this.#remarks.push(`${cmsPath}: ${vendorPath} is taken; the leaf is left out`);
    else this.#addParameter({ ...parameter, path: vendorPath, writable: mayWrite });
  }

  #addParameter(parameter: MappedParameter): void {
    this.#parameters.set(parameter.path, parameter);
  }

  /** The tables that a standard path of a Common Object runs through, with the row counts that the CMS does not have. */
  #standardTables(path: string): void {
    for (const match of path.matchAll(/\.\d+(?=\.)/g)) {
      const tablePath = path.slice(0, match.index + 1);
      this.#objects.set(tablePath, { path: tablePath, cmsPath: undefined, table: true, writable: false });
      if (tablePath.endsWith('.IPv4Address.')) {
        const counter = tablePath.replace(/\.$/, 'NumberOfEntries');
        this.#constants.set(counter, { path: counter, type: 'unsignedInt', value: '1' });
      }
    }
  }

  #attributes(cmsPath: string): NodeAttributes | undefined {
    return this.#tree.attributes.get(cmsPath) ?? this.#tree.attributes.get(structurePathOf(cmsPath));
  }
}

function buildStructure(paths: readonly string[], known: Set<string>): StructureNode {
  const root: StructureNode = { children: new Map(), leaf: false };
  known.add('/');
  for (const path of paths) {
    const segments = path.split('/').slice(1);
    let node = root;
    let at = '/';
    segments.forEach((segment, index) => {
      if (segment === '') return;
      const last = index === segments.length - 1;
      at += last ? segment : `${segment}/`;
      known.add(at);
      let child = node.children.get(segment);
      if (child === undefined) {
        child = { children: new Map(), leaf: last };
        node.children.set(segment, child);
      }
      if (!last) child.leaf = false;
      node = child;
    });
  }
  return root;
}
