import type { DataNode } from '../../datamodel/node.ts';
import type { CpeResponse, ParameterInfoStruct } from '../codec/messages.ts';
import type { RpcContext } from './rpc-context.ts';
import { RpcFault } from './rpc-fault.ts';
import type { RpcRequest } from './rpc-registry.ts';

/**
 * [TR-069 A.3.2.3] NextLevel true lists what stands directly below an object, without the object; false lists it and everything
 * below. "" with NextLevel true is the root object alone: an empty list there makes deployed ACSs forget the whole model.
 */
export function getParameterNames(
  request: RpcRequest<'GetParameterNames'>,
  { model }: RpcContext,
): CpeResponse {
  const { ParameterPath: path, NextLevel: nextLevel } = request;
  const node = model.find(path);
  if (node === undefined) throw new RpcFault(9005, path);
  const list: ParameterInfoStruct[] = [];
  if (!nextLevel) collect(node, list);
  else if (node.kind === 'parameter') throw new RpcFault(9003, 'NextLevel with the name of a parameter');
  else if (path === '') list.push(describe(node));
  else for (const child of node.children.values()) list.push(describe(child));
  return { kind: 'GetParameterNamesResponse', ParameterList: list };
}

function collect(node: DataNode, list: ParameterInfoStruct[]): void {
  list.push(describe(node));
  if (node.kind === 'object') for (const child of node.children.values()) collect(child, list);
}

function describe(node: DataNode): ParameterInfoStruct {
  return { Name: node.path, Writable: node.writable };
}
