/** A value with its XSD type as sent: `xsd:string`, `xsd:unsignedInt`, ... */
export interface ParameterValue {
  readonly name: string;
  readonly value: string;
  readonly type: string;
}

export interface ParameterInfo {
  readonly name: string;
  readonly writable: boolean;
}

export interface ParameterAttributes {
  readonly name: string;
  readonly notification: number;
  readonly accessList: readonly string[];
}

export interface SetAttributes {
  readonly name: string;
  /** Left out = NotificationChange false. */
  readonly notification?: number;
  /** Left out = AccessListChange false. */
  readonly accessList?: readonly string[];
}

export interface InformEvent {
  readonly code: string;
  readonly commandKey: string;
}

/** What a CPE asks of the ACS. */
export interface InformMessage {
  readonly rpc: 'Inform';
  readonly manufacturer: string;
  readonly oui: string;
  readonly productClass: string;
  readonly serialNumber: string;
  readonly events: readonly InformEvent[];
  readonly maxEnvelopes: number;
  readonly currentTime: string;
  readonly retryCount: number;
  readonly parameters: readonly ParameterValue[];
}

export interface TransferCompleteMessage {
  readonly rpc: 'TransferComplete';
  readonly commandKey: string;
  readonly faultCode: string;
  readonly faultString: string;
}

export interface ParameterFault {
  readonly name: string;
  readonly code: string;
  readonly text: string;
}

/** A SOAP fault from the CPE; `code` is the CWMP code ('9005') or '' when the detail had none. */
export interface FaultMessage {
  readonly rpc: 'Fault';
  readonly code: string;
  readonly text: string;
  readonly parameterFaults: readonly ParameterFault[];
}

/** The answers that carry something. Others (Reboot, ScheduleInform, ...) are `{ rpc: 'OtherResponse' }`. */
export type ResponseMessage =
  | { readonly rpc: 'GetRPCMethodsResponse'; readonly methods: readonly string[] }
  | { readonly rpc: 'GetParameterNamesResponse'; readonly parameters: readonly ParameterInfo[] }
  | { readonly rpc: 'GetParameterValuesResponse'; readonly parameters: readonly ParameterValue[] }
  | { readonly rpc: 'SetParameterValuesResponse'; readonly status: number }
  | { readonly rpc: 'GetParameterAttributesResponse'; readonly parameters: readonly ParameterAttributes[] }
  | { readonly rpc: 'AddObjectResponse'; readonly instanceNumber: number; readonly status: number }
  | { readonly rpc: 'DeleteObjectResponse'; readonly status: number }
  | { readonly rpc: 'OtherResponse'; readonly name: string };

/** A request of the CPE that the ACS knows by name only. */
export interface OtherRequestMessage {
  readonly rpc: 'OtherRequest';
  readonly name: string;
}

export type CpeMessage =
  InformMessage | TransferCompleteMessage | FaultMessage | ResponseMessage | OtherRequestMessage;

/** What the ACS asks of a CPE. */
export type CpeRequest =
  | { readonly rpc: 'GetRPCMethods' }
  | { readonly rpc: 'GetParameterNames'; readonly path: string; readonly nextLevel: boolean }
  | { readonly rpc: 'GetParameterValues'; readonly names: readonly string[] }
  | {
      readonly rpc: 'SetParameterValues';
      readonly parameters: readonly ParameterValue[];
      readonly parameterKey?: string;
    }
  | { readonly rpc: 'GetParameterAttributes'; readonly names: readonly string[] }
  | { readonly rpc: 'SetParameterAttributes'; readonly parameters: readonly SetAttributes[] }
  | { readonly rpc: 'AddObject'; readonly objectName: string; readonly parameterKey?: string }
  | { readonly rpc: 'DeleteObject'; readonly objectName: string; readonly parameterKey?: string }
  | { readonly rpc: 'ScheduleInform'; readonly delaySeconds: number; readonly commandKey: string }
  | { readonly rpc: 'Reboot'; readonly commandKey: string }
  | { readonly rpc: 'FactoryReset' }
  /** Any other method: `content` is the inner XML as it goes on the wire. */
  | { readonly rpc: 'raw'; readonly method: string; readonly content: string };

/** The CPE's answer to a request of the ACS. */
export type RpcAnswer = ResponseMessage | FaultMessage;

/** Thrown by the typed calls of `LabAcs` when the CPE answers with a fault. */
export class CpeFault extends Error {
  readonly code: string;
  readonly parameterFaults: readonly ParameterFault[];

  constructor(fault: FaultMessage) {
    super(`${fault.code} ${fault.text}`.trim());
    this.name = 'CpeFault';
    this.code = fault.code;
    this.parameterFaults = fault.parameterFaults;
  }
}
