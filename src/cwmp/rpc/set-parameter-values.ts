import type { CpeResponse } from '../codec/messages.ts';
import { MAX_KEY_LENGTH } from './rpc-context.ts';
import type { RpcContext } from './rpc-context.ts';
import { RpcFault } from './rpc-fault.ts';
import type { RpcRequest } from './rpc-registry.ts';

/** [TR-069 A.3.2.1] All or nothing; ParameterKey changes with success only, and is durable before the answer. */
export async function setParameterValues(
  request: RpcRequest<'SetParameterValues'>,
  { model, signal, setParameterKey }: RpcContext,
): Promise<CpeResponse> {
  checkParameterKey(request.ParameterKey);
  const assignments = request.ParameterList.map(({ Name, Value, Type }) => ({
    path: Name,
    value: Value,
    type: Type,
  }));
  const status = await model.setValues(assignments, signal);
  await setParameterKey(request.ParameterKey);
  return { kind: 'SetParameterValuesResponse', Status: status === 'applied' ? 0 : 1 };
}

/** @throws RpcFault 9003 when it is too long */
export function checkParameterKey(key: string): void {
  if (key.length > MAX_KEY_LENGTH)
    throw new RpcFault(9003, `ParameterKey is longer than ${MAX_KEY_LENGTH} characters`);
}
