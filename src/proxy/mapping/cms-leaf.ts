import type { ParameterNode } from '../../datamodel/node.ts';
import type { ValueType } from '../../datamodel/value.ts';
import type { NodeAttributes } from '../../upnp-dm/types.ts';

/** What stands behind a parameter that lives in a device's ConfigurationManagement service. */
export interface CmsLeaf {
  readonly cmsPath: string;
  readonly type: ValueType;
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
