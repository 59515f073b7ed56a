import type { DocumentStore } from '../../platform/store/document-store.ts';
import type { NodeAttributes, SubTree } from '../../upnp-dm/types.ts';
import type { CmsTree } from '../../upnp-dm/walk.ts';
import type { Capabilities } from '../mapping/map-tree.ts';
import { isSecret } from '../mapping/secrets.ts';
import type { EndpointIdentity } from '../../cwmp/types.ts';
import type { DeviceFacts } from '../../platform/config/config.ts';

/** What is remembered of an embedded device, to serve its last values while it is away, also after a restart. */
export interface DeviceSnapshot {
  readonly identity: EndpointIdentity;
  readonly facts: DeviceFacts;
  readonly friendlyName: string;
  readonly capabilities: Capabilities;
  readonly tree: CmsTree;
}

interface StoredSnapshot {
  readonly identity: EndpointIdentity;
  readonly facts: DeviceFacts;
  readonly friendlyName: string;
  readonly capabilities: Capabilities;
  readonly subTrees: readonly SubTree[];
  readonly structure: readonly string[];
  readonly instances: readonly string[];
  readonly attributes: readonly (readonly [string, NodeAttributes])[];
  readonly values: readonly (readonly [string, string])[];
}

/** Writes the snapshot if it is another than the stored one; resolves when it is durable. */
export async function saveSnapshot(
  store: DocumentStore,
  key: string,
  snapshot: DeviceSnapshot,
): Promise<void> {
  const { tree, ...rest } = snapshot;
  const document: StoredSnapshot = {
    ...rest,
    subTrees: tree.subTrees,
    structure: tree.structure,
    instances: tree.instances,
    attributes: [...tree.attributes],
    // The leaf is remembered, its secret is not.
    values: [...(tree.values ?? [])].map(([path, value]) => [path, isSecret(path) ? '' : value] as const),
  };
  if (JSON.stringify(store.get<unknown>(key)) === JSON.stringify(document)) return;
  await store.put(key, document);
}

/** The stored snapshot; undefined when there is none that can be used. */
export function loadSnapshot(store: DocumentStore, key: string): DeviceSnapshot | undefined {
  const stored = store.get<Partial<StoredSnapshot>>(key);
  const lists = [stored?.subTrees, stored?.structure, stored?.instances, stored?.attributes, stored?.values];
  if (!lists.every((list) => Array.isArray(list))) return undefined;
  if (stored?.identity === undefined || stored.facts === undefined || stored.capabilities === undefined)
    return undefined;
  return {
    identity: stored.identity,
    facts: stored.facts,
    friendlyName: stored.friendlyName ?? '',
    capabilities: stored.capabilities,
    tree: {
      subTrees: stored.subTrees ?? [],
      structure: stored.structure ?? [],
      instances: stored.instances ?? [],
      attributes: new Map(stored.attributes),
      values: new Map(stored.values),
    },
  };
}
