import type { ParameterNode } from '../datamodel/node.ts';
import type { CmsTree } from '../upnp-dm/walk.ts';
import type { DeviceModel } from './device-model.ts';
import type { Capabilities } from './mapping/map-tree.ts';

/** A Proxied Device as the ACS sees it, by either mechanism [TR-069 J.1]: what the device's own life has to tell it. */
export interface ExposedDevice {
  readonly deviceModel: DeviceModel;
  /**
   * Takes over what the device says of itself.
   * @param generation of the shadow of `deviceModel` in which the reading of the tree began
   */
  describe(tree: CmsTree, capabilities: Capabilities, generation: number): Promise<void>;
  /**
   * The device came within reach, or left.
   * @param structureDoubtful called when the device turns out not to match its description any more
   */
  setReachable(reachable: boolean, structureDoubtful?: () => void): void;
  /** The device's parameters with notification on. */
  readonly watched: readonly ParameterNode[];
  /** Whether the ACS wants to hear of a change of the parameter at once. */
  isUrgent(parameter: ParameterNode): boolean;
  /** Returns the function that ends it. */
  onWatchedChange(listener: () => void): () => void;
}
