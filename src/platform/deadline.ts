import type { Clock, Timer } from './clock.ts';

/** A signal that is aborted after `delayMs` milliseconds, or as soon as `parent` is. Call `cancel` when the work is done. */
export class Deadline {
  readonly #abort = new AbortController();
  readonly #timer: Timer;
  readonly #parent: AbortSignal | undefined;
  readonly #stop = (): void => this.#abort.abort();

  constructor(clock: Clock, delayMs: number, parent?: AbortSignal) {
    this.#parent = parent;
    this.#timer = clock.schedule(delayMs, this.#stop);
    if (parent?.aborted === true) this.#stop();
    else parent?.addEventListener('abort', this.#stop, { once: true });
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** The signal stays as it is for ever. */
  cancel(): void {
    this.#timer.cancel();
    this.#parent?.removeEventListener('abort', this.#stop);
  }
}
