import type { DataModel } from '../../datamodel/data-model.ts';
import type { ParameterNode } from '../../datamodel/node.ts';
import { RpcFault } from './rpc-fault.ts';

/**
 * The parameters that full names and partial paths ("" = all) stand for, in the order asked, each once.
 * @throws RpcFault 9005 when one of the names matches nothing; a partial path to an empty table matches
 */
export function selectParameters(model: DataModel, names: readonly string[]): ParameterNode[] {
  const selected = new Set<ParameterNode>();
  for (const name of names) {
    const node = model.find(name);
    if (node === undefined) throw new RpcFault(9005, name);
    if (node.kind === 'parameter') selected.add(node);
    else for (const parameter of model.parametersBelow(name)) selected.add(parameter);
  }
  return [...selected];
}
