/** What tells one run of a device from the next. */
export interface BootMark {
  /** BOOTID.UPNP.ORG; undefined for devices older than UDA 1.1. */
  readonly bootId?: number;
  /** The device's UpTime when the mark was made; undefined when it has none. */
  readonly upTimeSeconds?: number;
  /** When that was: how long this machine was up, suspensions included. No clock that anybody sets. */
  readonly at?: Moment;
}

export interface Moment {
  /** Of this machine. */
  readonly uptimeMs: number;
  /** Which run of this machine that was; undefined where the kernel does not say. */
  readonly machineBootId?: string | undefined;
}

/** Answers take their time, and UpTime has whole seconds. */
const TOLERANCE_SECONDS = 120;
/** Device clocks drift: a crystal by less than that. */
const DRIFT = 0.001;

/** The mark of a device as it is found now. @param upTimeSeconds its own UpTime, if it has one */
export function bootMark(
  bootId: number | undefined,
  upTimeSeconds: number | undefined,
  now: Moment,
): BootMark {
  return {
    ...(bootId === undefined ? {} : { bootId }),
    ...(upTimeSeconds === undefined ? {} : { upTimeSeconds, at: now }),
  };
}

/**
 * Whether the device has started anew between two marks. The BOOTID decides where there is one [UDA 1.2.2]; else its UpTime,
 * which has to grow as that of this machine does. The wall clock is not asked: without a battery it is years off until NTP sets
 * it. So when this machine was started in between, only what is certain counts: a device that is up for less time than it was
 * then, or than this machine is now. Where nothing is known, the answer is no: a `1 BOOT` too few is better than a false one.
 */
export function hasRebooted(previous: BootMark, current: BootMark): boolean {
  if (previous.bootId !== undefined && current.bootId !== undefined)
    return previous.bootId !== current.bootId;
  const [before, now] = [previous.at, current.at];
  if (before === undefined || now === undefined) return false;
  const [upThen, up] = [previous.upTimeSeconds ?? 0, current.upTimeSeconds ?? 0];
  if (isOneRun(before, now)) return isShorter(up, upThen, (now.uptimeMs - before.uptimeMs) / 1000);
  const isOtherRun = before.machineBootId !== undefined && now.machineBootId !== undefined;
  return isShorter(up, upThen, 0) || (isOtherRun && isShorter(up, 0, now.uptimeMs / 1000));
}

/** Whether `current` says anything that is worth storing in place of `previous`. */
export function isSameMark(previous: BootMark, current: BootMark): boolean {
  if (previous.bootId !== current.bootId || hasRebooted(previous, current)) return false;
  // A mark of the machine's own run is the better one to compare with.
  return current.at === undefined || (previous.at !== undefined && isOneRun(previous.at, current.at));
}

function isOneRun(before: Moment, now: Moment): boolean {
  return before.machineBootId !== undefined && before.machineBootId === now.machineBootId;
}

/** Whether `up` is less than it would be, had it run on for `elapsed` since it was `upThen`; all in seconds. */
function isShorter(up: number, upThen: number, elapsed: number): boolean {
  return up + TOLERANCE_SECONDS + elapsed * DRIFT < upThen + elapsed;
}
