import type { ModelError } from '../../../src/datamodel/model-error.ts';
import type { ObjectNode, ParameterNode } from '../../../src/datamodel/node.ts';
import type {
  AddedRow,
  ApplyStatus,
  Change,
  Provider,
  ReadOutcome,
} from '../../../src/datamodel/provider.ts';

/** Holds values by path; `log` is shared between providers to see the order of calls. */
export class FakeProvider implements Provider {
  readonly name: string;
  readonly remote: boolean;
  readonly values = new Map<string, string>();
  readonly log: string[];
  status: ApplyStatus = 'applied';
  /** Called before the answer; may throw or wait. */
  onRead: (parameters: readonly ParameterNode[], signal?: AbortSignal) => void | Promise<void> = () =>
    undefined;
  onApply: (changes: readonly Change[], signal?: AbortSignal) => void | Promise<void> = () => undefined;
  onCheck: (changes: readonly Change[]) => readonly ModelError[] = () => [];

  constructor(name: string, remote: boolean, log: string[] = []) {
    this.name = name;
    this.remote = remote;
    this.log = log;
  }

  read(
    parameters: readonly ParameterNode[],
    signal?: AbortSignal,
  ): readonly ReadOutcome[] | Promise<readonly ReadOutcome[]> {
    this.log.push(`${this.name} read ${parameters.length}`);
    const answer = (): readonly ReadOutcome[] => parameters.map(({ path }) => this.values.get(path) ?? '');
    const waiting = this.onRead(parameters, signal);
    return waiting instanceof Promise ? waiting.then(answer) : answer();
  }

  check(changes: readonly Change[]): readonly ModelError[] {
    return this.onCheck(changes);
  }

  async apply(changes: readonly Change[], signal?: AbortSignal): Promise<ApplyStatus> {
    this.log.push(`${this.name} apply ${changes.length}`);
    await this.onApply(changes, signal);
    for (const { parameter, value } of changes) this.values.set(parameter.path, value);
    return this.status;
  }

  addRow(table: ObjectNode): Promise<AddedRow> {
    this.log.push(`${this.name} add ${table.path}`);
    return Promise.resolve({ instanceNumber: table.children.size + 1, status: 'applied' });
  }

  deleteRow(row: ObjectNode): Promise<ApplyStatus> {
    this.log.push(`${this.name} delete ${row.path}`);
    return Promise.resolve('applied');
  }
}

export function never(): Promise<void> {
  return new Promise(() => undefined);
}

/** The error that `promise` rejects with. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('it did not reject');
}
