import type { SubTree } from '../../upnp-dm/types.ts';
import { planMounts, type Mount, type MountPlan } from '../mapping/mounts.ts';

/** A service model of a device: a table of its own, whose rows become rows of the proxier's table. */
export interface ServiceTable {
  /** CMS path of the table, ends with a slash. */
  readonly location: string;
  /** Name of the Service Object, e.g. `StorageService`. */
  readonly objectName: string;
}

/** The service models that a device has by what it says of itself, or by what its structure shows. */
export function serviceTablesOf(
  subTrees: readonly SubTree[],
  structure: readonly string[],
): readonly ServiceTable[] {
  const { mounts } = planMounts(subTrees, structure, '000000');
  return mounts.flatMap(({ location, prefix }) => {
    const objectName = /\.Services\.([A-Za-z0-9_]+)\.$/.exec(prefix)?.[1];
    const isTable = structure.some((path) => path.startsWith(`${location}#/`));
    return objectName === undefined || !isTable ? [] : [{ location, objectName }];
  });
}

/** The CMS paths of the rows of the service models among `instances`, with the table each belongs to. */
export function serviceRowsOf(
  tables: readonly ServiceTable[],
  instances: readonly string[],
): readonly { readonly cmsPath: string; readonly objectName: string }[] {
  return tables.flatMap(({ location, objectName }) =>
    instances.flatMap((cmsPath) => {
      const isRow = cmsPath.startsWith(location) && /^\d+\/$/.test(cmsPath.slice(location.length));
      return isRow ? [{ cmsPath, objectName }] : [];
    }),
  );
}

/**
 * Places an embedded device in the proxier's model: its service rows where they were given room, everything else, Common
 * Objects and root models included, by its CMS path below the device's row of the vendor table.
 * @param rowMounts the places of its service rows
 * @param vendorRow path of its row in the vendor table, with final dot
 */
export function planEmbedded(
  tables: readonly ServiceTable[],
  rowMounts: readonly Mount[],
  vendorRow: string,
): MountPlan {
  return {
    root: 'Device',
    rootDataModelVersion: undefined,
    mounts: [...rowMounts].sort((a, b) => b.location.length - a.location.length),
    vendorPrefix: vendorRow,
    commonObjects: false,
    sharedTables: tables.map(({ location }) => location),
  };
}
