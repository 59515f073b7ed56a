import { message } from './message-shape.ts';
import type { MessageShapes } from './message-shape.ts';
import type { DeviceIdStruct, EventStruct } from './messages.ts';
import { parameterValueList } from './parameter-values.ts';
import { array, optional, optionalText, optionalToken, struct, text, token, unsignedInt } from './shape.ts';

const deviceId = struct<DeviceIdStruct>({
  Manufacturer: text,
  OUI: token,
  ProductClass: optionalText,
  SerialNumber: text,
});

const event = struct<EventStruct>({ EventCode: token, CommandKey: optionalText });

/** [TR-069 A.3.3.1, A.4.2.1] */
export const inform: MessageShapes<'Inform' | 'InformResponse' | 'Kicked' | 'KickedResponse'> = {
  Inform: message('Inform', {
    DeviceId: deviceId,
    Event: array(event, 'EventStruct', 'cwmp:EventStruct'),
    MaxEnvelopes: unsignedInt,
    CurrentTime: token,
    RetryCount: unsignedInt,
    ParameterList: parameterValueList,
  }),
  // The value must be ignored by a CPE, so its absence is no reason to give up the session.
  InformResponse: message('InformResponse', { MaxEnvelopes: optional(unsignedInt, 1) }),
  Kicked: message('Kicked', {
    Command: optionalText,
    Referer: optionalText,
    Arg: optionalText,
    Next: optionalToken,
  }),
  KickedResponse: message('KickedResponse', { NextURL: optionalToken }),
};
