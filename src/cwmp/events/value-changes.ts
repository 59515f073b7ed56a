/** A parameter whose new value the ACS has not been told. */
export interface PendingChange {
  readonly path: string;
  /** Opens a session by itself (active notification); otherwise it waits for one [TR-069 3.7.1.5]. */
  readonly active: boolean;
  /** As reported by the model; undefined after a restart. */
  readonly value: string | undefined;
}

/** An Inform lists every change: more than this would be a flood. */
const MAX_PENDING_CHANGES = 4096;

/** The parameters with notification 1 or 2 that changed since the last Inform the ACS took. */
export class ValueChanges {
  readonly #pending = new Map<string, PendingChange>();
  /** Paths of changes whose value cannot be read now. */
  readonly #held = new Set<string>();

  constructor(stored: readonly { readonly path: string; readonly active: boolean }[] = []) {
    for (const { path, active } of stored) this.#pending.set(path, { path, active, value: undefined });
  }

  has(path: string): boolean {
    return this.#pending.has(path);
  }

  /** Whether `add` would take a change of this parameter: there are never more pending than an Inform can list. */
  hasRoomFor(path: string): boolean {
    return this.#pending.has(path) || this.#pending.size < MAX_PENDING_CHANGES;
  }

  /** @returns whether a session is wanted that was not wanted before */
  add(path: string, active: boolean, value: string): boolean {
    const known = this.#pending.get(path);
    const wanted = this.hasActive;
    const change = { path, active: active || known?.active === true, value };
    this.#pending.set(path, change);
    this.#held.delete(path);
    return change.active && !wanted;
  }

  get size(): number {
    return this.#pending.size;
  }

  get hasActive(): boolean {
    for (const { path, active } of this.#pending.values()) if (active && !this.#held.has(path)) return true;
    return false;
  }

  list(): PendingChange[] {
    return [...this.#pending.values()];
  }

  /** Forgets `sent`, except what changed again since it was listed. */
  delivered(sent: readonly PendingChange[]): void {
    for (const change of sent) {
      if (this.#pending.get(change.path) === change) this.forget(change.path);
    }
  }

  /** The value of the change cannot be read: until it is added again the change goes with other sessions, and opens none. */
  hold({ path }: PendingChange): void {
    if (this.#pending.has(path)) this.#held.add(path);
  }

  isHeld(path: string): boolean {
    return this.#held.has(path);
  }

  forget(path: string): void {
    this.#pending.delete(path);
    this.#held.delete(path);
  }

  clear(): void {
    this.#pending.clear();
    this.#held.clear();
  }

  toStored(): { path: string; active: boolean }[] {
    return this.list().map(({ path, active }) => ({ path, active }));
  }
}
