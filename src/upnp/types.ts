/** One service of a device description [UDA 2.3]. All URLs are absolute and point to the announcing address. */
export interface ServiceDescription {
  readonly serviceType: string;
  readonly serviceId: string;
  readonly scpdUrl: string;
  readonly controlUrl: string;
  /** Undefined: the service has no events. */
  readonly eventSubUrl: string | undefined;
}

/** One device, root or embedded, as described. Strings are trimmed; missing ones are empty. */
export interface DeviceDescription {
  /** Opaque, as announced, e.g. `uuid:…`; compare case-insensitively. */
  readonly udn: string;
  readonly deviceType: string;
  readonly friendlyName: string;
  readonly manufacturer: string;
  readonly manufacturerUrl: string;
  readonly modelDescription: string;
  readonly modelName: string;
  readonly modelNumber: string;
  readonly modelUrl: string;
  readonly serialNumber: string;
  readonly upc: string;
  /** As the device gives it, made absolute; never fetched, so it may be on any host. Empty: none, or none of the web. */
  readonly presentationUrl: string;
  /** Comma-separated [HTIP X_DeviceCategory]. */
  readonly deviceCategory: string;
  /** Six upper-case hexadecimal digits, or empty [HTIP X_ManufacturerOUI]. */
  readonly manufacturerOui: string;
  readonly services: readonly ServiceDescription[];
  readonly devices: readonly DeviceDescription[];
}

export interface ScpdArgument {
  readonly name: string;
  readonly direction: 'in' | 'out';
  readonly relatedStateVariable: string;
}

export interface ScpdAction {
  readonly name: string;
  readonly arguments: readonly ScpdArgument[];
}

export interface ScpdStateVariable {
  readonly name: string;
  readonly dataType: string;
  readonly sendEvents: boolean;
  readonly defaultValue: string | undefined;
  readonly allowedValues: readonly string[];
}

/** Service description document [UDA 2.5]. */
export interface Scpd {
  readonly actions: ReadonlyMap<string, ScpdAction>;
  readonly stateVariables: ReadonlyMap<string, ScpdStateVariable>;
}

/** What SSDP tells of a root device at one location. */
export interface Announcement {
  /** The UDN of the root device; until it is described, of the device that the last message named. */
  readonly udn: string;
  /** `udn` is that of the root device: a message for `upnp:rootdevice` named it. */
  readonly namesRoot: boolean;
  readonly location: string;
  /** Address that the SSDP message came from. */
  readonly sourceAddress: string;
  /** Our own address on the interface it is reached by. */
  readonly localAddress: string;
  readonly interfaceName: string;
  readonly maxAgeSeconds: number;
  readonly server: string;
  readonly bootId: number | undefined;
  readonly configId: number | undefined;
  readonly searchPort: number | undefined;
  /** Value of the header Announcement.dm.upnp.org in the last byebye (AboutToReboot, AboutToBaselineReset). */
  readonly dmAnnouncement: string | undefined;
}

/** A root device that is present on the LAN, with its fetched description. */
export interface RootDevice {
  readonly announcement: Announcement;
  readonly description: DeviceDescription;
  readonly specVersion: { readonly major: number; readonly minor: number };
  /** As the description has it; empty when it has none. */
  readonly urlBase: string;
}

/** Why a device was lost; `removed` = one that is embedded left the description of its root device. */
export type LossReason = 'byebye' | 'expired' | 'rebooted' | 'removed' | 'stopped';

/** An argument of an action. A deviating device puts the list document into the body unescaped: `xml` is then its text. */
export type OutArguments = ReadonlyMap<string, string>;

/** Error answered by the device for an action [UDA 3.2.2], or `transport` trouble on the way. */
export class ActionError extends Error {
  /** `upnp` = the device answered with a UPnPError; `transport` = no usable answer came (then `code` is 0). */
  readonly source: 'upnp' | 'transport';
  readonly code: number;
  readonly serviceType: string;
  readonly action: string;
  /** Of an answer that says neither what was asked nor which UPnPError there is; undefined when no answer could be read. */
  readonly httpStatus: number | undefined;

  constructor(
    source: 'upnp' | 'transport',
    code: number,
    serviceType: string,
    action: string,
    message: string,
    options: ErrorOptions & { readonly httpStatus?: number | undefined } = {},
  ) {
    super(message, options);
    this.name = 'ActionError';
    this.httpStatus = options.httpStatus;
    this.source = source;
    this.code = code;
    this.serviceType = serviceType;
    this.action = action;
  }
}

/** Subscription state as shown to operators. */
export type SubscriptionState = 'none' | 'subscribing' | 'active' | 'lost';

export interface EventMessage {
  readonly sid: string;
  readonly seq: number;
  /** Variable name -> text (unescaped once). */
  readonly variables: ReadonlyMap<string, string>;
}

export interface Subscription {
  readonly state: SubscriptionState;
  /** Cancels (UNSUBSCRIBE) and forgets. Never rejects. */
  stop(): Promise<void>;
}

export interface SubscriptionListener {
  /** A NOTIFY in sequence. It was answered 200 already. */
  onEvent(message: EventMessage): void;
  /** `active` again after `lost` means events may have been missed: re-read. */
  onState(state: SubscriptionState): void;
}

export interface ControlPointListener {
  /** A device came, or came back, or its description or address changed: `previous` is what was known. */
  deviceAppeared(device: RootDevice, previous: RootDevice | undefined): void;
  /** A device announced that its BOOTID changes while it runs on: it keeps all its state [UDA 1.2.4]. */
  bootIdChanged?(device: RootDevice, previous: RootDevice): void;
  deviceLost(device: RootDevice, reason: LossReason): void;
  /** A device that is known was heard of again; `announcement` is what it said this time. */
  deviceRenewed?(device: RootDevice, announcement: Announcement): void;
  /** A root device whose description could not be had was heard of again. */
  unusableRenewed?(announcement: Announcement): void;
  /** A root device whose description could not be had said goodbye. */
  unusableLost?(announcement: Announcement, reason: LossReason): void;
  /** The description could not be fetched or parsed. */
  deviceUnusable(announcement: Announcement, error: Error): void;
}

/** LAN side: discovery, description, control and eventing [UDA 1-4]. */
export interface ControlPoint {
  start(): Promise<void>;
  stop(): Promise<void>;
  /**
   * Goes on with these interfaces; on those that stay nothing changes.
   * @throws Error naming the interface that does not exist; nothing has changed then
   */
  useInterfaces(names: readonly string[]): Promise<void>;
  /** Multicasts a search now on every interface. */
  search(): void;
  /** The machine was suspended for so long, milliseconds: looks for what came and went, and subscribes everywhere afresh. */
  resumed(sleptMs: number): void;
  readonly devices: readonly RootDevice[];
  /** Asks a device whether it is where it was; one that does not answer there is lost at once, whatever its max-age says. */
  verify(device: RootDevice): Promise<boolean>;
  fetchScpd(device: RootDevice, service: ServiceDescription): Promise<Scpd>;
  /**
   * Invokes an action. In-arguments go in the order given (SCPD order).
   * @throws ActionError
   */
  invoke(
    device: RootDevice,
    service: ServiceDescription,
    action: string,
    inArguments: readonly (readonly [name: string, value: string])[],
    options?: { readonly signal?: AbortSignal; readonly timeoutMs?: number },
  ): Promise<OutArguments>;
  /** Subscribes and keeps subscribed (renewal, 412, SEQ gaps, retries) until stopped. */
  subscribe(device: RootDevice, service: ServiceDescription, listener: SubscriptionListener): Subscription;
}
