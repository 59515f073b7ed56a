import { uptime as systemUptime } from 'node:os';

/** A pending call that can be taken back. Cancelling twice, or after it ran, does nothing. */
export interface Timer {
  cancel(): void;
}

/** The only source of time in the daemon, so that tests can move it by hand. */
export interface Clock {
  /** Wall clock, milliseconds since the epoch. It may jump in either direction: use it for dates only. */
  now(): number;
  /** Milliseconds that never go back: use it for every duration and deadline. */
  monotonic(): number;
  /** Milliseconds since the machine was started, those included in which it was suspended: for what goes on without us. */
  uptime(): number;
  /** Runs `task` once after `delayMs` milliseconds (0 or more, of any length). */
  schedule(delayMs: number, task: () => void): Timer;
}

/** setTimeout takes a signed 32-bit delay and fires at once beyond it. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

class SystemClock implements Clock {
  now(): number {
    return Date.now();
  }

  monotonic(): number {
    return performance.now();
  }

  uptime(): number {
    return systemUptime() * 1000;
  }

  schedule(delayMs: number, task: () => void): Timer {
    let handle: NodeJS.Timeout;
    let remaining = Math.max(0, delayMs);
    const arm = (): void => {
      const slice = Math.min(remaining, LONGEST_TIMEOUT_MS);
      remaining -= slice;
      handle = setTimeout(remaining > 0 ? arm : task, slice);
    };
    arm();
    return {
      cancel: () => {
        clearTimeout(handle);
      },
    };
  }
}

export const systemClock: Clock = new SystemClock();

/**
 * Waits `delayMs` milliseconds.
 * @throws the signal's reason when it is aborted first
 */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (): void => {
      timer.cancel();
      reject(signal?.reason instanceof Error ? signal.reason : new Error('aborted'));
    };
    const timer = clock.schedule(delayMs, () => {
      signal?.removeEventListener('abort', fail);
      resolve();
    });
    if (signal?.aborted === true) fail();
    else signal?.addEventListener('abort', fail, { once: true });
  });
}
