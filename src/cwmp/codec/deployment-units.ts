import { message } from './message-shape.ts';
import type { MessageShapes } from './message-shape.ts';
import type { AutonOpResultStruct, FaultStruct, OpResultStruct, OperationStruct } from './messages.ts';
import {
  InvalidArgument,
  boolean,
  faultString,
  mapped,
  omittedIfEmpty,
  optionalText,
  optionalToken,
  repeated,
  struct,
  text,
  token,
  unsignedInt,
} from './shape.ts';
import type { Fields, Shape } from './shape.ts';
import { typeNameOf } from './xsi-type.ts';

type OperationOf<T extends OperationStruct['type']> = Extract<OperationStruct, { readonly type: T }>;

function operationShape<T extends OperationStruct['type']>(
  type: T,
  fields: Fields<Omit<OperationOf<T>, 'type'>>,
): Shape<OperationOf<T>> {
  // `type` is among the fixed properties, so what is read is the whole operation.
  return struct<Omit<OperationOf<T>, 'type'>>(fields, { type }) as Shape<OperationOf<T>>;
}

const anyText = omittedIfEmpty(text);
const anyToken = omittedIfEmpty(token);

const install = operationShape('Install', {
  URL: optionalToken,
  UUID: anyToken,
  Username: anyText,
  Password: anyText,
  ExecutionEnvRef: anyToken,
});
const update = operationShape('Update', {
  UUID: anyToken,
  Version: anyText,
  URL: anyToken,
  Username: anyText,
  Password: anyText,
});
const uninstall = operationShape('Uninstall', {
  UUID: optionalToken,
  Version: anyText,
  ExecutionEnvRef: anyToken,
});

function writeOperation(name: string, value: OperationStruct): string {
  switch (value.type) {
    case 'Install':
      return install.write(name, value);
    case 'Update':
      return update.write(name, value);
    case 'Uninstall':
      return uninstall.write(name, value);
  }
}

/** The operation is told apart by xsi:type alone: OperationStruct is abstract in the schema. */
const operation: Shape<OperationStruct> = {
  read: (name, attributes) => {
    switch (typeNameOf(attributes)) {
      case 'InstallOpStruct':
        return install.read(name, attributes);
      case 'UpdateOpStruct':
        return update.read(name, attributes);
      case 'UninstallOpStruct':
        return uninstall.read(name, attributes);
      default:
        throw new InvalidArgument('Operations has no xsi:type of an operation');
    }
  },
  write: (name, value) =>
    // The start tag alone carries the type.
    writeOperation(name, value).replace(`<${name}>`, `<${name} xsi:type="cwmp:${value.type}OpStruct">`),
};

const RESULT_STATES = ['Installed', 'Uninstalled', 'Failed'] as const;
const OPERATIONS = ['Install', 'Update', 'Uninstall'] as const;

/** A token that must be one of a few. */
function oneOf<T extends string>(allowed: readonly T[]): Shape<T> {
  return mapped<string, T>(
    token,
    (found, name) => {
      const match = allowed.find((value) => value === found);
      if (match === undefined) throw new InvalidArgument(`${name} is none of ${allowed.join(', ')}`);
      return match;
    },
    (value) => value,
  );
}

const resultFields: Fields<OpResultStruct> = {
  UUID: token,
  DeploymentUnitRef: optionalToken,
  Version: optionalText,
  CurrentState: oneOf(RESULT_STATES),
  Resolved: boolean,
  ExecutionUnitRefList: optionalToken,
  StartTime: token,
  CompleteTime: token,
  Fault: struct<FaultStruct>({ FaultCode: unsignedInt, FaultString: faultString }),
};

/** Lists come before the key, as the schema has it; they are read in either order [TR-069 A.4.1.10, A.4.2.3, A.4.2.4]. */
export const deploymentUnits: MessageShapes<
  | 'ChangeDUState'
  | 'ChangeDUStateResponse'
  | 'DUStateChangeComplete'
  | 'DUStateChangeCompleteResponse'
  | 'AutonomousDUStateChangeComplete'
  | 'AutonomousDUStateChangeCompleteResponse'
> = {
  ChangeDUState: message('ChangeDUState', { Operations: repeated(operation), CommandKey: optionalText }),
  ChangeDUStateResponse: message('ChangeDUStateResponse', {}),
  DUStateChangeComplete: message('DUStateChangeComplete', {
    Results: repeated(struct<OpResultStruct>(resultFields)),
    CommandKey: optionalText,
  }),
  DUStateChangeCompleteResponse: message('DUStateChangeCompleteResponse', {}),
  AutonomousDUStateChangeComplete: message('AutonomousDUStateChangeComplete', {
    Results: repeated(
      struct<AutonOpResultStruct>({ ...resultFields, OperationPerformed: oneOf(OPERATIONS) }),
    ),
  }),
  AutonomousDUStateChangeCompleteResponse: message('AutonomousDUStateChangeCompleteResponse', {}),
};
