import type { EndpointIdentity } from '../cwmp/types.ts';
import type { DeviceFacts } from '../platform/config/config.ts';
import type { ExposedDevice } from './exposed-device.ts';
import type { DescribedDevice } from './proxied-device.ts';

/** One of the two ways in which the ACS sees a device [TR-069 J.2, J.3]. */
export interface ExposingMechanism {
  expose(identity: EndpointIdentity, described: DescribedDevice, facts: DeviceFacts): Promise<ExposedDevice>;
  /** The device is no longer exposed in this way. @returns whether it was */
  retire(identityKey: string): Promise<boolean>;
  /** A device goes on under another BOOTID, as it announced: that is no reboot. */
  bootIdChanged?(identityKey: string, bootId: number, previous: number): Promise<void>;
  /** Nothing is left of the device. */
  forget(identityKey: string): Promise<void>;
  /** Identity keys of all devices that something is stored of. */
  readonly known: ReadonlySet<string>;
  /** Devices exposed in this way, by identity key; facts of those that were seen. */
  readonly exposed: ReadonlyMap<string, DeviceFacts | undefined>;
}

/** The mechanism that accepts writes which a device gets later: a device leaves it only when it has them. */
export interface HoldingMechanism extends ExposingMechanism {
  /** Whether the device has to stay for now. */
  holds(identityKey: string): boolean;
  /** `listener` is called with each device that need not stay any longer. Returns the function that ends it. */
  onReleased(listener: (identityKey: string) => void): () => void;
}
