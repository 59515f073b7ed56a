import { ModelError, TransactionError } from '../../datamodel/model-error.ts';
import type { ObjectNode, ParameterNode } from '../../datamodel/node.ts';
import type {
  AddedRow,
  ApplyStatus,
  Change,
  Provider,
  ReadOutcome,
  TakeBack,
} from '../../datamodel/provider.ts';
import type { Clock } from '../../platform/clock.ts';
import { Deadline } from '../../platform/deadline.ts';
import { cmsLeaf } from '../mapping/cms-leaf.ts';

/** What an embedded device knows beyond its CMS: values that wait for it, and its last ones. */
export interface EmbeddedAccess {
  readonly online: boolean;
  /** Commands wait for the device: nothing may overtake them. */
  readonly hasPending: boolean;
  /** The value that is on its way to the parameter, in the form of the data model. */
  pendingValue(parameter: ParameterNode): string | undefined;
  /** The value that the device had when it was read last, in the form of the data model. */
  lastValue(parameter: ParameterNode): string | undefined;
  /** Accepts changes that the device gets later; they are durable when it resolves. */
  accept(changes: readonly Change[]): Promise<TakeBack>;
  /**
   * The device has taken these values, or (undefined) added or deleted a row. Resolves when that is durable, if it can be; never
   * rejects.
   */
  synchronized(changes: readonly Change[] | undefined): Promise<void>;
  /** The device answered, or (with one parameter of those it was asked for) did not. */
  answered(unanswered: ParameterNode | undefined): void;
}

/** How long the device may take to answer. */
export interface Patience {
  readonly clock: Clock;
  /** Milliseconds; the configuration may change it. */
  readonly answerTimeoutMs: () => number;
}

/**
 * Stands between the proxier's model and an embedded device [TR-069 J.3]: while the device is away its last values are served,
 * and writes that it does not take in time are accepted for later. Rows are added and deleted at once or not at all, because an
 * instance number has to be answered.
 */
export class EmbeddedProvider implements Provider {
  readonly name = 'embedded device';
  readonly remote = true;
  readonly #device: Provider;
  readonly #access: EmbeddedAccess;
  readonly #patience: Patience;

  constructor(device: Provider, access: EmbeddedAccess, patience: Patience) {
    this.#device = device;
    this.#access = access;
    this.#patience = patience;
  }

  read(
    parameters: readonly ParameterNode[],
    signal?: AbortSignal,
  ): readonly ReadOutcome[] | Promise<readonly ReadOutcome[]> {
    if (!this.#access.online) {
      const away = new ModelError('retryLater', 'the device is offline');
      return this.#complete(
        parameters,
        parameters.map(() => away),
      );
    }
    const deadline = this.#deadline(signal);
    const answer = this.#device.read(parameters, deadline.signal);
    if (!(answer instanceof Promise)) {
      deadline.cancel();
      return this.#complete(parameters, answer);
    }
    return answer
      .finally(() => deadline.cancel())
      .then((outcomes) => {
        // Whoever asked may have lost patience: that says nothing of the device.
        if (signal?.aborted !== true) {
          this.#access.answered(parameters.find((_, index) => isMissing(outcomes[index])));
        }
        return this.#complete(parameters, outcomes);
      });
  }

  async apply(changes: readonly Change[], signal?: AbortSignal): Promise<ApplyStatus> {
    this.#refuseToOvertake();
    const deadline = this.#deadline(signal);
    try {
      const status = await this.#device.apply(changes, deadline.signal);
      await this.#access.synchronized(changes);
      return status;
    } catch (error) {
      // The waiting is over, not the device: its silence must not look like a refusal of each parameter.
      if (error instanceof TransactionError && error.faults.every(({ kind }) => kind === 'retryLater')) {
        throw new ModelError('retryLater', 'the device did not take the change in time', undefined, {
          cause: error,
          mayBeDone: true,
        });
      }
      throw error;
    } finally {
      deadline.cancel();
    }
  }

  defer(changes: readonly Change[]): Promise<TakeBack> {
    return this.#access.accept(changes);
  }

  async addRow(table: ObjectNode, signal?: AbortSignal): Promise<AddedRow> {
    if (this.#device.addRow === undefined) {
      throw new ModelError('invalidName', 'rows cannot be added here', table.path);
    }
    this.#refuseToOvertake();
    const added = await this.#device.addRow(table, signal);
    await this.#access.synchronized(undefined);
    return added;
  }

  async deleteRow(row: ObjectNode, signal?: AbortSignal): Promise<ApplyStatus> {
    if (this.#device.deleteRow === undefined) {
      throw new ModelError('invalidName', 'this object cannot be deleted', row.path);
    }
    this.#refuseToOvertake();
    const status = await this.#device.deleteRow(row, signal);
    await this.#access.synchronized(undefined);
    return status;
  }

  /** What the device gets comes in the order in which the ACS sent it. */
  #refuseToOvertake(): void {
    if (!this.#access.online || this.#access.hasPending) {
      throw new ModelError('retryLater', 'the device is offline, or has not taken earlier changes yet');
    }
  }

  #deadline(signal: AbortSignal | undefined): Deadline {
    const { clock, answerTimeoutMs } = this.#patience;
    return new Deadline(clock, answerTimeoutMs(), signal);
  }

  /** What is on its way reads as written; what the device does not tell now, as it was told last. */
  #complete(parameters: readonly ParameterNode[], outcomes: readonly ReadOutcome[]): readonly ReadOutcome[] {
    return parameters.map((parameter, index) => {
      const pending = this.#access.hasPending ? this.#access.pendingValue(parameter) : undefined;
      if (pending !== undefined) return pending;
      const outcome = outcomes[index] ?? new ModelError('internal', 'no value is known', parameter.path);
      if (!isMissing(outcome)) return outcome;
      // Secrets are not remembered: what the device says of them is not known, and nobody may know it.
      const last = this.#access.lastValue(parameter) ?? (parameter.hidden ? '' : undefined);
      return last ?? new ModelError(outcome.kind, outcome.message, parameter.path);
    });
  }
}

/** The device did not tell the value now. */
function isMissing(outcome: ReadOutcome | undefined): outcome is ModelError {
  return outcome instanceof ModelError && outcome.kind === 'retryLater';
}

/** The CMS paths and values of changes, as a device gets them. */
export function toCommandValues(
  changes: readonly Change[],
  toDevice: (parameter: ParameterNode, value: string) => string,
): (readonly [cmsPath: string, value: string])[] {
  return changes.map(
    ({ parameter, value }) => [cmsLeaf(parameter).cmsPath, toDevice(parameter, value)] as const,
  );
}
