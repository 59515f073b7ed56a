import type { Clock, Timer } from './clock.ts';

export const SUSPENSION_CHECK_MS = 10_000;
/** The kernel's clocks agree to a second or so. */
const SHORTEST_SUSPENSION_MS = 5000;

/** Tells when the machine has slept: its uptime went on while the monotonic clock stood still. */
export class SuspensionWatch {
  readonly #clock: Clock;
  readonly #onResume: (sleptMs: number) => void;
  #timer: Timer | undefined;

  constructor(clock: Clock, onResume: (sleptMs: number) => void) {
    this.#clock = clock;
    this.#onResume = onResume;
  }

  start(): void {
    this.#watch(this.#lead());
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #lead(): number {
    return this.#clock.uptime() - this.#clock.monotonic();
  }

  #watch(before: number): void {
    this.#timer = this.#clock.schedule(SUSPENSION_CHECK_MS, () => {
      const lead = this.#lead();
      const sleptMs = lead - before;
      this.#watch(sleptMs >= SHORTEST_SUSPENSION_MS ? lead : before);
      if (sleptMs >= SHORTEST_SUSPENSION_MS) this.#onResume(sleptMs);
    });
  }
}
