import type { Fault, SetParameterValuesFaultStruct } from '../codec/messages.ts';

/** The fault codes of a CPE that this implementation returns [TR-069 A.5.1]. */
export type CpeFaultCode = 9000 | 9001 | 9002 | 9003 | 9004 | 9005 | 9006 | 9007 | 9008 | 9009;

const MEANINGS: Readonly<Record<CpeFaultCode, string>> = {
  9000: 'Method not supported',
  9001: 'Request denied',
  9002: 'Internal error',
  9003: 'Invalid arguments',
  9004: 'Resources exceeded',
  9005: 'Invalid parameter name',
  9006: 'Invalid parameter type',
  9007: 'Invalid parameter value',
  9008: 'Attempt to set a non-writable parameter',
  9009: 'Notification request rejected',
};

/** Faults that are the ACS's own [TR-069 A.5.1, column "Type"]; the others are "Server". */
const CLIENT_FAULTS: ReadonlySet<CpeFaultCode> = new Set([9003, 9005, 9006, 9007, 9008]);

/** Thrown by an RPC handler: the RPC is answered with this fault. The message must hold no secret. */
export class RpcFault extends Error {
  readonly code: CpeFaultCode;
  readonly parameterFaults: readonly SetParameterValuesFaultStruct[];

  constructor(
    code: CpeFaultCode,
    message = '',
    parameterFaults: readonly SetParameterValuesFaultStruct[] = [],
    options?: ErrorOptions,
  ) {
    super(faultString(code, message), options);
    this.name = 'RpcFault';
    this.code = code;
    this.parameterFaults = parameterFaults;
  }

  toMessage(): Fault {
    return {
      kind: 'Fault',
      faultCode: CLIENT_FAULTS.has(this.code) ? 'Client' : 'Server',
      faultString: 'CWMP fault',
      detail: {
        FaultCode: this.code,
        FaultString: this.message,
        SetParameterValuesFault: this.parameterFaults,
      },
    };
  }
}

/** The standard's wording, with what is particular to the case. */
export function faultString(code: CpeFaultCode, particular: string): string {
  return particular === '' ? MEANINGS[code] : `${MEANINGS[code]}: ${particular}`;
}
