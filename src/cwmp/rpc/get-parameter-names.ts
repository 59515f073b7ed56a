import type { DataNode } from '../../datamodel/node.ts';
import type { CpeResponse, ParameterInfoStruct } from '../codec/messages.ts';
import type { RpcContext } from './rpc-context.ts';
import { RpcFault } from './rpc-fault.ts';
import type { RpcRequest } from './rpc-registry.ts';

/**
 * [TR-069 A.3.2.3] NextLevel true lists what stands directly below an object, without the object; false lists it and everything
 * below. "" with NextLevel true is the root object alone: an empty list there makes deployed ACSs forget the whole model.
 */
export async function getParameterNames(
  request: RpcRequest<'GetParameterNames'>,
  { model, addressing, signal }: RpcContext,
): Promise<CpeResponse> {
  const { ParameterPath: name, NextLevel: nextLevel } = request;
  const nodes: DataNode[] = [];
  for (const path of await addressing.resolveAll([name], signal)) {
    const node = model.find(path);
    if (node === undefined) throw new RpcFault(9005, name);
    if (!nextLevel) collect(node, nodes);
    else if (node.kind === 'parameter') throw new RpcFault(9003, 'NextLevel with the name of a parameter');
    else if (path === '') nodes.push(node);
    else nodes.push(...node.children.values());
  }
  const nameOf = await addressing.namer(nodes, signal);
  const list = nodes.map((node): ParameterInfoStruct => ({
    Name: nameOf(node.path),
    Writable: node.writable,
  }));
  return { kind: 'GetParameterNamesResponse', ParameterList: list };
}

function collect(node: DataNode, nodes: DataNode[]): void {
  nodes.push(node);
  if (node.kind === 'object') for (const child of node.children.values()) collect(child, nodes);
}
