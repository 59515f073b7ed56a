import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { DeviceFault } from './device-fault.ts';
import type { ProfileIdentity } from './profile.ts';

export interface LabDeviceOptions {
  /** Built-in profile (voip, nas, wifi, sensor) or the path of a YAML file. */
  readonly profile: string;
  /** Network interface; default `lo`. */
  readonly interface?: string;
  /** Address on that interface; default its first. On `lo` any 127.x.y.z. */
  readonly host?: string;
  /** HTTP port; default any free. */
  readonly port?: number;
  /** `uuid:…`; default made from OUI, product class and serial number, so the same at every start. */
  readonly udn?: string;
  /** Identity fields that replace the profile's. */
  readonly identity?: Partial<ProfileIdentity>;
  /** Synthetic parameters under /X_LAB_Bench/; default 0. */
  readonly parameters?: number;
  /** Validity of the advertisements, seconds; default 1800. */
  readonly maxAgeSeconds?: number;
  /** How long a reboot takes, milliseconds; default 500. */
  readonly rebootMs?: number;
  /** Let values change by the profile's drift rules; default true. */
  readonly drift?: boolean;
  /** Answer SUBSCRIBE only after the initial event was answered. */
  readonly initialEventFirst?: boolean;
  /** Answer SetValues only after its NOTIFYs were answered, as a single-threaded device does. */
  readonly notifyBeforeResponse?: boolean;
  /** Misbehave from the start. */
  readonly fault?: DeviceFault;
  readonly logger?: Logger;
  readonly clock?: Clock;
}

/** Where a started device is found. */
export interface LabDeviceAddress {
  readonly udn: string;
  /** URL of the description. */
  readonly location: string;
  readonly address: string;
  readonly port: number;
}
