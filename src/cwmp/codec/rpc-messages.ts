import { deploymentUnits } from './deployment-units.ts';
import { deviceCommands } from './device-commands.ts';
import { inform } from './inform.ts';
import type { MessageShapes, RpcKind } from './message-shape.ts';
import type { RpcMessage } from './messages.ts';
import { objects } from './objects.ts';
import { parameterAttributes } from './parameter-attributes.ts';
import { parameterNames } from './parameter-names.ts';
import { parameterValues } from './parameter-values.ts';
import { rpcMethods } from './rpc-methods.ts';
import type { Shape } from './shape.ts';
import { transferReports, transfers } from './transfers.ts';
import { vouchers } from './vouchers.ts';

// The type makes the compiler complain when a message of messages.ts has no shape.
const ALL: MessageShapes<RpcKind> = {
  ...rpcMethods,
  ...parameterValues,
  ...parameterNames,
  ...parameterAttributes,
  ...objects,
  ...deviceCommands,
  ...transfers,
  ...transferReports,
  ...deploymentUnits,
  ...vouchers,
  ...inform,
};

const BY_NAME: ReadonlyMap<string, Shape<RpcMessage>> = new Map<string, Shape<RpcMessage>>(
  Object.entries<Shape<RpcMessage>>(ALL),
);

/** Shape of the RPC message with that element name; undefined for a method that CWMP 1.0 to 1.4 does not have. */
export function rpcMessageShape(name: string): Shape<RpcMessage> | undefined {
  return BY_NAME.get(name);
}
