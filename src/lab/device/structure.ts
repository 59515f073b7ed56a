import type { DeviceNode, DeviceTree } from './device-tree.ts';
import type { NodeSchema } from './schema.ts';
import { UpnpError } from './upnp-error.ts';

/**
 * GetSupportedParameters [CMS:2 2.4.2]: 0 lists all leaves; n > 0 cuts after n nodes below `startingNode`, where a table's
 * name and its `#` are one node each; a cut on a table's name still shows `Name/#/`.
 * @throws UpnpError 701, 703
 */
export function supportedParameters(tree: DeviceTree, startingNode: string, searchDepth: number): string[] {
  const schema = tree.structure(startingNode);
  if (schema.kind === 'leaf') return [startingNode];
  const start = startingNode.endsWith('/') ? startingNode : `${startingNode}/`;
  const paths: string[] = [];
  const visit = (node: NodeSchema, path: string, depth: number): void => {
    if (node.kind === 'leaf') {
      paths.push(path);
      return;
    }
    // The row counts as a node of its own, so a cut on the table's name shows the row too.
    if (node.kind === 'table') {
      visit(node.row, `${path}#/`, depth + 1);
      return;
    }
    if (searchDepth > 0 && depth >= searchDepth) {
      paths.push(path);
      return;
    }
    for (const [name, child] of node.children) {
      visit(child, child.kind === 'leaf' ? `${path}${name}` : `${path}${name}/`, depth + 1);
    }
  };
  visit(schema, start, 0);
  return paths;
}

/**
 * GetInstances [CMS:2 2.4.3]: instance paths only; 0 lists all, n those whose own node is within n levels below
 * `startingNode`.
 * @throws UpnpError 701 for `#`, 703
 */
export function instances(tree: DeviceTree, startingNode: string, searchDepth: number): string[] {
  if (startingNode.includes('#')) throw new UpnpError(701);
  const start = tree.get(startingNode);
  if (start.kind === 'leaf') throw new UpnpError(701);
  const paths: string[] = [];
  const visit = (node: DeviceNode, depth: number): void => {
    if (node.kind === 'leaf' || (searchDepth > 0 && depth > searchDepth)) return;
    if (node.kind === 'object' && node.table !== undefined && node !== start) paths.push(node.path);
    for (const child of tree.childrenOf(node)) visit(child, depth + 1);
  };
  visit(start, 0);
  return paths;
}
