import type { CpeResponse } from '../codec/messages.ts';
import type { RpcContext } from './rpc-context.ts';
import type { RpcRequest } from './rpc-registry.ts';
import { addNamedRow, splitAlias } from './named-row.ts';
import { checkParameterKey } from './set-parameter-values.ts';

/** [TR-069 A.3.2.6] `Table.[alias].` creates the instance with that alias [TR-069 A.2.2.2]. */
export async function addObject(
  request: RpcRequest<'AddObject'>,
  { model, addressing, signal, setParameterKey, acsChangedRows }: RpcContext,
): Promise<CpeResponse> {
  checkParameterKey(request.ParameterKey);
  const { table, alias } = splitAlias(request.ObjectName);
  const path = await addressing.resolve(table, signal);
  const { instanceNumber, status } =
    alias === undefined
      ? await model.addRow(path, signal)
      : await addNamedRow(model, addressing, { table: path, alias }, signal);
  acsChangedRows(path);
  await setParameterKey(request.ParameterKey);
  return {
    kind: 'AddObjectResponse',
    InstanceNumber: instanceNumber,
    Status: status === 'applied' ? 0 : 1,
  };
}
