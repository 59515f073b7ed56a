import type { AcsSettings } from '../types.ts';

/** A time in which connection requests went unheard: the machine slept, or the Proxied Device was away. */
export interface Standby {
  /** Seconds. */
  readonly duration: number;
  /** Periodic and scheduled Informs that fell into it. */
  readonly missedPeriodic: number;
  readonly missedScheduled: number;
}

type StandbyPolicy = Pick<
  AcsSettings,
  'crUnawarenessMaxDuration' | 'maxMissedPeriodic' | 'notifyMissedScheduled'
>;

/** Whether the ACS wants to hear `13 WAKEUP` after it [TR-181 ManagementServer.StandbyPolicy, TR-069 Annex L]. */
export function isWakeup(policy: StandbyPolicy, standby: Standby): boolean {
  return (
    exceeds(standby.duration, policy.crUnawarenessMaxDuration) ||
    exceeds(standby.missedPeriodic, policy.maxMissedPeriodic) ||
    (policy.notifyMissedScheduled && standby.missedScheduled > 0)
  );
}

/** -1: no limit. */
function exceeds(value: number, limit: number): boolean {
  return limit >= 0 && value > limit;
}
