/** What tells one run of a device from the next. */
export interface BootMark {
  /** BOOTID.UPNP.ORG; undefined for devices older than UDA 1.1. */
  readonly bootId?: number;
  /** Wall clock of the start that UpTime points to, milliseconds since the epoch; undefined when the device has no UpTime. */
  readonly startedAt?: number;
}

/** Device clocks drift and answers take their time: starts that lie closer together than this are one. */
const SAME_START_MS = 120_000;

/** The mark of a device as it is found now. @param upTimeSeconds its own UpTime, if it has one */
export function bootMark(
  bootId: number | undefined,
  upTimeSeconds: number | undefined,
  nowMs: number,
): BootMark {
  return {
    ...(bootId === undefined ? {} : { bootId }),
    ...(upTimeSeconds === undefined ? {} : { startedAt: nowMs - upTimeSeconds * 1000 }),
  };
}

/**
 * Whether the device has started anew between two marks. The BOOTID decides where there is one [UDA 1.2.2]; else a start that
 * lies later than the known one does. Where neither is known, the answer is no.
 */
export function hasRebooted(previous: BootMark, current: BootMark): boolean {
  if (previous.bootId !== undefined && current.bootId !== undefined)
    return previous.bootId !== current.bootId;
  if (previous.startedAt === undefined || current.startedAt === undefined) return false;
  return current.startedAt - previous.startedAt > SAME_START_MS;
}

/** Whether `current` says anything that is worth storing in place of `previous`. */
export function isSameMark(previous: BootMark, current: BootMark): boolean {
  return previous.bootId === current.bootId && !hasRebooted(previous, current);
}
