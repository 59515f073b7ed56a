import type { DeviceDescription, RootDevice } from './types.ts';

/** A description as it was read from the host that announced it. */
export interface FoundDescription {
  readonly description: DeviceDescription;
  readonly announcement: Pick<RootDevice['announcement'], 'sourceAddress'>;
}

const IDENTIFYING = [
  'serialNumber',
  'friendlyName',
  'modelName',
  'modelNumber',
  'manufacturer',
  'manufacturerOui',
  'upc',
  'deviceType',
] as const satisfies readonly (keyof DeviceDescription)[];

/**
 * By what the descriptions of two root devices with one UDN tell that these are two devices; empty for one device with two addresses.
 * @returns names of the elements that differ
 */
export function findIdentityDifferences(one: FoundDescription, other: FoundDescription): string[] {
  return IDENTIFYING.filter((name) => read(one, name) !== read(other, name));
}

/** Some devices put their address into their name: it is no difference. */
function read({ description, announcement }: FoundDescription, name: (typeof IDENTIFYING)[number]): string {
  return description[name].replaceAll(announcement.sourceAddress, '*');
}
