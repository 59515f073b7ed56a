import { addObject } from './add-object.ts';
import { deleteObject } from './delete-object.ts';
import { getParameterAttributes } from './get-parameter-attributes.ts';
import { getParameterNames } from './get-parameter-names.ts';
import { getParameterValues } from './get-parameter-values.ts';
import { getRpcMethods } from './get-rpc-methods.ts';
import { RpcRegistry } from './rpc-registry.ts';
import { scheduleInform } from './schedule-inform.ts';
import { setParameterAttributes } from './set-parameter-attributes.ts';
import { setParameterValues } from './set-parameter-values.ts';

/** The RPCs of every endpoint. */
export function standardRpcs(): RpcRegistry {
  return new RpcRegistry()
    .register('GetRPCMethods', getRpcMethods)
    .register('SetParameterValues', setParameterValues)
    .register('GetParameterValues', getParameterValues)
    .register('GetParameterNames', getParameterNames)
    .register('SetParameterAttributes', setParameterAttributes)
    .register('GetParameterAttributes', getParameterAttributes)
    .register('AddObject', addObject)
    .register('DeleteObject', deleteObject)
    .register('ScheduleInform', scheduleInform);
}
