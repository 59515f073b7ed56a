import type { LeafSchema, NodeSchema, ObjectSchema, RowValues, TableSchema } from './schema.ts';
import { parseValueType } from './value-type.ts';

const PER_ROW = 10;

function leaf(type: string, initial: string): LeafSchema {
  return {
    kind: 'leaf',
    type: parseValueType(type),
    writable: true,
    eventOnChange: true,
    versioned: true,
    live: undefined,
    initial,
    hidden: false,
    drift: undefined,
    applySeconds: undefined,
  };
}

function benchLeaf(index: number): LeafSchema {
  if (index % 3 === 0) return leaf('unsignedInt', String(index));
  return index % 3 === 1 ? leaf('string(64)', `value ${index}`) : leaf('boolean', '1');
}

/**
 * Adds exactly `count` parameters under `/X_LAB_Bench/`: rows of ten in a table, its row counter, the rest beside it.
 * All are writable and have EventOnChange=1.
 */
export function withBenchParameters(root: ObjectSchema, count: number): ObjectSchema {
  if (count <= 0) return root;
  const rowCount = Math.floor((count - 1) / PER_ROW);
  const row: ObjectSchema = {
    kind: 'object',
    children: new Map(
      Array.from({ length: PER_ROW }, (_, index): [string, NodeSchema] => [
        `Value${index}`,
        benchLeaf(index),
      ]),
    ),
  };
  const table: TableSchema = {
    kind: 'table',
    creatable: false,
    eventOnChange: false,
    versioned: true,
    maxRows: rowCount,
    uniqueKey: [],
    row,
    rows: new Map(Array.from({ length: rowCount }, (_, index): [number, RowValues] => [index, {}])),
    firstInstance: 0,
    entriesLeaf: 'GroupNumberOfEntries',
  };
  const children = new Map<string, NodeSchema>();
  children.set('GroupNumberOfEntries', { ...leaf('unsignedInt', '0'), writable: false });
  if (rowCount > 0) children.set('Group', table);
  for (let index = 0; index < count - 1 - rowCount * PER_ROW; index++) {
    children.set(`Single${index}`, benchLeaf(index));
  }
  return {
    kind: 'object',
    children: new Map([...root.children, ['X_LAB_Bench', { kind: 'object', children }]]),
  };
}
