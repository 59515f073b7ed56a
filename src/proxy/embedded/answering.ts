import type { Clock, Timer } from '../../platform/clock.ts';
import { retryDelaySeconds } from '../lifecycle.ts';

export interface AnsweringOptions {
  readonly clock: Clock;
  /** Asks the device for the leaf of that CMS path. Resolves with whether it answered; never rejects. */
  readonly ask: (cmsPath: string) => Promise<boolean>;
  /** `isAnswering` is another. */
  readonly changed: () => void;
}

/**
 * Whether a device that is within reach answers when it is read. One that does not is asked again, ever more rarely: that it
 * answers has to show without anybody reading it.
 */
export class Answering {
  readonly #options: AnsweringOptions;
  /** How often in a row it was asked in vain. */
  #failures = 0;
  #timer: Timer | undefined;

  constructor(options: AnsweringOptions) {
    this.#options = options;
  }

  get isAnswering(): boolean {
    return this.#failures === 0;
  }

  /** The device answered. */
  answered(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#failures === 0) return;
    this.#failures = 0;
    this.#options.changed();
  }

  /** The device did not answer a read of that leaf. */
  silent(cmsPath: string): void {
    // It is asked again anyway; how often others ask meanwhile must not put that off.
    if (this.#timer !== undefined) return;
    this.#failures += 1;
    this.#timer = this.#options.clock.schedule(retryDelaySeconds(this.#failures) * 1000, () => {
      void this.#askAgain(cmsPath);
    });
    if (this.#failures === 1) this.#options.changed();
  }

  /** It left, or came: nothing is known of how it answers. */
  reset(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#failures = 0;
  }

  async #askAgain(cmsPath: string): Promise<void> {
    const timer = this.#timer;
    const hasAnswered = await this.#options.ask(cmsPath);
    // Meanwhile it answered somebody else, or left.
    if (this.#timer !== timer) return;
    this.#timer = undefined;
    if (hasAnswered) this.answered();
    else this.silent(cmsPath);
  }
}
