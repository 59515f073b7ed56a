import { randomBytes } from 'node:crypto';
import { FACTORY_SETTINGS } from '../cwmp/default-settings.ts';
import type {
  ConnectionRequestListener,
  EndpointIdentity,
  SessionScheduler,
  TlsOptions,
} from '../cwmp/types.ts';
import type { DeviceSettings } from '../device2/settings-store.ts';
import type { Clock } from '../platform/clock.ts';
import type { SendDatagram } from '../platform/datagram.ts';
import type { Logger } from '../platform/logger.ts';
import type { NameLookup } from '../platform/name-lookup.ts';
import type { DocumentStore } from '../platform/store/document-store.ts';

export interface AcsAccess {
  readonly url: string;
  readonly username: string;
  readonly password: string;
  readonly periodicInformIntervalSeconds: number;
}

/** What the endpoints of the proxier and of all virtual devices share. */
export interface EndpointContext {
  readonly store: DocumentStore;
  readonly connectionRequests: ConnectionRequestListener;
  readonly scheduler: SessionScheduler;
  /** Read at each session: the configuration may change. */
  readonly tls: () => TlsOptions;
  readonly proxier: EndpointIdentity;
  /** What the configuration gives an endpoint whose ACS has set nothing else; it may change. */
  readonly acs: () => AcsAccess;
  readonly sendDatagram: SendDatagram;
  /** How hosts are found by their names. */
  readonly names: NameLookup;
  readonly clock: Clock;
  /** Tells one run of this machine from the next; undefined where the kernel does not. */
  readonly machineBootId: string | undefined;
  readonly logger: Logger;
  readonly userAgent: string;
}

/** Until the ACS has set credentials nobody knows the password, so nobody can open a session from outside. */
export function defaultSettings(acs: AcsAccess, connectionRequestUsername: string): DeviceSettings {
  return {
    ...FACTORY_SETTINGS,
    ...accessSettings(acs),
    connectionRequestUsername,
    connectionRequestPassword: randomBytes(18).toString('base64url'),
    upgradesManaged: true,
  };
}

/** The settings that the configuration gives. */
export function accessSettings({
  url,
  username,
  password,
  periodicInformIntervalSeconds,
}: AcsAccess): Pick<DeviceSettings, 'url' | 'username' | 'password' | 'periodicInformInterval'> {
  return { url, username, password, periodicInformInterval: periodicInformIntervalSeconds };
}
