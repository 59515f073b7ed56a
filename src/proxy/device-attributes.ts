import { toStructurePath } from '../upnp-dm/cms-path.ts';
import { expandLeaves, expandTables } from '../upnp-dm/tree-expansion.ts';
import type { CmsClient, NodeAttributes } from '../upnp-dm/types.ts';
import { readTreeAttributes, withUnknownEvents } from '../upnp-dm/walk-attributes.ts';
import type { CmsTree } from '../upnp-dm/walk.ts';
import { isInOneOf, withoutRows } from './mapping/path-mapping.ts';

/** What a device said of its nodes, looked up as `CmsTree.attributes` says. */
type Attributes = CmsTree['attributes'];

/**
 * The attributes of `read`, with those of tables that have lost their rows as they were `before`: GetAttributes takes instances only.
 */
export function withRemembered(
  { structure, attributes }: CmsTree,
  before: Attributes | undefined,
): Attributes {
  const remembered = new Map(attributes);
  for (const path of attributes.size === 0 ? [] : structure) {
    const known = before?.get(path);
    if (known !== undefined && !remembered.has(path)) remembered.set(path, known);
  }
  return remembered;
}

/**
 * What is to be known of rows that came. The first row of a table tells what its leaves are; whether they raise events each row
 * tells for itself.
 * @param client asked what nobody knows yet; undefined while the device is away
 * @throws ActionError when the device does not answer
 */
export async function attributesOfRows(
  client: CmsClient | undefined,
  { structure, attributes }: CmsTree,
  rows: readonly string[],
  signal?: AbortSignal,
): Promise<Attributes> {
  if (attributes.size === 0) return attributes;
  const added = expandLeaves(structure, rows).filter(isInRow);
  const unknown = added.filter((path) => !attributes.has(toStructurePath(path)));
  const evented = [...added, ...expandTables(structure, rows).filter(isInRow)];
  const known = evented.flatMap((path): [string, NodeAttributes][] => {
    const first = attributes.get(toStructurePath(path));
    return first?.eventOnChange === undefined ? [] : [[path, withUnknownEvents(first)]];
  });
  if (client === undefined || unknown.length === 0) return new Map(known);
  const tables = [...new Set(rows.map(toStructurePath))];
  const below = structure.filter((path) => tables.some((table) => path.startsWith(table)));
  const targets = { structure: below, instances: rows, leaves: unknown };
  const learned = await readTreeAttributes(client, targets, signal);
  return new Map([...learned, ...known]);
}

/**
 * `tree` with rows that came, and without those that went. It may have changed while the device was asked for them: what it says
 * of other nodes stays.
 * @param attributes of the rows that came
 */
export function withRows(
  tree: CmsTree,
  came: readonly string[],
  attributes: Attributes,
  gone: ReadonlySet<string>,
): CmsTree {
  const there = new Set(tree.instances);
  const added = new Set(came.filter((row) => !there.has(row)));
  const merged = new Map(tree.attributes);
  for (const [path, value] of attributes) {
    if (!merged.has(path) || isInOneOf(added, path)) merged.set(path, value);
  }
  const kept = tree.instances.filter((row) => !gone.has(row));
  return { ...tree, instances: [...kept, ...added], attributes: withoutRows(merged, gone) };
}

/**
 * The attributes of `known`, with what nodes say now of their events; the others of theirs stay. Nodes that are alike share one
 * object: there may be tens of thousands.
 * @param events by path
 */
export function withEvents(
  known: Attributes,
  events: ReadonlyMap<string, NonNullable<NodeAttributes['eventOnChange']>>,
): Attributes {
  const attributes = new Map(known);
  const variants = new Map<unknown, Map<NodeAttributes | undefined, NodeAttributes>>();
  for (const [path, eventOnChange] of events) {
    const own = attributes.get(path) ?? attributes.get(toStructurePath(path));
    if (own?.eventOnChange === eventOnChange) continue;
    const alike = variants.get(eventOnChange) ?? new Map<NodeAttributes | undefined, NodeAttributes>();
    variants.set(eventOnChange, alike);
    const changed = alike.get(own) ?? { ...own, eventOnChange };
    alike.set(own, changed);
    attributes.set(path, changed);
  }
  return attributes;
}

function isInRow(path: string): boolean {
  return /\/\d+\//.test(path);
}
