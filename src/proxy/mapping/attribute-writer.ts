import { isRefusal } from '../../upnp-dm/refusal.ts';
import type { CmsClient } from '../../upnp-dm/types.ts';

/** Actions that one list may cost. */
const MOST_CALLS = 24;

export type WritableAttributes =
  Parameters<CmsClient['setAttributes']>[0] extends ReadonlyMap<string, infer T> ? T : never;

export interface WriteResult {
  /** Paths whose attributes the device acknowledged. */
  readonly taken: readonly string[];
  /** Why the others are missing, or one of them. */
  readonly error: Error | undefined;
}

/**
 * Sets attributes with one action, unless the device refuses the whole list because of a path that it cannot do it for (the error
 * names none), which is then found by halving.
 */
export async function writeAttributes(
  client: CmsClient,
  wanted: ReadonlyMap<string, WritableAttributes>,
  signal: AbortSignal,
): Promise<WriteResult> {
  const taken: string[] = [];
  let error: Error | undefined;
  // In the order of the list, halves in place of what was refused.
  const lists: (readonly string[])[] = [[...wanted.keys()]];
  for (let calls = 0; calls < MOST_CALLS; calls += 1) {
    const paths = lists.shift();
    if (paths === undefined || paths.length === 0) break;
    try {
      await client.setAttributes(new Map(paths.map((path) => [path, wanted.get(path) ?? {}])), signal);
      taken.push(...paths);
    } catch (refusal) {
      error = refusal instanceof Error ? refusal : new Error(String(refusal));
      if (!isRefusal(refusal)) break;
      const middle = paths.length >> 1;
      if (middle > 0) lists.unshift(paths.slice(0, middle), paths.slice(middle));
    }
  }
  return { taken, error };
}
