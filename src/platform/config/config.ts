/** How a Proxied Device appears to the ACS [TR-069 J.1]. */
export type DeviceMechanism = 'virtual' | 'embedded' | 'ignore';

/** What a rule may compare; a pattern matches the whole text, case-insensitively, `*` stands for any characters. */
export interface DeviceFacts {
  readonly manufacturerOui: string;
  readonly productClass: string;
  readonly serialNumber: string;
  readonly modelName: string;
  readonly deviceType: string;
  readonly udn: string;
  readonly address: string;
}

export interface DeviceRule {
  /** All given patterns must match. At least one is given. */
  readonly match: Readonly<Partial<DeviceFacts>>;
  readonly mechanism: DeviceMechanism;
}

export interface DevicesConfig {
  readonly default: DeviceMechanism;
  /** The first rule that matches decides. */
  readonly rules: readonly DeviceRule[];
  /** Seconds between reads of what the ACS watches and the device raises no events for; 0 = never. */
  readonly pollIntervalSeconds: number;
  /** Devices are told to raise alarms, with the value, for what the ACS watches actively. */
  readonly alarms: boolean;
  /** Devices beyond that number are left out. */
  readonly maxDevices: number;
  /** How long a device that has no DeviceID is remembered after it was seen last. */
  readonly forgetAfterSeconds: number;
}

export interface AcsTlsConfig {
  readonly caFile?: string;
  readonly certificateFile?: string;
  readonly keyFile?: string;
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
  /** PEM texts read from the files. */
  readonly ca?: string;
  readonly certificate?: string;
  readonly key?: string;
}

/** The effective configuration: checked, defaults filled in, files read, relative paths made absolute. */
export interface Config {
  readonly acs: {
    readonly url: string;
    /** Empty: the ACS is not asked to authenticate us. */
    readonly username: string;
    /** Secret. From `password` or `passwordFile`; may be empty. */
    readonly password: string;
    readonly passwordFile?: string;
    readonly tls: AcsTlsConfig;
    readonly periodicInformIntervalSeconds: number;
    /** EnableCWMP becomes true at each start and reload, whatever the ACS wrote. */
    readonly enableCwmpAtStart: boolean;
  };
  readonly proxier: {
    /** False: the gateway has a CWMP client of its own, and only virtual devices speak to the ACS. */
    readonly endpoint: boolean;
    readonly manufacturer: string;
    /** Six upper-case hexadecimal digits. */
    readonly manufacturerOui: string;
    readonly productClass: string;
    /** Undefined: one is chosen at the first start, and kept. */
    readonly serialNumber?: string;
    readonly modelName: string;
    readonly description: string;
    readonly hardwareVersion: string;
  };
  readonly lan: { readonly interfaces: readonly string[] };
  readonly connectionRequest: {
    readonly host: string;
    /** 0 = any free port. */
    readonly port: number;
    /** How the ACS reaches the listener, without trailing slash, when that is not its own address. */
    readonly publicUrl?: string;
  };
  readonly status: { readonly host: string; readonly port: number };
  readonly state: { readonly directory: string };
  readonly devices: DevicesConfig;
  readonly embedded: {
    /** How long a SetParameterValues waits for an Embedded Object's device before the command is queued. */
    readonly answerTimeoutSeconds: number;
  };
  readonly inventory: {
    /** How long the rows of a UPnP device stay after it left. */
    readonly retentionSeconds: number;
  };
  readonly log: { readonly level: 'error' | 'warn' | 'info' | 'debug'; readonly format: 'text' | 'json' };
  /** What is allowed but probably not meant; one sentence each, for the log. */
  readonly warnings: readonly string[];
}

/** Decides how a device is exposed. */
export function chooseMechanism(
  devices: Pick<DevicesConfig, 'default' | 'rules'>,
  facts: Readonly<Partial<DeviceFacts>>,
): DeviceMechanism {
  const rule = devices.rules.find(({ match }) =>
    FACT_NAMES.every((name) => match[name] === undefined || matchesPattern(match[name], facts[name] ?? '')),
  );
  return rule?.mechanism ?? devices.default;
}

const FACT_NAMES = [
  'manufacturerOui',
  'productClass',
  'serialNumber',
  'modelName',
  'deviceType',
  'udn',
  'address',
] as const satisfies readonly (keyof DeviceFacts)[];

/** Greedy from left to right, no backtracking: a device's text cannot make it slow. */
function matchesPattern(pattern: string, text: string): boolean {
  const parts = pattern.toLowerCase().split('*');
  const subject = text.toLowerCase();
  const first = parts[0] ?? '';
  const last = parts.at(-1) ?? '';
  if (parts.length === 1) return subject === first;
  if (!subject.startsWith(first) || !subject.endsWith(last)) return false;
  const end = subject.length - last.length;
  let position = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = subject.indexOf(part, position);
    if (found < 0) return false;
    position = found + part.length;
  }
  return position <= end;
}
