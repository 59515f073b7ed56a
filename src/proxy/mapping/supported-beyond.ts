import { ALIAS_CONSTRAINT } from '../../device2/alias-column.ts';
import type { SupportedBeyondModel } from '../../device2/device-type/describe-model.ts';
import { hasAliases } from '../../device2/tables-without-alias.ts';
import type { CmsTree } from '../../upnp-dm/walk.ts';
import { mapTree, type Capabilities } from './map-tree.ts';
import type { MountPlan } from './mounts.ts';

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
  reserved: (path: string) => boolean,
  withAliases = false,
): SupportedBeyondModel {
  const imagined = imaginedRows(tree);
  if (imagined.length === 0) return { objects: [], parameters: [] };
  const mapped = mapTree(
    { ...tree, instances: [...tree.instances, ...imagined] },
    plan,
    capabilities,
    reserved,
  );
  const tables = new Set(mapped.objects.filter(({ table }) => table).map(({ path }) => path));
  const rows = new Set(imagined);
  const inImagined = (cmsPath: string | undefined): boolean =>
    cmsPath !== undefined && [...rows].some((row) => cmsPath.startsWith(row));
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
        .map(({ path, type, writable, constraint }) => {
          const end = path.lastIndexOf('.') + 1;
          const name = path.slice(end);
          return {
            objectRef: toRef(path.slice(0, end), tables),
            name,
            type,
            writable,
            constraint,
            canDeny: false,
          };
        }),
    ),
  };
}

/** One row `…/0/` for each table, nested ones included, that has none. */
function imaginedRows(tree: CmsTree): string[] {
  const known = new Set(tree.instances.map((instance) => instance.replace(/\d+\/$/, '')));
  const imagined: string[] = [];
  const rows = [...tree.structure].filter((path) => path.endsWith('/#/')).sort((a, b) => a.length - b.length);
  for (const row of rows) {
    for (const table of tablesAt(row.slice(0, -2), [...tree.instances, ...imagined])) {
      if (!known.has(table)) imagined.push(`${table}0/`);
    }
  }
  return imagined;
}

/** The concrete paths of a table, one for each row that it is nested in. */
function tablesAt(structurePath: string, instances: readonly string[]): string[] {
  const end = structurePath.lastIndexOf('/#/');
  if (end === -1) return [structurePath];
  const pattern = new RegExp(`^${escapePattern(structurePath.slice(0, end + 3)).replaceAll('#', '\\d+')}$`);
  return instances.filter((path) => pattern.test(path)).map((path) => path + structurePath.slice(end + 3));
}

function escapePattern(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
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
