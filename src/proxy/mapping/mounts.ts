import type { SubTree } from '../../upnp-dm/types.ts';

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
  }));
  const device2 = located.find(({ model }) => model.kind === 'device2')?.model;
  const hasGateway = located.some(({ model }) => model.kind === 'igd');
  const hasDevice1 = located.some(({ model }) => model.kind === 'device1');
  const root: RootName = device2 === undefined && hasGateway ? 'InternetGatewayDevice' : 'Device';
  const rootKind =
    device2 !== undefined ? 'device2' : hasGateway ? 'igd' : hasDevice1 ? 'device1' : 'device2';

  const mounts = new Map<string, string>();
  for (const { location, model } of located) {
    if (location === COMMON_OBJECTS_LOCATION || location === '/') continue;
    if (model.kind === 'service') {
      for (const mount of serviceMounts(location, model.objectName, root, structure))
        mounts.set(mount.location, mount.prefix);
    } else if (model.kind === rootKind && !mounts.has(location)) {
      mounts.set(location, `${root}.`);
    }
  }
  if (subTrees.length === 0 || !located.some(({ location }) => location.startsWith(DEFAULT_BBF_LOCATION))) {
    if (!mounts.has(DEFAULT_BBF_LOCATION)) mounts.set(DEFAULT_BBF_LOCATION, `${root}.`);
  }
  addServicesBelowRootModels(mounts, root, structure);
  return {
    root,
    rootDataModelVersion:
      rootKind === 'device2' ? (device2?.kind === 'device2' ? device2.version : '2.17') : undefined,
    mounts: [...mounts]
      .map(([location, prefix]) => ({ location, prefix }))
      .sort((a, b) => b.location.length - a.location.length || (a.location < b.location ? -1 : 1)),
    vendorPrefix: `${root}.X_${vendorOui}_UPnPDM.`,
  };
}

/** Devices give the table, its parent, or one row of it as the Location of a service model: all mean the table. */
function serviceMounts(
  location: string,
  objectName: string,
  root: RootName,
  structure: readonly string[],
): Mount[] {
  const target = `${root}.Services.${objectName}.`;
  const child = `${location}${objectName}/`;
  if (structure.some((path) => path.startsWith(child))) return [{ location: child, prefix: target }];
  const row = /^(.*\/)(?:\d+|#)\/$/.exec(location);
  return [{ location: row?.[1] ?? location, prefix: target }];
}

/** A root model's sub-tree may hold service objects beside its own children, without a SubTree entry of their own. */
function addServicesBelowRootModels(
  mounts: Map<string, string>,
  root: RootName,
  structure: readonly string[],
): void {
  for (const [location, prefix] of [...mounts]) {
    if (prefix !== `${root}.`) continue;
    for (const path of structure) {
      if (!path.startsWith(location)) continue;
      const child = path.slice(location.length, path.indexOf('/', location.length));
      if (SERVICE_NAMES.has(child) && !mounts.has(`${location}${child}/`)) {
        mounts.set(`${location}${child}/`, `${root}.Services.${child}.`);
      }
    }
  }
}
