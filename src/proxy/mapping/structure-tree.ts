/** The StructurePaths of a device as a tree. */
export interface StructureNode {
  readonly children: Map<string, StructureNode>;
  leaf: boolean;
}

/** A device's structure, taken apart once so that no question about it costs a search. */
export class StructureTree {
  readonly root: StructureNode = { children: new Map(), leaf: false };
  /** StructurePaths of every leaf, object, table (`/A/`) and row (`/A/#/`). */
  readonly paths = new Set<string>(['/']);
  /** Leaves of the name of an object. */
  readonly hiddenLeaves = new Set<string>();

  constructor(structure: readonly string[]) {
    for (const path of structure) this.#add(path);
  }

  #add(path: string): void {
    let node = this.root;
    for (let start = 1; start < path.length;) {
      const slash = path.indexOf('/', start);
      const isLast = slash === -1;
      const end = isLast ? path.length : slash + 1;
      this.paths.add(path.slice(0, end));
      const name = path.slice(start, isLast ? end : slash);
      let child = node.children.get(name);
      if (child === undefined) {
        child = { children: new Map(), leaf: isLast };
        node.children.set(name, child);
      }
      // A name that stands for a leaf and for an object is the object's.
      if (child.leaf !== isLast) {
        child.leaf = false;
        this.hiddenLeaves.add(path.slice(0, isLast ? end : slash));
      }
      node = child;
      start = end;
    }
  }
}
