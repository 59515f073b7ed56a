import { createHash } from 'node:crypto';
import { escapeXml } from '../xml.ts';
import type { DeviceProfile, ProfileIdentity } from './profile.ts';
import { BMS_TABLE, CMS_TABLE, serviceType, type ServiceName } from './service-table.ts';

export const MANAGEABLE_DEVICE = 'urn:schemas-upnp-org:device:ManageableDevice:2';
/** Root of a profile whose ManageableDevice is embedded. */
const OUTER_DEVICE = 'urn:schemas-upnp-org:device:Basic:1';

/** What a description says of its device beside its types. */
export type DescribedIdentity = Pick<
  ProfileIdentity,
  | 'friendlyName'
  | 'manufacturer'
  | 'manufacturerUrl'
  | 'modelDescription'
  | 'modelName'
  | 'modelNumber'
  | 'serialNumber'
>;

/** One device of the description and what it announces. */
export interface DescribedDevice {
  readonly udn: string;
  readonly deviceType: string;
  readonly services: readonly ServiceName[];
}

/** What a description may come to lack: the embedded ManageableDevice, or the ConfigurationManagement service. */
export type MissingPart = 'embeddedDevice' | 'ConfigurationManagement' | 'BasicManagement';

/** Root device first. */
export function describedDevices(
  profile: DeviceProfile,
  udn: string,
  missing: MissingPart | undefined,
): readonly DescribedDevice[] {
  const services = [
    ...(missing === 'BasicManagement' ? [] : [BMS_TABLE]),
    ...(missing === 'ConfigurationManagement' ? [] : [CMS_TABLE]),
  ];
  const manageable = { udn, deviceType: MANAGEABLE_DEVICE, services };
  if (!profile.embedded) return [manageable];
  const outer = { udn: stableUuid(`outer ${udn}`), deviceType: OUTER_DEVICE, services: [] };
  return missing === 'embeddedDevice' ? [outer] : [outer, manageable];
}

/** A `uuid:` made from a name, always the same for the same name. */
export function stableUuid(name: string): string {
  const hex = createHash('sha1').update(`cwmp-upnp-proxier lab ${name}`).digest('hex');
  const variant = ((parseInt(hex.slice(16, 18), 16) & 0x3f) | 0x80).toString(16);
  return `uuid:${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-${variant}${hex.slice(18, 20)}-${hex.slice(20, 32)}`;
}

function writeService(table: ServiceName): string {
  const base = `/${table.name}`;
  return [
    '<service>',
    `<serviceType>${serviceType(table)}</serviceType>`,
    `<serviceId>urn:upnp-org:serviceId:${table.name}</serviceId>`,
    `<SCPDURL>${base}/scpd.xml</SCPDURL>`,
    `<controlURL>${base}/control</controlURL>`,
    `<eventSubURL>${base}/event</eventSubURL>`,
    '</service>',
  ].join('');
}

function writeDevice(identity: DescribedIdentity, devices: readonly DescribedDevice[]): string {
  const [device, ...embedded] = devices;
  if (device === undefined) return '';
  const fields: readonly (readonly [string, string])[] = [
    ['deviceType', device.deviceType],
    ['friendlyName', identity.friendlyName],
    ['manufacturer', identity.manufacturer],
    ['manufacturerURL', identity.manufacturerUrl],
    ['modelDescription', identity.modelDescription],
    ['modelName', identity.modelName],
    ['modelNumber', identity.modelNumber],
    ['serialNumber', identity.serialNumber],
    ['UDN', device.udn],
  ];
  const services = device.services.map(writeService).join('');
  return [
    '<device>',
    ...fields.map(([name, value]) => `<${name}>${escapeXml(value)}</${name}>`),
    services === '' ? '' : `<serviceList>${services}</serviceList>`,
    embedded.length === 0 ? '' : `<deviceList>${writeDevice(identity, embedded)}</deviceList>`,
    '</device>',
  ].join('');
}

/** CONFIGID of a description: changes when it does, below 2^24 [UDA 2.1]. */
export function configId(identity: DescribedIdentity, devices: readonly DescribedDevice[]): number {
  const content = writeDevice(identity, devices);
  return createHash('sha1').update(content).digest().readUIntBE(0, 3);
}

/** The device description document, elements in the order of the schema [UDA 2.3]. */
export function writeDescription(identity: DescribedIdentity, devices: readonly DescribedDevice[]): string {
  return writeDocument(identity, devices, configId(identity, devices));
}

/** The description of these devices, root device first. */
export function writeDocument(
  identity: DescribedIdentity,
  devices: readonly DescribedDevice[],
  configId: number,
): string {
  return [
    '<?xml version="1.0" encoding="utf-8"?>\n',
    `<root xmlns="urn:schemas-upnp-org:device-1-0" configId="${configId}">`,
    '<specVersion><major>1</major><minor>1</minor></specVersion>',
    writeDevice(identity, devices),
    '</root>\n',
  ].join('');
}
