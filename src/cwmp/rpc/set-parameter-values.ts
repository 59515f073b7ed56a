import type { Assignment } from '../../datamodel/changes.ts';
import type { DataModel } from '../../datamodel/data-model.ts';
import { TransactionError, ModelError } from '../../datamodel/model-error.ts';
import { characterCount } from '../../datamodel/value-codec.ts';
import type { ApplyStatus } from '../../datamodel/provider.ts';
import type { CpeResponse } from '../codec/messages.ts';
import type { Addressing, UnknownAlias } from './addressing.ts';
import { addNamedRow } from './named-row.ts';
import { MAX_KEY_LENGTH } from './rpc-context.ts';
import type { RpcContext } from './rpc-context.ts';
import { RpcFault } from './rpc-fault.ts';
import type { RpcRequest } from './rpc-registry.ts';

/** [TR-069 A.3.2.1] All or nothing; ParameterKey changes with success only, and is durable before the answer. */
export async function setParameterValues(
  request: RpcRequest<'SetParameterValues'>,
  { model, addressing, signal, setParameterKey, acsWrites, acsChangedRows }: RpcContext,
): Promise<CpeResponse> {
  checkParameterKey(request.ParameterKey);
  const targets = new NamedTargets(model, addressing, signal);
  let status: ApplyStatus;
  let acsWrote: ReturnType<typeof acsWrites>;
  const assignments: Assignment[] = [];
  try {
    for (const { Name, Value, Type } of request.ParameterList) {
      assignments.push({ path: await targets.pathOf(Name), value: Value, type: Type });
    }
    targets.throwUnknown();
    acsWrote = acsWrites();
    status = await model.setValues(assignments, signal);
  } catch (error) {
    await targets.removeCreated();
    throw targets.inNamesOfTheAcs(error);
  }
  for (const { table } of targets.created) acsChangedRows(table);
  await Promise.all([acsWrote(assignments), setParameterKey(request.ParameterKey)]);
  const isApplied = status === 'applied' && targets.created.every((row) => row.status === 'applied');
  return { kind: 'SetParameterValuesResponse', Status: isApplied ? 0 : 1 };
}

/** @throws RpcFault 9003 when it is too long */
export function checkParameterKey(key: string): void {
  if (characterCount(key) > MAX_KEY_LENGTH)
    throw new RpcFault(9003, `ParameterKey is longer than ${MAX_KEY_LENGTH} characters`);
}

interface CreatedRow {
  readonly table: string;
  readonly path: string;
  readonly status: ApplyStatus;
}

/** The parameters that one request names, and the rows that it creates by naming them [TR-181 AutoCreateInstances]. */
class NamedTargets {
  readonly #model: DataModel;
  readonly #addressing: Addressing;
  readonly #signal: AbortSignal;
  readonly #nameByPath = new Map<string, string>();
  /** Rows that came with their names, in their order. */
  readonly created: CreatedRow[] = [];
  readonly #unknown: ModelError[] = [];

  constructor(model: DataModel, addressing: Addressing, signal: AbortSignal) {
    this.#model = model;
    this.#addressing = addressing;
    this.#signal = signal;
  }

  async pathOf(name: string): Promise<string> {
    try {
      let path = await this.#addressing.resolveOrUnknown(name, this.#signal);
      // Each round creates one row: a path may name several that are new.
      while (typeof path !== 'string') {
        const rowPath = await this.#create(path, name);
        path = await this.#addressing.resolveOrUnknown(rowPath + path.rest, this.#signal);
      }
      this.#nameByPath.set(path, name);
      return path;
    } catch (error) {
      if (!(error instanceof RpcFault) || error.code !== 9005) throw error;
      this.#unknown.push(new ModelError('invalidName', 'no such parameter', name));
      return name;
    }
  }

  /** @throws TransactionError with every name that means nothing */
  throwUnknown(): void {
    if (this.#unknown.length > 0) throw new TransactionError(this.#unknown);
  }

  async removeCreated(): Promise<void> {
    for (const { path } of this.created.reverse()) await this.#model.deleteRow(path);
  }

  /** Faults name the parameters as the ACS did. */
  inNamesOfTheAcs(error: unknown): unknown {
    if (!(error instanceof TransactionError)) return error;
    return new TransactionError(
      error.faults.map((fault) => {
        const name = fault.path === undefined ? undefined : this.#nameByPath.get(fault.path);
        return name === undefined ? fault : new ModelError(fault.kind, fault.message, name, { cause: fault });
      }),
    );
  }

  async #create({ table, alias }: UnknownAlias, name: string): Promise<string> {
    if (!this.#addressing.autoCreates) throw new RpcFault(9005, name);
    const { path, status } = await addNamedRow(this.#model, this.#addressing, { table, alias }, this.#signal);
    this.created.push({ table, path, status });
    return path;
  }
}
