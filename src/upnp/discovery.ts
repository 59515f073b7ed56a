import type { Announcement, LossReason } from './types.ts';

/** Bounds put on the max-age of devices: seconds are too short to trust, days too long. Milliseconds. */
export interface DiscoveryTimes {
  readonly minValidityMs: number;
  readonly maxValidityMs: number;
}

/**
 * What is known of the root device at one location.
 * - `describing`: its description is being fetched; `known` = it was described before and still counts as present.
 * - `unusable`: the description could not be had; tried again at `dueAt`.
 * - `present`: described and announced; `dueAt` = end of validity.
 * - `probing`: asked whether it is still there, after a byebye or the end of validity.
 */
export interface Presence {
  readonly phase: 'describing' | 'unusable' | 'present' | 'probing';
  readonly announcement: Announcement;
  readonly known: boolean;
  /** Monotonic milliseconds; undefined = no timer. */
  readonly dueAt: number | undefined;
  /** Why it may be gone, of one that is `known` or whose first description is being fetched. A device that announced a reboot is in doubt until it announces itself, though it may answer so far. */
  readonly doubt: 'byebye' | 'expired' | undefined;
  readonly failures: number;
}

export type DiscoveryInput =
  | { readonly kind: 'alive' | 'response'; readonly announcement: Announcement }
  | { readonly kind: 'update'; readonly announcement: Announcement; readonly nextBootId: number | undefined }
  | { readonly kind: 'byebye'; readonly dmAnnouncement: string | undefined }
  | { readonly kind: 'due' }
  | { readonly kind: 'probed'; readonly answered: boolean }
  | { readonly kind: 'described'; readonly ok: boolean };

/** `describe`: fetch the description. `lose`: it is gone, after `rebooted` a `describe` follows. `probe`: ask whether it is there. */
export type DiscoveryEffect =
  | { readonly kind: 'describe' }
  | { readonly kind: 'probe'; readonly delayMs: number }
  | { readonly kind: 'lose'; readonly reason: LossReason };

export interface DiscoveryStep {
  /** Undefined: forget the location. */
  readonly presence: Presence | undefined;
  readonly effects: readonly DiscoveryEffect[];
}

/** A device that says goodbye may still finish an answer: give it a moment before it is asked. */
const BYEBYE_PROBE_DELAY_MS = 1000;
/** After a byebye that the probe contradicts the device is asked again this soon. */
const DOUBTFUL_VALIDITY_MS = 60_000;
const FIRST_RETRY_MS = 15_000;
const LAST_RETRY_MS = 600_000;
const MAX_FAILURES = 8;
const GOODBYE: DiscoveryEffect = { kind: 'lose', reason: 'byebye' };

/** A location heard of for the first time. */
export function discover(announcement: Announcement): DiscoveryStep {
  return {
    presence: {
      phase: 'describing',
      announcement,
      known: false,
      dueAt: undefined,
      doubt: undefined,
      failures: 0,
    },
    effects: [{ kind: 'describe' }],
  };
}

/** One step of the life of a location. Pure; `now` is monotonic milliseconds. [UDA 1.2] */
export function stepDiscovery(
  presence: Presence,
  input: DiscoveryInput,
  now: number,
  times: DiscoveryTimes,
): DiscoveryStep {
  switch (input.kind) {
    case 'alive':
    case 'response':
      return onAlive(presence, input.announcement, input.kind, now, times);
    case 'update':
      return onUpdate(presence, input.announcement, input.nextBootId, now, times);
    case 'byebye':
      return onByebye(presence, input.dmAnnouncement);
    case 'due':
      return onDue(presence);
    case 'probed':
      return onProbed(presence, input.answered, now, times);
    case 'described':
      return onDescribed(presence, input.ok, now, times);
  }
}

function onAlive(
  presence: Presence,
  heard: Announcement,
  kind: 'alive' | 'response',
  now: number,
  times: DiscoveryTimes,
): DiscoveryStep {
  const before = presence.announcement;
  // The root's UDN is known from the description, or from a message for root devices; others name embedded devices too.
  const isRootKnown = presence.known || (before.namesRoot && !heard.namesRoot);
  // Sloppy devices leave the numbers out of some messages.
  const announcement = {
    ...heard,
    udn: isRootKnown ? before.udn : heard.udn,
    namesRoot: isRootKnown ? before.namesRoot : heard.namesRoot,
    bootId: heard.bootId ?? before.bootId,
    configId: heard.configId ?? before.configId,
    searchPort: heard.searchPort ?? before.searchPort,
  };
  const bootKnown = before.bootId !== undefined;
  // A UDA 1.0 device has no boot number: goodbye and then hello is all that shows its reboot.
  const cameBack = presence.doubt === 'byebye' && kind === 'alive' && announcement.bootId === undefined;
  if (presence.known && ((bootKnown && before.bootId !== announcement.bootId) || cameBack)) {
    return reboot(announcement);
  }
  switch (presence.phase) {
    case 'describing':
      return { presence: { ...presence, announcement, doubt: undefined }, effects: [] };
    case 'unusable': {
      const changed = before.bootId !== announcement.bootId || before.configId !== announcement.configId;
      if (changed) return discover(announcement);
      return { presence: { ...presence, announcement }, effects: [] };
    }
    case 'present':
    case 'probing':
      if (before.configId !== undefined && before.configId !== announcement.configId) {
        return redescribe(presence, announcement);
      }
      if (presence.phase === 'probing' && presence.failures > 0) return redescribe(presence, announcement);
      if (kind === 'response' && isAboutToReboot(presence)) {
        const { dmAnnouncement } = before;
        return stillThere({ ...presence, announcement: { ...announcement, dmAnnouncement } }, now, times);
      }
      return { presence: settle({ ...presence, announcement }, now, times), effects: [] };
  }
}

function onUpdate(
  presence: Presence,
  heard: Announcement,
  nextBootId: number | undefined,
  now: number,
  times: DiscoveryTimes,
): DiscoveryStep {
  const before = presence.announcement.bootId;
  const current = before === undefined || heard.bootId === undefined || before === heard.bootId;
  // All 3 + 2d + k messages about one change carry the old number: after the first of them it is adopted already.
  const expected = current || before === nextBootId;
  const next = { ...heard, bootId: nextBootId ?? heard.bootId };
  if (!expected && presence.known) return reboot(next);
  // Announced beforehand, the new number is not a reboot. [UDA 1.2.4]
  const adopted = { ...presence, announcement: { ...presence.announcement, bootId: next.bootId } };
  return onAlive(adopted, next, 'response', now, times);
}

function onByebye(presence: Presence, dmAnnouncement: string | undefined): DiscoveryStep {
  // Nothing else can be asked of a device that cannot be described.
  if (presence.phase === 'unusable') return { presence: undefined, effects: [GOODBYE] };
  // The fetch under way will show whether it is there.
  if (presence.phase === 'describing') {
    return { presence: presence.known ? presence : { ...presence, doubt: 'byebye' }, effects: [] };
  }
  const { announcement: before } = presence;
  const announcement = { ...before, dmAnnouncement: dmAnnouncement ?? before.dmAnnouncement };
  if (presence.phase === 'probing') {
    return { presence: { ...presence, doubt: 'byebye', announcement }, effects: [] };
  }
  // Any host can forge a byebye, whatever it announces: it is a question, not an answer.
  return {
    presence: { ...presence, announcement, phase: 'probing', doubt: 'byebye', dueAt: undefined },
    effects: [{ kind: 'probe', delayMs: BYEBYE_PROBE_DELAY_MS }],
  };
}

function onDue(presence: Presence): DiscoveryStep {
  if (presence.phase === 'present') {
    return {
      presence: { ...presence, phase: 'probing', doubt: presence.doubt ?? 'expired', dueAt: undefined },
      effects: [{ kind: 'probe', delayMs: 0 }],
    };
  }
  if (presence.phase === 'unusable') {
    return {
      presence: { ...presence, phase: 'describing', dueAt: undefined },
      effects: [{ kind: 'describe' }],
    };
  }
  return { presence, effects: [] };
}

function onProbed(presence: Presence, answered: boolean, now: number, times: DiscoveryTimes): DiscoveryStep {
  if (presence.phase !== 'probing') return { presence, effects: [] };
  if (!answered) {
    return { presence: undefined, effects: [{ kind: 'lose', reason: presence.doubt ?? 'expired' }] };
  }
  // Its last description could not be fetched: now it can.
  if (presence.failures > 0) return redescribe(presence, presence.announcement);
  return stillThere(presence, now, times);
}

/** It answers, whatever was said of it. */
function stillThere(presence: Presence, now: number, times: DiscoveryTimes): DiscoveryStep {
  const settled = settle(presence, now, times);
  if (presence.doubt !== 'byebye') return { presence: settled, effects: [] };
  const doubt = isAboutToReboot(presence) ? presence.doubt : undefined;
  return { presence: { ...settled, doubt, dueAt: now + DOUBTFUL_VALIDITY_MS }, effects: [] };
}

/** It takes a while until such a device is silent. [BMS:2 2.4.1] */
function isAboutToReboot({ doubt, announcement }: Presence): boolean {
  return doubt === 'byebye' && announcement.dmAnnouncement !== undefined;
}

function onDescribed(presence: Presence, ok: boolean, now: number, times: DiscoveryTimes): DiscoveryStep {
  if (ok) return { presence: settle({ ...presence, known: true, failures: 0 }, now, times), effects: [] };
  const delayMs = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(presence.failures, MAX_FAILURES));
  if (!presence.known && presence.doubt === 'byebye') return { presence: undefined, effects: [GOODBYE] };
  // Nothing but a new announcement brings back a location that never gave a description.
  if (!presence.known && presence.failures >= MAX_FAILURES) return { presence: undefined, effects: [] };
  // A known device whose new description fails keeps the old one while it answers probes.
  const phase = presence.known ? 'present' : 'unusable';
  return {
    presence: { ...presence, phase, dueAt: now + delayMs, failures: presence.failures + 1 },
    effects: [],
  };
}

function reboot(announcement: Announcement): DiscoveryStep {
  const step = discover(announcement);
  return { presence: step.presence, effects: [{ kind: 'lose', reason: 'rebooted' }, ...step.effects] };
}

function redescribe(presence: Presence, announcement: Announcement): DiscoveryStep {
  return {
    presence: { ...presence, announcement, phase: 'describing', doubt: undefined, dueAt: undefined },
    effects: [{ kind: 'describe' }],
  };
}

function settle(presence: Presence, now: number, times: DiscoveryTimes): Presence {
  const announced = presence.announcement.maxAgeSeconds * 1000;
  const validity = Math.min(times.maxValidityMs, Math.max(times.minValidityMs, announced));
  return { ...presence, phase: 'present', doubt: undefined, dueAt: now + validity };
}
