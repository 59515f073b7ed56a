import type { DataModel, ValueChange } from '../datamodel/data-model.ts';
import { ModelError, TransactionError } from '../datamodel/model-error.ts';
import type { ObjectNode, ParameterNode } from '../datamodel/node.ts';
import type {
  AddedRow,
  ApplyStatus,
  Change,
  Provider,
  ReadOutcome,
  RowParameter,
} from '../datamodel/provider.ts';
import type { DocumentStore } from '../platform/store/document-store.ts';
import type { ParameterSchema } from './local-object.ts';

/** One parameter that every row of a table has. */
export interface LocalColumn<Row> extends ParameterSchema {
  /** Canonical lexical form. What changes without `put` (an UpTime) must not be notified. */
  readonly get: (row: Row, instanceNumber: number) => string;
  /** The row with the checked value. Needed where `writable`. */
  readonly set?: (row: Row, value: string) => Row;
  /** Why `value` cannot be taken though type and constraint hold, without repeating it; undefined when it can. */
  readonly check?: (value: string, row: LocalRow<Row>, rows: Iterable<LocalRow<Row>>) => string | undefined;
}

/** A row as it stands in the table. */
export interface LocalRow<Row> {
  /** The owner's name for what the row stands for; rows that the ACS created have `#<instance number>`. */
  readonly key: string;
  readonly instanceNumber: number;
  /** Plain JSON data; replaced, never changed. An `alias` in it (see `aliasColumn`) is the ACS's: `put` keeps it. */
  readonly row: Row;
}

export interface LocalTableOptions<Row> {
  readonly model: DataModel;
  /** Ends with a dot. */
  readonly path: string;
  readonly columns: Readonly<Record<string, LocalColumn<Row>>>;
  /** Where rows and instance numbers are durable; without it both last as long as this object. */
  readonly storage?: { readonly store: DocumentStore; readonly key: string };
  /** Reads a row of the store; undefined: the row is forgotten, in the store too. Default: as it was stored. */
  readonly restore?: (stored: unknown) => Row | undefined;
  /** What is stored of a row; a `put` that does not change it costs no write. Default: the whole row. */
  readonly durable?: (row: Row) => unknown;
  /** The row that AddObject makes. Its presence lets the ACS add and delete rows. */
  readonly create?: (instanceNumber: number) => Row;
  /** Whether the ACS may delete a row, asked when the row comes. Default: all, if it may add rows. */
  readonly mayDelete?: (row: Row) => boolean;
  /** Called after the ACS has written, added or deleted rows. */
  readonly changedByAcs?: () => void;
}

interface StoredRow {
  readonly key: string;
  readonly row: unknown;
}

/** [TR-106 3.2] Instance numbers are 32 bits. */
const LARGEST_INSTANCE_NUMBER = 4_294_967_295;

/**
 * A multi-instance object whose rows this process holds, with its NumberOfEntries parameter. A row keeps its instance number
 * while it lives, also over restarts, and no number is given twice [TR-069 A.3.2.6]. Changes by `put` and `remove` are reported
 * to the model; changes by the ACS are not.
 */
export class LocalTable<Row extends object> implements Provider {
  readonly name: string;
  readonly remote = false;
  readonly path: string;
  readonly #options: LocalTableOptions<Row>;
  readonly #rows = new Map<number, LocalRow<Row>>();
  readonly #byKey = new Map<string, number>();
  readonly #counter: ParameterNode;
  #highest: number;

  constructor(options: LocalTableOptions<Row>) {
    const { model, path, storage, create } = options;
    this.#options = options;
    this.path = path;
    this.name = path;
    for (const [name, column] of Object.entries(options.columns)) {
      if ((column.writable === true) !== (column.set !== undefined)) {
        throw new Error(`${path}{i}.${name}: writable and set belong together`);
      }
    }
    this.#counter = model.addParameter(`${path.slice(0, -1)}NumberOfEntries`, {
      provider: this,
      type: 'unsignedInt',
    });
    model.addObject(path, { provider: this, table: true, writable: create !== undefined });
    this.#highest = numberOr(storage?.store.get<unknown>(`${storage.key}/highest`), 0);
    this.#restoreRows();
  }

  /** In the order in which they were added. */
  get rows(): Iterable<LocalRow<Row>> {
    return this.#rows.values();
  }

  get size(): number {
    return this.#rows.size;
  }

  find(key: string): LocalRow<Row> | undefined {
    return this.#rows.get(this.#byKey.get(key) ?? 0);
  }

  /** The path of a row as a value of a reference: without final dot [TR-106 3.2.4]; '' when there is no such row. */
  reference(key: string): string {
    const number = this.#byKey.get(key);
    return number === undefined ? '' : `${this.path}${number}`;
  }

  /**
   * Adds the row of that key, or replaces it; resolves with its instance number when it is durable. A new row appears in the
   * model only then, so that no number that an ACS has seen is given again; `find` and `reference` know it at once.
   * @throws what the store throws: the row is there nevertheless
   */
  async put(key: string, row: Row): Promise<number> {
    const number = this.#byKey.get(key);
    const known = number === undefined ? undefined : this.#rows.get(number);
    if (known === undefined) {
      const added = { key, instanceNumber: this.#nextNumber(), row };
      this.#enter(added);
      try {
        await this.#save(added, undefined);
      } finally {
        if (this.#rows.has(added.instanceNumber)) {
          this.#addNodes(added.instanceNumber);
          this.#reportCounter();
        }
      }
      return added.instanceNumber;
    }
    const next = { ...known, row: withAliasOf(known.row, row) };
    this.#rows.set(known.instanceNumber, next);
    this.#reportDifferences(known, next);
    await this.#save(next, known);
    return known.instanceNumber;
  }

  /** Removes the row of that key, with everything below it; resolves when that is durable. Unknown: nothing. */
  async remove(key: string): Promise<void> {
    const number = this.#byKey.get(key);
    if (number === undefined) return;
    this.#drop(number);
    this.#reportCounter();
    await this.#forget(number);
  }

  read(parameters: readonly ParameterNode[]): readonly ReadOutcome[] {
    return parameters.map((parameter) => {
      if (parameter === this.#counter) return String(this.#rows.size);
      const row = this.#rows.get(Number(parameter.parent.name));
      if (row === undefined) return new ModelError('invalidName', 'the row is gone', parameter.path);
      return this.#column(parameter.name).get(row.row, row.instanceNumber);
    });
  }

  check(changes: readonly Change[]): readonly ModelError[] {
    // Each change is looked at with those before it made: two rows must not get the same alias in one request.
    const rows = new Map(this.#rows);
    return changes.flatMap(({ parameter, value }) => {
      const row = rows.get(Number(parameter.parent.name));
      if (row === undefined) return [new ModelError('invalidName', 'the row is gone', parameter.path)];
      const { check, set } = this.#column(parameter.name);
      const problem = check?.(value, row, rows.values());
      if (problem !== undefined) return [new ModelError('invalidValue', problem, parameter.path)];
      if (set !== undefined) rows.set(row.instanceNumber, { ...row, row: set(row.row, value) });
      return [];
    });
  }

  /** All rows are written in one tick, which is one commit of the store. */
  async apply(changes: readonly Change[]): Promise<ApplyStatus> {
    const before = new Map<number, LocalRow<Row>>();
    const after = new Map<number, LocalRow<Row>>();
    for (const { parameter, value } of changes) {
      const number = Number(parameter.parent.name);
      const known = this.#rows.get(number);
      const row = after.get(number) ?? known;
      if (row === undefined || known === undefined)
        throw new ModelError('invalidName', 'the row is gone', parameter.path);
      before.set(number, known);
      const set = this.#column(parameter.name).set;
      if (set !== undefined) after.set(number, { ...row, row: set(row.row, value) });
    }
    try {
      await Promise.all([...after].map(([number, row]) => this.#save(row, before.get(number))));
    } catch (error) {
      throw new TransactionError([
        new ModelError('internal', 'the values could not be stored', undefined, { cause: error }),
      ]);
    }
    for (const [number, row] of after) if (this.#rows.has(number)) this.#rows.set(number, row);
    this.#options.changedByAcs?.();
    return 'applied';
  }

  rowParameters(): readonly RowParameter[] {
    return Object.entries(this.#options.columns).map(([name, column]) => ({
      name,
      type: column.type,
      writable: column.writable === true,
      constraint: column.constraint,
      canDeny: column.notification === 'canDeny',
    }));
  }

  async addRow(): Promise<AddedRow> {
    const { create } = this.#options;
    if (create === undefined) throw new ModelError('invalidName', 'rows cannot be added here', this.path);
    const instanceNumber = this.#nextNumber();
    const added = { key: `#${instanceNumber}`, instanceNumber, row: create(instanceNumber) };
    await this.#save(added, undefined);
    this.#enter(added);
    this.#addNodes(instanceNumber);
    this.#options.changedByAcs?.();
    return { instanceNumber, status: 'applied' };
  }

  async deleteRow(row: ObjectNode): Promise<ApplyStatus> {
    const number = Number(row.name);
    await this.#forget(number);
    this.#drop(number);
    this.#options.changedByAcs?.();
    return 'applied';
  }

  #nextNumber(): number {
    if (this.#highest >= LARGEST_INSTANCE_NUMBER) {
      throw new ModelError('resourcesExceeded', 'the table has no instance numbers left', this.path);
    }
    this.#highest += 1;
    return this.#highest;
  }

  #enter(added: LocalRow<Row>): void {
    this.#rows.set(added.instanceNumber, added);
    this.#byKey.set(added.key, added.instanceNumber);
  }

  #addNodes(instanceNumber: number): void {
    const { model, columns, create, mayDelete } = this.#options;
    const rowPath = `${this.path}${instanceNumber}.`;
    const row = this.#rows.get(instanceNumber)?.row;
    const isKept = row !== undefined && mayDelete?.(row) === false;
    model.addObject(rowPath, { provider: this, writable: create !== undefined && !isKept });
    for (const [name, column] of Object.entries(columns)) {
      model.addParameter(rowPath + name, { ...column, provider: this });
    }
  }

  #drop(number: number): void {
    const row = this.#rows.get(number);
    if (row === undefined) return;
    this.#rows.delete(number);
    this.#byKey.delete(row.key);
    this.#options.model.remove(`${this.path}${number}.`);
  }

  #reportCounter(): void {
    this.#options.model.reportValueChanges([{ parameter: this.#counter, value: String(this.#rows.size) }]);
  }

  #reportDifferences(previous: LocalRow<Row>, now: LocalRow<Row>): void {
    const { model, columns } = this.#options;
    const changes: ValueChange[] = [];
    for (const [name, column] of Object.entries(columns)) {
      const value = column.get(now.row, now.instanceNumber);
      if (value === column.get(previous.row, previous.instanceNumber)) continue;
      const parameter = model.find(`${this.path}${now.instanceNumber}.${name}`);
      if (parameter?.kind === 'parameter') changes.push({ parameter, value: parameter.hidden ? '' : value });
    }
    model.reportValueChanges(changes);
  }

  #column(name: string): LocalColumn<Row> {
    const column = this.#options.columns[name];
    if (column === undefined) throw new Error(`${this.path}{i}.${name} is not a column`);
    return column;
  }

  async #save(row: LocalRow<Row>, previous: LocalRow<Row> | undefined): Promise<void> {
    const { storage, durable } = this.#options;
    if (storage === undefined) return;
    const stored = (of: LocalRow<Row>): StoredRow => ({
      key: of.key,
      row: durable === undefined ? of.row : durable(of.row),
    });
    const document = stored(row);
    if (previous !== undefined && JSON.stringify(stored(previous)) === JSON.stringify(document)) return;
    const writes = [storage.store.put(`${storage.key}/row/${row.instanceNumber}`, document)];
    if (previous === undefined) writes.push(storage.store.put(`${storage.key}/highest`, this.#highest));
    await Promise.all(writes);
  }

  async #forget(number: number): Promise<void> {
    const { storage } = this.#options;
    await storage?.store.delete(`${storage.key}/row/${number}`);
  }

  #restoreRows(): void {
    const { storage, restore } = this.#options;
    if (storage === undefined) return;
    const prefix = `${storage.key}/row/`;
    const numbers = storage.store.keys(prefix).map((key) => Number(key.slice(prefix.length)));
    for (const instanceNumber of numbers.sort((a, b) => a - b)) {
      const stored = storage.store.get<unknown>(prefix + String(instanceNumber));
      if (!Number.isSafeInteger(instanceNumber) || instanceNumber < 1 || !isStoredRow(stored)) continue;
      const row = restore === undefined ? (stored.row as Row) : restore(stored.row);
      if (row === undefined || this.#byKey.has(stored.key)) {
        // When that fails, the next start tries again.
        this.#forget(instanceNumber).catch(() => undefined);
        continue;
      }
      this.#highest = Math.max(this.#highest, instanceNumber);
      this.#enter({ key: stored.key, instanceNumber, row });
      this.#addNodes(instanceNumber);
    }
  }
}

/** The name that the ACS gave a row stays with it, whatever else its owner says of it. */
function withAliasOf<Row extends object>(known: Row & { readonly alias?: unknown }, row: Row): Row {
  return known.alias === undefined || 'alias' in row ? row : { ...row, alias: known.alias };
}

function isStoredRow(document: unknown): document is StoredRow {
  return (
    typeof document === 'object' &&
    document !== null &&
    'key' in document &&
    typeof document.key === 'string' &&
    'row' in document
  );
}

function numberOr(value: unknown, fallback: number): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : fallback;
}
