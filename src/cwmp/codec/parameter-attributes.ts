import { message } from './message-shape.ts';
import type { MessageShapes } from './message-shape.ts';
import type { ParameterAttributeStruct, SetParameterAttributesStruct } from './messages.ts';
import {
  InvalidArgument,
  mapped,
  array,
  boolean,
  int,
  optional,
  stringArray,
  struct,
  token,
} from './shape.ts';

/** ACSs leave Notification empty or out where NotificationChange is false: it is read as 0 there. */
const NOT_GIVEN = -1;

const setParameterAttributes = mapped(
  struct<SetParameterAttributesStruct>({
    Name: token,
    NotificationChange: optional(boolean, false),
    Notification: optional(int, NOT_GIVEN),
    AccessListChange: optional(boolean, false),
    AccessList: optional(stringArray, []),
  }),
  (entry) => {
    if (!entry.NotificationChange) return { ...entry, Notification: Math.max(0, entry.Notification) };
    if (entry.Notification === NOT_GIVEN) {
      throw new InvalidArgument('SetParameterAttributesStruct changes Notification without giving it');
    }
    return entry;
  },
  (entry) => entry,
);

const parameterAttribute = struct<ParameterAttributeStruct>({
  Name: token,
  Notification: int,
  AccessList: optional(stringArray, []),
});

/** [TR-069 A.3.2.4, A.3.2.5] */
export const parameterAttributes: MessageShapes<
  | 'SetParameterAttributes'
  | 'SetParameterAttributesResponse'
  | 'GetParameterAttributes'
  | 'GetParameterAttributesResponse'
> = {
  SetParameterAttributes: message('SetParameterAttributes', {
    ParameterList: array(
      setParameterAttributes,
      'SetParameterAttributesStruct',
      'cwmp:SetParameterAttributesStruct',
    ),
  }),
  SetParameterAttributesResponse: message('SetParameterAttributesResponse', {}),
  GetParameterAttributes: message('GetParameterAttributes', { ParameterNames: stringArray }),
  GetParameterAttributesResponse: message('GetParameterAttributesResponse', {
    ParameterList: array(parameterAttribute, 'ParameterAttributeStruct', 'cwmp:ParameterAttributeStruct'),
  }),
};
