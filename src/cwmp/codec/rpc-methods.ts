import { message } from './message-shape.ts';
import type { MessageShapes } from './message-shape.ts';
import { optional, stringArray } from './shape.ts';

/** [TR-069 A.3.1.1] */
export const rpcMethods: MessageShapes<'GetRPCMethods' | 'GetRPCMethodsResponse'> = {
  GetRPCMethods: message('GetRPCMethods', {}),
  GetRPCMethodsResponse: message('GetRPCMethodsResponse', { MethodList: optional(stringArray, []) }),
};
