import type { DataModel } from '../datamodel/data-model.ts';
import type { Clock } from '../platform/clock.ts';
import type { SendDatagram } from '../platform/datagram.ts';
import type { Logger } from '../platform/logger.ts';
import type { NameLookup } from '../platform/name-lookup.ts';
import type { DocumentStore } from '../platform/store/document-store.ts';

/** DeviceId of an endpoint; fixed for its life. OUI is six upper-case hex digits. */
export interface EndpointIdentity {
  readonly manufacturer: string;
  readonly oui: string;
  /** May be empty. */
  readonly productClass: string;
  readonly serialNumber: string;
}

/** What ManagementServer. holds and the endpoint obeys. Written by the ACS through the data model, persisted per endpoint. */
export interface AcsSettings {
  readonly enableCwmp: boolean;
  readonly url: string;
  readonly username: string;
  readonly password: string;
  readonly periodicInformEnable: boolean;
  /** Seconds, >= 1. */
  readonly periodicInformInterval: number;
  /** xsd:dateTime; the Unknown Time lets the endpoint pick the phase. */
  readonly periodicInformTime: string;
  readonly connectionRequestUsername: string;
  readonly connectionRequestPassword: string;
  /** Seconds, 1..65535 (m). */
  readonly retryMinimumWaitInterval: number;
  /** Thousandths, 1000..65535 (k). */
  readonly retryIntervalMultiplier: number;
  /** Seconds. */
  readonly defaultActiveNotificationThrottle: number;
  readonly provisioningCode: string;
  /** How instances are named in what the ACS is told. */
  readonly instanceMode: 'InstanceNumber' | 'InstanceAlias';
  /** SetParameterValues with an alias that no row has creates one. */
  readonly autoCreateInstances: boolean;
  /** `UDP`, or empty: no Lightweight Notifications, whatever the attributes say [TR-069 Annex M]. */
  readonly lightweightNotificationProtocolsUsed: string;
  /** Seconds between deliveries of passive ones; 0: only together with active ones. */
  readonly lightweightNotificationTriggerInterval: number;
  /** xsd:dateTime, the phase of the interval. */
  readonly lightweightNotificationTriggerTime: string;
  /** Empty: the host of `url`. */
  readonly udpLightweightNotificationHost: string;
  readonly udpLightweightNotificationPort: number;
  /** Whether `14 HEARTBEAT` is sent [TR-069 Annex O]. */
  readonly heartbeatEnable: boolean;
  /** Seconds, >= 30. */
  readonly heartbeatReportingInterval: number;
  /** xsd:dateTime, the phase of the heartbeats. */
  readonly heartbeatInitiationTime: string;
  /** Seconds that connection requests may go unheard before `13 WAKEUP` says so; -1 = any [TR-069 Annex L]. */
  readonly crUnawarenessMaxDuration: number;
  /** Periodic Informs that may be missed before `13 WAKEUP` says so; -1 = any. */
  readonly maxMissedPeriodic: number;
  /** A missed scheduled Inform makes a `13 WAKEUP`. */
  readonly notifyMissedScheduled: boolean;
  /** What the ACS asks of the standby of a CPE; kept for it, we have no standby of our own to forbid. */
  readonly crAwarenessRequested: boolean;
  readonly periodicAwarenessRequested: boolean;
  readonly scheduledAwarenessRequested: boolean;
}

/** The settings of one endpoint, durable. */
export interface SettingsStore {
  readonly current: AcsSettings;
  /** Resolves when the change is on the disk. */
  update(change: Partial<AcsSettings>): Promise<void>;
  onChange(listener: (current: AcsSettings, previous: AcsSettings) => void): () => void;
}

export interface TlsOptions {
  /** PEM text of the CAs to trust instead of the built-in ones. */
  readonly ca?: string;
  readonly certificate?: string;
  readonly key?: string;
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
}

export interface EndpointEvent {
  readonly code: string;
  readonly commandKey: string;
}

export type SessionResult = 'succeeded' | 'failed';

/** For the status page: no secrets, nothing live. */
export interface EndpointStatus {
  readonly identity: EndpointIdentity;
  /** Empty until the listener is up. */
  readonly connectionRequestUrl: string;
  /** False: the ACS has switched it off. */
  readonly enableCwmp: boolean;
  readonly lastInform:
    | {
        readonly time: string;
        readonly events: readonly string[];
        readonly result: SessionResult | 'running';
        readonly error?: string;
      }
    | undefined;
  readonly retryCount: number;
  readonly pendingEvents: readonly EndpointEvent[];
  readonly inSession: boolean;
}

/** Listener that many endpoints share: one unguessable path each, digest-protected [TR-069 3.2.2]. */
export interface ConnectionRequestListener {
  start(): Promise<void>;
  stop(): Promise<void>;
  /** host and port actually bound. Valid after start. */
  readonly address: { readonly host: string; readonly port: number };
  /**
   * Serves `path` (secret, without leading slash) until the returned function is called.
   * Returns the URL the ACS must use through `url`.
   */
  register(path: string, target: ConnectionRequestTarget): { readonly url: string; unregister(): void };
  /** Our address has changed: tells those that are registered. */
  addressChanged(): void;
  /** The ACS reaches us at another URL from now on, or at our own address: tells those that are registered. */
  usePublicUrl(publicUrl: string | undefined): void;
  /**
   * Serves an XML document that anybody may read under `/dt/<name>` until `unpublish` is called. Several may publish one name:
   * any of them answers. Without a public URL the host of `url` is `localhost`, for which the ACS puts the host of the
   * connection request URL [TR-181 DeviceInfo.SupportedDataModel.{i}.URL].
   * @param get undefined: there is no such document any more
   * @param moved called when `url` has become another
   */
  publish(name: string, get: () => Promise<string | undefined>, moved?: () => void): PublishedDocument;
}

export interface PublishedDocument {
  /** It changes with the public URL. */
  readonly url: string;
  readonly unpublish: () => void;
}

export interface ConnectionRequestTarget {
  /** Read at each request: the ACS may have changed them a moment ago. */
  credentials(): { readonly username: string; readonly password: string };
  /** `offline` is answered 503 [TR-069 J]; `accepted` 200. Called only after good credentials. */
  accept(): 'accepted' | 'busy' | 'offline';
  /** The ACS must use another URL from now on. */
  moved(url: string): void;
  /** Called once for each `accepted`, when the answer is out: the session may start [TR-069 3.2.2]. */
  answered(): void;
}

export interface CwmpEndpointOptions {
  readonly identity: EndpointIdentity;
  /** Key prefix in the store, e.g. `endpoint/0011AA-Nas-123`. */
  readonly storeKey: string;
  readonly store: DocumentStore;
  readonly model: DataModel;
  readonly settings: SettingsStore;
  /** PEM texts, read at each session; the name check is always on. */
  readonly tls: () => TlsOptions;
  readonly connectionRequests: ConnectionRequestListener;
  /** Limits how many sessions run at once over all endpoints. */
  readonly scheduler: SessionScheduler;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly userAgent: string;
  /** False while the Proxied Device is offline: no session is opened, connection requests are answered 503. */
  readonly isReachable: () => boolean;
  /** The model has AliasBasedAddressing: paths may hold aliases and wildcards. */
  readonly aliasBasedAddressing?: boolean;
  /** Paths, with aliases or wildcards, of what an Inform with these events carries besides the forced parameters. */
  readonly informParameters?: (events: readonly string[]) => readonly string[];
  /** Sends Lightweight Notifications; undefined: the endpoint has none, and refuses them with 9009 [TR-069 Annex M]. */
  readonly sendDatagram?: SendDatagram | undefined;
  /** Local address the ACS sees; ignored when undefined. */
  readonly localAddress?: string;
  /** How the host of the ACS is found; default: as the machine does. */
  readonly names?: Pick<NameLookup, 'lookup'> | undefined;
  /** Seconds to wait for one answer of the ACS; 30 or more [TR-069 3.7]. */
  readonly acsTimeoutSeconds?: number;
  /** Numbers in [0, 1), for the retry waits; Math.random when undefined. */
  readonly random?: () => number;
}

/** Hands out the right to run a session. */
export interface SessionScheduler {
  /** @param urgent somebody waits for the session: it goes before those for which nobody does */
  request(urgent: boolean): SessionTurn;
}

export interface SessionTurn {
  /** Resolves when it is the caller's turn, or when the turn was ended before. */
  readonly granted: Promise<void>;
  /** Somebody waits for the session now. */
  hurry(): void;
  /** Ends the turn, or the wait for it; more calls do nothing. */
  end(): void;
}
