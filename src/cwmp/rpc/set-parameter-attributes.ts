import type { AttributeChange } from '../../datamodel/attributes.ts';
import { abortedError } from '../../datamodel/abortable.ts';
import type { ParameterNode } from '../../datamodel/node.ts';
import type { CpeResponse } from '../codec/messages.ts';
import { RpcFault } from './rpc-fault.ts';
import type { RpcContext } from './rpc-context.ts';
import type { RpcRequest } from './rpc-registry.ts';
import { selectParameters } from './select-parameters.ts';

/** [TR-069 A.3.2.4] Entries are applied in order, all or nothing. Durable before the answer. */
export async function setParameterAttributes(
  request: RpcRequest<'SetParameterAttributes'>,
  { model, addressing, signal, changeAttributes, hasLightweightNotification }: RpcContext,
): Promise<CpeResponse> {
  const changes: { readonly parameters: readonly ParameterNode[]; readonly change: AttributeChange }[] = [];
  for (const entry of request.ParameterList) {
    const parameters = selectParameters(model, [await addressing.resolve(entry.Name, signal)]);
    if (!entry.NotificationChange && !entry.AccessListChange) continue;
    if (entry.NotificationChange && isLightweight(entry.Notification) && !hasLightweightNotification)
      throw new RpcFault(9009, `${entry.Name}: there is no lightweight notification`);
    const change = {
      notification: entry.NotificationChange ? entry.Notification : undefined,
      accessList: entry.AccessListChange ? entry.AccessList : undefined,
    };
    changes.push({ parameters, change });
  }
  await changeAttributes((attributes) => {
    // The ACS has been told that it failed.
    if (signal.aborted) throw abortedError();
    for (const { parameters, change } of changes) {
      for (const parameter of parameters) attributes.set(parameter, change);
    }
    return changes.length > 0;
  });
  return { kind: 'SetParameterAttributesResponse' };
}

function isLightweight(notification: number): boolean {
  return notification >= 3 && notification <= 6;
}
