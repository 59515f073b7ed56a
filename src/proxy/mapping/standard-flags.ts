import type { ParameterOptions } from '../../datamodel/node.ts';
import { deviceInfoOptions, isDeviceInfoName, type DeviceInfoName } from '../../device2/device-info.ts';

/** Parameters of DeviceInfo that the daemon serves from the description until the device's own Common Objects take over. */
const FROM_COMMON_OBJECTS: ReadonlySet<DeviceInfoName> = new Set([
  'SoftwareVersion',
  'HardwareVersion',
  'ProvisioningCode',
  'UpTime',
]);

const DEVICE_INFO = /^[A-Za-z]+\.DeviceInfo\.([A-Za-z]+)$/;

/** Whether a device's own leaf at this path replaces the one that the daemon made from the description. */
export function isOverridable(path: string): boolean {
  const name = DEVICE_INFO.exec(path)?.[1];
  return name !== undefined && isDeviceInfoName(name) && FROM_COMMON_OBJECTS.has(name);
}

/** Forced Inform and notification rule of a parameter that the device answers for but the standard treats specially. */
export function standardFlags(path: string): Pick<ParameterOptions, 'forcedInform' | 'notification'> {
  const name = DEVICE_INFO.exec(path)?.[1];
  if (name === undefined || !isDeviceInfoName(name)) return {};
  const { forcedInform, notification } = deviceInfoOptions(name);
  return {
    ...(forcedInform === undefined ? {} : { forcedInform }),
    ...(notification === undefined ? {} : { notification }),
  };
}
