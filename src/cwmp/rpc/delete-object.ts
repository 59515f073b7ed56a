import type { CpeResponse } from '../codec/messages.ts';
import type { RpcContext } from './rpc-context.ts';
import type { RpcRequest } from './rpc-registry.ts';
import { checkParameterKey } from './set-parameter-values.ts';

/** [TR-069 A.3.2.7] The attributes of what is deleted go with it. */
export async function deleteObject(
  request: RpcRequest<'DeleteObject'>,
  { model, addressing, signal, changeAttributes, setParameterKey, acsChangedRows }: RpcContext,
): Promise<CpeResponse> {
  checkParameterKey(request.ParameterKey);
  const path = await addressing.resolve(request.ObjectName, signal);
  const status = await model.deleteRow(path, signal);
  await changeAttributes((attributes) => attributes.removeBelow(path));
  acsChangedRows(path.replace(/[^.]+\.$/, ''));
  await setParameterKey(request.ParameterKey);
  return { kind: 'DeleteObjectResponse', Status: status === 'applied' ? 0 : 1 };
}
