import { abortable, abortedError } from './abortable.ts';
import { checkAssignments } from './assignment-check.ts';
import { readBatched } from './batch-read.ts';
import type { Assignment, StructureChange, ValueChange } from './changes.ts';
import { Listeners } from './listeners.ts';
import { ModelError, TransactionError } from './model-error.ts';
import { ObjectNode, ParameterNode } from './node.ts';
import type { DataNode, ObjectOptions, ParameterOptions } from './node.ts';
import { isObjectPath, parsePath } from './path.ts';
import type { AddedRow, ApplyStatus, ReadOutcome } from './provider.ts';
import { StructureRecorder } from './structure-recorder.ts';
import { SlicedWork } from './sliced-work.ts';
import { applyChanges } from './transaction.ts';

export type { Assignment, StructureChange, ValueChange } from './changes.ts';

/** The tree of one CWMP endpoint. */
export class DataModel {
  readonly root: ObjectNode;
  /** Large changes of structure: until it is settled nobody should tell the ACS what there is. */
  readonly restructuring = new SlicedWork(() => this.#structure.flush());
  readonly #valueListeners: Listeners<readonly ValueChange[]>;
  readonly #structure: StructureRecorder;
  readonly #forcedInform = new Set<ParameterNode>();
  /** Settles when the last queued mutation has. */
  #tail: Promise<unknown> = Promise.resolve();

  /** `onListenerError` hears of listeners that threw; the others are called nevertheless. */
  constructor(rootName: string, onListenerError: (error: unknown) => void = () => undefined) {
    this.root = new ObjectNode(rootName, undefined);
    this.#valueListeners = new Listeners(onListenerError);
    this.#structure = new StructureRecorder(
      (path) => this.find(path),
      () => this.restructuring.isBusy,
      onListenerError,
    );
  }

  /** Adds an object (and plain containers above it); an existing one gets the given options. Path ends with a dot. */
  addObject(path: string, options: ObjectOptions = {}): ObjectNode {
    const parsed = parsePath(path);
    if (!parsed?.isObject || parsed.names.length === 0) throw new Error(`not an object path: ${path}`);
    const node = this.#objectAt(parsed.names, path);
    if (options.provider !== undefined) node.provider = options.provider;
    if (options.table !== undefined) node.table = options.table;
    if (options.writable !== undefined) node.writable = options.writable;
    if (options.handle !== undefined) node.handle = options.handle;
    return node;
  }

  /** Adds a parameter (and plain containers above it). @throws Error when one of that path exists */
  addParameter(path: string, options: ParameterOptions): ParameterNode {
    const parsed = parsePath(path);
    const name = parsed?.names.at(-1);
    if (parsed === undefined || name === undefined || parsed.isObject || parsed.names.length < 2) {
      throw new Error(`not a parameter path: ${path}`);
    }
    const parent = this.#objectAt(parsed.names.slice(0, -1), path);
    if (parent.children.has(name)) throw new Error(`${path} exists already`);
    const node = new ParameterNode(name, parent, options);
    parent.children.set(name, node);
    if (node.forcedInform) this.#forcedInform.add(node);
    this.#structure.added(node);
    return node;
  }

  /** Puts a parameter that was removed back, unless its object is gone or has another of that name. @returns whether it did */
  restoreParameter(parameter: ParameterNode): boolean {
    const { parent, name } = parameter;
    if (this.find(parent.path) !== parent || parent.children.has(name)) return false;
    parent.children.set(name, parameter);
    if (parameter.forcedInform) this.#forcedInform.add(parameter);
    this.#structure.added(parameter);
    return true;
  }

  /** Removes an object with everything below it, or a parameter. Containers left empty are removed too. Unknown: nothing. */
  remove(path: string): void {
    let node = this.find(path);
    if (node === undefined || node === this.root) return;
    if (this.#forcedInform.size > 0) {
      for (const parameter of parametersOf(node)) this.#forcedInform.delete(parameter);
    }
    for (;;) {
      const parent: ObjectNode | undefined = node.parent;
      if (parent === undefined) return;
      parent.children.delete(node.name);
      if (!isEmptyContainer(parent)) break;
      node = parent;
    }
    this.#structure.removed(node);
  }

  /** The node at a full path ("" is the root object), or undefined. */
  find(path: string): DataNode | undefined {
    if (path === '') return this.root;
    const rootPath = this.root.path;
    if (!path.startsWith(rootPath)) return undefined;
    let node: ObjectNode = this.root;
    let start = rootPath.length;
    while (start < path.length) {
      const dot = path.indexOf('.', start);
      const child = node.children.get(path.slice(start, dot === -1 ? undefined : dot));
      if (dot === -1) return child?.kind === 'parameter' ? child : undefined;
      if (child?.kind !== 'object') return undefined;
      node = child;
      start = dot + 1;
    }
    return node;
  }

  /** All parameters at (leaf path) or below (partial path, "" = everything) `path`, depth first. @throws ModelError invalidName */
  parametersBelow(path: string): ParameterNode[] {
    const node = this.find(path);
    if (node === undefined) throw new ModelError('invalidName', 'no such parameter or object', path);
    return parametersOf(node);
  }

  /** Every parameter flagged forcedInform, in the order added. */
  forcedInformParameters(): ParameterNode[] {
    return [...this.#forcedInform];
  }

  /**
   * Reads in one batch per provider; outcomes in the order of `parameters`. Hidden parameters read "". Never rejects: what
   * fails, or is outstanding when the signal is aborted (retryLater), is a ModelError in its place.
   */
  readValues(parameters: readonly ParameterNode[], signal?: AbortSignal): Promise<readonly ReadOutcome[]> {
    return readBatched(parameters, signal);
  }

  /**
   * All or nothing. Serialised with the other mutating calls of this model. A fault without a path concerns the request as a
   * whole (the same name twice, the device did not answer). When the signal is aborted while a device is at work, the caller
   * is told retryLater and what that device made of it is unknown.
   * @throws TransactionError
   */
  async setValues(assignments: readonly Assignment[], signal?: AbortSignal): Promise<ApplyStatus> {
    try {
      return await this.#serially(async () => {
        const { changes, faults } = checkAssignments(assignments, (path) => this.find(path));
        if (faults.length > 0) throw new TransactionError(faults);
        return await applyChanges(changes, signal);
      }, signal);
    } catch (error) {
      if (error instanceof ModelError) throw new TransactionError([error]);
      throw error;
    }
  }

  /** @throws ModelError invalidArguments (no final dot), invalidName (no table that takes rows), or what its provider says */
  addRow(tablePath: string, signal?: AbortSignal): Promise<AddedRow> {
    return this.#serially(async () => {
      const table = this.#objectNamed(tablePath);
      if (!table.table || !table.writable || table.provider?.addRow === undefined) {
        throw new ModelError('invalidName', 'rows cannot be added here', tablePath);
      }
      return await ownErrors(table.provider.addRow(table, signal), table);
    }, signal);
  }

  /** @throws ModelError invalidArguments (no final dot), invalidName (no row that can be deleted), or what its provider says */
  deleteRow(rowPath: string, signal?: AbortSignal): Promise<ApplyStatus> {
    return this.#serially(async () => {
      const row = this.#objectNamed(rowPath);
      const provider = row.provider ?? row.parent?.provider;
      if (row.parent?.table !== true || !row.writable || provider?.deleteRow === undefined) {
        throw new ModelError('invalidName', 'this object cannot be deleted', rowPath);
      }
      return await ownErrors(provider.deleteRow(row, signal), row);
    }, signal);
  }

  /** Providers call it when values changed by themselves; never waits for the model's queue. */
  reportValueChanges(changes: readonly ValueChange[]): void {
    if (changes.length > 0) this.#valueListeners.notify(changes);
  }

  /** Returns the function that ends it. */
  onValueChanges(listener: (changes: readonly ValueChange[]) => void): () => void {
    return this.#valueListeners.add(listener);
  }

  /** All changes of one tick, or of one restructuring, arrive as one, in a microtask. Returns the function that ends it. */
  onStructureChange(listener: (change: StructureChange) => void): () => void {
    return this.#structure.onChange(listener);
  }

  #objectNamed(path: string): ObjectNode {
    if (path === '' || !isObjectPath(path)) {
      throw new ModelError('invalidArguments', 'the path of an object ends with a dot', path);
    }
    const node = this.find(path);
    if (node?.kind !== 'object') throw new ModelError('invalidName', 'no such object', path);
    return node;
  }

  #objectAt(names: readonly string[], path: string): ObjectNode {
    if (names[0] !== this.root.name) throw new Error(`${path} is not below ${this.root.path}`);
    let node: ObjectNode = this.root;
    for (const name of names.slice(1)) {
      let child = node.children.get(name);
      if (child === undefined) {
        child = new ObjectNode(name, node);
        node.children.set(name, child);
        this.#structure.added(child);
      }
      if (child.kind !== 'object') throw new Error(`${child.path} is a parameter`);
      node = child;
    }
    return node;
  }

  /**
   * Runs `task` after all earlier ones. The caller gets retryLater as soon as the signal is aborted; the queue waits on, so
   * that no later change overtakes one that a device is still at work on.
   */
  #serially<T>(task: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    const run = this.#tail.then(() => {
      if (signal?.aborted === true) throw abortedError();
      return task();
    });
    this.#tail = run.catch(() => undefined);
    return abortable(run, signal);
  }
}

function parametersOf(node: DataNode): ParameterNode[] {
  const found: ParameterNode[] = [];
  collectParameters(node, found);
  return found;
}

function collectParameters(node: DataNode, found: ParameterNode[]): void {
  if (node.kind === 'parameter') {
    found.push(node);
    return;
  }
  for (const child of node.children.values()) collectParameters(child, found);
}

function isEmptyContainer(node: ObjectNode): boolean {
  return (
    node.children.size === 0 &&
    node.parent?.table === false &&
    node.provider === undefined &&
    !node.table &&
    node.handle === undefined
  );
}

async function ownErrors<T>(answer: Promise<T>, node: ObjectNode): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ModelError) throw error;
    throw new ModelError('internal', `${node.provider?.name ?? 'the provider'} failed`, node.path, {
      cause: error,
    });
  }
}
