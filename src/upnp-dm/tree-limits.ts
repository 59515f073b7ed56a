import { isLeaf, toStructurePath } from './cms-path.ts';

/**
 * No device of a home has nearly as many; one that says it has would cost the memory and the time of all others. What is beyond
 * is left out, rows that come last first.
 */
export const MOST_LEAVES = 50_000;
export const MOST_ROWS = 50_000;
/** StructurePaths: leaves and tables, counted without their rows. */
export const MOST_STRUCTURE_PATHS = 50_000;

/** As many StructurePaths of a device as are looked at. */
export function boundStructure(structure: readonly string[]): readonly string[] {
  return structure.length <= MOST_STRUCTURE_PATHS ? structure : structure.slice(0, MOST_STRUCTURE_PATHS);
}

/** As many rows of a device as are looked at: the first ones that have no more than `MOST_LEAVES` leaves with those outside of rows. */
export function boundRows(structure: readonly string[], rows: readonly string[]): readonly string[] {
  /** Leaves of one row, without those of the tables in it, by StructurePath of the row. */
  const leavesOfRow = new Map<string, number>();
  let leaves = 0;
  for (const path of structure) {
    if (!isLeaf(path)) continue;
    const end = path.lastIndexOf('/#/');
    if (end === -1) leaves += 1;
    else leavesOfRow.set(path.slice(0, end + 3), (leavesOfRow.get(path.slice(0, end + 3)) ?? 0) + 1);
  }
  let count = 0;
  for (const row of rows) {
    leaves += leavesOfRow.get(toStructurePath(row)) ?? 0;
    if (leaves > MOST_LEAVES || count === MOST_ROWS) break;
    count += 1;
  }
  return count === rows.length ? rows : rows.slice(0, count);
}
