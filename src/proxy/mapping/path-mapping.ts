import { isInstanceNumber } from '../../datamodel/path.ts';
import {
  COMMON_OBJECT_ROWS,
  COMMON_OBJECTS,
  commonObjectRow,
  type CommonObjectRow,
} from './common-objects.ts';
import type { MountPlan } from './mounts.ts';

/** Largest CMS instance number that still has a CWMP counterpart (unsigned 32 bits, plus one). */
const LARGEST_CMS_INSTANCE = 4_294_967_294;

const INSTANCE = /^\d+$/;

/** `/A/0/B` → `/A/#/B`. Names cannot start with a digit, so every number in a path is an instance [CMS:2 1.5.2]. */
export function structurePathOf(cmsPath: string): string {
  return cmsPath.replace(/\/\d+(?=\/)/g, '/#');
}

/** The rows that a CMS path leads through, from the outermost one; a row's own path included. */
export function rowsAlong(cmsPath: string): string[] {
  return Array.from(cmsPath.matchAll(/\/\d+(?=\/)/g), (match) =>
    cmsPath.slice(0, match.index + match[0].length + 1),
  );
}

/** Whether a CMS path is one of these rows, or below one. */
export function isInOneOf(rows: ReadonlySet<string>, cmsPath: string): boolean {
  return rows.size > 0 && rowsAlong(cmsPath).some((row) => rows.has(row));
}

/** What does not belong to one of these rows, by CMS path. */
export function withoutRows<T>(
  entries: ReadonlyMap<string, T>,
  rows: ReadonlySet<string>,
): ReadonlyMap<string, T> {
  return new Map([...entries].filter(([path]) => !isInOneOf(rows, path)));
}

/**
 * Two-way translation of paths between a device's CMS and the model of its virtual device, as a plan lays them out.
 * Instance numbers are CMS + 1 in CWMP [CMS:2 Appendix C].
 */
export class PathMapping {
  readonly #plan: MountPlan;
  readonly #prefixes: ReadonlyMap<string, string>;
  readonly #displaced: ReadonlySet<CommonObjectRow>;
  /** Tables, rows and leaves of Common Objects with a standard place: the path below the root, by StructurePath. */
  readonly #commonPlaces: ReadonlyMap<string, string>;
  /** CMS tables that stand below the vendor object although a mount would hold them. */
  readonly #aside = new Set<string>();

  /** @param structure StructurePaths of the device, of leaves, objects, tables and rows */
  constructor(plan: MountPlan, structure: ReadonlySet<string> = new Set()) {
    this.#plan = plan;
    this.#prefixes = new Map(plan.mounts.map(({ location, prefix }) => [location, prefix]));
    this.#displaced = displacedRows(plan, structure);
    this.#commonPlaces = commonPlaces(
      COMMON_OBJECT_ROWS.filter(({ cms }) => structure.has(COMMON_OBJECTS + cms)).filter(
        ({ cms }) => this.commonObjectRow(COMMON_OBJECTS + cms) !== undefined,
      ),
    );
  }

  /** The data model path of a CMS path (an object's ends with a dot). @throws RangeError for an instance number too large */
  dataPath(cmsPath: string): string {
    const common = this.#commonPath(cmsPath);
    if (common !== undefined) return common;
    for (let end = cmsPath.lastIndexOf('/'); end !== -1; end = cmsPath.lastIndexOf('/', end - 1)) {
      const location = cmsPath.slice(0, end + 1);
      if (this.#aside.has(location) && /^(?:$|\d)/.test(cmsPath.slice(location.length))) break;
      const prefix = this.#prefixes.get(location);
      if (prefix !== undefined) return prefix + toDots(cmsPath.slice(location.length));
      if (end === 0) break;
    }
    return this.vendorPath(cmsPath);
  }

  /** The place below the vendor object, whether or not the path has a standard place too. */
  vendorPath(cmsPath: string): string {
    return this.#plan.vendorPrefix + toDots(cmsPath.slice(1));
  }

  /**
   * The data model path that a reference to a CMS path reads as. Not always its `dataPath`: rows of Common Objects may have leaves
   * without a standard place, which stand below the vendor object, yet what refers to such a row means the standard one.
   * @throws RangeError for an instance number too large
   */
  referredPath(cmsPath: string): string {
    const place = this.#commonPlaces.get(structurePathOf(cmsPath));
    return place === undefined ? this.dataPath(cmsPath) : this.#placeFor(cmsPath, place);
  }

  /** From now on a CMS table and its rows, with all that is in them, stand below the vendor object: their standard place is taken. */
  moveAside(tablePath: string): void {
    this.#aside.add(tablePath);
  }

  /**
   * The CMS path of a data model path below a mount or the vendor object, or of a Common Object at its standard place; undefined
   * elsewhere.
   *
   * @param exists whether the device has something at a CMS path: two mounts may share a place
   */
  cmsPath(dataPath: string, exists: (cmsPath: string) => boolean = () => true): string | undefined {
    if (dataPath.startsWith(this.#plan.vendorPrefix)) {
      const found = toSlashes('/', dataPath.slice(this.#plan.vendorPrefix.length));
      return found !== undefined && exists(found) ? found : undefined;
    }
    const common = this.#commonCmsPath(dataPath);
    if (common !== undefined && exists(common)) return common;
    const byPrefix = [...this.#plan.mounts].sort((a, b) => b.prefix.length - a.prefix.length);
    for (const { location, prefix } of byPrefix) {
      if (!dataPath.startsWith(prefix)) continue;
      const found = toSlashes(location, dataPath.slice(prefix.length));
      if (found !== undefined && exists(found) && this.dataPath(found) === dataPath) return found;
    }
    return undefined;
  }

  get mountLocations(): readonly string[] {
    return this.#plan.mounts.map(({ location }) => location);
  }

  /** The standard place of a Common Object leaf in this model, if it has one that no root model of the device fills. */
  commonObjectRow(structurePath: string): CommonObjectRow | undefined {
    if (this.#plan.commonObjects === false) return undefined;
    const row = commonObjectRow(structurePath, this.#plan.root);
    return row === undefined || this.#displaced.has(row) ? undefined : row;
  }

  get root(): string {
    return this.#plan.root;
  }

  #commonPath(cmsPath: string): string | undefined {
    if (!cmsPath.startsWith(COMMON_OBJECTS)) return undefined;
    const row = this.commonObjectRow(structurePathOf(cmsPath));
    return row && this.#placeFor(cmsPath, row.parameter);
  }

  #placeFor(cmsPath: string, place: string): string {
    const instances = cmsPath.split('/').filter((segment) => INSTANCE.test(segment));
    const path = place.replace(/\{i\}/g, () => toCwmpInstance(instances.shift() ?? '0'));
    return `${this.#plan.root}.${path}`;
  }

  #commonCmsPath(dataPath: string): string | undefined {
    const start = `${this.#plan.root}.`;
    if (!dataPath.startsWith(start)) return undefined;
    for (const [structurePath, place] of this.#commonPlaces) {
      const instances = instancesAt(place, dataPath.slice(start.length));
      if (instances === undefined) continue;
      return structurePath.replace(/#/g, () => String(Number(instances.shift()) - 1));
    }
    return undefined;
  }
}

/**
 * The Common Objects whose standard place the device's own root model fills: what that says of the device is the better account,
 * and rows of one table must not come from two.
 */
function displacedRows(plan: MountPlan, structure: ReadonlySet<string>): ReadonlySet<CommonObjectRow> {
  const isFilled = (path: string): boolean =>
    plan.mounts.some(({ location, prefix }) => {
      if (prefix.startsWith(path)) return structure.has(location);
      if (!path.startsWith(prefix)) return false;
      const below = path.slice(prefix.length).replaceAll('.', '/').replaceAll('{i}', '#');
      return structure.has(location + below);
    });
  return new Set(COMMON_OBJECT_ROWS.filter((row) => isFilled(`${plan.root}.${row.family ?? row.parameter}`)));
}

/** The places of these rows' leaves, and of the tables and rows that they are in: where the StructurePath has `#`, the place has `{i}`. */
function commonPlaces(rows: readonly CommonObjectRow[]): ReadonlyMap<string, string> {
  const places = new Map<string, string>();
  for (const { cms, parameter } of rows) {
    const structurePath = COMMON_OBJECTS + cms;
    places.set(structurePath, parameter);
    const numbers = [...parameter.matchAll(/\{i\}\./g)];
    for (const [index, { index: end }] of [...structurePath.matchAll(/#\//g)].entries()) {
      const number = numbers[index];
      if (number === undefined) break;
      places.set(structurePath.slice(0, end), parameter.slice(0, number.index));
      places.set(structurePath.slice(0, end + 2), parameter.slice(0, number.index + number[0].length));
    }
  }
  return places;
}

/** The instance numbers that `path` has where `place` has `{i}`; undefined when it is another place. */
function instancesAt(place: string, path: string): string[] | undefined {
  const names = path.split('.');
  const wanted = place.split('.');
  const isThere = wanted.every((name, index) =>
    name === '{i}' ? isInstanceNumber(names[index] ?? '') : names[index] === name,
  );
  if (!isThere || names.length !== wanted.length) return undefined;
  return names.filter((_, index) => wanted[index] === '{i}');
}

function toCwmpInstance(cmsInstance: string): string {
  const number = Number(cmsInstance);
  if (number > LARGEST_CMS_INSTANCE)
    throw new RangeError(`instance number ${cmsInstance} has no CWMP counterpart`);
  return String(number + 1);
}

function toDots(cmsRelative: string): string {
  return cmsRelative
    .split('/')
    .map((segment) => (INSTANCE.test(segment) ? toCwmpInstance(segment) : segment))
    .join('.');
}

function toSlashes(location: string, dataRelative: string): string | undefined {
  const segments = dataRelative.split('.');
  const converted: string[] = [];
  for (const segment of segments) {
    if (!INSTANCE.test(segment)) converted.push(segment);
    else if (isInstanceNumber(segment)) converted.push(String(Number(segment) - 1));
    else return undefined;
  }
  return location + converted.join('/');
}
