import type { ProfileReader } from './profile-reader.ts';
import type {
  DriftRule,
  LeafSchema,
  LiveSource,
  NodeSchema,
  ObjectSchema,
  RowValues,
  TableSchema,
} from './schema.ts';
import { checkValue, emptyValue, parseValueType, type ValueType } from './value-type.ts';

const LEAF_KEYS = ['type', 'access', 'event', 'version', 'value', 'live', 'drift', 'hidden', 'applySeconds'];
const TABLE_KEYS = [
  'row',
  'rows',
  'access',
  'event',
  'version',
  'maxRows',
  'uniqueKey',
  'firstInstance',
  'entries',
];
/** The grammar of node names [CMS:2 A]: NCName without dot, dash and colon. Ours begin in upper case, keywords do not. */
const NODE_NAME = /^[A-Z_][A-Za-z0-9_]*$/;

function readAccess(reader: ProfileReader): boolean {
  const access = reader.optionalText('access') ?? 'readOnly';
  if (access !== 'readOnly' && access !== 'readWrite') {
    reader.child('access').fail('must be readOnly or readWrite');
  }
  return access === 'readWrite';
}

/** `event: none` says that the node has no EventOnChange attribute. */
function readEvent(reader: ProfileReader): boolean | undefined {
  return reader.optionalText('event') === 'none' ? undefined : (reader.flag('event') ?? false);
}

function readDrift(reader: ProfileReader, type: ValueType): DriftRule | undefined {
  if (!reader.has('drift')) return undefined;
  const drift = reader.map('drift', ['every', 'walk', 'count', 'cycle', 'min', 'max']);
  const everySeconds = drift.number('every');
  if (everySeconds < 0.05) drift.child('every').fail('must be at least 0.05 s');
  if (drift.has('walk')) {
    return {
      everySeconds,
      kind: 'walk',
      step: drift.number('walk'),
      minimum: drift.optionalNumber('min') ?? Number(type.minimum ?? 0n),
      maximum: drift.optionalNumber('max') ?? Number(type.maximum ?? 100n),
    };
  }
  if (drift.has('count')) return { everySeconds, kind: 'count', step: drift.number('count') };
  const values = drift.list('cycle').map((entry) => checkValue(type, entry.value()));
  if (values.length < 2) drift.fail('needs walk, count or a cycle of two values');
  return { everySeconds, kind: 'cycle', values };
}

function readLive(reader: ProfileReader): LiveSource | undefined {
  const live = reader.optionalText('live');
  if (live === undefined || live === 'upTime' || live === 'currentTime') return live;
  return reader.child('live').fail('must be upTime or currentTime');
}

/** A value that holds `{i}` is checked as it is in row 0. */
function readInitial(type: ValueType, value: string | undefined): string {
  if (value === undefined) return emptyValue(type);
  const checked = checkValue(type, value.replaceAll('{i}', '0'));
  return value.includes('{i}') ? value : checked;
}

function readLeafSchema(reader: ProfileReader): LeafSchema {
  reader.expectKeys(LEAF_KEYS);
  try {
    const type = parseValueType(reader.text('type'));
    const live = readLive(reader);
    const value = reader.optionalText('value');
    return {
      kind: 'leaf',
      type,
      writable: readAccess(reader),
      eventOnChange: live === undefined ? readEvent(reader) : undefined,
      versioned: live === undefined && (reader.flag('version') ?? true),
      live,
      initial: readInitial(type, value),
      hidden: reader.flag('hidden') ?? false,
      drift: readDrift(reader, type),
      applySeconds: reader.optionalNumber('applySeconds'),
    };
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    if (problem.startsWith(reader.place)) throw error;
    return reader.fail(problem);
  }
}

function readRowValues(reader: ProfileReader): RowValues {
  return Object.fromEntries(
    Object.keys(reader.asMap()).map((key) => {
      const child = reader.child(key);
      return [key, child.isMap() ? readRowValues(child) : child.value()];
    }),
  );
}

/** Rows as a map from instance number (0 or more, gaps allowed) to what differs from the row's defaults. */
function readRows(reader: ProfileReader): Map<number, RowValues> {
  const rows = new Map<number, RowValues>();
  for (const key of Object.keys(reader.asMap())) {
    if (!/^(0|[1-9]\d{0,8})$/.test(key)) reader.child(key).fail('must be an instance number');
    rows.set(Number(key), readRowValues(reader.child(key)));
  }
  return rows;
}

function readTableSchema(reader: ProfileReader, name: string): TableSchema {
  reader.expectKeys(TABLE_KEYS);
  return {
    kind: 'table',
    creatable: readAccess(reader),
    eventOnChange: readEvent(reader),
    versioned: reader.flag('version') ?? true,
    maxRows: reader.optionalNumber('maxRows') ?? 64,
    uniqueKey: reader.list('uniqueKey').map((entry) => entry.value()),
    row: readObjectSchema(reader.child('row')),
    rows: reader.has('rows') ? readRows(reader.child('rows')) : new Map<number, RowValues>(),
    firstInstance: reader.optionalNumber('firstInstance') ?? 0,
    entriesLeaf: reader.optionalText('entries') ?? `${name}NumberOfEntries`,
  };
}

/** The leaf `TNumberOfEntries` that every table T has beside it [CMS:2 B.2]; the table raises the events for it. */
function entriesLeaf(table: TableSchema): LeafSchema {
  return {
    kind: 'leaf',
    type: parseValueType('unsignedInt'),
    writable: false,
    eventOnChange: undefined,
    versioned: table.versioned,
    live: undefined,
    initial: '0',
    hidden: false,
    drift: undefined,
    applySeconds: undefined,
  };
}

/** A map with `type` is a leaf, one with `row` a table, any other an object. */
export function readObjectSchema(reader: ProfileReader): ObjectSchema {
  const children = new Map<string, NodeSchema>();
  for (const name of Object.keys(reader.asMap())) {
    const child = reader.child(name);
    if (!NODE_NAME.test(name)) child.fail('is not a node name');
    if (child.has('type')) children.set(name, readLeafSchema(child));
    else if (child.has('row')) {
      const table = readTableSchema(child, name);
      children.set(table.entriesLeaf, entriesLeaf(table));
      children.set(name, table);
    } else children.set(name, readObjectSchema(child));
  }
  return { kind: 'object', children };
}
