import type { EndpointIdentity, SettingsStore } from '../cwmp/types.ts';
import type { LocalParameter, LocalProvider, ParameterSchema } from './local-object.ts';
import { rootName } from './root.ts';
import type { RootObject } from './root.ts';

const text = (maxLength: number): ParameterSchema => ({ type: 'string', constraint: { maxLength } });
const OUI: ParameterSchema = {
  type: 'string',
  constraint: { minLength: 6, maxLength: 6, pattern: /[0-9A-F]{6}/ },
};

/** `DeviceInfo.` as TR-181 issue 2 and TR-098 define it. */
const SCHEMA = {
  Manufacturer: text(64),
  ManufacturerOUI: OUI,
  ModelName: text(64),
  ModelNumber: text(64),
  Description: text(256),
  ProductClass: text(64),
  SerialNumber: text(64),
  HardwareVersion: { ...text(64), forcedInform: true },
  SoftwareVersion: { ...text(64), forcedInform: true, notification: 'forced' },
  SpecVersion: { ...text(16), forcedInform: true },
  ProvisioningCode: { ...text(64), writable: true, forcedInform: true, notification: 'forced' },
  UpTime: { type: 'unsignedInt', notification: 'canDeny' },
  FirstUseDate: { type: 'dateTime' },
} as const satisfies Readonly<Record<string, ParameterSchema>>;

const PROXIER_INFO = {
  ManufacturerOUI: OUI,
  ProductClass: text(64),
  SerialNumber: text(64),
  ProxyProtocol: {
    type: 'string',
    constraint: { enumeration: ['Z-Wave', 'ZigBee', 'UPnP-DM', 'ETSI-M2M'] },
  },
} as const satisfies Readonly<Record<string, ParameterSchema>>;

export type DeviceInfoName = keyof typeof SCHEMA;

/** Type, access, constraint, notification and forced Inform flag of `DeviceInfo.<name>`, for a provider that serves it itself. */
export function deviceInfoOptions(name: DeviceInfoName): ParameterSchema {
  return SCHEMA[name];
}

/** Whether `name` is a parameter of `DeviceInfo.` that deviceInfoOptions knows. */
export function isDeviceInfoName(name: string): name is DeviceInfoName {
  return Object.hasOwn(SCHEMA, name);
}

/** What DeviceInfo tells of a virtual device. Functions are asked at each read; texts that are too long are cut. */
export interface DeviceInfoOptions {
  readonly root: RootObject;
  readonly identity: EndpointIdentity;
  readonly settings: SettingsStore;
  readonly modelName: () => string;
  readonly description: () => string;
  readonly hardwareVersion: () => string;
  readonly softwareVersion: () => string;
  /** Seconds since the device started. */
  readonly upTimeSeconds: () => number;
  readonly modelNumber?: () => string;
  /** xsd:dateTime of the first time the device was seen. */
  readonly firstUseDate?: () => string;
  /** The CPE Proxier of a virtual device [TR-069 J.2]; the proxier itself has none. */
  readonly proxier?: EndpointIdentity;
  /** Names that are left out, because another provider serves them (see deviceInfoOptions). */
  readonly omit?: ReadonlySet<DeviceInfoName>;
}

/** Adds `DeviceInfo.` and, when there is a proxier, `DeviceInfo.ProxierInfo.`. */
export function addDeviceInfo(provider: LocalProvider, options: DeviceInfoOptions): void {
  const path = `${rootName(options.root)}.DeviceInfo.`;
  const parameters = Object.entries(deviceInfo(options)).filter(
    ([name]) => !(isDeviceInfoName(name) && options.omit?.has(name) === true),
  );
  provider.add(path, Object.fromEntries(parameters));
  if (options.proxier !== undefined) provider.add(`${path}ProxierInfo.`, proxierInfo(options.proxier));
}

function deviceInfo(options: DeviceInfoOptions): Partial<Record<DeviceInfoName, LocalParameter>> {
  const { identity, settings, modelNumber, firstUseDate } = options;
  const parameter = (name: DeviceInfoName, get: () => string): LocalParameter => {
    const schema = deviceInfoOptions(name);
    const maxLength = schema.constraint?.maxLength;
    return { ...schema, get: maxLength === undefined ? get : () => cut(get(), maxLength) };
  };
  return {
    Manufacturer: parameter('Manufacturer', () => identity.manufacturer),
    ManufacturerOUI: parameter('ManufacturerOUI', () => identity.oui),
    ModelName: parameter('ModelName', options.modelName),
    ...(modelNumber === undefined ? {} : { ModelNumber: parameter('ModelNumber', modelNumber) }),
    Description: parameter('Description', options.description),
    ProductClass: parameter('ProductClass', () => identity.productClass),
    SerialNumber: parameter('SerialNumber', () => identity.serialNumber),
    HardwareVersion: parameter('HardwareVersion', options.hardwareVersion),
    SoftwareVersion: parameter('SoftwareVersion', options.softwareVersion),
    ...(options.root === 'InternetGatewayDevice:1'
      ? { SpecVersion: parameter('SpecVersion', () => '1.0') }
      : {}),
    ProvisioningCode: {
      ...parameter('ProvisioningCode', () => settings.current.provisioningCode),
      set: (value) => settings.update({ provisioningCode: value }),
    },
    UpTime: parameter('UpTime', () => wholeSeconds(options.upTimeSeconds())),
    ...(firstUseDate === undefined ? {} : { FirstUseDate: parameter('FirstUseDate', firstUseDate) }),
  };
}

function proxierInfo(proxier: EndpointIdentity): Readonly<Record<string, LocalParameter>> {
  return {
    ManufacturerOUI: { ...PROXIER_INFO.ManufacturerOUI, get: () => proxier.oui },
    ProductClass: { ...PROXIER_INFO.ProductClass, get: () => proxier.productClass },
    SerialNumber: { ...PROXIER_INFO.SerialNumber, get: () => proxier.serialNumber },
    ProxyProtocol: { ...PROXIER_INFO.ProxyProtocol, get: () => 'UPnP-DM' },
  };
}

/** Characters, not UTF-16 units, so that none is torn. */
function cut(value: string, maxLength: number): string {
  return value.length <= maxLength ? value : Array.from(value).slice(0, maxLength).join('');
}

/** As xsd:unsignedInt, whatever the clock says. */
function wholeSeconds(seconds: number): string {
  return String(Math.min(Math.max(0, Math.floor(seconds)), 0xffff_ffff));
}
