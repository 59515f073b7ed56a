import { isLeaf, toStructurePath } from './cms-path.ts';

/** StructurePath of a row, `/A/#/` -> its rows. */
export function groupRows(instances: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, string[]>();
  for (const instance of instances) {
    const structure = toStructurePath(instance);
    const rows = groups.get(structure);
    if (rows === undefined) groups.set(structure, [instance]);
    else rows.push(instance);
  }
  return groups;
}

/** Every leaf of `structure` in every row there is, in the order of `structure`. */
export function expandLeaves(structure: readonly string[], instances: readonly string[]): string[] {
  const groups = groupRows(instances);
  const leaves: string[] = [];
  for (const path of structure) {
    if (!isLeaf(path)) continue;
    const end = path.lastIndexOf('/#/');
    if (end < 0) {
      leaves.push(path);
      continue;
    }
    const suffix = path.slice(end + 3);
    for (const row of groups.get(path.slice(0, end + 3)) ?? []) leaves.push(row + suffix);
  }
  return leaves;
}

/** Every table of `structure` (given as `/A/#/`) as it stands in the device: `/A/`, and `/A/0/B/`, `/A/1/B/` for a nested one. */
export function expandTables(structure: readonly string[], instances: readonly string[]): string[] {
  const tables = structure.filter((path) => path.endsWith('/#/')).map((path) => path.slice(0, -2));
  // A table stands in its object as a leaf does: its name without the slash is expanded the same way.
  return expandLeaves(
    tables.map((table) => table.slice(0, -1)),
    instances,
  ).map((table) => `${table}/`);
}

/** The first of all paths that share a StructurePath. */
export function samplePerStructure(paths: readonly string[]): string[] {
  const samples = new Map<string, string>();
  for (const path of paths) {
    const structure = toStructurePath(path);
    if (!samples.has(structure)) samples.set(structure, path);
  }
  return [...samples.values()];
}
