import type { ModelError } from './model-error.ts';
import type { ObjectNode, ParameterNode } from './node.ts';
import type { Constraint, ValueType } from './value.ts';

/** `applied` = in force now (CWMP Status 0); `committed` = stored, in force later (Status 1). */
export type ApplyStatus = 'applied' | 'committed';

/** The value of one parameter in canonical CWMP form, or why it could not be read. */
export type ReadOutcome = string | ModelError;

/** One parameter and the value that it shall take: already checked against type, access and constraint. */
export interface Change {
  readonly parameter: ParameterNode;
  /** Canonical lexical form of the parameter's type. */
  readonly value: string;
}

export interface AddedRow {
  /** 1 or more, never reused within the table. The row and its leaves are in the model already. */
  readonly instanceNumber: number;
  readonly status: ApplyStatus;
}

/** Takes deferred changes back; resolves with `mayBeDone` when some may have been made already. */
export type TakeBack = () => Promise<'takenBack' | 'mayBeDone'>;

/** A parameter that each row of a table has. */
export interface RowParameter {
  readonly name: string;
  readonly type: ValueType;
  readonly writable: boolean;
  readonly constraint: Constraint | undefined;
  /** Active notification may be refused. */
  readonly canDeny: boolean;
}

/**
 * Answers for a part of the tree, always for many parameters at a time: one ACS RPC must become as few LAN actions as the
 * device allows, so there is no way to ask for a single value.
 */
export interface Provider {
  /** For logs. */
  readonly name: string;
  /** Remote providers are applied first: they are the ones that can refuse. */
  readonly remote: boolean;
  /**
   * Reads all of `parameters`; the outcomes are in their order. May answer synchronously.
   * A failure of one parameter is its outcome; it never rejects for what concerns one parameter only.
   */
  read(
    parameters: readonly ParameterNode[],
    signal?: AbortSignal,
  ): readonly ReadOutcome[] | Promise<readonly ReadOutcome[]>;
  /** The value that was read or written last, for one who cannot wait for `read`; undefined when none is known. */
  lastKnown?(parameter: ParameterNode): string | undefined;
  /** Checks that go beyond type, access and constraint. Touches no network. */
  check?(changes: readonly Change[]): readonly ModelError[];
  /**
   * Makes all changes or none.
   * @throws TransactionError, or ModelError for the whole; with `mayBeDone` where nobody knows which of the two it was
   */
  apply(changes: readonly Change[], signal?: AbortSignal): Promise<ApplyStatus>;
  /**
   * Keeps changes that `apply` could not make for now (it threw retryLater), to make them as soon as that is possible: what the
   * ACS wrote, or what undoes it. They are durable when it resolves, with the function that takes them back.
   * @throws ModelError
   */
  defer?(changes: readonly Change[]): Promise<TakeBack>;
  /** What each row of a table has, or would have: a table without rows supports it too. */
  rowParameters?(table: ObjectNode): readonly RowParameter[];
  /** @throws ModelError */
  addRow?(table: ObjectNode, signal?: AbortSignal): Promise<AddedRow>;
  /** @throws ModelError */
  deleteRow?(row: ObjectNode, signal?: AbortSignal): Promise<ApplyStatus>;
}
