import type { Scpd } from '../upnp/types.ts';

/** Requests of this size were taken by every device known; small devices buffer the whole request. */
const MAX_PATHS_PER_ACTION = 1000;
const MAX_REQUEST_LENGTH = 128 * 1024;
/** Room that one path takes in a list document besides itself. */
const PATH_OVERHEAD = 48;

/** Cuts a list of paths so that each part makes a request of a safe size. */
export function* slicesOf(paths: readonly string[]): Generator<string[], void, void> {
  let slice: string[] = [];
  let length = 0;
  for (const path of paths) {
    const pathLength = path.length + PATH_OVERHEAD;
    if (
      slice.length > 0 &&
      (slice.length === MAX_PATHS_PER_ACTION || length + pathLength > MAX_REQUEST_LENGTH)
    ) {
      yield slice;
      slice = [];
      length = 0;
    }
    slice.push(path);
    length += pathLength;
  }
  if (slice.length > 0) yield slice;
}

/** Device's own argument names in the device's order, for the standard's names; the standard's when they make no sense. */
export function wireArguments(
  standard: readonly string[],
  scpd: Scpd | undefined,
  action: string,
): readonly { readonly wire: string; readonly standard: string }[] {
  const own = scpd?.actions
    .get(action)
    ?.arguments.filter((argument) => argument.direction === 'in')
    .map((argument) => argument.name);
  if (own?.length !== standard.length) return standard.map((name) => ({ wire: name, standard: name }));
  const sameNames = own.every((name) => standard.includes(name));
  return own.map((wire, index) => ({ wire, standard: sameNames ? wire : (standard[index] ?? wire) }));
}
