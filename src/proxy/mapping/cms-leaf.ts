import type { ParameterNode } from '../../datamodel/node.ts';
import type { ValueType } from '../../datamodel/value.ts';
import type { NodeAttributes } from '../../upnp-dm/types.ts';

const COUNTER = 'NumberOfEntries';

/** What stands behind a parameter that lives in a device's ConfigurationManagement service. */
export interface CmsLeaf {
  readonly cmsPath: string;
  readonly type: ValueType;
  /** The node whose EventOnChange tells of it: the leaf itself, or the table whose rows it counts. */
  eventPath: string;
  /** Changes on the device raise events. Undefined: the device cannot; `unknown`: it was not asked. */
  eventOnChange: NodeAttributes['eventOnChange'];
}

/** The CMS side of a parameter, or undefined when it is served by the daemon itself. */
export function cmsLeafOf(parameter: ParameterNode): CmsLeaf | undefined {
  const { handle } = parameter;
  return isCmsLeaf(handle) ? handle : undefined;
}

/** The CMS side of a parameter that is known to have one. */
export function cmsLeaf(parameter: ParameterNode): CmsLeaf {
  const leaf = cmsLeafOf(parameter);
  if (leaf === undefined) throw new Error(`${parameter.path} has no CMS path`);
  return leaf;
}

function isCmsLeaf(handle: unknown): handle is CmsLeaf {
  return typeof handle === 'object' && handle !== null && 'cmsPath' in handle;
}

/** Path of the table whose rows a leaf counts; undefined when its name does not say that it counts any [CMS:2 B.2]. */
export function tableCountedBy(cmsPath: string): string | undefined {
  return cmsPath.endsWith(COUNTER) ? `${cmsPath.slice(0, -COUNTER.length)}/` : undefined;
}

/** Path of the leaf of which the EventOnChange of a node tells. */
export function leafOfEvents(eventPath: string): string {
  return eventPath.endsWith('/') ? eventPath.slice(0, -1) + COUNTER : eventPath;
}
