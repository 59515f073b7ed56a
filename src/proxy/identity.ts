import { createHash } from 'node:crypto';
import type { EndpointIdentity } from '../cwmp/types.ts';
import type { DeviceDescription } from '../upnp/types.ts';

const LONGEST_SERIAL_NUMBER = 64;

/** Where the leaves of the DeviceID triple are [CMS:2 Appendix B]. */
export const DEVICE_ID_PATH = '/UPnP/DM/DeviceInfo/PhysicalDevice/DeviceID/';

/** The triple that a device claims; it is unique and fixed for the device's life by the standard. */
export interface DeviceIdTriple {
  readonly oui: string;
  readonly productClass: string;
  readonly serialNumber: string;
}

/** `triple` = the device's own DeviceID; `udn` = made from its UDN because it has none, or because another device claims it. */
export type IdentitySource = 'triple' | 'udn';

/** The DeviceID triple in values read from `DEVICE_ID_PATH`, or undefined when it is missing or unusable. */
export function tripleOf(values: ReadonlyMap<string, string>): DeviceIdTriple | undefined {
  const oui = (values.get(`${DEVICE_ID_PATH}ManufacturerOUI`) ?? '').replace(/[\s:-]/g, '').toUpperCase();
  const serialNumber = (values.get(`${DEVICE_ID_PATH}SerialNumber`) ?? '').trim();
  if (!/^[0-9A-F]{6}$/.test(oui) || serialNumber === '') return undefined;
  const productClass = (values.get(`${DEVICE_ID_PATH}ProductClass`) ?? '').trim();
  return { oui, productClass: productClass.slice(0, 64), serialNumber: serialNumber.slice(0, 64) };
}

/** The identity of a device that tells its triple. */
export function identityFromTriple(triple: DeviceIdTriple, description: DeviceDescription): EndpointIdentity {
  return { manufacturer: manufacturerOf(description), ...triple };
}

/**
 * The identity of a device without a usable triple: the proxier's OUI, the model name as ProductClass, and the UDN as
 * SerialNumber. The serialNumber of the description is never used: real devices ship placeholders there.
 * @param attempt 2 and more give other serial numbers, for when another device has the first
 */
export function identityFromUdn(
  description: DeviceDescription,
  proxierOui: string,
  attempt = 1,
): EndpointIdentity {
  const serialNumber = serialNumberOfUdn(description.udn);
  const suffix = attempt === 1 ? '' : `-${attempt}`;
  return {
    manufacturer: manufacturerOf(description),
    oui: proxierOui,
    productClass: description.modelName.slice(0, 64),
    serialNumber: serialNumber.slice(0, LONGEST_SERIAL_NUMBER - suffix.length) + suffix,
  };
}

/** A UDN need not be a UUID, nor short: what does not fit is told apart by a hash of the whole. */
function serialNumberOfUdn(udn: string): string {
  const name = udn.replace(/^uuid:/i, '').toLowerCase();
  if (name.length <= LONGEST_SERIAL_NUMBER) return name;
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 16);
  return `${name.slice(0, LONGEST_SERIAL_NUMBER - hash.length - 1)}-${hash}`;
}

/** One text per identity, for store keys and logs: `OUI-ProductClass-SerialNumber`, each part percent-encoded. */
export function identityKey(identity: DeviceIdTriple): string {
  return [identity.oui, identity.productClass, identity.serialNumber]
    .map((part) => encodeURIComponent(part).replace(/-/g, '%2D'))
    .join('-');
}

function manufacturerOf(description: DeviceDescription): string {
  return description.manufacturer.slice(0, 64);
}
