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

/** Does `work` with a signal that is aborted after `delayMs` milliseconds, or as soon as `parent` is. */
export async function withDeadline<T>(
  clock: Clock,
  delayMs: number,
  parent: AbortSignal | undefined,
  work: (signal: AbortSignal) => T | Promise<T>,
): Promise<T> {
  const deadline = new Deadline(clock, delayMs, parent);
  try {
    return await work(deadline.signal);
  } finally {
    deadline.cancel();
  }
}
