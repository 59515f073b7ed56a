import type { LossReason } from '../upnp/types.ts';

/**
 * Where a Proxied Device stands:
 * `offline` = not on the LAN (or not any more); `bringingUp` = being identified and read; `waiting` = that failed and is tried
 * again later; `ready` = in step with its virtual device; `refreshing` = in step and being read anew; `unreachable` = announced,
 * but it answers no action; `rebooting` = gone, and said to come back.
 */
export type DevicePhase =
  'offline' | 'bringingUp' | 'waiting' | 'ready' | 'refreshing' | 'unreachable' | 'rebooting';

export interface DeviceState {
  readonly phase: DevicePhase;
  /** Failed attempts in a row. */
  readonly failures: number;
  /** The model changed while it was being read: it has to be read once more. */
  readonly doubtful?: boolean;
}

export type DeviceInput =
  | { readonly type: 'appeared' }
  | { readonly type: 'broughtUp' }
  | { readonly type: 'failed' }
  | { readonly type: 'retryDue' }
  | { readonly type: 'structureDoubtful' }
  /** Neither an action nor a small question is answered. */
  | { readonly type: 'fellSilent' }
  | { readonly type: 'answered' }
  /** `reboots`: its byebye said AboutToReboot or AboutToBaselineReset, or its BOOTID is another one [BMS:2 2.4.1]. */
  | { readonly type: 'lost'; readonly reason: LossReason; readonly reboots: boolean }
  /** A reboot would be over by now. */
  | { readonly type: 'notBack' };

export type DeviceEffect =
  | { readonly type: 'bringUp' }
  | { readonly type: 'abort' }
  | { readonly type: 'attach' }
  /** No sessions, connection requests are answered 503; all else stays. */
  | { readonly type: 'suspend' }
  | { readonly type: 'detach'; readonly reason: LossReason }
  | { readonly type: 'giveUpAfter'; readonly seconds: number }
  | { readonly type: 'retryAfter'; readonly seconds: number };

export const INITIAL_DEVICE_STATE: DeviceState = { phase: 'offline', failures: 0 };

const FIRST_RETRY_SECONDS = 2;
const LONGEST_RETRY_SECONDS = 300;
/** Longer than any device of a home takes to reboot, a new firmware included. */
const LONGEST_REBOOT_SECONDS = 600;

/** Seconds before attempt number `failures` + 1. */
export function retryDelaySeconds(failures: number): number {
  return Math.min(LONGEST_RETRY_SECONDS, FIRST_RETRY_SECONDS * 2 ** Math.min(failures - 1, 10));
}

/** The life of a Proxied Device as a pure function. `abort` cancels whatever bring-up is under way. */
export function deviceTransition(
  state: DeviceState,
  input: DeviceInput,
): { readonly state: DeviceState; readonly effects: readonly DeviceEffect[] } {
  switch (input.type) {
    case 'appeared':
      // Also for a device that is up: its address or description changed, so everything is read again.
      return {
        state: { phase: isUp(state) ? 'refreshing' : 'bringingUp', failures: 0 },
        effects: [{ type: 'abort' }, { type: 'bringUp' }],
      };
    case 'lost':
      return lost(state, input.reason, input.reboots);
    case 'notBack':
      return state.phase === 'rebooting'
        ? { state: INITIAL_DEVICE_STATE, effects: [] }
        : { state, effects: [] };
    case 'fellSilent':
      if (!isUp(state)) return { state, effects: [] };
      return {
        state: { phase: 'unreachable', failures: 0 },
        effects: [{ type: 'abort' }, { type: 'suspend' }],
      };
    case 'answered':
      if (state.phase !== 'unreachable') return { state, effects: [] };
      // Nobody knows what it was busy with: it is managed again at once, and read anew.
      return {
        state: { phase: 'refreshing', failures: 0 },
        effects: [{ type: 'attach' }, { type: 'bringUp' }],
      };
    case 'broughtUp':
      if (state.phase !== 'bringingUp' && state.phase !== 'refreshing') return { state, effects: [] };
      return state.doubtful === true
        ? { state: { phase: 'refreshing', failures: 0 }, effects: [{ type: 'attach' }, { type: 'bringUp' }] }
        : { state: { phase: 'ready', failures: 0 }, effects: [{ type: 'attach' }] };
    case 'failed':
      return failed(state);
    case 'retryDue':
      if (state.phase === 'waiting')
        return { state: { ...state, phase: 'bringingUp' }, effects: [{ type: 'bringUp' }] };
      if (state.phase === 'ready' && state.failures > 0) {
        return { state: { ...state, phase: 'refreshing' }, effects: [{ type: 'bringUp' }] };
      }
      return { state, effects: [] };
    case 'structureDoubtful':
      if (state.phase === 'bringingUp' || state.phase === 'refreshing') {
        return { state: { ...state, doubtful: true }, effects: [] };
      }
      if (state.phase !== 'ready') return { state, effects: [] };
      return { state: { ...state, phase: 'refreshing' }, effects: [{ type: 'bringUp' }] };
  }
}

function lost(
  state: DeviceState,
  reason: LossReason,
  reboots: boolean,
): { state: DeviceState; effects: DeviceEffect[] } {
  if (state.phase === 'offline') return { state, effects: [] };
  const effects: DeviceEffect[] = [{ type: 'abort' }, { type: 'detach', reason }];
  if (!reboots) return { state: INITIAL_DEVICE_STATE, effects };
  return {
    state: { phase: 'rebooting', failures: 0 },
    effects: [...effects, { type: 'giveUpAfter', seconds: LONGEST_REBOOT_SECONDS }],
  };
}

function failed(state: DeviceState): { state: DeviceState; effects: DeviceEffect[] } {
  const failures = state.failures + 1;
  const retry: DeviceEffect = { type: 'retryAfter', seconds: retryDelaySeconds(failures) };
  switch (state.phase) {
    case 'bringingUp':
      return { state: { phase: 'waiting', failures }, effects: [retry] };
    case 'refreshing':
      // What is known stays in use: a device too busy to describe itself may still answer the ACS.
      return { state: { phase: 'ready', failures }, effects: [retry] };
    case 'offline':
    case 'waiting':
    case 'ready':
    case 'unreachable':
    case 'rebooting':
      return { state, effects: [] };
  }
}

function isUp(state: DeviceState): boolean {
  return state.phase === 'ready' || state.phase === 'refreshing';
}
