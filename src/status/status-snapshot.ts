import type { EndpointStatus } from '../cwmp/types.ts';
import type { ProxiedDeviceStatus } from '../proxy/device-registry.ts';

/** The state of the daemon at one moment, as its parts tell it. */
export interface StatusSnapshot {
  readonly version: string;
  readonly uptimeSeconds: number;
  readonly endpoints: readonly EndpointStatus[];
  readonly devices: readonly ProxiedDeviceStatus[];
}
