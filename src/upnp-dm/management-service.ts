import type { Scpd, ServiceDescription } from '../upnp/types.ts';

/** The services of UPnP Device Management, and DeviceProtection that guards them. */
export type ManagementServiceName =
  'ConfigurationManagement' | 'BasicManagement' | 'SoftwareManagement' | 'DeviceProtection';

/** A management service that a device offers. */
export interface ManagementService {
  readonly name: ManagementServiceName;
  /** 1 or more. */
  readonly version: number;
  readonly service: ServiceDescription;
}

const NAMES: readonly ManagementServiceName[] = [
  'ConfigurationManagement',
  'BasicManagement',
  'SoftwareManagement',
  'DeviceProtection',
];
const SERVICE_TYPE = /^\s*urn:schemas-upnp-org:service:([A-Za-z]+):(\d{1,4})(?:\.\d+)?\s*$/i;
/** Deployed devices append a version to the service ID. */
const SERVICE_ID = /^\s*urn:upnp-org:serviceId:([A-Za-z]+)(?::?(\d{1,4}))?\s*$/i;

/** What management service this is: told by its type, else by its ID; undefined when it is none. */
export function identifyManagementService(service: ServiceDescription): ManagementService | undefined {
  for (const match of [SERVICE_TYPE.exec(service.serviceType), SERVICE_ID.exec(service.serviceId)]) {
    const name = NAMES.find((known) => known.toLowerCase() === match?.[1]?.toLowerCase());
    if (name !== undefined) return { name, version: Math.max(1, Number(match?.[2] ?? 1)), service };
  }
  return undefined;
}

/** What an operator is shown of a management service whose operations are not used yet. */
export interface ManagementServiceSummary {
  readonly name: ManagementServiceName;
  readonly version: number;
  /** In alphabetical order; undefined when the SCPD could not be fetched. */
  readonly actions: readonly string[] | undefined;
}

/** Describes BMS, SMS or any other management service by its SCPD. */
export function summarizeManagementService(
  service: ManagementService,
  scpd: Scpd | undefined,
): ManagementServiceSummary {
  return {
    name: service.name,
    version: service.version,
    actions: scpd === undefined ? undefined : [...scpd.actions.keys()].sort(),
  };
}
