import type { Constraint } from '../datamodel/value.ts';
import type { LocalParameter, LocalProvider, ParameterSchema } from './local-object.ts';
import { rootName } from './root.ts';
import type { RootObject } from './root.ts';
import type { DeviceSettings, DocumentSettingsStore } from './settings-store.ts';

export interface ManagementServerOptions {
  readonly root: RootObject;
  readonly settings: DocumentSettingsStore;
  /** The endpoint's ParameterKey; "" until the ACS gave one. */
  readonly parameterKey: () => string;
  /** Where the ACS sends Connection Requests; "" while there is no listener. */
  readonly connectionRequestUrl: () => string;
}

type KeysOf<T> = {
  [K in keyof DeviceSettings]: T extends DeviceSettings[K] ? K : never;
}[keyof DeviceSettings];

const NAME_LENGTH = 256;
/** [TR-106] URL of TR-181 issue 2; TR-098 has string(256). */
const URL_LENGTH = { 'Device:2': 2048, 'InternetGatewayDevice:1': 256, 'Device:1': 256 } as const;

/**
 * Adds `ManagementServer.`: those parameters that this daemon obeys, with the constraints of TR-181 issue 2 and TR-098. What
 * the ACS writes is durable in `settings` before the write is acknowledged.
 */
export function addManagementServer(provider: LocalProvider, options: ManagementServerOptions): void {
  provider.add(`${rootName(options.root)}.ManagementServer.`, {
    ...acsAccess(options),
    ...periodicInform(options.settings),
    ...state(options),
    ...connectionRequest(options.settings),
    ...behaviour(options.settings),
    ...addressing(options.root, options.settings),
    ...lightweightNotification(options.root, options.settings),
  });
  addPolicies(provider, options.root, options.settings);
}

function acsAccess({ root, settings }: ManagementServerOptions): Readonly<Record<string, LocalParameter>> {
  return {
    EnableCWMP: flag(settings, 'enableCwmp'),
    URL: { ...text(settings, 'url', URL_LENGTH[root]), check: checkAcsUrl },
    Username: credential(settings, 'username'),
    Password: { ...credential(settings, 'password'), hidden: true },
  };
}

function periodicInform(settings: DocumentSettingsStore): Readonly<Record<string, LocalParameter>> {
  return {
    PeriodicInformEnable: flag(settings, 'periodicInformEnable'),
    PeriodicInformInterval: count(settings, 'periodicInformInterval', { ranges: [{ min: 1n }] }),
    PeriodicInformTime: time(settings, 'periodicInformTime'),
  };
}

function state(options: ManagementServerOptions): Readonly<Record<string, LocalParameter>> {
  const url: ParameterSchema = {
    type: 'string',
    constraint: { maxLength: URL_LENGTH[options.root] },
    forcedInform: true,
    notification: 'forcedDefault',
  };
  return {
    ParameterKey: {
      type: 'string',
      constraint: { maxLength: 32 },
      forcedInform: true,
      notification: 'canDeny',
      get: options.parameterKey,
    },
    ConnectionRequestURL: { ...url, get: options.connectionRequestUrl },
  };
}

function connectionRequest(settings: DocumentSettingsStore): Readonly<Record<string, LocalParameter>> {
  return {
    ConnectionRequestUsername: credential(settings, 'connectionRequestUsername'),
    ConnectionRequestPassword: { ...credential(settings, 'connectionRequestPassword'), hidden: true },
  };
}

function behaviour(settings: DocumentSettingsStore): Readonly<Record<string, LocalParameter>> {
  return {
    UpgradesManaged: flag(settings, 'upgradesManaged'),
    DefaultActiveNotificationThrottle: count(settings, 'defaultActiveNotificationThrottle'),
    CWMPRetryMinimumWaitInterval: count(settings, 'retryMinimumWaitInterval', {
      ranges: [{ min: 1n, max: 65_535n }],
    }),
    CWMPRetryIntervalMultiplier: count(settings, 'retryIntervalMultiplier', {
      ranges: [{ min: 1000n, max: 65_535n }],
    }),
  };
}

/** [TR-069 A.2.2.2] How instances may be named. */
function addressing(
  root: RootObject,
  settings: DocumentSettingsStore,
): Readonly<Record<string, LocalParameter>> {
  const yes = { type: 'boolean', get: () => 'true' } as const;
  const aliases: Readonly<Record<string, LocalParameter>> = {
    AliasBasedAddressing: { ...yes, forcedInform: true },
    InstanceMode: {
      type: 'string',
      writable: true,
      constraint: { enumeration: ['InstanceNumber', 'InstanceAlias'] },
      get: () => settings.current.instanceMode,
      set: (value) =>
        settings.update({ instanceMode: value === 'InstanceAlias' ? 'InstanceAlias' : 'InstanceNumber' }),
    },
    AutoCreateInstances: flag(settings, 'autoCreateInstances'),
  };
  switch (root) {
    case 'Device:2':
      return { ...aliases, InstanceWildcardsSupported: yes, SupportedConnReqMethods: CONNECTION_REQUESTS };
    case 'InternetGatewayDevice:1':
      return aliases;
    case 'Device:1':
      return {};
  }
}

/** [TR-069 Annex M] */
function lightweightNotification(
  root: RootObject,
  settings: DocumentSettingsStore,
): Readonly<Record<string, LocalParameter>> {
  if (root === 'Device:1') return {};
  const protocols = { list: true, enumeration: ['UDP'] } as const;
  const common: Readonly<Record<string, LocalParameter>> = {
    LightweightNotificationProtocolsSupported: { type: 'string', constraint: protocols, get: () => 'UDP' },
    LightweightNotificationProtocolsUsed: {
      ...text(settings, 'lightweightNotificationProtocolsUsed'),
      constraint: { list: true },
      check: (value) => (value === '' || value === 'UDP' ? undefined : 'a protocol that is not supported'),
    },
    UDPLightweightNotificationHost: text(settings, 'udpLightweightNotificationHost', NAME_LENGTH),
    UDPLightweightNotificationPort: {
      ...count(settings, 'udpLightweightNotificationPort'),
      check: (value) => (Number(value) >= 1 && Number(value) <= 65_535 ? undefined : 'not a port number'),
    },
  };
  if (root === 'InternetGatewayDevice:1') return common;
  return {
    ...common,
    LightweightNotificationTriggerInterval: count(settings, 'lightweightNotificationTriggerInterval', {
      ranges: [{ min: 0n }],
    }),
    LightweightNotificationTriggerTime: time(settings, 'lightweightNotificationTriggerTime'),
  };
}

function addPolicies(provider: LocalProvider, root: RootObject, settings: DocumentSettingsStore): void {
  const path = `${rootName(root)}.ManagementServer.`;
  if (root !== 'Device:1') provider.add(`${path}StandbyPolicy.`, standbyPolicy(settings));
  if (root === 'Device:2') provider.add(`${path}HeartbeatPolicy.`, heartbeatPolicy(settings));
}

/** [TR-069 Annex L] A machine that sleeps hears no connection request and no timer of ours. */
function standbyPolicy(settings: DocumentSettingsStore): Readonly<Record<string, LocalParameter>> {
  const no = { type: 'boolean', get: () => 'false' } as const;
  const limit = { ranges: [{ min: -1n }] };
  return {
    CRUnawarenessMaxDuration: { ...count(settings, 'crUnawarenessMaxDuration', limit), type: 'int' },
    MaxMissedPeriodic: { ...count(settings, 'maxMissedPeriodic', limit), type: 'int' },
    NotifyMissedScheduled: flag(settings, 'notifyMissedScheduled'),
    NetworkAwarenessCapable: no,
    SelfTimerCapable: no,
    CRAwarenessRequested: flag(settings, 'crAwarenessRequested'),
    PeriodicAwarenessRequested: flag(settings, 'periodicAwarenessRequested'),
    ScheduledAwarenessRequested: flag(settings, 'scheduledAwarenessRequested'),
  };
}

/** [TR-069 Annex O] */
function heartbeatPolicy(settings: DocumentSettingsStore): Readonly<Record<string, LocalParameter>> {
  return {
    Enable: flag(settings, 'heartbeatEnable'),
    ReportingInterval: count(settings, 'heartbeatReportingInterval', { ranges: [{ min: 30n }] }),
    InitiationTime: time(settings, 'heartbeatInitiationTime'),
  };
}

function time(settings: DocumentSettingsStore, name: KeysOf<string>): LocalParameter {
  return {
    type: 'dateTime',
    writable: true,
    get: () => settings.current[name],
    set: (value) => settings.update({ [name]: value }),
  };
}

function text(settings: DocumentSettingsStore, name: KeysOf<string>, maxLength?: number): LocalParameter {
  return {
    type: 'string',
    writable: true,
    constraint: maxLength === undefined ? undefined : { maxLength },
    get: () => settings.current[name],
    set: (value) => settings.update({ [name]: value }),
  };
}

/** [RFC 7617 2] What no HTTP header can carry would end every later session. */
function credential(settings: DocumentSettingsStore, name: KeysOf<string>): LocalParameter {
  return {
    ...text(settings, name, NAME_LENGTH),
    check: (value) => (/\p{Cc}/u.test(value) ? 'text with control characters' : undefined),
  };
}

function flag(settings: DocumentSettingsStore, name: KeysOf<boolean>): LocalParameter {
  return {
    type: 'boolean',
    writable: true,
    get: () => String(settings.current[name]),
    set: (value) => settings.update({ [name]: value === 'true' }),
  };
}

function count(
  settings: DocumentSettingsStore,
  name: KeysOf<number>,
  constraint?: Constraint,
): LocalParameter {
  return {
    type: 'unsignedInt',
    writable: true,
    constraint,
    get: () => String(settings.current[name]),
    set: (value) => settings.update({ [name]: Number(value) }),
  };
}

const CONNECTION_REQUESTS: LocalParameter = {
  type: 'string',
  constraint: { list: true, enumeration: ['HTTP', 'STUN', 'XMPP'] },
  get: () => 'HTTP',
};

/** A URL that cannot be reached would cut the device off from every ACS that could correct it. */
function checkAcsUrl(value: string): string | undefined {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') return 'not an http or https URL';
  if (url.username !== '' || url.password !== '') return 'the URL must not contain credentials';
  return undefined;
}
