import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { ProfileReader, type ProfileMap } from './profile-reader.ts';
import { readObjectSchema } from './profile-schema.ts';
import type { ObjectSchema } from './schema.ts';

/** Who the device says it is, in its description and in /UPnP/DM/DeviceInfo/. */
export interface ProfileIdentity {
  readonly friendlyName: string;
  readonly manufacturer: string;
  readonly manufacturerUrl: string;
  readonly modelDescription: string;
  readonly modelName: string;
  readonly modelNumber: string;
  readonly manufacturerOui: string;
  readonly productClass: string;
  readonly serialNumber: string;
  readonly softwareVersion: string;
  readonly hardwareVersion: string;
}

/** One row of GetSupportedDataModels. */
export interface ProfileSubTree {
  readonly uri: string;
  readonly location: string;
  readonly description: string | undefined;
}

/** A simulated device as data. */
export interface DeviceProfile {
  readonly name: string;
  readonly identity: ProfileIdentity;
  /** The ManageableDevice is embedded in a root device of another type. */
  readonly embedded: boolean;
  readonly subTrees: readonly ProfileSubTree[];
  readonly root: ObjectSchema;
}

const IDENTITY_KEYS = [
  'friendlyName',
  'manufacturer',
  'manufacturerUrl',
  'modelDescription',
  'modelName',
  'modelNumber',
  'manufacturerOui',
  'productClass',
  'serialNumber',
  'softwareVersion',
  'hardwareVersion',
] as const satisfies readonly (keyof ProfileIdentity)[];

/** The same folder seen from src/lab/device and from dist/lab/device. */
const BUILT_IN = fileURLToPath(new URL('../../../config/lab/', import.meta.url));

/** Profiles that come with the project. */
export const BUILT_IN_PROFILES = ['voip', 'nas', 'wifi', 'sensor'] as const;

function isBuiltIn(name: string): boolean {
  return (BUILT_IN_PROFILES as readonly string[]).includes(name);
}

/** @throws Error of one line that says which profiles there are */
function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    const allowed = `${BUILT_IN_PROFILES.join(', ')}, or the path of a profile in YAML`;
    throw new Error(`profile "${file}" cannot be read: ${reason}; allowed: ${allowed}`, { cause });
  }
}

function readDocument(file: string): ProfileReader {
  // The failsafe schema leaves every scalar a string: "0090D5" and "1.10" must not become numbers.
  const content: unknown = parse(readText(file), { schema: 'failsafe', maxAliasCount: 100 });
  return new ProfileReader(basename(file), content);
}

function merge(base: ProfileMap, extra: ProfileMap): ProfileMap {
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(extra)) {
    const below = merged[key];
    merged[key] = isMap(below) && isMap(value) ? merge(below, value) : value;
  }
  return merged;
}

function isMap(value: unknown): value is ProfileMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function substitute(value: unknown, variables: Readonly<Record<string, string>>, place: string): unknown {
  if (typeof value === 'string') {
    return value.replace(/\$\{(\w+)\}/g, (_, name: string) => {
      const text = variables[name];
      if (text === undefined) throw new Error(`${place}: \${${name}} is not known`);
      return text;
    });
  }
  if (Array.isArray(value)) return value.map((entry) => substitute(entry, variables, place));
  if (!isMap(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [key, substitute(entry, variables, `${place}.${key}`)]),
  );
}

/** A MAC address of the manufacturer's range that differs between serial numbers. */
function macAddress(identity: ProfileIdentity): string {
  let hash = 0;
  for (const character of identity.serialNumber) hash = (hash * 31 + character.charCodeAt(0)) & 0xffffff;
  const digits = identity.manufacturerOui + hash.toString(16).padStart(6, '0');
  return (digits.match(/../g) ?? []).join(':').toUpperCase();
}

function readIdentity(reader: ProfileReader, overrides: Partial<ProfileIdentity>): ProfileIdentity {
  const section = reader.map('identity', IDENTITY_KEYS);
  const read = (key: (typeof IDENTITY_KEYS)[number]): string => overrides[key] ?? section.text(key);
  return {
    friendlyName: read('friendlyName'),
    manufacturer: read('manufacturer'),
    manufacturerUrl: read('manufacturerUrl'),
    modelDescription: read('modelDescription'),
    modelName: read('modelName'),
    modelNumber: read('modelNumber'),
    manufacturerOui: read('manufacturerOui'),
    productClass: read('productClass'),
    serialNumber: read('serialNumber'),
    softwareVersion: read('softwareVersion'),
    hardwareVersion: read('hardwareVersion'),
  };
}

function locate(file: string, from: string): string {
  const beside = join(from, file);
  return existsSync(beside) ? beside : join(BUILT_IN, file);
}

/**
 * Reads a profile.
 * @param nameOrFile a built-in name (voip, nas, wifi, sensor) or the path of a YAML file
 * @param overrides identity fields that replace those of the file
 * @param host the device's address, for `${host}` in values
 * @throws Error naming the file and the place in it
 */
export function loadProfile(
  nameOrFile: string,
  overrides: Partial<ProfileIdentity> = {},
  host = '127.0.0.1',
): DeviceProfile {
  const file = isBuiltIn(nameOrFile) ? join(BUILT_IN, `${nameOrFile}.yaml`) : nameOrFile;
  const reader = readDocument(file);
  reader.expectKeys(['identity', 'embedded', 'subTrees', 'include', 'tree']);
  const identity = readIdentity(reader, overrides);
  let tree: ProfileMap = {};
  for (const include of reader.list('include')) {
    const included = readDocument(locate(include.value(), dirname(file)));
    included.expectKeys(['tree']);
    tree = merge(tree, included.child('tree').asMap());
  }
  tree = merge(tree, reader.child('tree').asMap());
  const variables = { ...identity, host, macAddress: macAddress(identity) };
  const place = `${basename(file)}: tree`;
  return {
    name: basename(file, '.yaml'),
    identity,
    embedded: reader.flag('embedded') ?? false,
    subTrees: reader.list('subTrees').map((entry) => {
      entry.expectKeys(['uri', 'location', 'description']);
      return {
        uri: entry.text('uri'),
        location: entry.text('location'),
        description: entry.optionalText('description'),
      };
    }),
    root: readObjectSchema(new ProfileReader(place, substitute(tree, variables, place))),
  };
}
