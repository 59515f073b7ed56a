import { message } from './message-shape.ts';
import type { MessageShapes } from './message-shape.ts';
import type { ParameterInfoStruct } from './messages.ts';
import { array, boolean, struct, token } from './shape.ts';

const parameterInfo = struct<ParameterInfoStruct>({ Name: token, Writable: boolean });

/** [TR-069 A.3.2.3] */
export const parameterNames: MessageShapes<'GetParameterNames' | 'GetParameterNamesResponse'> = {
  GetParameterNames: message('GetParameterNames', { ParameterPath: token, NextLevel: boolean }),
  GetParameterNamesResponse: message('GetParameterNamesResponse', {
    ParameterList: array(parameterInfo, 'ParameterInfoStruct', 'cwmp:ParameterInfoStruct'),
  }),
};
