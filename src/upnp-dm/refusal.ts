import { ActionError } from '../upnp/types.ts';

/** Of CMS; in other services the number means something else. */
const TEMPORARILY_UNAVAILABLE = 708;

/** Whether a device asks to come back later [CMS:2 2.4]: that is no word on what it has or supports. */
export function isBusy(error: unknown): boolean {
  if (!(error instanceof ActionError)) return false;
  if (error.source === 'upnp') return error.code === TEMPORARILY_UNAVAILABLE;
  return (error.httpStatus ?? 0) >= 400 && !error.isRefusal;
}

/** Whether a device refuses a CMS action for good, so that it may be asked otherwise. Trouble on the way would meet the next attempt, too. */
export function isRefusal(error: unknown): error is ActionError {
  return error instanceof ActionError && error.isRefusal && !isBusy(error);
}
