import type { CpeResponse } from '../codec/messages.ts';
import type { RpcContext } from './rpc-context.ts';
import type { RpcRequest } from './rpc-registry.ts';
import { selectParameters } from './select-parameters.ts';

/** [TR-069 A.3.2.5] */
export async function getParameterAttributes(
  request: RpcRequest<'GetParameterAttributes'>,
  { model, attributes, addressing, signal }: RpcContext,
): Promise<CpeResponse> {
  const parameters = selectParameters(model, await addressing.resolveAll(request.ParameterNames, signal));
  const nameOf = await addressing.namer(parameters, signal);
  const list = parameters.map((parameter) => ({
    Name: nameOf(parameter.path),
    Notification: attributes.notificationOf(parameter),
    AccessList: attributes.accessListOf(parameter),
  }));
  return { kind: 'GetParameterAttributesResponse', ParameterList: list };
}
