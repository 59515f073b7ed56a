import type { EventMessage, SubscriptionState } from '../types.ts';

/** A NOTIFY as received; `variables` undefined = its body could not be read. */
export interface Notification {
  readonly sid: string;
  readonly seq: number;
  readonly variables: ReadonlyMap<string, string> | undefined;
}

/**
 * State of one subscription.
 * - `subscribing`: SUBSCRIBE under way; events that overtake its answer wait in `held`.
 * - `active`: `sid` is valid; `renewing` = its renewal is under way.
 * - `waiting`: a SUBSCRIBE failed or events were lost; the timer starts the next try.
 */
export interface SubscriptionMachine {
  readonly phase: 'idle' | 'subscribing' | 'active' | 'renewing' | 'waiting' | 'stopped';
  readonly sid: string | undefined;
  readonly nextSeq: number;
  readonly grantedSeconds: number;
  readonly held: readonly Notification[];
  /** Failures of SUBSCRIBE in a row. */
  readonly failures: number;
  /** Losses of events since the last renewal. */
  readonly gaps: number;
  readonly renewFailures: number;
}

export type SubscriptionInput =
  | { readonly kind: 'start' }
  | { readonly kind: 'stop' }
  /** The machine has slept: events were missed, and the device may have let the subscription end. */
  | { readonly kind: 'resumed' }
  /** `timeoutSeconds` undefined = infinite, or not stated. */
  | { readonly kind: 'subscribed'; readonly sid: string; readonly timeoutSeconds: number | undefined }
  | { readonly kind: 'subscribeFailed' }
  | { readonly kind: 'renewed'; readonly timeoutSeconds: number | undefined }
  /** `unknown`: the device answered 412, it has forgotten the subscription. */
  | { readonly kind: 'renewFailed'; readonly unknown: boolean }
  | { readonly kind: 'notified'; readonly notification: Notification }
  | { readonly kind: 'timer' };

export type SubscriptionEffect =
  | { readonly kind: 'subscribe' }
  | { readonly kind: 'renew'; readonly sid: string }
  | { readonly kind: 'unsubscribe'; readonly sid: string }
  /** Replaces the timer that may be running. */
  | { readonly kind: 'timer'; readonly delayMs: number }
  | { readonly kind: 'deliver'; readonly event: EventMessage }
  | { readonly kind: 'state'; readonly state: SubscriptionState };

export interface SubscriptionStep {
  readonly machine: SubscriptionMachine;
  readonly effects: readonly SubscriptionEffect[];
}

export const newSubscription: SubscriptionMachine = {
  phase: 'idle',
  sid: undefined,
  nextSeq: 0,
  grantedSeconds: 0,
  held: [],
  failures: 0,
  gaps: 0,
  renewFailures: 0,
};

const LAST_SEQ = 4294967295;
const MAX_HELD = 16;
/** Stands in for `infinite`: a device may forget us all the same. */
const DEFAULT_GRANT_SECONDS = 1800;
const MIN_GRANT_SECONDS = 2;
const MAX_RENEW_FAILURES = 2;
const FIRST_RETRY_MS = 1000;
const LAST_RETRY_MS = 300_000;
const MAX_EXPONENT = 20;

/** One step of a subscription. Pure. [UDA 4.1] */
export function stepSubscription(machine: SubscriptionMachine, input: SubscriptionInput): SubscriptionStep {
  if (machine.phase === 'stopped') return onStopped(machine, input);
  switch (input.kind) {
    case 'start':
      if (machine.phase !== 'idle') return { machine, effects: [] };
      return subscribe(machine, [{ kind: 'state', state: 'subscribing' }]);
    case 'stop':
      return stop(machine);
    case 'resumed':
      return onResumed(machine);
    case 'subscribed':
      return onSubscribed(machine, input.sid, input.timeoutSeconds);
    case 'subscribeFailed':
      return machine.phase === 'subscribing' ? onSubscribeFailed(machine) : { machine, effects: [] };
    case 'renewed':
      return onRenewed(machine, input.timeoutSeconds);
    case 'renewFailed':
      return onRenewFailed(machine, input.unknown);
    case 'notified':
      return onNotified(machine, input.notification);
    case 'timer':
      return onTimer(machine);
  }
}

/** A SUBSCRIBE that was under way when we stopped has to be taken back. */
function onStopped(machine: SubscriptionMachine, input: SubscriptionInput): SubscriptionStep {
  const effects: SubscriptionEffect[] =
    input.kind === 'subscribed' ? [{ kind: 'unsubscribe', sid: input.sid }] : [];
  return { machine, effects };
}

function subscribe(machine: SubscriptionMachine, before: readonly SubscriptionEffect[]): SubscriptionStep {
  return {
    machine: { ...machine, phase: 'subscribing', sid: undefined, nextSeq: 0, held: [], renewFailures: 0 },
    effects: [...before, { kind: 'subscribe' }],
  };
}

function stop(machine: SubscriptionMachine): SubscriptionStep {
  const effects: SubscriptionEffect[] =
    machine.sid === undefined ? [] : [{ kind: 'unsubscribe', sid: machine.sid }];
  return {
    machine: { ...machine, phase: 'stopped', sid: undefined, held: [] },
    effects: [...effects, { kind: 'state', state: 'none' }],
  };
}

function onSubscribed(
  machine: SubscriptionMachine,
  sid: string,
  timeoutSeconds: number | undefined,
): SubscriptionStep {
  if (machine.phase !== 'subscribing') return { machine, effects: [{ kind: 'unsubscribe', sid }] };
  const grantedSeconds = grant(timeoutSeconds);
  let current: SubscriptionMachine = {
    ...machine,
    phase: 'active',
    sid,
    grantedSeconds,
    held: [],
    failures: 0,
  };
  const effects: SubscriptionEffect[] = [
    { kind: 'timer', delayMs: grantedSeconds * 500 },
    { kind: 'state', state: 'active' },
  ];
  for (const notification of machine.held) {
    if (notification.sid !== sid) continue;
    const step = stepSubscription(current, { kind: 'notified', notification });
    current = step.machine;
    effects.push(...step.effects);
  }
  return { machine: current, effects };
}

function onRenewed(machine: SubscriptionMachine, timeoutSeconds: number | undefined): SubscriptionStep {
  if (machine.phase !== 'renewing') return { machine, effects: [] };
  const grantedSeconds = grant(timeoutSeconds);
  return {
    machine: { ...machine, phase: 'active', grantedSeconds, gaps: 0, renewFailures: 0 },
    effects: [{ kind: 'timer', delayMs: grantedSeconds * 500 }],
  };
}

function onRenewFailed(machine: SubscriptionMachine, unknown: boolean): SubscriptionStep {
  if (machine.phase !== 'renewing') return { machine, effects: [] };
  if (unknown || machine.renewFailures >= MAX_RENEW_FAILURES) {
    return subscribe(machine, [{ kind: 'state', state: 'lost' }]);
  }
  // Renewals are tried at 4/8, 5/8 and 6/8 of the granted time.
  return {
    machine: { ...machine, phase: 'active', renewFailures: machine.renewFailures + 1 },
    effects: [{ kind: 'timer', delayMs: machine.grantedSeconds * 125 }],
  };
}

function onNotified(machine: SubscriptionMachine, notification: Notification): SubscriptionStep {
  if (machine.phase === 'subscribing') {
    const held = machine.held.length < MAX_HELD ? [...machine.held, notification] : machine.held;
    return { machine: { ...machine, held }, effects: [] };
  }
  const live = machine.phase === 'active' || machine.phase === 'renewing';
  if (!live || notification.sid !== machine.sid) return { machine, effects: [] };
  const { sid, seq, variables } = notification;
  if (seq !== machine.nextSeq || variables === undefined) {
    // Events were lost: the initial event of a new subscription tells all. [UDA 4.3.2]
    return onGap(machine, sid);
  }
  const nextSeq = seq === LAST_SEQ ? 1 : seq + 1;
  return {
    machine: { ...machine, nextSeq },
    effects: [{ kind: 'deliver', event: { sid, seq, variables } }],
  };
}

function onTimer(machine: SubscriptionMachine): SubscriptionStep {
  if (machine.phase === 'waiting') return subscribe(machine, []);
  if (machine.phase !== 'active' || machine.sid === undefined) return { machine, effects: [] };
  return { machine: { ...machine, phase: 'renewing' }, effects: [{ kind: 'renew', sid: machine.sid }] };
}

function onSubscribeFailed(machine: SubscriptionMachine): SubscriptionStep {
  const failures = Math.min(machine.failures + 1, MAX_EXPONENT);
  return wait({ ...machine, failures }, FIRST_RETRY_MS * 2 ** machine.failures, []);
}

/** The initial event of a new subscription tells all. */
function onResumed(machine: SubscriptionMachine): SubscriptionStep {
  if (machine.sid !== undefined) return wait(machine, 0, [{ kind: 'unsubscribe', sid: machine.sid }]);
  if (machine.phase !== 'waiting') return { machine, effects: [] };
  return { machine, effects: [{ kind: 'timer', delayMs: 0 }] };
}

/** The first time it starts afresh at once. A device that sends more than is taken would otherwise never be done with that. */
function onGap(machine: SubscriptionMachine, sid: string): SubscriptionStep {
  const gaps = Math.min(machine.gaps + 1, MAX_EXPONENT);
  const delayMs = machine.gaps === 0 ? 0 : FIRST_RETRY_MS * 2 ** (machine.gaps - 1);
  return wait({ ...machine, gaps }, delayMs, [{ kind: 'unsubscribe', sid }]);
}

function wait(
  machine: SubscriptionMachine,
  delayMs: number,
  before: readonly SubscriptionEffect[],
): SubscriptionStep {
  return {
    machine: { ...machine, phase: 'waiting', sid: undefined, held: [] },
    effects: [
      ...before,
      { kind: 'state', state: 'lost' },
      { kind: 'timer', delayMs: Math.min(LAST_RETRY_MS, delayMs) },
    ],
  };
}

function grant(timeoutSeconds: number | undefined): number {
  if (timeoutSeconds === undefined) return DEFAULT_GRANT_SECONDS;
  return Math.max(MIN_GRANT_SECONDS, timeoutSeconds);
}
