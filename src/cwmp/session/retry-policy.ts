/** [TR-069 3.2.1.1] Beyond the tenth attempt the wait no longer grows. */
const LAST_GROWING_RETRY = 10;

export interface RetrySettings {
  /** Seconds, 1..65535 (m). */
  readonly retryMinimumWaitInterval: number;
  /** Thousandths, 1000..65535 (k). */
  readonly retryIntervalMultiplier: number;
}

/** The window, in milliseconds, in which the `retryCount`-th retry (1 or more) starts: [m (k/1000)^(n-1), m (k/1000)^n]. */
export function retryWindow(
  settings: RetrySettings,
  retryCount: number,
): { readonly minMs: number; readonly maxMs: number } {
  const n = Math.min(Math.max(1, retryCount), LAST_GROWING_RETRY);
  const factor = settings.retryIntervalMultiplier / 1000;
  const minMs = settings.retryMinimumWaitInterval * 1000 * factor ** (n - 1);
  return { minMs, maxMs: minMs * factor };
}

/** Milliseconds to wait before the `retryCount`-th retry; `random` gives numbers in [0, 1). */
export function retryDelayMs(settings: RetrySettings, retryCount: number, random: () => number): number {
  const { minMs, maxMs } = retryWindow(settings, retryCount);
  return minMs + (maxMs - minMs) * random();
}
