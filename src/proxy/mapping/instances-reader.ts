import { ActionError } from '../../upnp/types.ts';
import { boundRows } from '../../upnp-dm/tree-limits.ts';
import type { CmsClient } from '../../upnp-dm/types.ts';
import { rowsAlong, type CmsTree } from '../../upnp-dm/walk.ts';
import { modelErrorOf } from './error-map.ts';

/**
 * The rows that a device has now. A device that refuses `/` is asked for one table after the other; of those that it refuses the
 * rows are believed to be what they were.
 *
 * @param tables CMS paths of the outermost tables
 * @throws ActionError when it does not answer, or not now
 */
export async function readInstances(
  client: CmsClient,
  { structure, instances }: Pick<CmsTree, 'structure' | 'instances'>,
  tables: Iterable<string>,
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const found = new Set<string>();
  const ask = async (start: string): Promise<boolean> => {
    try {
      for (const path of await client.getInstances(start, 0, signal)) found.add(path);
      return true;
    } catch (error) {
      if (!isFinalRefusal(error)) throw error;
      return false;
    }
  };
  if (!(await ask('/'))) {
    for (const table of tables) {
      if (await ask(table)) continue;
      for (const instance of instances) if (instance.startsWith(table)) found.add(instance);
    }
  }
  return boundRows(structure, [...rowsAlong(found)]);
}

/** Whether the device will say the same when it is asked again. */
function isFinalRefusal(error: unknown): boolean {
  return error instanceof ActionError && error.source === 'upnp' && modelErrorOf(error).kind !== 'retryLater';
}
