import type { EndpointStatus } from '../cwmp/types.ts';
import type { ProcessFigures } from '../platform/process-figures.ts';
import type { ProxiedDeviceStatus } from '../proxy/registry-entry.ts';
import type { EmbeddedDeviceStatus } from '../proxy/embedded/embedded-devices.ts';
import type { InventorySummary } from '../proxy/inventory/inventory.ts';

/** The state of the daemon at one moment, as its parts tell it. */
export interface StatusSnapshot {
  readonly version: string;
  readonly uptimeSeconds: number;
  readonly process: ProcessFigures;
  /** Of the virtual devices. */
  readonly endpoints: readonly EndpointStatus[];
  /** Whether the configuration gives the proxier an endpoint of its own. */
  readonly isProxierOn: boolean;
  /** The proxier's own; undefined when it has none, or none yet. */
  readonly proxier?: EndpointStatus | undefined;
  /** The devices in the proxier's own data model, those that are away included. */
  readonly embedded: readonly EmbeddedDeviceStatus[];
  /** Undefined when the proxier has no endpoint that could show it, or none yet. */
  readonly inventory?: InventorySummary | undefined;
  /** The manageable devices that were on the LAN since the start. */
  readonly devices: readonly ProxiedDeviceStatus[];
}
