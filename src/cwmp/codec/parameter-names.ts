import { escapeText } from '../../platform/xml/escape.ts';
import { message } from './message-shape.ts';
import type { MessageShapes } from './message-shape.ts';
import type { ParameterInfoStruct } from './messages.ts';
import { array, boolean, struct, token } from './shape.ts';
import type { Shape } from './shape.ts';

const ITEM = 'ParameterInfoStruct';
const BEGIN = `<${ITEM}><Name>`;
const END_WRITABLE = `</Name><Writable>1</Writable></${ITEM}>`;
const END_READ_ONLY = `</Name><Writable>0</Writable></${ITEM}>`;

const parameterInfo: Shape<ParameterInfoStruct> = {
  ...struct<ParameterInfoStruct>({ Name: token, Writable: boolean }),
  // By hand, of as few parts as can be: answers hold it 10 000 times, always as an item of its list.
  write: (_name, { Name, Writable }) => BEGIN + escapeText(Name) + (Writable ? END_WRITABLE : END_READ_ONLY),
};

/** [TR-069 A.3.2.3] */
export const parameterNames: MessageShapes<'GetParameterNames' | 'GetParameterNamesResponse'> = {
  GetParameterNames: message('GetParameterNames', { ParameterPath: token, NextLevel: boolean }),
  GetParameterNamesResponse: message('GetParameterNamesResponse', {
    ParameterList: array(parameterInfo, ITEM, 'cwmp:ParameterInfoStruct'),
  }),
};
