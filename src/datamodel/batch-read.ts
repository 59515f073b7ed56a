import { abortable, abortedError } from './abortable.ts';
import { ModelError } from './model-error.ts';
import type { ParameterNode } from './node.ts';
import type { Provider, ReadOutcome } from './provider.ts';

interface Batch {
  readonly provider: Provider;
  readonly parameters: ParameterNode[];
  /** Where each of `parameters` was asked for. */
  readonly positions: number[];
}

/**
 * Reads all of `parameters` with one call per provider, all providers at once; outcomes in the order asked. Hidden parameters
 * are "" and are not read. Never rejects: what fails, or is outstanding when `signal` is aborted, is a ModelError.
 */
export async function readBatched(
  parameters: readonly ParameterNode[],
  signal?: AbortSignal,
): Promise<readonly ReadOutcome[]> {
  const outcomes = new Array<ReadOutcome>(parameters.length).fill('');
  const pending: Promise<void>[] = [];
  for (const batch of batchesOf(parameters)) {
    const result = readOneProvider(batch.provider, batch.parameters, signal);
    if (result instanceof Promise) {
      pending.push(result.then((batchOutcomes) => place(batch, batchOutcomes, outcomes)));
    } else {
      place(batch, result, outcomes);
    }
  }
  await Promise.all(pending);
  return outcomes;
}

function batchesOf(parameters: readonly ParameterNode[]): Iterable<Batch> {
  const batches = new Map<Provider, Batch>();
  let last: Batch | undefined;
  parameters.forEach((parameter, position) => {
    if (parameter.hidden) return;
    if (last?.provider !== parameter.provider) {
      last = batches.get(parameter.provider);
      if (last === undefined) {
        last = { provider: parameter.provider, parameters: [], positions: [] };
        batches.set(parameter.provider, last);
      }
    }
    last.parameters.push(parameter);
    last.positions.push(position);
  });
  return batches.values();
}

/**
 * One provider's answer for `parameters`, brought into form: a provider that throws, or answers too little, fails for its own
 * parameters only.
 */
export function readOneProvider(
  provider: Provider,
  parameters: readonly ParameterNode[],
  signal?: AbortSignal,
): readonly ReadOutcome[] | Promise<readonly ReadOutcome[]> {
  if (signal?.aborted === true) return parameters.map(({ path }) => abortedError(path));
  try {
    const answer = provider.read(parameters, signal);
    if (!(answer instanceof Promise)) return complete(provider, parameters, answer);
    return abortable(answer, signal).then(
      (outcomes) => complete(provider, parameters, outcomes),
      (error: unknown) => failures(provider, parameters, error, signal),
    );
  } catch (error) {
    return failures(provider, parameters, error, signal);
  }
}

function place(batch: Batch, outcomes: readonly ReadOutcome[], into: ReadOutcome[]): void {
  batch.positions.forEach((position, index) => {
    into[position] = outcomes[index] ?? '';
  });
}

function complete(
  provider: Provider,
  parameters: readonly ParameterNode[],
  outcomes: readonly ReadOutcome[],
): readonly ReadOutcome[] {
  if (outcomes.length === parameters.length) return outcomes;
  return parameters.map(
    ({ path }) => new ModelError('internal', `${provider.name} gave an incomplete answer`, path),
  );
}

function failures(
  provider: Provider,
  parameters: readonly ParameterNode[],
  error: unknown,
  signal: AbortSignal | undefined,
): readonly ReadOutcome[] {
  if (signal?.aborted === true) return parameters.map(({ path }) => abortedError(path));
  const kind = error instanceof ModelError ? error.kind : 'internal';
  const message = error instanceof ModelError ? error.message : `${provider.name} failed`;
  return parameters.map(({ path }) => new ModelError(kind, message, path, { cause: error }));
}
