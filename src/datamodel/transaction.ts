import { readOneProvider } from './batch-read.ts';
import { abortedError } from './abortable.ts';
import { ModelError, TransactionError } from './model-error.ts';
import type { ApplyStatus, Change, Provider } from './provider.ts';

interface Participant {
  readonly provider: Provider;
  readonly changes: Change[];
}

/** What puts a participant back: its changes with the values of before. */
interface Restore {
  readonly provider: Provider;
  readonly changes: readonly Change[];
  /** Paths whose previous value cannot be known (secrets that do not read back). */
  readonly lost: readonly string[];
}

/**
 * Applies checked changes, all or none: remote providers first, because they are the ones that can refuse. When a later
 * provider fails, the earlier ones get back the values that they had.
 * @throws TransactionError
 */
export async function applyChanges(changes: readonly Change[], signal?: AbortSignal): Promise<ApplyStatus> {
  const participants = participantsOf(changes);
  const faults = participants.flatMap(checkParticipant);
  if (faults.length > 0) throw new TransactionError(faults);

  const restores = await readPrevious(participants.slice(0, -1), signal);
  let status: ApplyStatus = 'applied';
  for (const [index, { provider, changes: own }] of participants.entries()) {
    try {
      // Whoever asked has been told that it failed.
      if (signal?.aborted === true) throw abortedError();
      if ((await provider.apply(own, signal)) === 'committed') status = 'committed';
    } catch (error) {
      const restoreFaults = await restore(restores.slice(0, index));
      throw new TransactionError([...faultsOf(error, provider), ...restoreFaults]);
    }
  }
  return status;
}

function participantsOf(changes: readonly Change[]): Participant[] {
  const participants = new Map<Provider, Participant>();
  for (const change of changes) {
    const { provider } = change.parameter;
    const participant = participants.get(provider);
    if (participant === undefined) participants.set(provider, { provider, changes: [change] });
    else participant.changes.push(change);
  }
  const all = [...participants.values()];
  return [
    ...all.filter(({ provider }) => provider.remote),
    ...all.filter(({ provider }) => !provider.remote),
  ];
}

function checkParticipant({ provider, changes }: Participant): readonly ModelError[] {
  try {
    return provider.check?.(changes) ?? [];
  } catch (error) {
    return faultsOf(error, provider);
  }
}

/** Reads only what may have to be restored: with one provider that is nothing, and no LAN round trip is spent. */
async function readPrevious(
  participants: readonly Participant[],
  signal: AbortSignal | undefined,
): Promise<readonly Restore[]> {
  return await Promise.all(
    participants.map(async ({ provider, changes }) => {
      const parameters = changes.map(({ parameter }) => parameter);
      const outcomes = await readOneProvider(provider, parameters, signal);
      const previous: Change[] = [];
      const lost: string[] = [];
      const unreadable: ModelError[] = [];
      parameters.forEach((parameter, index) => {
        const outcome = outcomes[index] ?? '';
        if (outcome instanceof ModelError) unreadable.push(outcome);
        else if (parameter.hidden && outcome === '') lost.push(parameter.path);
        else previous.push({ parameter, value: outcome });
      });
      // What cannot be restored must not be begun.
      if (unreadable.length > 0) throw new TransactionError(unreadable);
      return { provider, changes: previous, lost };
    }),
  );
}

/** Latest first, without the signal: a request that ran out of time must not leave half of its changes behind. */
async function restore(restores: readonly Restore[]): Promise<ModelError[]> {
  const faults: ModelError[] = [];
  const fault = (path: string, cause?: unknown): ModelError =>
    new ModelError('internal', 'the previous value could not be restored', path, { cause });
  for (const { provider, changes, lost } of [...restores].reverse()) {
    faults.push(...lost.map((path) => fault(path)));
    if (changes.length === 0) continue;
    try {
      await provider.apply(changes);
    } catch (error) {
      faults.push(...changes.map(({ parameter }) => fault(parameter.path, error)));
    }
  }
  return faults;
}

function faultsOf(error: unknown, provider: Provider): readonly ModelError[] {
  if (error instanceof TransactionError) return error.faults;
  if (error instanceof ModelError) return [error];
  return [new ModelError('internal', `${provider.name} failed`, undefined, { cause: error })];
}
