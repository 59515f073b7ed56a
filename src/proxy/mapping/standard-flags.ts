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

/** Names of the parameters that read as the empty string in the published models [TR-181, TR-098, TR-104, TR-140]. */
const HIDDEN = /(?:Password|Passphrase|PreSharedKey|WEPKey)$/;

/**
 * Forced Inform and notification rule of a parameter that the device answers for but the standard treats specially, and whether
 * it is a secret: a device that shows its secrets, or a write that waits for its device, must not show them to the ACS.
 */
export function standardFlags(
  path: string,
): Pick<ParameterOptions, 'forcedInform' | 'notification' | 'hidden'> {
  if (HIDDEN.test(path)) return { hidden: true };
  const name = DEVICE_INFO.exec(path)?.[1];
  if (name === undefined || !isDeviceInfoName(name)) return {};
  const { forcedInform, notification } = deviceInfoOptions(name);
  return {
    ...(forcedInform === undefined ? {} : { forcedInform }),
    ...(notification === undefined ? {} : { notification }),
  };
}
