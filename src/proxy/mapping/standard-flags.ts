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

/** Active notification is on from the start (activeNotify="forceDefaultEnabled" in TR-181 2.17 and TR-098 1.8). */
const FORCED_BY_DEFAULT: ReadonlySet<string> = new Set([
  'Device.FAP.GPS.LastScanTime',
  'Device.GatewayInfo.ManufacturerOUI',
  'Device.GatewayInfo.ProductClass',
  'Device.GatewayInfo.SerialNumber',
  'Device.SoftwareModules.ExecutionUnit.{i}.Status',
  'Device.ZigBee.Interface.{i}.IEEEAddress',
  'InternetGatewayDevice.FAP.GPS.LastScanTime',
  'InternetGatewayDevice.FAP.Tunnel.IKESA.{i}.IPAddress',
  'InternetGatewayDevice.SoftwareModules.ExecutionUnit.{i}.Status',
  'InternetGatewayDevice.WANDevice.{i}.WANConnectionDevice.{i}.WANIPConnection.{i}.ExternalIPAddress',
  'InternetGatewayDevice.WANDevice.{i}.WANConnectionDevice.{i}.WANPPPConnection.{i}.ExternalIPAddress',
]);
const NAMES_FORCED_BY_DEFAULT = new Set([...FORCED_BY_DEFAULT].map((path) => path.replace(/^.*\./, '')));

/** [TR-098 1.8] forcedInform="true" for each WAN connection; an Inform carries as many as `buildInform` allows. */
const WAN_ADDRESS = /\.ExternalIPAddress$/;

/** Seconds of service; and the traffic of interfaces, as long as it may be refused for each of them. */
const UP_TIME = /\.Up[Tt]ime$/;
const TRAFFIC =
  /^Device\.(?:(?:Ethernet|HPNA|HomePlug|IP|MoCA|Optical|PPP|UPA|USB)\.Interface|Ethernet\.Link|WiFi\.(?:Radio|SSID))\.\d+\.Stats\.(?:Unicast|Multicast|Discard)?(?:Bytes|Packets)(?:Sent|Received)$/;

/**
 * Forced Inform and notification rule of a parameter that the device answers for but the standard treats specially.
 *
 * Of the hundreds of parameters for which active notification may be refused (activeNotify="canDeny") it is refused, with 9009, for
 * what changes all the time on a device that raises no events for it: each poll would find it changed and open a session. Where
 * the device raises events it is the device that knows how often it tells, and the rest changes seldom. Passive notification
 * costs nothing and is taken everywhere.
 * @param raisesEvents whether the device has EventOnChange for it
 */
export function standardFlags(
  path: string,
  raisesEvents: boolean,
): Pick<ParameterOptions, 'forcedInform' | 'notification'> {
  const info = DEVICE_INFO.exec(path)?.[1];
  if (info !== undefined && isDeviceInfoName(info)) {
    const { forcedInform, notification } = deviceInfoOptions(info);
    return {
      ...(forcedInform === undefined ? {} : { forcedInform }),
      ...(notification === undefined ? {} : { notification }),
    };
  }
  if (isForcedByDefault(path)) {
    return { notification: 'forcedDefault', ...(WAN_ADDRESS.test(path) && { forcedInform: true }) };
  }
  if (!raisesEvents && (UP_TIME.test(path) || TRAFFIC.test(path))) return { notification: 'canDeny' };
  return {};
}

function isForcedByDefault(path: string): boolean {
  if (!NAMES_FORCED_BY_DEFAULT.has(path.slice(path.lastIndexOf('.') + 1))) return false;
  return FORCED_BY_DEFAULT.has(path.replace(/\.\d+(?=\.)/g, '.{i}'));
}
