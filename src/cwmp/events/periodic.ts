import { createHash } from 'node:crypto';

import type { EndpointIdentity } from '../types.ts';

/** "Not known" as a dateTime of CWMP [TR-106 3.2.1]. */
export const UNKNOWN_TIME = '0001-01-01T00:00:00Z';

export interface PeriodicSettings {
  readonly periodicInformEnable: boolean;
  readonly periodicInformInterval: number;
  readonly periodicInformTime: string;
}

/**
 * Wall clock time (ms) of the first periodic Inform after `nowMs`, or undefined when they are off. PeriodicInformTime gives the
 * phase only: Informs fall on time ± n × interval [TR-181 ManagementServer.PeriodicInformTime].
 */
export function nextPeriodicInform(
  settings: PeriodicSettings,
  identity: EndpointIdentity,
  nowMs: number,
): number | undefined {
  if (!settings.periodicInformEnable) return undefined;
  const intervalMs = Math.max(1, settings.periodicInformInterval) * 1000;
  const phaseMs = phaseOf(settings.periodicInformTime) ?? ownPhase(identity, intervalMs);
  const sincePhase = (((nowMs - phaseMs) % intervalMs) + intervalMs) % intervalMs;
  return nowMs + intervalMs - sincePhase;
}

/** Years 1 are the Unknown Time or relative times: they fix no phase. */
function phaseOf(time: string): number | undefined {
  if (time.startsWith('0001-')) return undefined;
  const parsed = Date.parse(/(Z|[+-]\d\d:\d\d)$/.test(time) ? time : `${time}Z`);
  return Number.isNaN(parsed) ? undefined : parsed;
}

/** Spreads the endpoints evenly over the interval, and stays the same over restarts. */
function ownPhase(identity: EndpointIdentity, intervalMs: number): number {
  const digest = createHash('sha256')
    .update(`${identity.oui}-${identity.productClass}-${identity.serialNumber}`)
    .digest();
  return (digest.readUInt32BE(0) / 2 ** 32) * intervalMs;
}
