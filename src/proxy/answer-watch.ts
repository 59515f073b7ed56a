import type { Clock, Timer } from '../platform/clock.ts';
import { Deadline } from '../platform/deadline.ts';
import { HttpError } from '../platform/http/http-error.ts';
import { ActionError } from '../upnp/types.ts';

/** An action given up sooner than this by whoever asked says nothing of the device. */
const LEAST_PATIENCE_MS = 2_000;
/** So long most devices take for nothing. */
export const SUSPICION_MS = 5_000;
/** A single-threaded device that is busy with something long answers when it is done with that. */
export const PROBE_PATIENCE_MS = 10_000;
export const FIRST_PROBE_DELAY_MS = 4_000;
const LONGEST_PROBE_DELAY_MS = 60_000;

export interface AnswerWatchOptions {
  readonly clock: Clock;
  /** Asks the device for something small. */
  readonly probe: (signal: AbortSignal) => Promise<unknown>;
  /** It answers nothing any more. */
  readonly onSilent: () => void;
  /** It answers again. */
  readonly onAnswer: () => void;
}

/**
 * Notices that a device which is announced answers no action. One that was not answered is a question: only a device that does
 * not answer a small one either is silent. It is asked again, less and less often, and believed at its first answer.
 */
export class AnswerWatch {
  readonly #options: AnswerWatchOptions;
  #silent = false;
  #probing = false;
  #delayMs = FIRST_PROBE_DELAY_MS;
  #timer: Timer | undefined;
  readonly #stopped = new AbortController();

  constructor(options: AnswerWatchOptions) {
    this.#options = options;
  }

  /** Takes note of how an action ends. */
  async observe<T>(action: Promise<T>): Promise<T> {
    const { clock } = this.#options;
    const since = clock.monotonic();
    const doubt = clock.schedule(SUSPICION_MS, () => this.#suspect());
    try {
      const result = await action;
      this.#answered();
      return result;
    } catch (error) {
      const silence = silenceOf(error);
      if (silence === undefined) this.#answered();
      else if (silence !== 'aborted' || clock.monotonic() - since >= LEAST_PATIENCE_MS) this.#suspect();
      throw error;
    } finally {
      doubt.cancel();
    }
  }

  stop(): void {
    this.#timer?.cancel();
    this.#stopped.abort();
  }

  #answered(): void {
    if (!this.#silent || this.#stopped.signal.aborted) return;
    this.#silent = false;
    this.#delayMs = FIRST_PROBE_DELAY_MS;
    this.#timer?.cancel();
    this.#options.onAnswer();
  }

  #suspect(): void {
    // While it is silent it is asked by the clock.
    if (!this.#silent && !this.#probing && !this.#stopped.signal.aborted) void this.#probe();
  }

  async #probe(): Promise<void> {
    this.#probing = true;
    const { clock, probe } = this.#options;
    const patience = new Deadline(clock, PROBE_PATIENCE_MS, this.#stopped.signal);
    const isSilent = await probe(patience.signal).then(
      () => false,
      (error: unknown) => silenceOf(error) !== undefined,
    );
    patience.cancel();
    this.#probing = false;
    if (this.#stopped.signal.aborted) return;
    if (isSilent) this.#foundSilent();
    else this.#answered();
  }

  #foundSilent(): void {
    this.#timer = this.#options.clock.schedule(this.#delayMs, () => void this.#probe());
    this.#delayMs = Math.min(LONGEST_PROBE_DELAY_MS, this.#delayMs * 2);
    if (this.#silent) return;
    this.#silent = true;
    this.#options.onSilent();
  }
}

/** How nothing came; undefined when something did, be it an error or rubbish. */
function silenceOf(error: unknown): HttpError['kind'] | undefined {
  const cause = error instanceof ActionError ? error.cause : error;
  if (!(cause instanceof HttpError)) return undefined;
  const { kind } = cause;
  return kind === 'connect' || kind === 'timeout' || kind === 'closed' || kind === 'aborted'
    ? kind
    : undefined;
}
