import { printable } from './output.ts';

const GAP = '  ';

/**
 * Left-aligned columns under a head.
 * @param columns the last column is cut to fit this width; undefined: nothing is cut
 */
export function formatTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  columns: number | undefined,
): string {
  const lines = [head, ...rows].map((row) => row.map(printable));
  const widths = head.map((_, index) => Math.max(...lines.map((row) => (row[index] ?? '').length)));
  return lines
    .map((row) => {
      const line = row
        .map((cell, index) => cell.padEnd(widths[index] ?? 0))
        .join(GAP)
        .trimEnd();
      return `${columns !== undefined && line.length > columns ? `${line.slice(0, columns - 1)}…` : line}\n`;
    })
    .join('');
}
