import { COMMON_OBJECTS, commonObjectRow, type CommonObjectRow } from './common-objects.ts';
import type { MountPlan } from './mounts.ts';

/** Largest CMS instance number that still has a CWMP counterpart (unsigned 32 bits, plus one). */
const LARGEST_CMS_INSTANCE = 4_294_967_294;

const INSTANCE = /^\d+$/;

/** `/A/0/B` → `/A/#/B`. Names cannot start with a digit, so every number in a path is an instance [CMS:2 1.5.2]. */
export function structurePathOf(cmsPath: string): string {
  return cmsPath.replace(/\/\d+(?=\/)/g, '/#');
}

/**
 * Two-way translation of paths between a device's CMS and the model of its virtual device, as a plan lays them out.
 * Instance numbers are CMS + 1 in CWMP [CMS:2 Appendix C].
 */
export class PathMapping {
  readonly #plan: MountPlan;

  constructor(plan: MountPlan) {
    this.#plan = plan;
  }

  /** The data model path of a CMS path (an object's ends with a dot). @throws RangeError for an instance number too large */
  dataPath(cmsPath: string): string {
    const common = this.#commonPath(cmsPath);
    if (common !== undefined) return common;
    for (const { location, prefix } of this.#plan.mounts) {
      if (cmsPath.startsWith(location)) return prefix + toDots(cmsPath.slice(location.length));
    }
    return this.vendorPath(cmsPath);
  }

  /** The place below the vendor object, whether or not the path has a standard place too. */
  vendorPath(cmsPath: string): string {
    return this.#plan.vendorPrefix + toDots(cmsPath.slice(1));
  }

  /**
   * The CMS path of a data model path below a mount or the vendor object; undefined elsewhere. Common Objects with a standard
   * place are not found here: nothing refers to them.
   */
  cmsPath(dataPath: string): string | undefined {
    if (dataPath.startsWith(this.#plan.vendorPrefix)) {
      return toSlashes('/', dataPath.slice(this.#plan.vendorPrefix.length));
    }
    const byPrefix = [...this.#plan.mounts].sort((a, b) => b.prefix.length - a.prefix.length);
    for (const { location, prefix } of byPrefix) {
      if (dataPath.startsWith(prefix)) return toSlashes(location, dataPath.slice(prefix.length));
    }
    return undefined;
  }

  get mountLocations(): readonly string[] {
    return this.#plan.mounts.map(({ location }) => location);
  }

  /** The standard place of a Common Object leaf in this model, if it has one. */
  commonObjectRow(structurePath: string): CommonObjectRow | undefined {
    return this.#plan.commonObjects === false ? undefined : commonObjectRow(structurePath, this.#plan.root);
  }

  get root(): string {
    return this.#plan.root;
  }

  #commonPath(cmsPath: string): string | undefined {
    if (!cmsPath.startsWith(COMMON_OBJECTS)) return undefined;
    const row = this.commonObjectRow(structurePathOf(cmsPath));
    if (row === undefined) return undefined;
    const instances = cmsPath.split('/').filter((segment) => INSTANCE.test(segment));
    const parameter = row.parameter.replace(/\{i\}/g, () => toCwmpInstance(instances.shift() ?? '0'));
    return `${this.#plan.root}.${parameter}`;
  }
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
    else if (segment === '0') return undefined;
    else converted.push(String(Number(segment) - 1));
  }
  return location + converted.join('/');
}
