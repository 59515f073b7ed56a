import { escapeText } from '../../platform/xml/escape.ts';
import { message } from './message-shape.ts';
import type { MessageShapes } from './message-shape.ts';
import type { ParameterInfoStruct } from './messages.ts';
import { array, boolean, struct, token } from './shape.ts';
import type { Shape } from './shape.ts';

const parameterInfo: Shape<ParameterInfoStruct> = {
  ...struct<ParameterInfoStruct>({ Name: token, Writable: boolean }),
  // By hand: answers hold it 10 000 times.
  write: (name, { Name, Writable }) =>
    `<${name}><Name>${escapeText(Name)}</Name><Writable>${Writable ? '1' : '0'}</Writable></${name}>`,
};

/** [TR-069 A.3.2.3] */
export const parameterNames: MessageShapes<'GetParameterNames' | 'GetParameterNamesResponse'> = {
  GetParameterNames: message('GetParameterNames', { ParameterPath: token, NextLevel: boolean }),
  GetParameterNamesResponse: message('GetParameterNamesResponse', {
    ParameterList: array(parameterInfo, 'ParameterInfoStruct', 'cwmp:ParameterInfoStruct'),
  }),
};
