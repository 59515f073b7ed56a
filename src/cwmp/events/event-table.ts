/**
 * What happens to an undelivered event: `always` = kept until delivered, over reboots too; `untilReboot` = kept until the CPE
 * reboots; `never` = one attempt only. Where the standard leaves the choice to the CPE ("may retry") this table says what we do.
 */
export type EventRetry = 'always' | 'untilReboot' | 'never';

export interface EventRule {
  readonly code: string;
  /** `single`: one entry however often it happens. `multiple`: one entry per CommandKey. */
  readonly cumulative: 'single' | 'multiple';
  readonly retry: EventRetry;
  /** The answer of the ACS that counts as delivery. */
  readonly deliveredBy: string;
  /** The event that stands in each Inform with this one. */
  readonly companion?: string;
}

const INFORM = 'InformResponse';
const TRANSFER = 'TransferCompleteResponse';

/** Every event of CWMP 1.4, in the order in which the codes stand in an Inform [TR-069 3.7.1.5]. */
export const EVENT_TABLE: readonly EventRule[] = [
  { code: '0 BOOTSTRAP', cumulative: 'single', retry: 'always', deliveredBy: INFORM },
  { code: '1 BOOT', cumulative: 'single', retry: 'untilReboot', deliveredBy: INFORM },
  { code: '2 PERIODIC', cumulative: 'single', retry: 'always', deliveredBy: INFORM },
  { code: '3 SCHEDULED', cumulative: 'single', retry: 'always', deliveredBy: INFORM },
  { code: '4 VALUE CHANGE', cumulative: 'single', retry: 'untilReboot', deliveredBy: INFORM },
  { code: '5 KICKED', cumulative: 'single', retry: 'never', deliveredBy: 'KickedResponse' },
  { code: '6 CONNECTION REQUEST', cumulative: 'single', retry: 'never', deliveredBy: INFORM },
  { code: '7 TRANSFER COMPLETE', cumulative: 'single', retry: 'always', deliveredBy: TRANSFER },
  { code: '8 DIAGNOSTICS COMPLETE', cumulative: 'single', retry: 'untilReboot', deliveredBy: INFORM },
  {
    code: '9 REQUEST DOWNLOAD',
    cumulative: 'single',
    retry: 'never',
    deliveredBy: 'RequestDownloadResponse',
  },
  {
    code: '10 AUTONOMOUS TRANSFER COMPLETE',
    cumulative: 'single',
    retry: 'always',
    deliveredBy: 'AutonomousTransferCompleteResponse',
  },
  {
    code: '11 DU STATE CHANGE COMPLETE',
    cumulative: 'single',
    retry: 'always',
    deliveredBy: 'DUStateChangeCompleteResponse',
  },
  {
    code: '12 AUTONOMOUS DU STATE CHANGE COMPLETE',
    cumulative: 'single',
    retry: 'always',
    deliveredBy: 'AutonomousDUStateChangeCompleteResponse',
  },
  { code: '13 WAKEUP', cumulative: 'single', retry: 'untilReboot', deliveredBy: INFORM },
  { code: '14 HEARTBEAT', cumulative: 'single', retry: 'never', deliveredBy: INFORM },
  { code: 'M Reboot', cumulative: 'multiple', retry: 'always', deliveredBy: INFORM },
  {
    code: 'M ScheduleInform',
    cumulative: 'multiple',
    retry: 'always',
    deliveredBy: INFORM,
    companion: '3 SCHEDULED',
  },
  { code: 'M Download', cumulative: 'multiple', retry: 'always', deliveredBy: TRANSFER },
  { code: 'M ScheduleDownload', cumulative: 'multiple', retry: 'always', deliveredBy: TRANSFER },
  { code: 'M Upload', cumulative: 'multiple', retry: 'always', deliveredBy: TRANSFER },
  {
    code: 'M ChangeDUState',
    cumulative: 'multiple',
    retry: 'always',
    deliveredBy: 'DUStateChangeCompleteResponse',
  },
];

/** Vendor events ("M X_…", "X …") have no row: they are kept like the standard's M events. */
const VENDOR_RULE: Omit<EventRule, 'code'> = {
  cumulative: 'multiple',
  retry: 'always',
  deliveredBy: INFORM,
};

const RULES = new Map(EVENT_TABLE.map((rule) => [rule.code, rule]));
const ORDER = new Map(EVENT_TABLE.map((rule, index) => [rule.code, index]));

/** The row of the table for `code` [TR-069 3.7.1.5]; a code that is not in it has the rule of vendor events. */
export function eventRule(code: string): EventRule {
  return RULES.get(code) ?? { code, ...VENDOR_RULE };
}

/** Whether the standard has no such event. */
export function isVendorEvent(code: string): boolean {
  return !RULES.has(code);
}

/** Position of `code` in an Inform; vendor events come last. */
export function eventOrder(code: string): number {
  return ORDER.get(code) ?? EVENT_TABLE.length;
}
