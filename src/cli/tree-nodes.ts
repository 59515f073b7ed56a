import type { CmsTree } from '../upnp-dm/walk.ts';
import type { NodeAttributes } from '../upnp-dm/types.ts';

/** One line of `tree`. What the device does not tell is missing. */
export interface TreeNode {
  readonly path: string;
  readonly kind: 'parameter' | 'table' | 'row';
  readonly type?: string;
  readonly access?: 'readOnly' | 'readWrite';
  readonly eventOnChange?: boolean;
  readonly value?: string;
}

/** Parameters, tables and rows in the order of their paths, instance numbers by value. */
export function listTreeNodes(tree: CmsTree): TreeNode[] {
  const nodes = new Map<string, TreeNode>();
  const add = (kind: TreeNode['kind'], path: string, value?: string): void => {
    const { type, access, eventOnChange } = attributesOf(tree, path);
    nodes.set(path, {
      path,
      kind,
      ...(type === undefined ? {} : { type }),
      ...(access === undefined ? {} : { access }),
      ...(typeof eventOnChange === 'boolean' && { eventOnChange }),
      ...(value === undefined ? {} : { value }),
    });
  };
  for (const path of tree.structure) {
    if (path.endsWith('/#/') && !path.slice(0, -3).includes('#')) add('table', path.slice(0, -2));
    else if (!path.endsWith('/') && !path.includes('#')) add('parameter', path);
  }
  for (const path of tree.instances) {
    add('table', path.replace(/\d+\/$/, ''));
    add('row', path);
  }
  for (const [path, value] of tree.values ?? []) add('parameter', path, value);
  const order = new Intl.Collator('en', { numeric: true });
  return [...nodes.values()].sort((a, b) => order.compare(a.path, b.path));
}

/** Attributes stand under the path itself where it differs, else under its StructurePath. */
function attributesOf(tree: CmsTree, path: string): NodeAttributes {
  const structurePath = path.replace(/\/\d+(?=\/)/g, '/#');
  return tree.attributes.get(path) ?? tree.attributes.get(structurePath) ?? {};
}
