import type { LocalParameter, LocalProvider } from './local-object.ts';

/** The Root Objects that a virtual device can have: TR-181 issue 2, TR-098, TR-181 issue 1 (TR-106). */
export type RootObject = 'Device:2' | 'InternetGatewayDevice:1' | 'Device:1';

/** The name in paths: `Device` or `InternetGatewayDevice`. */
export function rootName(root: RootObject): 'Device' | 'InternetGatewayDevice' {
  return root === 'InternetGatewayDevice:1' ? 'InternetGatewayDevice' : 'Device';
}

/** [TR-181] The version of Device:2 that has all objects and parameters which the files of this folder add. */
const LOCAL_OBJECTS_VERSION = '2.12';

/**
 * The version of Device:2 that a virtual device has: that which its Proxied Device states, unless what is added here is newer.
 * @param stated e.g. `2.2`
 */
export function device2Version(stated: string): string {
  const minor = (version: string): number => Number(version.split('.')[1] ?? 0);
  return minor(stated) < minor(LOCAL_OBJECTS_VERSION) ? LOCAL_OBJECTS_VERSION : stated;
}

export interface RootOptions {
  readonly root: RootObject;
  /** Version of the root data model, `major.minor`: e.g. `2.17`, `1.14`. The major part is that of `root`. */
  readonly dataModelVersion: string;
  /** The Service Objects of a DeviceSummary, e.g. `VoiceService:1.0[1]()`; read at each request. Device:2 has none. */
  readonly services?: () => readonly string[];
}

/** Longest DeviceSummary [TR-098]. */
const LONGEST_SUMMARY = 1024;

/** Adds the forced Inform parameter of the Root Object itself: RootDataModelVersion (Device:2) or DeviceSummary (the others). */
export function addRoot(provider: LocalProvider, options: RootOptions): void {
  const { root, dataModelVersion } = options;
  provider.add(
    `${rootName(root)}.`,
    root === 'Device:2' ? device2Root(dataModelVersion) : device1Root(options),
  );
}

function device2Root(version: string): Readonly<Record<string, LocalParameter>> {
  return {
    RootDataModelVersion: {
      type: 'string',
      constraint: { maxLength: 32, pattern: /2\.\d+/ },
      forcedInform: true,
      get: () => version,
    },
  };
}

function device1Root(options: RootOptions): Readonly<Record<string, LocalParameter>> {
  return {
    DeviceSummary: {
      type: 'string',
      constraint: { maxLength: LONGEST_SUMMARY },
      forcedInform: true,
      get: () => deviceSummary(options),
    },
  };
}

/** [TR-106 2.4.2.1] `Object:version[instances](profiles)`; what does not fit is left out whole. */
function deviceSummary({ root, dataModelVersion, services }: RootOptions): string {
  let summary = `${rootName(root)}:${dataModelVersion}[]()`;
  for (const service of services?.() ?? []) {
    if (summary.length + service.length + 2 > LONGEST_SUMMARY) break;
    summary += `, ${service}`;
  }
  return summary;
}
