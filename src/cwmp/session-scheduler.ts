import type { SessionScheduler } from './types.ts';

const DEFAULT_LIMIT = 8;

/**
 * At most `limit` sessions at a time, first come first served: deployed ACSs refuse more than some twenty requests at once.
 */
export function createSessionScheduler(limit = DEFAULT_LIMIT): SessionScheduler {
  let running = 0;
  const waiting: (() => void)[] = [];
  const releaseOnce = (): (() => void) => {
    let released = false;
    return () => {
      if (released) return;
      released = true;
      const next = waiting.shift();
      if (next === undefined) running--;
      else next();
    };
  };
  return {
    acquire: () =>
      new Promise((resolve) => {
        const grant = (): void => resolve(releaseOnce());
        if (running < limit) {
          running++;
          grant();
        } else {
          waiting.push(grant);
        }
      }),
  };
}
