import type { LeafSchema, LiveSource, NodeSchema, ObjectSchema, RowValues, TableSchema } from './schema.ts';
import { UpnpError } from './upnp-error.ts';
import { checkValue } from './value-type.ts';

export interface LeafNode {
  readonly kind: 'leaf';
  readonly schema: LeafSchema;
  readonly path: string;
  value: string;
  /** Version of the configuration in which it changed last. */
  version: number;
  eventOnChange: boolean;
  alarmOnChange: boolean;
}

export interface ObjectNode {
  readonly kind: 'object';
  readonly schema: ObjectSchema;
  readonly path: string;
  /** The table that this object is a row of. */
  readonly table: TableNode | undefined;
  readonly children: Map<string, DeviceNode>;
}

export interface TableNode {
  readonly kind: 'table';
  readonly schema: TableSchema;
  readonly path: string;
  /** The leaf that counts the rows. */
  readonly entries: LeafNode;
  readonly rows: Map<number, ObjectNode>;
  /** Number of the next row: one that was deleted does not come back. */
  nextInstance: number;
  version: number;
  eventOnChange: boolean;
}

export type DeviceNode = LeafNode | ObjectNode | TableNode;

/** Splits `/A/B/3/C` or `/A/B/` into names; `/` gives none. @throws UpnpError 701 */
export function splitPath(path: string): string[] {
  if (!path.startsWith('/')) throw new UpnpError(701);
  const names = path.replace(/\/$/, '').split('/').slice(1);
  const name = /^([A-Za-z_][A-Za-z0-9_]*|0|[1-9]\d{0,9}|#)$/;
  if (!names.every((part) => name.test(part))) throw new UpnpError(701);
  return names;
}

/** The data of one device: nodes by path, rows with the numbers that the device gave them. */
export class DeviceTree {
  readonly root: ObjectNode;
  readonly #nodes = new Map<string, DeviceNode>();
  readonly #live: Readonly<Record<LiveSource, () => string>>;

  constructor(schema: ObjectSchema, live: Readonly<Record<LiveSource, () => string>>) {
    this.#live = live;
    this.root = this.#createObject(schema, '/', undefined, {});
  }

  /** The node at a path without `#`; a missing final slash of an object or table is forgiven. */
  find(path: string): DeviceNode | undefined {
    return this.#nodes.get(path) ?? this.#nodes.get(`${path}/`);
  }

  /** @throws UpnpError 703 when there is no such node */
  get(path: string): DeviceNode {
    const node = this.find(path);
    if (node === undefined) throw new UpnpError(703);
    return node;
  }

  /** The schema at a StructurePath (`#` for every instance). @throws UpnpError 701 for instance numbers, 703 */
  structure(path: string): NodeSchema {
    let schema: NodeSchema = this.root.schema;
    for (const name of splitPath(path)) {
      if (/^\d/.test(name)) throw new UpnpError(701);
      const next: NodeSchema | undefined =
        schema.kind === 'object'
          ? schema.children.get(name)
          : schema.kind === 'table' && name === '#'
            ? schema.row
            : undefined;
      if (next === undefined) throw new UpnpError(703);
      schema = next;
    }
    return schema;
  }

  /** Current value of a leaf. */
  read(leaf: LeafNode): string {
    if (leaf.schema.hidden) return '';
    return leaf.schema.live === undefined ? leaf.value : this.#live[leaf.schema.live]();
  }

  /** Every leaf at or below a node, in the order of the profile. */
  *leaves(node: DeviceNode): Generator<LeafNode> {
    if (node.kind === 'leaf') yield node;
    else for (const child of this.childrenOf(node)) yield* this.leaves(child);
  }

  childrenOf(node: ObjectNode | TableNode): Iterable<DeviceNode> {
    return node.kind === 'table' ? node.rows.values() : node.children.values();
  }

  /**
   * Adds one row with the number that the device chooses (or the one given) and the values given.
   * @throws UpnpError 703 for a value of an unknown leaf, 704, 705, 709 when the table is full, 707 for a used number
   */
  addRow(table: TableNode, values: RowValues, instance = table.nextInstance): ObjectNode {
    if (table.rows.size >= table.schema.maxRows) throw new UpnpError(709);
    if (table.rows.has(instance)) throw new UpnpError(707);
    const path = `${table.path}${instance}/`;
    let row: ObjectNode;
    try {
      row = this.#createObject(table.schema.row, path, table, values);
      this.#checkUnique(table, row);
    } catch (error) {
      this.#forget(path);
      throw error;
    }
    table.rows.set(instance, row);
    table.nextInstance = Math.max(table.nextInstance, instance + 1);
    table.entries.value = String(table.rows.size);
    return row;
  }

  removeRow(row: ObjectNode, table: TableNode): void {
    for (const [instance, candidate] of table.rows) {
      if (candidate === row) table.rows.delete(instance);
    }
    this.#forget(row.path);
    table.entries.value = String(table.rows.size);
  }

  /** @throws UpnpError 705 when writing these values would give two rows of a table the same unique key */
  checkUniqueAfter(changes: ReadonlyMap<LeafNode, string>): void {
    const tables = new Set<TableNode>();
    for (const leaf of changes.keys()) {
      for (let path = leaf.path; path !== '/'; path = path.replace(/[^/]*\/?$/, '')) {
        const node = this.#nodes.get(path);
        if (node?.kind === 'table' && node.schema.uniqueKey.length > 0) tables.add(node);
      }
    }
    for (const table of tables) {
      const keys = [...table.rows.values()].map((row) => keyOf(table, row, changes));
      if (new Set(keys).size !== keys.length) throw new UpnpError(705);
    }
  }

  #checkUnique(table: TableNode, row: ObjectNode): void {
    if (table.schema.uniqueKey.length === 0) return;
    const key = keyOf(table, row);
    if ([...table.rows.values()].some((other) => keyOf(table, other) === key)) throw new UpnpError(705);
  }

  #createObject(
    schema: ObjectSchema,
    path: string,
    table: TableNode | undefined,
    values: RowValues,
  ): ObjectNode {
    const node: ObjectNode = { kind: 'object', schema, path, table, children: new Map() };
    this.#nodes.set(path, node);
    for (const name of Object.keys(values)) if (!schema.children.has(name)) throw new UpnpError(703);
    for (const [name, childSchema] of schema.children) {
      node.children.set(name, this.#createChild(childSchema, node, name, values[name]));
    }
    return node;
  }

  #createChild(
    schema: NodeSchema,
    parent: ObjectNode,
    name: string,
    value: string | RowValues | undefined,
  ): DeviceNode {
    const below = typeof value === 'object' ? value : {};
    switch (schema.kind) {
      case 'leaf': {
        const path = `${parent.path}${name}`;
        const text = typeof value === 'string' ? checkValue(schema.type, value) : initialValue(schema, path);
        const leaf = createLeaf(schema, path, text);
        this.#nodes.set(path, leaf);
        return leaf;
      }
      case 'object':
        return this.#createObject(schema, `${parent.path}${name}/`, undefined, below);
      case 'table':
        return this.#createTable(schema, parent, name, below);
    }
  }

  #createTable(schema: TableSchema, parent: ObjectNode, name: string, values: RowValues): TableNode {
    const entries = parent.children.get(schema.entriesLeaf);
    if (entries?.kind !== 'leaf') throw new Error(`${parent.path}${schema.entriesLeaf} is missing`);
    const path = `${parent.path}${name}/`;
    const eventOnChange = schema.eventOnChange ?? false;
    const table: TableNode = {
      kind: 'table',
      schema,
      path,
      entries,
      rows: new Map(),
      nextInstance: schema.firstInstance,
      version: 0,
      eventOnChange,
    };
    this.#nodes.set(path, table);
    const rows = new Map<number, RowValues>(schema.rows);
    for (const [instance, row] of Object.entries(values)) {
      if (typeof row === 'object') rows.set(Number(instance), row);
    }
    for (const [instance, row] of rows) {
      try {
        this.addRow(table, row, instance);
      } catch (error) {
        const problem = error instanceof Error ? error.message : String(error);
        throw new Error(`row ${path}${instance}/: ${problem}`, { cause: error });
      }
    }
    return table;
  }

  #forget(path: string): void {
    for (const known of this.#nodes.keys()) if (known.startsWith(path)) this.#nodes.delete(known);
  }
}

function createLeaf(schema: LeafSchema, path: string, value: string): LeafNode {
  const eventOnChange = schema.eventOnChange ?? false;
  return { kind: 'leaf', schema, path, value, version: 0, eventOnChange, alarmOnChange: false };
}

function initialValue(schema: LeafSchema, path: string): string {
  const instance = /.*\/(\d+)\//.exec(path)?.[1] ?? '0';
  return schema.initial.replaceAll('{i}', instance);
}

function keyOf(table: TableNode, row: ObjectNode, changes?: ReadonlyMap<LeafNode, string>): string {
  const parts = table.schema.uniqueKey.map((name) => {
    const leaf = row.children.get(name);
    return leaf?.kind === 'leaf' ? (changes?.get(leaf) ?? leaf.value) : '';
  });
  return JSON.stringify(parts);
}
