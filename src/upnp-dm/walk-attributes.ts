import { toStructurePath } from './cms-path.ts';
import { isRefusal } from './refusal.ts';
import { expandTables, samplePerStructure } from './tree-expansion.ts';
import type { CmsClient, NodeAttributes } from './types.ts';

/** Up to this many nodes of a kind every one is asked; above, one per StructurePath stands for all. */
const MAX_NODES_ASKED = 2000;
/** How many further actions may be spent on finding the paths for which a device refuses a whole request. */
const MAX_EXTRA_ACTIONS = 64;
const MAX_PATHS_PER_ACTION = 1000;
const NO_SUCH_NAME = 703;

export interface AttributeTargets {
  /** StructurePaths; a table is `/A/#/`. */
  readonly structure: readonly string[];
  readonly instances: readonly string[];
  /** Leaves as they stand in the device. */
  readonly leaves: readonly string[];
  /** Ask each node however many there are, 1 000 an action; default false. */
  readonly askAll?: boolean;
}

/**
 * Reads the attributes of leaves, tables (Access: can rows be created) and rows (Access: can it be deleted).
 *
 * GetAttributes takes no `#`, so instances have to be asked. Type and Access of a leaf are the same in all rows of a table in
 * practice, EventOnChange need not be: it is set per instance. Hence every instance is asked while there are at most
 * 2 000 of a kind, or when all are to be asked; else, in larger trees, the first instance of each StructurePath stands for the
 * others, except for EventOnChange, which is then unknown of those that were not asked.
 * @returns by StructurePath, and by path for each instance that differs from the first of its StructurePath; empty for a device
 * without attributes
 */
export async function readTreeAttributes(
  client: CmsClient,
  targets: AttributeTargets,
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, NodeAttributes>> {
  const tables = expandTables(targets.structure, targets.instances);
  const paths = [targets.leaves, tables, targets.instances].flatMap((kind) =>
    targets.askAll === true || kind.length <= MAX_NODES_ASKED ? kind : samplePerStructure(kind),
  );
  const attributes = new Map<string, NodeAttributes>();
  await readAttributes(client, paths, attributes, signal);
  const unanswered = new Set<string>();
  for (const leaf of targets.leaves) if (!attributes.has(leaf)) unanswered.add(toStructurePath(leaf));
  return byStructure(attributes, unanswered);
}

/**
 * Reads the attributes of these nodes. Those that are not there, and all that comes after a refusal for another reason, are missing in
 * the result.
 * @param into gets the result; what was read before a failure stays in it
 * @throws ActionError when the device does not answer, or is busy
 */
export async function readAttributes(
  client: CmsClient,
  paths: readonly string[],
  into: Map<string, NodeAttributes>,
  signal?: AbortSignal,
): Promise<void> {
  const reader = new AttributeReader(client, into, signal);
  for (let at = 0; at < paths.length && !reader.exhausted; at += MAX_PATHS_PER_ACTION) {
    await reader.read(paths.slice(at, at + MAX_PATHS_PER_ACTION));
  }
}

class AttributeReader {
  readonly #client: CmsClient;
  readonly #into: Map<string, NodeAttributes>;
  readonly #signal: AbortSignal | undefined;
  #extraActions = 0;
  /** The device does not support the action, or refuses too often. */
  exhausted = false;

  constructor(client: CmsClient, into: Map<string, NodeAttributes>, signal: AbortSignal | undefined) {
    this.#client = client;
    this.#into = into;
    this.#signal = signal;
  }

  /** A path that is not there (any more) makes a device refuse the whole request: it is found by halving. */
  async read(paths: readonly string[]): Promise<void> {
    if (this.exhausted || paths.length === 0) return;
    try {
      for (const [path, attributes] of await this.#client.getAttributes(paths, this.#signal)) {
        this.#into.set(path, attributes);
      }
    } catch (error) {
      if (!isRefusal(error)) throw error;
      if (error.code !== NO_SUCH_NAME) this.exhausted = true;
      if (this.exhausted || paths.length === 1) return;
      this.#extraActions += 2;
      if (this.#extraActions > MAX_EXTRA_ACTIONS) {
        this.exhausted = true;
        return;
      }
      const middle = Math.ceil(paths.length / 2);
      await this.read(paths.slice(0, middle));
      await this.read(paths.slice(middle));
    }
  }
}

/** @param unanswered StructurePaths of leaves of which some instance did not answer */
function byStructure(
  attributes: ReadonlyMap<string, NodeAttributes>,
  unanswered: ReadonlySet<string>,
): ReadonlyMap<string, NodeAttributes> {
  const result = new Map<string, NodeAttributes>();
  for (const [path, own] of attributes) {
    const structure = toStructurePath(path);
    let common = result.get(structure);
    if (common === undefined) {
      common = unanswered.has(structure) ? withUnknownEvents(own) : own;
      result.set(structure, common);
    }
    if (path !== structure && !sameAttributes(own, common)) result.set(path, own);
  }
  return result;
}

/** What one instance tells of another that was not asked. */
export function withUnknownEvents(attributes: NodeAttributes): NodeAttributes {
  return attributes.eventOnChange === undefined ? attributes : { ...attributes, eventOnChange: 'unknown' };
}

/** Version moves with every change of a value: it is no difference between instances. */
function sameAttributes(left: NodeAttributes, right: NodeAttributes): boolean {
  return (
    left.type === right.type &&
    left.access === right.access &&
    left.eventOnChange === right.eventOnChange &&
    left.mimeType === right.mimeType &&
    left.alarmOnChange === right.alarmOnChange
  );
}
