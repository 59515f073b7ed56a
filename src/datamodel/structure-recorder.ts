import type { StructureChange } from './changes.ts';
import { Listeners } from './listeners.ts';
import type { DataNode } from './node.ts';

/**
 * Gathers what comes and goes in one tick: a synchronisation adds a thousand parameters, and listeners want one call. What comes
 * and goes in one piece of sliced work is one change too: what is put in the place of something else has not gone.
 */
export class StructureRecorder {
  readonly #listeners: Listeners<StructureChange>;
  readonly #find: (path: string) => DataNode | undefined;
  readonly #isChanging: () => boolean;
  #added = new Set<DataNode>();
  #removed = new Set<string>();
  #scheduled = false;

  /** @param isChanging the change goes on: `flush` will be called at its end */
  constructor(
    find: (path: string) => DataNode | undefined,
    isChanging: () => boolean,
    onListenerError: (error: unknown) => void,
  ) {
    this.#find = find;
    this.#isChanging = isChanging;
    this.#listeners = new Listeners(onListenerError);
  }

  onChange(listener: (change: StructureChange) => void): () => void {
    return this.#listeners.add(listener);
  }

  added(node: DataNode): void {
    if (this.#listeners.size === 0) return;
    this.#added.add(node);
    this.#schedule();
  }

  removed(node: DataNode): void {
    if (this.#listeners.size === 0) return;
    if (!this.#added.delete(node)) this.#removed.add(node.path);
    this.#schedule();
  }

  /** Tells what was gathered, if anything was. */
  flush(): void {
    const added: string[] = [];
    for (const node of this.#added) {
      const below = node.parent !== undefined && this.#added.has(node.parent);
      if (!below && this.#find(node.path) === node) added.push(node.path);
    }
    const removed = topmost(this.#removed);
    this.#added = new Set();
    this.#removed = new Set();
    this.#scheduled = false;
    if (added.length > 0 || removed.length > 0) this.#listeners.notify({ added, removed });
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      if (!this.#isChanging()) this.flush();
    });
  }
}

function topmost(paths: Iterable<string>): string[] {
  const kept: string[] = [];
  // Sorted, whatever is below an object follows it.
  for (const path of [...paths].sort()) {
    const above = kept.at(-1);
    if (above?.endsWith('.') !== true || !path.startsWith(above)) kept.push(path);
  }
  return kept;
}
