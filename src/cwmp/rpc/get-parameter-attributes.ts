import type { CpeResponse } from '../codec/messages.ts';
import type { RpcContext } from './rpc-context.ts';
import type { RpcRequest } from './rpc-registry.ts';
import { selectParameters } from './select-parameters.ts';

/** [TR-069 A.3.2.5] */
export function getParameterAttributes(
  request: RpcRequest<'GetParameterAttributes'>,
  { model, attributes }: RpcContext,
): CpeResponse {
  const list = selectParameters(model, request.ParameterNames).map((parameter) => ({
    Name: parameter.path,
    Notification: attributes.notificationOf(parameter),
    AccessList: attributes.accessListOf(parameter),
  }));
  return { kind: 'GetParameterAttributesResponse', ParameterList: list };
}
