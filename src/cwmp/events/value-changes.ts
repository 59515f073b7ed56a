/** A parameter whose new value the ACS has not been told. */
export interface PendingChange {
  readonly path: string;
  /** Opens a session by itself (active notification); otherwise it waits for one [TR-069 3.7.1.5]. */
  readonly active: boolean;
  /** As reported by the model; undefined after a restart. */
  readonly value: string | undefined;
}

/** An Inform lists every change: more than this would be a flood, and the ACS has to walk anyway. */
const MAX_PENDING_CHANGES = 4096;

/** The parameters with notification 1 or 2 that changed since the last Inform the ACS took. */
export class ValueChanges {
  #pending = new Map<string, PendingChange>();

  constructor(stored: readonly { readonly path: string; readonly active: boolean }[] = []) {
    for (const { path, active } of stored) this.#pending.set(path, { path, active, value: undefined });
  }

  /** @returns whether a session is wanted that was not wanted before */
  add(path: string, active: boolean, value: string): boolean {
    const known = this.#pending.get(path);
    if (known === undefined && this.#pending.size >= MAX_PENDING_CHANGES) return false;
    const wanted = this.hasActive;
    this.#pending.set(path, { path, active: active || known?.active === true, value });
    return active && !wanted;
  }

  get size(): number {
    return this.#pending.size;
  }

  get hasActive(): boolean {
    for (const change of this.#pending.values()) if (change.active) return true;
    return false;
  }

  list(): PendingChange[] {
    return [...this.#pending.values()];
  }

  /** Forgets `sent`, except what changed again since it was listed. */
  delivered(sent: readonly PendingChange[]): void {
    for (const change of sent) {
      if (this.#pending.get(change.path) === change) this.#pending.delete(change.path);
    }
  }

  /** The change could not be told (its value cannot be read now): it goes with the next session, and opens none. */
  postpone(change: PendingChange): void {
    if (this.#pending.get(change.path) === change)
      this.#pending.set(change.path, { ...change, active: false });
  }

  forget(path: string): void {
    this.#pending.delete(path);
  }

  clear(): void {
    this.#pending.clear();
  }

  toStored(): { path: string; active: boolean }[] {
    return this.list().map(({ path, active }) => ({ path, active }));
  }
}
