/**
 * silent: never answers; http500, brokenXml: answers nothing better. In these the action is not executed.
 * slowBytes: one byte of the answer a second; latin1: the answer is iso-8859-1 that says it is UTF-8.
 */
export const BEHAVIOURS = ['silent', 'http500', 'brokenXml', 'slowBytes', 'latin1'] as const;

export type Behaviour = (typeof BEHAVIOURS)[number];

export type FatalBehaviour = Exclude<Behaviour, 'slowBytes' | 'latin1'>;

/** A misbehaviour of one action or (`*`) of all. */
export type ActionFault =
  /** Answers with this UPnP error code, and with this text instead of the standard's. */
  | { readonly action: string; readonly code: number; readonly description?: string }
  /** Answers correctly, this much later. */
  | { readonly action: string; readonly delayMs: number }
  | { readonly action: string; readonly behaviour: Behaviour };

/** A misbehaviour to show. */
export type DeviceFault = ActionFault | { readonly events: EventFault };

/**
 * unconfirmed: SUBSCRIBE is never answered; mute: it is, and no event ever comes; wrongSeq: every event leaves out a number;
 * noAttributes: there is no AttributeValuesUpdate, which is optional [CMS:2 2.3].
 */
export const EVENT_FAULTS = ['unconfirmed', 'mute', 'wrongSeq', 'noAttributes'] as const;

export type EventFault = (typeof EVENT_FAULTS)[number];

export function isFatal(behaviour: Behaviour): behaviour is FatalBehaviour {
  return behaviour !== 'slowBytes' && behaviour !== 'latin1';
}

/**
 * Reads `ACTION CODE`, `ACTION NUMBERms`, `ACTION BEHAVIOUR` or `events FAULT`.
 * @throws Error that says what there is
 */
export function parseFault([action = '', what = '']: readonly string[]): DeviceFault {
  const events = EVENT_FAULTS.find((known) => known === what);
  if (action === 'events' && events !== undefined) return { events };
  if (/^\d{3}$/.test(what)) return { action, code: Number(what) };
  if (/^\d{1,6}ms$/.test(what)) return { action, delayMs: parseInt(what, 10) };
  const behaviour = BEHAVIOURS.find((known) => known === what);
  if (action !== 'events' && behaviour !== undefined) return { action, behaviour };
  throw new Error(
    `a fault is ACTION (or *) with an error code, a number of ms or one of ${BEHAVIOURS.join(', ')}; or events with one of ${EVENT_FAULTS.join(', ')}`,
  );
}
