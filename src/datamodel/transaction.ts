import { readOneProvider } from './batch-read.ts';
import { abortedError } from './abortable.ts';
import { ModelError, TransactionError } from './model-error.ts';
import type { ApplyStatus, Change, Provider, TakeBack } from './provider.ts';

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
 * provider fails, the earlier ones get back the values that they had. Changes that have to wait for their device are deferred
 * only when nobody refused.
 * @throws TransactionError
 */
export async function applyChanges(changes: readonly Change[], signal?: AbortSignal): Promise<ApplyStatus> {
  const participants = participantsOf(changes);
  const faults = participants.flatMap(checkParticipant);
  if (faults.length > 0) throw new TransactionError(faults);

  const restores = await readPrevious(participantsToRestore(participants), signal);
  const undo: Undo[] = [];
  const deferred: { readonly participant: Participant; readonly previous: Restore | undefined }[] = [];
  let status: ApplyStatus = 'applied';
  for (const [index, participant] of participants.entries()) {
    try {
      // Whoever asked has been told that it failed.
      if (signal?.aborted === true) throw abortedError();
      if ((await participant.provider.apply(participant.changes, signal)) === 'committed')
        status = 'committed';
      const previous = restores[index];
      if (previous !== undefined) undo.push(() => restore(previous));
    } catch (error) {
      const previous = restores[index];
      if (previous !== undefined && mayBeDone(error, participant)) undo.push(() => deferRestore(previous));
      if (canWait(error, participant, signal)) deferred.push({ participant, previous });
      else await fail(error, participant, undo);
    }
  }
  for (const { participant, previous } of deferred) {
    status = 'committed';
    try {
      const takeBack = await participant.provider.defer?.(participant.changes);
      if (takeBack !== undefined) undo.push(() => withdraw(takeBack, participant, previous));
    } catch (error) {
      await fail(error, participant, undo);
    }
  }
  return status;
}

/** Undoes one participant's part. @returns what could not be undone */
type Undo = () => Promise<readonly ModelError[]>;

/** The last one to be applied needs no restoring, unless some changes are deferred after it. */
function participantsToRestore(participants: readonly Participant[]): readonly Participant[] {
  const mayWait = participants.some(({ provider }) => provider.defer !== undefined);
  return participants.length > 1 && mayWait ? participants : participants.slice(0, -1);
}

function canWait(error: unknown, { provider }: Pick<Participant, 'provider'>, signal?: AbortSignal): boolean {
  return (
    provider.defer !== undefined &&
    signal?.aborted !== true &&
    faultsOf(error, provider).every(({ kind }) => kind === 'retryLater')
  );
}

/** A device that was silent may have taken the changes all the same: when they fail, it has to get back what it had. */
function mayBeDone(error: unknown, { provider }: Participant): boolean {
  return provider.defer !== undefined && faultsOf(error, provider).some((fault) => fault.mayBeDone);
}

/** Latest first, without the signal: a request that ran out of time must not leave half of its changes behind. */
async function fail(error: unknown, { provider }: Participant, undo: readonly Undo[]): Promise<never> {
  const faults = [...faultsOf(error, provider)];
  for (const step of [...undo].reverse()) faults.push(...(await step()));
  throw new TransactionError(faults);
}

/** A device that came just when its changes were accepted may have them. */
async function withdraw(
  takeBack: TakeBack,
  { changes }: Participant,
  previous: Restore | undefined,
): Promise<readonly ModelError[]> {
  try {
    if ((await takeBack()) === 'takenBack') return [];
    return previous === undefined ? notRestored(pathsOf(changes)) : await deferRestore(previous);
  } catch (error) {
    return notRestored(pathsOf(changes), error);
  }
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

/** A device that leaves between a change and its undoing gets its values back later. */
async function restore(previous: Restore): Promise<readonly ModelError[]> {
  const { provider, changes, lost } = previous;
  if (changes.length === 0) return notRestored(lost);
  try {
    await provider.apply(changes);
    return notRestored(lost);
  } catch (error) {
    if (canWait(error, { provider })) return deferRestore(previous);
    return notRestored([...lost, ...pathsOf(changes)], error);
  }
}

async function deferRestore({ provider, changes, lost }: Restore): Promise<readonly ModelError[]> {
  if (changes.length === 0) return notRestored(lost);
  try {
    await provider.defer?.(changes);
    return notRestored(lost);
  } catch (error) {
    return notRestored([...lost, ...pathsOf(changes)], error);
  }
}

function notRestored(paths: readonly string[], cause?: unknown): readonly ModelError[] {
  return paths.map(
    (path) => new ModelError('internal', 'the previous value could not be restored', path, { cause }),
  );
}

function pathsOf(changes: readonly Change[]): readonly string[] {
  return changes.map(({ parameter }) => parameter.path);
}

function faultsOf(error: unknown, provider: Provider): readonly ModelError[] {
  if (error instanceof TransactionError) return error.faults;
  if (error instanceof ModelError) return [error];
  return [new ModelError('internal', `${provider.name} failed`, undefined, { cause: error })];
}
