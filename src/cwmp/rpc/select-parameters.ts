import type { DataModel } from '../../datamodel/data-model.ts';
import type { ParameterNode } from '../../datamodel/node.ts';
import { RpcFault } from './rpc-fault.ts';

/**
 * The parameters that full names and partial paths ("" = all) stand for, in the order asked, each once.
 * @throws RpcFault 9005 when one of the names matches nothing; a partial path to an empty table matches
 */
export function selectParameters(model: DataModel, names: readonly string[]): ParameterNode[] {
  const [only, ...others] = names;
  // One path is what most ACSs ask, and it may stand for 10 000: no set then.
  if (only !== undefined && others.length === 0) return parametersOf(model, only);
  const selected = new Set<ParameterNode>();
  for (const name of names) for (const parameter of parametersOf(model, name)) selected.add(parameter);
  return [...selected];
}

function parametersOf(model: DataModel, name: string): ParameterNode[] {
  const node = model.find(name);
  if (node === undefined) throw new RpcFault(9005, name);
  return node.kind === 'parameter' ? [node] : model.parametersBelow(name);
}
