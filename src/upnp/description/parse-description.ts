import { parseLooseXml } from '../../platform/xml/loose-xml.ts';
import { childOf } from '../../platform/xml/xml-tree.ts';
import type { XmlElement } from '../../platform/xml/xml-tree.ts';
import type { DeviceDescription, ServiceDescription } from '../types.ts';
import { UrlResolver } from './url-resolver.ts';

const MAX_DEVICE_DEPTH = 8;
const MAX_DEVICES = 64;
const MAX_SERVICES = 256;
const MAX_TEXT_LENGTH = 1024;

export interface ParsedDescription {
  readonly description: DeviceDescription;
  readonly specVersion: { readonly major: number; readonly minor: number };
  readonly urlBase: string;
}

/**
 * Reads a device description [UDA 2.3] that was fetched from `location`. Services whose control URL is missing or on another
 * host are left out.
 * @throws Error saying what is wrong with the document
 */
export async function parseDescription(document: Uint8Array, location: string): Promise<ParsedDescription> {
  const root = await parseLooseXml(document);
  const device = childOf(root, 'device');
  if (root.local !== 'root' || device === undefined) throw new Error('no device in the description');
  const specVersion = childOf(root, 'specVersion');
  const urlBase = textOf(root, 'URLBase');
  const reader = new DescriptionReader(new UrlResolver(location, urlBase));
  const description = reader.readDevice(device, 1);
  if (description.udn === '') throw new Error('no UDN in the description');
  return {
    description,
    specVersion: { major: versionPart(specVersion, 'major', 1), minor: versionPart(specVersion, 'minor', 0) },
    urlBase,
  };
}

class DescriptionReader {
  readonly #urls: UrlResolver;
  #devices = 0;
  #services = 0;

  constructor(urls: UrlResolver) {
    this.#urls = urls;
  }

  readDevice(element: XmlElement, depth: number): DeviceDescription {
    if (depth > MAX_DEVICE_DEPTH) throw new Error(`devices nested more than ${MAX_DEVICE_DEPTH} deep`);
    if (++this.#devices > MAX_DEVICES) throw new Error(`more than ${MAX_DEVICES} devices`);
    return {
      udn: textOf(element, 'UDN'),
      deviceType: textOf(element, 'deviceType'),
      friendlyName: textOf(element, 'friendlyName'),
      manufacturer: textOf(element, 'manufacturer'),
      manufacturerUrl: textOf(element, 'manufacturerURL'),
      modelDescription: textOf(element, 'modelDescription'),
      modelName: textOf(element, 'modelName'),
      modelNumber: textOf(element, 'modelNumber'),
      modelUrl: textOf(element, 'modelURL'),
      serialNumber: textOf(element, 'serialNumber'),
      upc: textOf(element, 'UPC'),
      presentationUrl: this.#urls.resolveShown(textOf(element, 'presentationURL')),
      deviceCategory: textOf(element, 'X_DeviceCategory'),
      manufacturerOui: /^[0-9A-F]{6}$/.exec(textOf(element, 'X_ManufacturerOUI').toUpperCase())?.[0] ?? '',
      services: listOf(element, 'serviceList', 'service').flatMap((service) => this.#readService(service)),
      devices: listOf(element, 'deviceList', 'device').map((device) => this.readDevice(device, depth + 1)),
    };
  }

  #readService(element: XmlElement): ServiceDescription[] {
    if (++this.#services > MAX_SERVICES) throw new Error(`more than ${MAX_SERVICES} services`);
    const controlUrl = this.#urls.resolve(textOf(element, 'controlURL'));
    if (controlUrl === undefined) return [];
    return [
      {
        serviceType: textOf(element, 'serviceType'),
        serviceId: textOf(element, 'serviceId'),
        // A device without SCPDURL is used all the same; fetching '' then fails for who wants it.
        scpdUrl: this.#urls.resolve(textOf(element, 'SCPDURL')) ?? '',
        controlUrl,
        eventSubUrl: this.#urls.resolve(textOf(element, 'eventSubURL')),
      },
    ];
  }
}

function listOf(element: XmlElement, list: string, item: string): XmlElement[] {
  return childOf(element, list)?.children.filter((child) => child.local === item) ?? [];
}

function textOf(element: XmlElement, local: string): string {
  return (childOf(element, local)?.text ?? '').trim().slice(0, MAX_TEXT_LENGTH);
}

function versionPart(specVersion: XmlElement | undefined, local: string, fallback: number): number {
  const text = specVersion === undefined ? '' : textOf(specVersion, local);
  return /^\d{1,3}$/.test(text) ? Number(text) : fallback;
}
