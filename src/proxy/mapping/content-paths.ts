import { slicesOf } from '../../upnp-dm/cms-request.ts';

/** Of the leaves below an object, when naming the wanted ones would take more than one action: one answer of twice the size is quicker. */
const WORTH_ASKING_FOR_ALL = 0.5;

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

  /**
   * Paths to ask for so that the answer holds every one of `leaves`, and others only where that spares actions. The root alone is
   * never asked for.
   */
  compact(leaves: readonly string[]): string[] {
    if (leaves.length < 2) return [...leaves];
    const wanted = new Map<string, number>();
    for (const leaf of leaves) countAncestors(leaf, wanted);
    const exact = this.#requests(leaves, wanted, 1);
    const [, second] = slicesOf(exact);
    return second === undefined ? exact : this.#requests(leaves, wanted, WORTH_ASKING_FOR_ALL);
  }

  /** @param share of the leaves below an object that must be wanted for it to be asked for as a whole */
  #requests(leaves: readonly string[], wanted: ReadonlyMap<string, number>, share: number): string[] {
    return [...new Set(leaves.map((leaf) => this.#widest(leaf, wanted, share)))];
  }

  #widest(leaf: string, wanted: ReadonlyMap<string, number>, share: number): string {
    for (let end = leaf.indexOf('/', 1); end !== -1; end = leaf.indexOf('/', end + 1)) {
      const object = leaf.slice(0, end + 1);
      const total = this.#totals.get(object);
      if (total !== undefined && total > 1 && (wanted.get(object) ?? 0) >= total * share) return object;
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
