import { systemClock } from '../../platform/clock.ts';

/** How long each step may take. */
export const STEP_MS = 20_000;
const POLL_MS = 20;

export interface StoryStep {
  readonly device: string;
  readonly name: string;
  readonly ok: boolean;
  /** What was seen; for a failure what was expected and what was seen. */
  readonly evidence: string;
  readonly durationMs: number;
}

/** A step's name, and what it does: returns its evidence, or throws with what it expected and what it saw. */
export type Step = readonly [name: string, play: () => Promise<string>];

/**
 * Plays steps in order and reports each as it ends. After a failed step the rest is left out.
 * @param device whose story it is
 * @returns whether every step held
 */
export async function playSteps(
  device: string,
  steps: readonly Step[],
  report: (step: StoryStep) => void,
): Promise<boolean> {
  for (const [name, play] of steps) {
    const start = systemClock.monotonic();
    let evidence: string;
    let ok = true;
    try {
      evidence = await withinDeadline(play());
    } catch (error) {
      ok = false;
      evidence = error instanceof Error ? error.message : String(error);
    }
    report({ device, name, ok, evidence, durationMs: systemClock.monotonic() - start });
    if (!ok) return false;
  }
  return true;
}

export function expectEqual(what: string, expected: unknown, seen: unknown): void {
  if (expected !== seen) throw new Error(`${what}: expected ${String(expected)}, saw ${String(seen)}`);
}

/** The services of a path are known from its device: its last three parts say enough. */
export function shorten(path: string): string {
  return path.split('.').slice(-3).join('.');
}

/** Asks until there is an answer. @throws Error when there is none in time */
export async function until<T>(
  condition: () => T | undefined | Promise<T | undefined>,
  what: string,
  pollMs = POLL_MS,
): Promise<T> {
  const deadline = systemClock.monotonic() + STEP_MS;
  for (;;) {
    const result = await condition();
    if (result !== undefined) return result;
    if (systemClock.monotonic() > deadline) throw new Error(`expected ${what} within ${STEP_MS / 1000} s`);
    await new Promise<void>((resolve) => systemClock.schedule(pollMs, resolve));
  }
}

/** A step that waits for nothing with a deadline of its own must end, too. */
function withinDeadline(step: Promise<string>): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = systemClock.schedule(2 * STEP_MS, () => {
      reject(new Error(`expected the step to end, saw nothing for ${(2 * STEP_MS) / 1000} s`));
    });
    void step.then(resolve, reject).finally(() => {
      timer.cancel();
    });
  });
}
