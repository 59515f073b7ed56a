/** Data model paths [TR-106 3]: objects end with a dot, parameters do not, rows are named by instance numbers. */
export interface ParsedPath {
  /** From the root's name down. Empty for the empty path, which means the whole model. */
  readonly names: readonly string[];
  /** Ends with a dot (or is empty): an object or a partial path. */
  readonly isObject: boolean;
}

/** Characters of a name [TR-069 A.3.2.1]: a longer one would make every envelope that holds it invalid. */
export const LONGEST_PATH = 256;
const LARGEST_INSTANCE_NUMBER = 4_294_967_295;
/** An NCName [TR-106 3.1] without dots; the names of a CMS follow the same rule [CMS:2 2.1]. */
const ELEMENT_NAME = /^[\p{L}_][\p{L}\p{N}\p{M}_-]*$/u;
const INSTANCE_NUMBER = /^[1-9][0-9]{0,9}$/;

/** An instance number is 1 or more, without sign or leading zeros, in 32 bits [TR-106 3.2]. */
export function isInstanceNumber(name: string): boolean {
  return INSTANCE_NUMBER.test(name) && Number(name) <= LARGEST_INSTANCE_NUMBER;
}

/** The name of an object or parameter, or an instance number. `[alias]`, `*` and `{i}` are none. */
export function isPathName(name: string): boolean {
  return ELEMENT_NAME.test(name) || isInstanceNumber(name);
}

/** Whether `path` is a partial path: empty or with a dot at its end. */
export function isObjectPath(path: string): boolean {
  return path === '' || path.endsWith('.');
}

/** Undefined when `path` is not well formed. Instance aliases are none of its names: who speaks with the ACS resolves them first. */
export function parsePath(path: string): ParsedPath | undefined {
  if (path === '') return { names: [], isObject: true };
  if (path.length > LONGEST_PATH) return undefined;
  const names = path.split('.');
  const isObject = names.at(-1) === '';
  if (isObject) names.pop();
  if (names.length === 0 || !names.every(isPathName)) return undefined;
  return { names, isObject };
}

/** The object that holds `path` ("" for a root): `Device.A.1.B` and `Device.A.1.B.` are both in `Device.A.1.`. */
export function parentPath(path: string): string {
  const end = path.endsWith('.') ? path.length - 2 : path.length - 1;
  return path.slice(0, path.lastIndexOf('.', end) + 1);
}
