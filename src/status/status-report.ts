import type { EndpointEvent, EndpointIdentity, EndpointStatus } from '../cwmp/types.ts';
import type { ProxiedDeviceStatus } from '../proxy/device-registry.ts';
import type { StatusSnapshot } from './status-snapshot.ts';

/** The answer to `GET /api/status`. Scripts rely on its names; what is not known yet is null. No secrets. */
export interface StatusReport {
  readonly version: string;
  readonly uptimeSeconds: number;
  readonly endpoints: readonly EndpointReport[];
  readonly devices: readonly DeviceReport[];
}

/** A CWMP endpoint: a CPE as the ACS sees it. */
export interface EndpointReport {
  readonly manufacturer: string;
  readonly oui: string;
  readonly productClass: string;
  readonly serialNumber: string;
  readonly mechanism: 'virtual';
  /** `http://host:port/…`: the path is what authorises its user. Empty until the listener is up. */
  readonly connectionRequestUrl: string;
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

/** A UPnP device that the proxier knows. */
export interface DeviceReport {
  readonly udn: string;
  readonly friendlyName: string;
  readonly address: string;
  /** Service types. */
  readonly services: readonly string[];
  readonly state: ProxiedDeviceStatus['state'];
  readonly identity: EndpointIdentity | null;
  readonly mechanism: ProxiedDeviceStatus['mechanism'];
  readonly subscription: ProxiedDeviceStatus['subscription'];
  /** ISO 8601. */
  readonly lastSync: string | null;
  /** What an operator should know, e.g. a clash of identities. */
  readonly note: string | null;
}

export function toStatusReport({ version, uptimeSeconds, endpoints, devices }: StatusSnapshot): StatusReport {
  return {
    version,
    uptimeSeconds,
    endpoints: endpoints.map(toEndpointReport),
    devices: devices.map(toDeviceReport),
  };
}

function toEndpointReport(status: EndpointStatus): EndpointReport {
  const { manufacturer, oui, productClass, serialNumber } = status.identity;
  return {
    manufacturer,
    oui,
    productClass,
    serialNumber,
    // This version has no endpoint of the proxier's own: every endpoint is a Virtual CWMP Device.
    mechanism: 'virtual',
    connectionRequestUrl: maskUrl(status.connectionRequestUrl),
    lastInform: status.lastInform ?? null,
    inSession: status.inSession,
    retryCount: status.retryCount,
    pendingEvents: status.pendingEvents,
  };
}

function toDeviceReport(status: ProxiedDeviceStatus): DeviceReport {
  return {
    udn: status.udn,
    friendlyName: status.friendlyName,
    address: status.address,
    services: status.services,
    state: status.state,
    identity: status.identity ?? null,
    mechanism: status.mechanism,
    subscription: status.subscription,
    lastSync: status.lastSync ?? null,
    note: status.note ?? null,
  };
}

function maskUrl(url: string): string {
  if (url === '') return '';
  return URL.canParse(url) ? `${new URL(url).origin}/…` : '…';
}
