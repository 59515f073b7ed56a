import type { CpeResponse } from '../codec/messages.ts';
import type { RpcContext } from './rpc-context.ts';
import type { RpcRequest } from './rpc-registry.ts';
import { checkParameterKey } from './set-parameter-values.ts';

/** [TR-069 A.3.2.6] */
export async function addObject(
  request: RpcRequest<'AddObject'>,
  { model, signal, setParameterKey }: RpcContext,
): Promise<CpeResponse> {
  checkParameterKey(request.ParameterKey);
  const { instanceNumber, status } = await model.addRow(request.ObjectName, signal);
  await setParameterKey(request.ParameterKey);
  return {
    kind: 'AddObjectResponse',
    InstanceNumber: instanceNumber,
    Status: status === 'applied' ? 0 : 1,
  };
}
