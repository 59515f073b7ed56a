import { setImmediate as nextTurn } from 'node:timers/promises';

/** Of one turn of the event loop, milliseconds. */
const SLICE_MS = 10;
/** Between two looks at the time. */
const STEPS = 16;

/** Work that yields after each small step. */
export type Steps<T = void> = Generator<void, T, void>;

interface Job {
  readonly steps: Steps;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Long pieces of work that must not meet each other: one after the other, each in slices, so that everything else goes on. */
export class SlicedWork {
  readonly #jobs: Job[] = [];
  readonly #onIdle: () => void;
  #settled: Promise<void> = Promise.resolve();
  #isDriven = false;
  #isStepping = false;

  /** @param onIdle all is done, and nobody knows yet */
  constructor(onIdle: () => void = () => undefined) {
    this.#onIdle = onIdle;
  }

  /** Begins at once; what fits into one slice is done when this returns. Rejects with what `steps` throws. */
  run(steps: Steps): Promise<void> {
    const done = new Promise<void>((resolve, reject) => {
      this.#jobs.push({ steps, resolve, reject });
    });
    const before = this.#settled;
    this.#settled = done.catch(() => undefined).then(() => before);
    if (!this.#isDriven) void this.#drive();
    return done;
  }

  /** Does what is left of everything now: for who cannot wait. Within a step of the work nothing. */
  finish(): void {
    if (this.#isStepping) return;
    while (this.isBusy) this.#slice(Infinity);
  }

  /** Resolves when all that was begun before is done. */
  get settled(): Promise<void> {
    return this.#settled;
  }

  get isBusy(): boolean {
    return this.#jobs.length > 0;
  }

  async #drive(): Promise<void> {
    this.#isDriven = true;
    this.#slice(SLICE_MS);
    while (this.isBusy) {
      await nextTurn();
      this.#slice(SLICE_MS);
    }
    this.#isDriven = false;
  }

  #slice(milliseconds: number): void {
    const end = performance.now() + milliseconds;
    this.#isStepping = true;
    try {
      for (let job = this.#jobs[0]; job !== undefined; job = this.#jobs[0]) {
        const settle = this.#advance(job, end);
        if (settle === undefined) return;
        this.#jobs.shift();
        if (!this.isBusy) this.#onIdle();
        settle();
      }
    } finally {
      this.#isStepping = false;
    }
  }

  /** Runs until the end of the work or of the time. @returns what settles it when it has ended */
  #advance({ steps, resolve, reject }: Job, end: number): (() => void) | undefined {
    try {
      do {
        for (let step = 0; step < STEPS; step += 1) {
          if (steps.next().done === true) return resolve;
        }
      } while (performance.now() < end);
      return undefined;
    } catch (error) {
      return () => reject(error);
    }
  }
}

/** The result of work that is done at one go. */
export function atOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}
