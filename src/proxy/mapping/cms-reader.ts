import { ModelError } from '../../datamodel/model-error.ts';
import { ActionError } from '../../upnp/types.ts';
import type { CmsClient } from '../../upnp-dm/types.ts';
import { modelErrorOf } from './error-map.ts';

/** Reads that a bad path may cost beyond the first, so that one vanished row cannot flood a small device. */
const MOST_PROBES = 24;

export interface ReadResult {
  readonly values: ReadonlyMap<string, string>;
  /** Paths that could not be read. */
  readonly errors: ReadonlyMap<string, ModelError>;
  /** True when the device does not know a path that we believed in: its structure changed. */
  readonly structureChanged: boolean;
}

/**
 * Reads leaves with as few GetValues as possible: one, unless the device refuses the list because of a path that it does not
 * know (703 names none), which is then found by halving.
 *
 * @param requests what to send: leaves, or partial paths that stand for all leaves below them
 * @param leaves every leaf that is wanted
 */
export async function readLeaves(
  client: CmsClient,
  requests: readonly string[],
  leaves: readonly string[],
  signal?: AbortSignal,
): Promise<ReadResult> {
  try {
    const values = await client.getValues(requests, signal);
    return complete(values, leaves);
  } catch (error) {
    if (!isUnknownName(error)) return allFailed(leaves, modelErrorOf(error));
  }
  return new Halving(client, signal).read(leaves);
}

class Halving {
  readonly #client: CmsClient;
  readonly #signal: AbortSignal | undefined;
  readonly #values = new Map<string, string>();
  readonly #errors = new Map<string, ModelError>();
  #probes = 0;

  constructor(client: CmsClient, signal: AbortSignal | undefined) {
    this.#client = client;
    this.#signal = signal;
  }

  async read(leaves: readonly string[]): Promise<ReadResult> {
    await this.#halve(leaves);
    return { values: this.#values, errors: this.#errors, structureChanged: true };
  }

  async #halve(leaves: readonly string[]): Promise<void> {
    if (leaves.length === 0) return;
    if (this.#probes >= MOST_PROBES) {
      this.#fail(
        leaves,
        new ModelError('retryLater', 'the device no longer knows some of the parameters asked for'),
      );
      return;
    }
    this.#probes += 1;
    try {
      const result = complete(await this.#client.getValues(leaves, this.#signal), leaves);
      for (const [path, value] of result.values) this.#values.set(path, value);
      for (const [path, error] of result.errors) this.#errors.set(path, error);
    } catch (error) {
      if (leaves.length === 1 || !isUnknownName(error)) {
        this.#fail(leaves, modelErrorOf(error));
        return;
      }
      const middle = leaves.length >> 1;
      await this.#halve(leaves.slice(0, middle));
      await this.#halve(leaves.slice(middle));
    }
  }

  #fail(leaves: readonly string[], error: ModelError): void {
    for (const leaf of leaves) this.#errors.set(leaf, error);
  }
}

/** A device filters by access rights without an error [CMS:2 2.4.8]: what is missing in the answer is unknown to us now. */
function complete(values: ReadonlyMap<string, string>, leaves: readonly string[]): ReadResult {
  const errors = new Map<string, ModelError>();
  for (const leaf of leaves) {
    if (!values.has(leaf)) {
      errors.set(leaf, new ModelError('invalidName', 'the device did not return this parameter'));
    }
  }
  return { values, errors, structureChanged: errors.size > 0 };
}

function allFailed(leaves: readonly string[], error: ModelError): ReadResult {
  return { values: new Map(), errors: new Map(leaves.map((leaf) => [leaf, error])), structureChanged: false };
}

function isUnknownName(error: unknown): boolean {
  return error instanceof ActionError && error.source === 'upnp' && error.code === 703;
}
