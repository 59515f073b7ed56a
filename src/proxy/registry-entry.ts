import type { EndpointIdentity } from '../cwmp/types.ts';
import type { DeviceFacts, DeviceMechanism } from '../platform/config/config.ts';
import type { SubscriptionState } from '../upnp/types.ts';
import type { ManageableDevice } from '../upnp-dm/manageable-device.ts';
import type { DevicePhase } from './lifecycle.ts';
import type { DescribedDevice, ProxiedDevice } from './proxied-device.ts';

/** A device for the status page. */
export interface ProxiedDeviceStatus {
  readonly udn: string;
  readonly friendlyName: string;
  readonly address: string;
  readonly services: readonly string[];
  readonly state: DevicePhase;
  readonly identity: EndpointIdentity | undefined;
  readonly mechanism: DeviceMechanism | 'none';
  readonly subscription: SubscriptionState;
  readonly lastSync: string | undefined;
  readonly note: string | undefined;
}

/** What the registry knows of a device. */
export interface RegistryEntry {
  readonly device: ProxiedDevice;
  mechanism: DeviceMechanism | 'none';
  identity: EndpointIdentity | undefined;
  note: string | undefined;
  /** There was no room for it. */
  leftOut: boolean;
}

/** What the rules can ask for. */
export function factsOf(identity: EndpointIdentity, { managed, root }: DescribedDevice): DeviceFacts {
  const { description } = managed;
  return {
    manufacturerOui: identity.oui,
    productClass: identity.productClass,
    serialNumber: identity.serialNumber,
    modelName: description.modelName,
    deviceType: description.deviceType,
    udn: description.udn.toLowerCase(),
    address: root.announcement.sourceAddress,
  };
}

export function statusOf({ device, mechanism, identity, note }: RegistryEntry): ProxiedDeviceStatus {
  const { present } = device;
  return {
    udn: device.udn,
    friendlyName: present?.managed.description.friendlyName ?? '',
    address: present?.root.announcement.sourceAddress ?? '',
    services: present === undefined ? [] : serviceNames(present.managed),
    state: device.phase,
    identity,
    mechanism,
    subscription: device.subscriptionState,
    lastSync: device.lastSync === undefined ? undefined : new Date(device.lastSync).toISOString(),
    note: device.lastError ?? note,
  };
}

/** For people: `ConfigurationManagement:2`. */
export function serviceNames({ cms, bms, sms }: ManageableDevice): string[] {
  return [cms, bms, sms].flatMap((service) =>
    service === undefined ? [] : [`${service.name}:${service.version}`],
  );
}
