import { ModelError } from '../../datamodel/model-error.ts';
import { nullValue } from '../../datamodel/value-codec.ts';
import type { CpeResponse, ParameterValueStruct } from '../codec/messages.ts';
import type { RpcContext } from './rpc-context.ts';
import type { RpcRequest } from './rpc-registry.ts';
import { selectParameters } from './select-parameters.ts';

/** [TR-069 A.3.2.2] Of a hidden parameter only its type is told: the model does not give its value. */
export async function getParameterValues(
  request: RpcRequest<'GetParameterValues'>,
  { model, addressing, signal }: RpcContext,
): Promise<CpeResponse> {
  const names = await addressing.resolveAll(request.ParameterNames, signal);
  const parameters = selectParameters(model, names);
  const outcomes = await model.readValues(parameters, signal);
  const named = new Set(names);
  const nameOf = await addressing.namer(parameters, signal);
  const list: ParameterValueStruct[] = [];
  for (const [index, parameter] of parameters.entries()) {
    const outcome = outcomes[index];
    if (typeof outcome === 'string') {
      const { path, type, hidden } = parameter;
      list.push({ Name: nameOf(path), Value: hidden ? nullValue(type) : outcome, Type: type });
      continue;
    }
    // What vanished from below a partial path meanwhile was not asked for by name.
    if (outcome?.kind === 'invalidName' && !named.has(parameter.path)) continue;
    throw outcome ?? new ModelError('internal', 'no value', parameter.path);
  }
  return { kind: 'GetParameterValuesResponse', ParameterList: list };
}
