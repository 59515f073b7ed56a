import type { CpeResponse } from '../codec/messages.ts';
import type { RpcContext } from './rpc-context.ts';
import type { RpcRequest } from './rpc-registry.ts';

/** [TR-069 A.3.1.1] */
export function getRpcMethods(_request: RpcRequest<'GetRPCMethods'>, context: RpcContext): CpeResponse {
  return { kind: 'GetRPCMethodsResponse', MethodList: context.methods() };
}
