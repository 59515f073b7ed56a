import type { EndpointEvent, EndpointIdentity, EndpointStatus } from '../cwmp/types.ts';
import type { ProcessFigures } from '../platform/process-figures.ts';
import type { ProxiedDeviceStatus } from '../proxy/registry-entry.ts';
import type { EmbeddedDeviceStatus } from '../proxy/embedded/embedded-devices.ts';
import { identityKey } from '../proxy/identity.ts';
import type { InventorySummary } from '../proxy/inventory/inventory.ts';
import type { StatusSnapshot } from './status-snapshot.ts';

/** The answer to `GET /api/status`. Scripts rely on its names; what is not known yet is null. No secrets. */
export interface StatusReport {
  readonly version: string;
  readonly uptimeSeconds: number;
  /** What the daemon's process holds: none of it may grow for ever. */
  readonly process: ProcessFigures;
  /** Whether the proxier is a CPE of its own. */
  readonly proxierEndpoint: 'on' | 'off';
  /** The proxier's own comes first. */
  readonly endpoints: readonly EndpointReport[];
  /** The manageable devices that were on the LAN since the start. */
  readonly devices: readonly DeviceReport[];
  /** The devices in the proxier's own data model, those that are away included. */
  readonly embedded: readonly EmbeddedReport[];
  /** Rows of UPnP.Discovery and Hosts; null when the proxier has no endpoint that could show them. */
  readonly inventory: InventorySummary | null;
}

/** A CWMP endpoint: a CPE as the ACS sees it. */
export interface EndpointReport {
  readonly manufacturer: string;
  readonly oui: string;
  readonly productClass: string;
  readonly serialNumber: string;
  /** `proxier`: the CPE Proxier itself; `virtual`: a Proxied Device as a CPE of its own. */
  readonly mechanism: 'proxier' | 'virtual';
  /** `http://host:port/…`: the path is what authorises its user. Empty until the listener is up. */
  readonly connectionRequestUrl: string;
  /** [TR-181 ManagementServer.EnableCWMP] False: the ACS has switched the endpoint off. */
  readonly enableCwmp: boolean;
  readonly lastInform: {
    /** ISO 8601. */
    readonly time: string;
    readonly events: readonly string[];
    readonly result: 'running' | 'succeeded' | 'failed';
    readonly error?: string;
  } | null;
  readonly inSession: boolean;
  readonly retryCount: number;
  readonly pendingEvents: readonly EndpointEvent[];
}

/**
 * How the ACS sees a device: as a CPE (`virtual`), in the proxier's model (`embedded`), not at all because the rules say so
 * (`ignored`) or because it has no data model (`none`). Null: not yet, or not now.
 */
export type MechanismReport = 'virtual' | 'embedded' | 'ignored' | 'none' | null;

/** A UPnP device that the proxier knows. */
export interface DeviceReport {
  readonly udn: string;
  readonly friendlyName: string;
  readonly address: string;
  /** Service types. */
  readonly services: readonly string[];
  readonly state: ProxiedDeviceStatus['state'];
  readonly identity: EndpointIdentity | null;
  readonly mechanism: MechanismReport;
  readonly subscription: ProxiedDeviceStatus['subscription'];
  /** ISO 8601. */
  readonly lastSync: string | null;
  /** What an operator should know, e.g. a clash of identities. */
  readonly note: string | null;
}

/** A device in the proxier's own data model. */
export interface EmbeddedReport {
  readonly identity: EndpointIdentity;
  readonly udn: string | null;
  readonly friendlyName: string;
  readonly online: boolean;
  /** [TR-181 EmbeddedDevice.CommandProcessed] */
  readonly commandProcessed: EmbeddedDeviceStatus['commandProcessed'];
  /** [TR-181 EmbeddedDevice.CommandProcessingErrMsg] */
  readonly commandProcessingErrMsg: string;
  readonly pendingCommands: number;
  /** ISO 8601; null: not since the start. [TR-181 EmbeddedDevice.LastSyncTime] */
  readonly lastSyncTime: string | null;
  /** Paths in the proxier's data model, with a dot at the end. */
  readonly rows: readonly string[];
}

/** What people and scripts are told of a moment of the daemon. */
export function toStatusReport(snapshot: StatusSnapshot): StatusReport {
  const { version, uptimeSeconds, isProxierOn, proxier, endpoints, embedded, inventory } = snapshot;
  const exposed: ExposedKeys = {
    virtual: new Set(endpoints.map(({ identity }) => identityKey(identity))),
    embedded: new Set(embedded.map(({ identity }) => identityKey(identity))),
  };
  return {
    version,
    uptimeSeconds,
    process: snapshot.process,
    proxierEndpoint: isProxierOn ? 'on' : 'off',
    endpoints: [
      ...(proxier === undefined ? [] : [toEndpointReport(proxier, 'proxier')]),
      ...endpoints.map((status) => toEndpointReport(status, 'virtual')),
    ],
    devices: snapshot.devices.map((status) => toDeviceReport(status, exposed)),
    embedded: embedded.map(toEmbeddedReport),
    inventory: inventory ?? null,
  };
}

/** Identity keys. */
interface ExposedKeys {
  readonly virtual: ReadonlySet<string>;
  readonly embedded: ReadonlySet<string>;
}

function toEndpointReport(status: EndpointStatus, mechanism: EndpointReport['mechanism']): EndpointReport {
  const { manufacturer, oui, productClass, serialNumber } = status.identity;
  return {
    manufacturer,
    oui,
    productClass,
    serialNumber,
    mechanism,
    connectionRequestUrl: maskUrl(status.connectionRequestUrl),
    enableCwmp: status.enableCwmp,
    lastInform: status.lastInform ?? null,
    inSession: status.inSession,
    retryCount: status.retryCount,
    pendingEvents: status.pendingEvents,
  };
}

function toDeviceReport(status: ProxiedDeviceStatus, exposed: ExposedKeys): DeviceReport {
  return {
    udn: status.udn,
    friendlyName: status.friendlyName,
    address: status.address,
    services: status.services,
    state: status.state,
    identity: status.identity ?? null,
    mechanism: mechanismOf(status, exposed),
    subscription: status.subscription,
    lastSync: status.lastSync ?? null,
    note: status.note ?? null,
  };
}

/** What the device is at present: the rules may want something else that has not happened yet. */
function mechanismOf({ mechanism, identity }: ProxiedDeviceStatus, exposed: ExposedKeys): MechanismReport {
  if (mechanism === 'none') return 'none';
  if (identity === undefined) return null;
  const key = identityKey(identity);
  if (exposed.embedded.has(key)) return 'embedded';
  if (exposed.virtual.has(key)) return 'virtual';
  return mechanism === 'ignore' ? 'ignored' : null;
}

function toEmbeddedReport(status: EmbeddedDeviceStatus): EmbeddedReport {
  return {
    identity: status.identity,
    udn: status.udn ?? null,
    friendlyName: status.friendlyName,
    online: status.online,
    commandProcessed: status.commandProcessed,
    commandProcessingErrMsg: status.commandProcessingErrMsg,
    pendingCommands: status.pendingCommands,
    lastSyncTime: status.lastSync ?? null,
    rows: status.rows.map((path) => `${path}.`),
  };
}

function maskUrl(url: string): string {
  if (url === '') return '';
  return URL.canParse(url) ? `${new URL(url).origin}/…` : '…';
}
