import { message } from './message-shape.ts';
import type { MessageShapes } from './message-shape.ts';
import { optionalText, status, token, unsignedInt } from './shape.ts';

/** [TR-069 A.3.2.6, A.3.2.7] */
export const objects: MessageShapes<
  'AddObject' | 'AddObjectResponse' | 'DeleteObject' | 'DeleteObjectResponse'
> = {
  AddObject: message('AddObject', { ObjectName: token, ParameterKey: optionalText }),
  AddObjectResponse: message('AddObjectResponse', { InstanceNumber: unsignedInt, Status: status }),
  DeleteObject: message('DeleteObject', { ObjectName: token, ParameterKey: optionalText }),
  DeleteObjectResponse: message('DeleteObjectResponse', { Status: status }),
};
