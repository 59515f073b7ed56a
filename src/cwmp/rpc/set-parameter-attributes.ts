import type { CpeResponse } from '../codec/messages.ts';
import type { RpcContext } from './rpc-context.ts';
import type { RpcRequest } from './rpc-registry.ts';
import { selectParameters } from './select-parameters.ts';

/** [TR-069 A.3.2.4] Entries are applied in order, on a copy: all or nothing. Durable before the answer. */
export async function setParameterAttributes(
  request: RpcRequest<'SetParameterAttributes'>,
  { model, addressing, signal, attributes, replaceAttributes }: RpcContext,
): Promise<CpeResponse> {
  const changed = attributes.copy();
  for (const entry of request.ParameterList) {
    const parameters = selectParameters(model, [await addressing.resolve(entry.Name, signal)]);
    if (!entry.NotificationChange && !entry.AccessListChange) continue;
    const change = {
      notification: entry.NotificationChange ? entry.Notification : undefined,
      accessList: entry.AccessListChange ? entry.AccessList : undefined,
    };
    for (const parameter of parameters) changed.set(parameter, change);
  }
  await replaceAttributes(changed);
  return { kind: 'SetParameterAttributesResponse' };
}
