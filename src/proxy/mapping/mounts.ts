import { isInstanceNumber, isPathName } from '../../datamodel/path.ts';
import type { SubTree } from '../../upnp-dm/types.ts';
import { StructureTree } from './structure-tree.ts';

/** The root object of a virtual device's data model. */
export type RootName = 'Device' | 'InternetGatewayDevice';

/** Where a CMS sub-tree appears in the data model of the virtual device. */
export interface Mount {
  /** CMS path, ends with a slash. */
  readonly location: string;
  /** Data model path, ends with a dot. */
  readonly prefix: string;
}

export interface MountPlan {
  readonly root: RootName;
  /** Value of RootDataModelVersion ("2.11"); undefined for roots that have no such parameter. */
  readonly rootDataModelVersion: string | undefined;
  /** Longest location first: the first one that is a prefix of a path decides. */
  readonly mounts: readonly Mount[];
  /** Everything that has no place in a standard model goes below this object. */
  readonly vendorPrefix: string;
  /** False: Common Objects have no place of their own in the model (it describes another device). */
  readonly commonObjects?: boolean;
  /** CMS tables, ending with a slash, of which each row has a mount of its own; others serve the table itself. */
  readonly sharedTables?: readonly string[];
}

/** Used when a device does not say where its BBF models are [CMS:2 Appendix C]. */
const DEFAULT_BBF_LOCATION = '/BBF/';

const COMMON_OBJECTS_LOCATION = '/UPnP/DM/';
const UPNP_LOCATION = '/UPnP/';

/** Nothing in the published models is nested so deeply. */
const MOST_SOURCE_NAMES = 16;

/**
 * Service objects of the published data models by the number of their document. They live under `Services.` in CWMP, while
 * the CMS mapping drops that word, so only this list tells `/BBF/VoiceService/` from a child of the root.
 */
const SERVICE_OBJECTS: Readonly<Record<string, string>> = {
  '104': 'VoiceService',
  '135': 'STBService',
  '140': 'StorageService',
  '143': 'NetworkTransportService',
  '196': 'FAPService',
  '262': 'FAPService',
};

const SERVICE_NAMES: ReadonlySet<string> = new Set(Object.values(SERVICE_OBJECTS));

type DataModelKind =
  | { readonly kind: 'device2'; readonly version: string }
  | { readonly kind: 'igd' }
  | { readonly kind: 'device1' }
  | { readonly kind: 'service'; readonly objectName: string }
  | { readonly kind: 'unknown' };

/** Reads a SubTree URI such as `urn:broadband-forum-org:tr-181-2-11-0`. Free text is tolerated: only the number counts. */
export function dataModelKind(uri: string): DataModelKind {
  const match = /\btr-?(\d{3})(?:-(\d+))?(?:-(\d+))?/i.exec(uri);
  if (match === null) return { kind: 'unknown' };
  const [, document = '', issue = '', amendment = '0'] = match;
  const service = SERVICE_OBJECTS[document];
  if (service !== undefined) return { kind: 'service', objectName: service };
  switch (document) {
    case '181':
      return issue === '1' ? { kind: 'device1' } : { kind: 'device2', version: `2.${amendment}` };
    case '098':
      return { kind: 'igd' };
    case '106':
      return { kind: 'device1' };
    default:
      return { kind: 'unknown' };
  }
}

interface Located {
  readonly location: string;
  readonly model: DataModelKind;
  readonly sourceLocation: string | undefined;
}

/**
 * Decides the root object and the place of every sub-tree from what GetSupportedDataModels said (design decision 9).
 *
 * @param subTrees as the device listed them; empty when it could not say
 * @param structure StructurePaths of the device (GetSupportedParameters)
 * @param vendorOui six hex digits for the vendor object `X_<OUI>_UPnPDM.`
 */
export function planMounts(
  subTrees: readonly SubTree[],
  structure: readonly string[],
  vendorOui: string,
): MountPlan {
  const located = subTrees.map((tree) => ({
    location: tree.location.endsWith('/') ? tree.location : `${tree.location}/`,
    model: dataModelKind(tree.uri),
    sourceLocation: tree.sourceLocation,
  }));
  const device2 = located.find(({ model }) => model.kind === 'device2')?.model;
  const hasGateway = located.some(({ model }) => model.kind === 'igd');
  const hasDevice1 = located.some(({ model }) => model.kind === 'device1');
  const root: RootName = device2 === undefined && hasGateway ? 'InternetGatewayDevice' : 'Device';
  const rootKind =
    device2 !== undefined ? 'device2' : hasGateway ? 'igd' : hasDevice1 ? 'device1' : 'device2';
  const vendorPrefix = `${root}.X_${vendorOui}_UPnPDM.`;
  const mounts = mountsOf(located, rootKind, root, new StructureTree(structure).paths);
  // A root model at `/` must not take what UPnP itself defines.
  if (mounts.has('/')) mounts.set(UPNP_LOCATION, `${vendorPrefix}UPnP.`);
  return {
    root,
    rootDataModelVersion:
      rootKind === 'device2' ? (device2?.kind === 'device2' ? device2.version : '2.17') : undefined,
    mounts: [...mounts]
      .map(([location, prefix]) => ({ location, prefix }))
      .sort((a, b) => b.location.length - a.location.length || (a.location < b.location ? -1 : 1)),
    vendorPrefix,
  };
}

function mountsOf(
  located: readonly Located[],
  rootKind: DataModelKind['kind'],
  root: RootName,
  structure: ReadonlySet<string>,
): Map<string, string> {
  const mounts = new Map<string, string>();
  const add = ({ location, prefix }: Mount): void => {
    if (location !== COMMON_OBJECTS_LOCATION && !mounts.has(location)) mounts.set(location, prefix);
  };
  // A root model first: a service model at the same Location is a part of it.
  for (const { location, model, sourceLocation } of located) {
    if (model.kind !== rootKind) continue;
    add({ location, prefix: [root, ...sourceNames(sourceLocation), ''].join('.') });
  }
  for (const { location, model, sourceLocation } of located) {
    if (model.kind !== 'service') continue;
    add(serviceMount(location, model.objectName, sourceNames(sourceLocation), root, structure));
  }
  const saysWhere = located.some(({ location }) => location.startsWith(DEFAULT_BBF_LOCATION));
  if (!saysWhere && !mounts.has('/')) mounts.set(DEFAULT_BBF_LOCATION, `${root}.`);
  addServicesBelowRootModels(mounts, root, structure);
  return mounts;
}

/**
 * The part of the source model that a sub-tree is, as names below the root object: `/Device/WiFi/` is `WiFi`. Whatever cannot be
 * part of a model says nothing.
 */
function sourceNames(sourceLocation: string | undefined): readonly string[] {
  const names = (sourceLocation ?? '').split(/[/.]/).filter((name) => name !== '');
  if (names[0] === 'Device' || names[0] === 'InternetGatewayDevice') names.shift();
  const converted = names.map((name) => (/^\d{1,9}$/.test(name) ? String(Number(name) + 1) : name));
  return converted.length <= MOST_SOURCE_NAMES && converted.every(isPathName) ? converted : [];
}

/**
 * Devices give the table, its parent, or one row of it as the Location of a service model: all mean the table. Where there is no
 * table at all, what is there is the only row of one.
 */
function serviceMount(
  location: string,
  objectName: string,
  source: readonly string[],
  root: RootName,
  structure: ReadonlySet<string>,
): Mount {
  const table = `${root}.Services.${objectName}.`;
  const below = source[0] === 'Services' ? source.slice(1) : source;
  const part = below[0] === objectName ? below.slice(1) : below;
  const row = isInstanceNumber(part[0] ?? '') ? part[0] : '1';
  const inRow = part[0] === row ? part.slice(1) : part;
  if (inRow.length > 0) return { location, prefix: `${table}${[row, ...inRow].join('.')}.` };
  const child = `${location}${objectName}/`;
  if (structure.has(`${child}#/`)) return { location: child, prefix: table };
  const given = /^(.*\/)(?:\d+|#)\/$/.exec(location)?.[1] ?? location;
  if (structure.has(`${given}#/`)) return { location: given, prefix: table };
  return { location: structure.has(child) ? child : location, prefix: `${table}1.` };
}

/** A root model's sub-tree may hold service objects beside its own children, without a SubTree entry of their own. */
function addServicesBelowRootModels(
  mounts: Map<string, string>,
  root: RootName,
  structure: ReadonlySet<string>,
): void {
  for (const [location, prefix] of [...mounts]) {
    if (prefix !== `${root}.`) continue;
    for (const name of SERVICE_NAMES) {
      const child = `${location}${name}/`;
      if (mounts.has(child) || !structure.has(child)) continue;
      const mount = serviceMount(child, name, [], root, structure);
      mounts.set(mount.location, mount.prefix);
    }
  }
}
