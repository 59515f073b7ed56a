import { ModelError, TransactionError } from '../../datamodel/model-error.ts';
import type { ModelErrorKind } from '../../datamodel/model-error.ts';
import { RpcFault, faultString } from './rpc-fault.ts';
import type { CpeFaultCode } from './rpc-fault.ts';

/** The only way from a model error to a CWMP fault. */
export const FAULT_BY_KIND: Readonly<Record<ModelErrorKind, CpeFaultCode>> = {
  invalidName: 9005,
  invalidType: 9006,
  invalidValue: 9007,
  readOnly: 9008,
  invalidArguments: 9003,
  resourcesExceeded: 9004,
  notificationRefused: 9009,
  denied: 9001,
  // CWMP has no "try again": an ACS takes 9002 for a passing trouble, 9001 for a decision.
  retryLater: 9002,
  internal: 9002,
};

/** The fault for anything a handler threw; undefined when it was not meant for the ACS (a defect, to be logged). */
export function toRpcFault(error: unknown): RpcFault | undefined {
  if (error instanceof RpcFault) return error;
  if (error instanceof ModelError) return faultOfModelError(error);
  if (error instanceof TransactionError) return faultOfTransaction(error);
  return undefined;
}

function faultOfModelError(error: ModelError): RpcFault {
  const where = error.path === undefined ? '' : `${error.path}: `;
  return new RpcFault(FAULT_BY_KIND[error.kind], where + error.message, [], { cause: error });
}

/** [TR-069 A.3.2.1] One entry per bad parameter under 9003; a failure of the whole has its own code and no entries. */
function faultOfTransaction(error: TransactionError): RpcFault {
  const parameterFaults = error.faults.flatMap((fault) => {
    if (fault.path === undefined) return [];
    const code = FAULT_BY_KIND[fault.kind];
    return [{ ParameterName: fault.path, FaultCode: code, FaultString: faultString(code, fault.message) }];
  });
  const whole = error.faults.find((fault) => fault.path === undefined);
  if (parameterFaults.length === 0 && whole !== undefined) return faultOfModelError(whole);
  return new RpcFault(9003, whole?.message ?? '', parameterFaults, { cause: error });
}
