import type { EndpointStatus } from '../cwmp/types.ts';
import type { ProxiedDeviceStatus } from '../proxy/device-registry.ts';

/** The state of the daemon at one moment, as its parts tell it. */
export interface StatusSnapshot {
  readonly version: string;
  readonly uptimeSeconds: number;
  /** Of the virtual devices. */
  readonly endpoints: readonly EndpointStatus[];
  /** The proxier's own; undefined when it has none. */
  readonly proxier?: EndpointStatus | undefined;
  readonly devices: readonly ProxiedDeviceStatus[];
}
