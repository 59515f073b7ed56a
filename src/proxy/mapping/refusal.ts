import { ModelError } from '../../datamodel/model-error.ts';
import type { Change } from '../../datamodel/provider.ts';
import { ActionError } from '../../upnp/types.ts';
import type { CmsClient } from '../../upnp-dm/types.ts';
import { cmsLeaf } from './cms-leaf.ts';
import { readLeaves } from './cms-reader.ts';
import { modelErrorOf } from './error-map.ts';

/**
 * One fault per parameter for a refused SetValues. The device answers one code for the whole list [CMS:2 2.4.6] and applied
 * nothing; which parameter it meant is found without writing anything: names by reading them (703), access by asking for the
 * attributes (706). For a value or type that only the device knows to be wrong (704, 705) every parameter of the list is named,
 * with a text that says so.
 */
export async function refusalFaults(
  client: CmsClient,
  error: unknown,
  changes: readonly Change[],
  signal?: AbortSignal,
): Promise<ModelError[]> {
  const [first] = changes;
  if (changes.length === 1 && first !== undefined) return [modelErrorOf(error, first.parameter.path)];
  if (error instanceof ActionError && error.source === 'upnp') {
    const culprits =
      error.code === 703
        ? await unknownNames(client, changes, signal)
        : error.code === 706
          ? await readOnly(client, changes, signal)
          : [];
    if (culprits.length > 0) return culprits.map(({ parameter }) => modelErrorOf(error, parameter.path));
  }
  const whole = modelErrorOf(error);
  return changes.map(
    ({ parameter }) =>
      new ModelError(
        whole.kind,
        `${whole.message} (the device refused the whole list and did not say which parameter it meant)`,
        parameter.path,
      ),
  );
}

async function unknownNames(
  client: CmsClient,
  changes: readonly Change[],
  signal: AbortSignal | undefined,
): Promise<Change[]> {
  const leaves = changes.map(({ parameter }) => cmsLeaf(parameter).cmsPath);
  const { errors } = await readLeaves(client, leaves, leaves, signal);
  return changes.filter(({ parameter }) => errors.get(cmsLeaf(parameter).cmsPath)?.kind === 'invalidName');
}

async function readOnly(
  client: CmsClient,
  changes: readonly Change[],
  signal: AbortSignal | undefined,
): Promise<Change[]> {
  try {
    const attributes = await client.getAttributes(
      changes.map(({ parameter }) => cmsLeaf(parameter).cmsPath),
      signal,
    );
    return changes.filter(
      ({ parameter }) => attributes.get(cmsLeaf(parameter).cmsPath)?.access === 'readOnly',
    );
  } catch {
    return [];
  }
}
