/** What the status page and `GET /api/status` show. No secrets: a connection request URL's path is one. */
export interface StatusSnapshot {
  readonly version: string;
  readonly uptimeSeconds: number;
  readonly endpoints: readonly StatusEndpoint[];
  readonly devices: readonly StatusDevice[];
}

/** A CWMP endpoint: a CPE as the ACS sees it. */
export interface StatusEndpoint {
  readonly oui: string;
  readonly productClass: string;
  readonly serialNumber: string;
  /** `proxier` itself, or how its Proxied Device is exposed. */
  readonly mechanism: 'proxier' | 'virtual' | 'embedded';
  /** The server masks its path; empty until the listener is up. */
  readonly connectionRequestUrl: string;
  readonly lastInform:
    | {
        /** ISO 8601. */
        readonly time: string;
        readonly events: readonly string[];
        /** `running`, `succeeded` or `failed`. */
        readonly result: string;
        readonly error?: string;
      }
    | undefined;
  readonly retryCount: number;
  readonly pendingEvents: readonly string[];
}

/** A UPnP DM device on the LAN. */
export interface StatusDevice {
  readonly udn: string;
  readonly address: string;
  /** Service types. */
  readonly services: readonly string[];
  /** Where it stands, e.g. `discovered`, `described`, `registered`, `lost`. */
  readonly state: string;
  /** `OUI-ProductClass-SerialNumber`; empty until known. */
  readonly identity: string;
  readonly mechanism: 'virtual' | 'embedded' | 'ignore';
  readonly subscription: 'none' | 'subscribing' | 'active' | 'lost';
  /** ISO 8601; undefined before the first. */
  readonly lastSync: string | undefined;
  /** What an operator should know, e.g. a clash of identities; empty when all is well. */
  readonly note: string;
}
