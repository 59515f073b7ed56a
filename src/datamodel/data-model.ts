// STUB written as the contract; the implementation replaces it.
import type { DataNode, ObjectNode, ObjectOptions, ParameterNode, ParameterOptions } from './node.ts';
import type { AddedRow, ApplyStatus, ReadOutcome } from './provider.ts';
import type { ValueType } from './value.ts';

/** What an ACS (or another caller) asks to set; `type` is the xsi:type it sent, if any. */
export interface Assignment {
  readonly path: string;
  readonly value: string;
  readonly type?: ValueType | undefined;
}

/** A parameter whose value changed by itself (not by setValues), with the new value. */
export interface ValueChange {
  readonly parameter: ParameterNode;
  readonly value: string;
}

export interface StructureChange {
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

/** The tree of one CWMP endpoint. */
export declare class DataModel {
  constructor(rootName: string);
  readonly root: ObjectNode;
  /** Adds an object (and plain containers above it); an existing one gets the given options. Path ends with a dot. */
  addObject(path: string, options?: ObjectOptions): ObjectNode;
  /** Adds a parameter (and plain containers above it). @throws Error when one of that path exists */
  addParameter(path: string, options: ParameterOptions): ParameterNode;
  /** Removes an object with everything below it, or a parameter. Containers left empty are removed too. */
  remove(path: string): void;
  /** The node at a full path ("" is the root object), or undefined. */
  find(path: string): DataNode | undefined;
  /** All parameters at (leaf path) or below (partial path, "" = everything) `path`, depth first. @throws ModelError invalidName */
  parametersBelow(path: string): ParameterNode[];
  /** Every parameter flagged forcedInform, in the order added. */
  forcedInformParameters(): ParameterNode[];
  /** Reads in one batch per provider; outcomes in the order of `parameters`. Hidden parameters read "". */
  readValues(parameters: readonly ParameterNode[], signal?: AbortSignal): Promise<readonly ReadOutcome[]>;
  /** All or nothing. Serialised with the other mutating calls of this model. @throws TransactionError */
  setValues(assignments: readonly Assignment[], signal?: AbortSignal): Promise<ApplyStatus>;
  /** @throws ModelError */
  addRow(tablePath: string, signal?: AbortSignal): Promise<AddedRow>;
  /** @throws ModelError */
  deleteRow(rowPath: string, signal?: AbortSignal): Promise<ApplyStatus>;
  /** Providers call it when values changed by themselves; never waits for the model's queue. */
  reportValueChanges(changes: readonly ValueChange[]): void;
  onValueChanges(listener: (changes: readonly ValueChange[]) => void): () => void;
  onStructureChange(listener: (change: StructureChange) => void): () => void;
}
