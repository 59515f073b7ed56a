import { ALIAS_CONSTRAINT } from '../../device2/alias-column.ts';
import type { SupportedBeyondModel } from '../../device2/device-type/describe-model.ts';
import { hasAliases } from '../../device2/tables-without-alias.ts';
import type { CmsTree } from '../../upnp-dm/walk.ts';
import { mapTree, type Capabilities } from './map-tree.ts';
import type { MountPlan } from './mounts.ts';
import { isInOneOf, rowsAlong, structurePathOf } from './path-mapping.ts';
import { standardFlags } from './standard-flags.ts';

const ROW = /\.\d+\.$/;
const ALIAS = {
  name: 'Alias',
  type: 'string',
  writable: true,
  constraint: ALIAS_CONSTRAINT,
  canDeny: false,
} as const;

/**
 * What a device supports below tables that have no rows now: its tree is laid out once more with one row in each of them.
 * Service rows that the device does not have stay out: they have no place.
 *
 * @param withAliases rows have an Alias that this daemon keeps
 */
export function supportedBeyond(
  tree: CmsTree,
  plan: MountPlan,
  capabilities: Capabilities,
  isTaken: (path: string) => boolean,
  withAliases = false,
): SupportedBeyondModel {
  const imagined = imaginedRows(tree);
  if (imagined.size === 0) return { objects: [], parameters: [] };
  // The rows around them are needed to lay them out, all others are in the model already.
  const instances = new Set<string>();
  for (const row of imagined) for (const around of rowsAlong(row)) instances.add(around);
  const mapped = mapTree({ ...tree, instances: [...instances] }, plan, capabilities, isTaken);
  const tables = new Set(mapped.objects.filter(({ table }) => table).map(({ path }) => path));
  const inImagined = (cmsPath: string | undefined): boolean =>
    cmsPath !== undefined && isInOneOf(imagined, cmsPath);
  const aliases: SupportedBeyondModel['parameters'] = withAliases
    ? mapped.objects
        .filter(({ path, table, cmsPath }) => !table && ROW.test(path) && inImagined(cmsPath))
        .filter(({ path }) => hasAliases(path.replace(ROW, '.')))
        .map(({ path }) => ({ objectRef: toRef(path, tables), ...ALIAS }))
    : [];
  return {
    objects: mapped.objects
      .filter(({ table, cmsPath }) => table && inImagined(cmsPath))
      .map(({ path, writable }) => ({ ref: `${toRef(path, tables)}{i}.`, create: writable, remove: false }))
      .concat(
        mapped.objects
          .filter(({ table, cmsPath }) => !table && inImagined(cmsPath))
          .map(({ path, writable }) => ({ ref: toRef(path, tables), create: false, remove: writable })),
      ),
    parameters: aliases.concat(
      mapped.parameters
        .filter(({ cmsPath }) => inImagined(cmsPath))
        .map(({ path, type, writable, constraint, eventOnChange }) => {
          const end = path.lastIndexOf('.') + 1;
          const name = path.slice(end);
          return {
            objectRef: toRef(path.slice(0, end), tables),
            name,
            type,
            writable,
            constraint,
            canDeny: standardFlags(path, eventOnChange !== undefined).notification === 'canDeny',
          };
        }),
    ),
  };
}

/** One row `…/0/` for each table, nested ones included, that has none anywhere; those around come first. */
function imaginedRows(tree: CmsTree): ReadonlySet<string> {
  /** By StructurePath `/A/#/` of the row: one row that there is. */
  const rows = new Map<string, string>();
  for (const instance of tree.instances) {
    const structure = structurePathOf(instance);
    if (!rows.has(structure)) rows.set(structure, instance);
  }
  const imagined = new Set<string>();
  const structures = tree.structure
    .filter((path) => path.endsWith('/#/'))
    .sort((a, b) => a.length - b.length);
  for (const structure of structures) {
    if (rows.has(structure)) continue;
    const end = structure.lastIndexOf('/#/', structure.length - 4) + 3;
    const around = end < 3 ? '' : rows.get(structure.slice(0, end));
    if (around === undefined) continue;
    const row = `${around}${structure.slice(end < 3 ? 0 : end, -2)}0/`;
    rows.set(structure, row);
    imagined.add(row);
  }
  return imagined;
}

function toRef(path: string, tables: ReadonlySet<string>): string {
  let at = '';
  let ref = '';
  for (const name of path.split('.').slice(0, -1)) {
    ref += `${tables.has(at) ? '{i}' : name}.`;
    at += `${name}.`;
  }
  return ref;
}
