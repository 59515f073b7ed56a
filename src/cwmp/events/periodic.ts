import { createHash } from 'node:crypto';

import type { EndpointIdentity } from '../types.ts';

export interface PeriodicSettings {
  readonly periodicInformEnable: boolean;
  readonly periodicInformInterval: number;
  readonly periodicInformTime: string;
}

/** What comes again and again: every `intervalSeconds`, in step with `reference`. */
export interface Recurrence {
  /** Seconds; less than 1 counts as 1. */
  readonly intervalSeconds: number;
  /** xsd:dateTime that gives the phase only, as far in the past or future as it likes; the Unknown Time leaves it to us. */
  readonly reference: string;
}

/** Wall clock time (ms) of the first occurrence after `nowMs`. `salt` sets the phases apart that one endpoint picks itself. */
export function nextOccurrence(
  { intervalSeconds, reference }: Recurrence,
  identity: EndpointIdentity,
  nowMs: number,
  salt = '',
): number {
  const intervalMs = Math.max(1, intervalSeconds) * 1000;
  const phaseMs = phaseOf(reference) ?? ownPhase(identity, intervalMs, salt);
  const sincePhase = (((nowMs - phaseMs) % intervalMs) + intervalMs) % intervalMs;
  return nowMs + intervalMs - sincePhase;
}

/** How many occurrences fall after `fromMs`, up to `toMs`. */
export function occurrencesBetween(
  recurrence: Recurrence,
  identity: EndpointIdentity,
  fromMs: number,
  toMs: number,
): number {
  const first = nextOccurrence(recurrence, identity, fromMs);
  return first > toMs ? 0 : 1 + Math.floor((toMs - first) / (Math.max(1, recurrence.intervalSeconds) * 1000));
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
  return nextOccurrence(periodicRecurrence(settings), identity, nowMs);
}

/** The grid of periodic Informs [TR-181 PeriodicInformTime]: seconds from one to the next, through a point of time. */
export function periodicRecurrence(settings: PeriodicSettings): Recurrence {
  return { intervalSeconds: settings.periodicInformInterval, reference: settings.periodicInformTime };
}

/** Years 1 are the Unknown Time or relative times: they fix no phase. */
function phaseOf(time: string): number | undefined {
  if (time.startsWith('0001-')) return undefined;
  const parsed = Date.parse(/(Z|[+-]\d\d:\d\d)$/.test(time) ? time : `${time}Z`);
  return Number.isNaN(parsed) ? undefined : parsed;
}

/** Spreads the endpoints evenly over the interval, and stays the same over restarts. */
function ownPhase(identity: EndpointIdentity, intervalMs: number, salt: string): number {
  const digest = createHash('sha256')
    .update(`${identity.oui}-${identity.productClass}-${identity.serialNumber}${salt}`)
    .digest();
  return (digest.readUInt32BE(0) / 2 ** 32) * intervalMs;
}
