/**
 * Paths of the CMS data model [CMS:2 2.1]. `/` is the root; names of objects, tables and instances end with a slash, a leaf does not.
 * An instance is a decimal number, so it can never be mistaken for a name; `#` stands for any instance in a StructurePath.
 */

/** CWMP counts instances from 1: the mapping adds one, so the highest unsignedInt itself would not fit. */
const HIGHEST_INSTANCE = 4294967294;
const MAX_PATH_LENGTH = 1024;

/** NCName without `.` and `:`. The standard bars `-` too, but it does no harm, so a device that uses it is not refused. */
const NODE_NAME = /^[\p{L}_][\p{L}\p{N}\p{M}_-]*$/u;
const INSTANCE_NAME = /^(?:0|[1-9]\d{0,9})$/;
const INSTANCE_SEGMENTS = /\/\d+(?=\/|$)/g;

/** White space as xs:token wants it: trimmed, inner runs as one space. */
export function collapseToken(text: string): string {
  return text.trim().replace(/\s+/g, ' ');
}

/** True when the path names a leaf (a parameter). */
export function isLeaf(path: string): boolean {
  return !path.endsWith('/');
}

/** True when the path names one row of a table: `/A/B/3/`. */
export function isInstancePath(path: string): boolean {
  return !isLeaf(path) && isInstanceName(lastNameOf(path));
}

/** True for the decimal number of an instance, 0 to 4294967294, without leading zeros. */
export function isInstanceName(name: string): boolean {
  return INSTANCE_NAME.test(name) && Number(name) <= HIGHEST_INSTANCE;
}

/** The last name: `C` of `/A/C` and of `/A/C/`; empty for the root. */
export function lastNameOf(path: string): string {
  const end = isLeaf(path) ? path.length : path.length - 1;
  return path.slice(path.lastIndexOf('/', end - 1) + 1, end);
}

/** The object that holds the node, with its final slash; undefined for the root. */
export function parentOf(path: string): string | undefined {
  if (path === '/' || path === '') return undefined;
  const end = isLeaf(path) ? path.length : path.length - 1;
  return path.slice(0, path.lastIndexOf('/', end - 1) + 1);
}

/** `/A/` and `B/C` make `/A/B/C`; a missing or doubled slash in between does not matter. */
export function joinPath(base: string, relative: string): string {
  return `${base.endsWith('/') ? base : `${base}/`}${relative.startsWith('/') ? relative.slice(1) : relative}`;
}

/** `/A/3/B` becomes `/A/#/B`. A StructurePath stays as it is. */
export function toStructurePath(path: string): string {
  return path.replace(INSTANCE_SEGMENTS, '/#');
}

/** True when `path` is `base` or lies below it. */
export function isWithin(path: string, base: string): boolean {
  return path === base || (!isLeaf(base) && path.startsWith(base));
}

export type CmsPathStyle = 'instance' | 'structure';

/** Why a path cannot be used, or undefined when it can. `structure` wants `#`, `instance` wants numbers. */
export function pathProblem(path: string, style: CmsPathStyle): string | undefined {
  if (path.length > MAX_PATH_LENGTH) return `longer than ${MAX_PATH_LENGTH} characters`;
  if (!path.startsWith('/')) return 'does not start with a slash';
  if (path === '/') return undefined;
  const segments = path.slice(1, isLeaf(path) ? undefined : -1).split('/');
  for (const [index, segment] of segments.entries()) {
    const instance = style === 'structure' ? segment === '#' : isInstanceName(segment);
    if (!instance && !NODE_NAME.test(segment)) return `has the bad name "${segment.slice(0, 64)}"`;
    if (!instance) continue;
    const before = segments[index - 1];
    if (before === undefined || before === '#' || isInstanceName(before))
      return 'has an instance outside a table';
    if (index === segments.length - 1 && isLeaf(path)) return 'has an instance in place of a parameter';
  }
  return undefined;
}

/**
 * Repairs the slips that devices make: white space, no leading slash, no slash after a final instance or `#`, and
 * instance numbers in place of `#` when a StructurePath is wanted. The result may still be a bad path.
 */
export function repairPath(text: string, style: CmsPathStyle): string {
  let path = collapseToken(text);
  if (!path.startsWith('/')) path = `/${path}`;
  if (/\/(?:#|\d+)$/.test(path)) path += '/';
  return style === 'structure' ? toStructurePath(path) : path;
}
