import { ConcurrencyLimit } from '../platform/concurrency-limit.ts';
import type { SessionScheduler } from './types.ts';

const DEFAULT_LIMIT = 8;

/**
 * At most `limit` sessions at a time, first come first served: deployed ACSs refuse more than some twenty requests at once.
 */
export function createSessionScheduler(limit = DEFAULT_LIMIT): SessionScheduler {
  return new ConcurrencyLimit(limit);
}
