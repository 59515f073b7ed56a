import { ActionError } from '../upnp/types.ts';

/** Of CMS; in other services the number means something else. */
const TEMPORARILY_UNAVAILABLE = 708;
/** Request Timeout, Too Many Requests, Service Unavailable. */
const PASSING_HTTP_ERRORS: ReadonlySet<number | undefined> = new Set([408, 429, 503]);

/** Whether a device asks to come back later [CMS:2 2.4]: that is no word on what it has or supports. */
export function isBusy(error: unknown): boolean {
  if (!(error instanceof ActionError)) return false;
  return error.source === 'upnp'
    ? error.code === TEMPORARILY_UNAVAILABLE
    : PASSING_HTTP_ERRORS.has(error.httpStatus);
}

/**
 * Whether a device will not do a CMS action, so that it may be asked otherwise: by a UPnPError, or by a bare HTTP error, as partial
 * implementations answer to actions that they lack. Trouble on the way would meet the next attempt, too.
 */
export function isRefusal(error: unknown): error is ActionError {
  if (!(error instanceof ActionError) || isBusy(error)) return false;
  return error.source === 'upnp' || (error.httpStatus ?? 0) >= 400;
}
