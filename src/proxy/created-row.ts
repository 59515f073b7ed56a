import type { CmsClient } from '../upnp-dm/types.ts';
import type { CmsTree } from '../upnp-dm/walk.ts';
import { attributesOfRows } from './device-attributes.ts';

/** A row that a device has just created, with the rows below it that came along. */
export interface CreatedRow {
  readonly rows: readonly string[];
  readonly attributes: CmsTree['attributes'];
  readonly values: ReadonlyMap<string, string>;
}

/**
 * Reads a row that was created, with as few actions as there can be.
 * @param tree what is known of the device
 * @throws ActionError when the device does not answer, or not now
 */
export async function readCreatedRow(
  client: CmsClient,
  tree: CmsTree,
  rowPath: string,
  signal: AbortSignal,
): Promise<CreatedRow> {
  const rowStructure = rowPath.replace(/\/\d+(?=\/)/g, '/#');
  const nested = tree.structure.some(
    (path) => path.startsWith(rowStructure) && path.indexOf('#', rowStructure.length) !== -1,
  );
  const below = nested ? await client.getInstances(rowPath, 0, signal) : [];
  const values = await client.getValues([rowPath], signal);
  const rows = [...new Set([rowPath, ...below])];
  return { rows, values, attributes: await attributesOfRows(client, tree, rows, signal) };
}

/** The same row as far as it is known without the device: what it has, other rows of its table tell. */
export async function guessCreatedRow(tree: CmsTree, rowPath: string): Promise<CreatedRow> {
  const rows = [rowPath];
  return { rows, values: new Map(), attributes: await attributesOfRows(undefined, tree, rows) };
}
