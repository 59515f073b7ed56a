import type { Clock } from '../platform/clock.ts';

/** What was switched on so often is not kept on by this device, or somebody keeps switching it off. */
const MOST_ASSERTIONS = 5;
/** What happened so long ago counts no more. */
const FORGIVEN_AFTER_MS = 3_600_000;

/** How often a device is told to switch something on that does not stay on. */
export class AssertionLimit {
  readonly #clock: Clock;
  readonly #onGivenUp: (name: string) => void;
  readonly #assertions = new Map<string, { count: number; at: number }>();

  /** @param onGivenUp called once for each thing that is not to be tried any more, for now */
  constructor(clock: Clock, onGivenUp: (name: string) => void) {
    this.#clock = clock;
    this.#onGivenUp = onGivenUp;
  }

  allows(name: string): boolean {
    const known = this.#assertions.get(name);
    if (known === undefined) return true;
    if (this.#clock.monotonic() - known.at > FORGIVEN_AFTER_MS) {
      this.#assertions.delete(name);
      return true;
    }
    if (known.count < MOST_ASSERTIONS) return true;
    if (known.count === MOST_ASSERTIONS) {
      known.count += 1;
      this.#onGivenUp(name);
    }
    return false;
  }

  /** It is switched on now. */
  note(name: string): void {
    const count = (this.#assertions.get(name)?.count ?? 0) + 1;
    this.#assertions.set(name, { count, at: this.#clock.monotonic() });
  }
}
