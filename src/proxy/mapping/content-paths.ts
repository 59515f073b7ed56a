/**
 * Shortens the path list of a GetValues: where all known leaves below an object are wanted, one partial path asks for them all.
 * A device answers a partial path with its whole sub-tree [CMS:2 2.4.4], so this saves bytes and parsing on small devices.
 */
export class ContentPaths {
  /** Known leaves below each object path. */
  readonly #totals = new Map<string, number>();

  constructor(leaves: Iterable<string>) {
    for (const leaf of leaves) countAncestors(leaf, this.#totals);
  }

  /** Paths to ask for so that the answer holds every one of `leaves`. The root alone is never asked for. */
  compact(leaves: readonly string[]): string[] {
    if (leaves.length < 2) return [...leaves];
    const wanted = new Map<string, number>();
    for (const leaf of leaves) countAncestors(leaf, wanted);
    const result = new Set<string>();
    for (const leaf of leaves) result.add(this.#widest(leaf, wanted));
    return [...result];
  }

  #widest(leaf: string, wanted: ReadonlyMap<string, number>): string {
    for (let end = leaf.indexOf('/', 1); end !== -1; end = leaf.indexOf('/', end + 1)) {
      const object = leaf.slice(0, end + 1);
      const total = this.#totals.get(object);
      if (total !== undefined && total > 1 && wanted.get(object) === total) return object;
    }
    return leaf;
  }
}

function countAncestors(leaf: string, counts: Map<string, number>): void {
  for (let end = leaf.indexOf('/', 1); end !== -1; end = leaf.indexOf('/', end + 1)) {
    const object = leaf.slice(0, end + 1);
    counts.set(object, (counts.get(object) ?? 0) + 1);
  }
}
