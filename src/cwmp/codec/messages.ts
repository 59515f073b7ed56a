import type { ValueType } from '../../datamodel/value.ts';

// The RPC messages of CWMP 1.0 to 1.4 as plain data, spelled as in the standard. `kind` is the element name in the SOAP body.

export interface DeviceIdStruct {
  readonly Manufacturer: string;
  readonly OUI: string;
  readonly ProductClass: string;
  readonly SerialNumber: string;
}
export interface EventStruct {
  readonly EventCode: string;
  readonly CommandKey: string;
}
export interface ParameterValueStruct {
  readonly Name: string;
  readonly Value: string;
  /** xsi:type without prefix; undefined when the sender gave none or one that is not in TR-106. */
  readonly Type: ValueType | undefined;
}
export interface ParameterInfoStruct {
  readonly Name: string;
  readonly Writable: boolean;
}
export interface ParameterAttributeStruct {
  readonly Name: string;
  readonly Notification: number;
  readonly AccessList: readonly string[];
}
export interface SetParameterAttributesStruct {
  readonly Name: string;
  readonly NotificationChange: boolean;
  readonly Notification: number;
  readonly AccessListChange: boolean;
  readonly AccessList: readonly string[];
}
export interface FaultStruct {
  readonly FaultCode: number;
  readonly FaultString: string;
}
export interface SetParameterValuesFaultStruct extends FaultStruct {
  readonly ParameterName: string;
}
export interface TimeWindowStruct {
  readonly WindowStart: number;
  readonly WindowEnd: number;
  readonly WindowMode: string;
  readonly UserMessage: string;
  readonly MaxRetries: number;
}
export interface QueuedTransferStruct {
  readonly CommandKey: string;
  readonly State: number;
}
export interface AllQueuedTransferStruct extends QueuedTransferStruct {
  readonly IsDownload: boolean;
  readonly FileType: string;
  readonly FileSize: number;
  readonly TargetFileName: string;
}
export type OperationStruct =
  | {
      readonly type: 'Install';
      readonly URL: string;
      readonly UUID: string;
      readonly Username: string;
      readonly Password: string;
      readonly ExecutionEnvRef: string;
    }
  | {
      readonly type: 'Update';
      readonly UUID: string;
      readonly Version: string;
      readonly URL: string;
      readonly Username: string;
      readonly Password: string;
    }
  | {
      readonly type: 'Uninstall';
      readonly UUID: string;
      readonly Version: string;
      readonly ExecutionEnvRef: string;
    };
export interface OpResultStruct {
  readonly UUID: string;
  readonly DeploymentUnitRef: string;
  readonly Version: string;
  readonly CurrentState: 'Installed' | 'Uninstalled' | 'Failed';
  readonly Resolved: boolean;
  readonly ExecutionUnitRefList: string;
  readonly StartTime: string;
  readonly CompleteTime: string;
  readonly Fault: FaultStruct;
}
export interface AutonOpResultStruct extends OpResultStruct {
  readonly OperationPerformed: 'Install' | 'Update' | 'Uninstall';
}
export interface OptionStruct {
  readonly OptionName: string;
  readonly VoucherSN: number;
  readonly State: number;
  readonly Mode: string;
  readonly StartDate: string;
  readonly ExpirationDate: string;
  readonly IsTransferable: boolean;
}

/** Requests that either side may send. */
export interface GetRPCMethods {
  readonly kind: 'GetRPCMethods';
}
export interface GetRPCMethodsResponse {
  readonly kind: 'GetRPCMethodsResponse';
  readonly MethodList: readonly string[];
}

/** Requests of the ACS (answered by the CPE). */
export type AcsRequest =
  | GetRPCMethods
  | {
      readonly kind: 'SetParameterValues';
      readonly ParameterList: readonly ParameterValueStruct[];
      readonly ParameterKey: string;
    }
  | { readonly kind: 'GetParameterValues'; readonly ParameterNames: readonly string[] }
  | { readonly kind: 'GetParameterNames'; readonly ParameterPath: string; readonly NextLevel: boolean }
  | {
      readonly kind: 'SetParameterAttributes';
      readonly ParameterList: readonly SetParameterAttributesStruct[];
    }
  | { readonly kind: 'GetParameterAttributes'; readonly ParameterNames: readonly string[] }
  | { readonly kind: 'AddObject'; readonly ObjectName: string; readonly ParameterKey: string }
  | { readonly kind: 'DeleteObject'; readonly ObjectName: string; readonly ParameterKey: string }
  | { readonly kind: 'Reboot'; readonly CommandKey: string }
  | { readonly kind: 'FactoryReset' }
  | {
      readonly kind: 'Download';
      readonly CommandKey: string;
      readonly FileType: string;
      readonly URL: string;
      readonly Username: string;
      readonly Password: string;
      readonly FileSize: number;
      readonly TargetFileName: string;
      readonly DelaySeconds: number;
      readonly SuccessURL: string;
      readonly FailureURL: string;
    }
  | {
      readonly kind: 'Upload';
      readonly CommandKey: string;
      readonly FileType: string;
      readonly URL: string;
      readonly Username: string;
      readonly Password: string;
      readonly DelaySeconds: number;
    }
  | { readonly kind: 'ScheduleInform'; readonly DelaySeconds: number; readonly CommandKey: string }
  | { readonly kind: 'GetAllQueuedTransfers' }
  | { readonly kind: 'GetQueuedTransfers' }
  | {
      readonly kind: 'ScheduleDownload';
      readonly CommandKey: string;
      readonly FileType: string;
      readonly URL: string;
      readonly Username: string;
      readonly Password: string;
      readonly FileSize: number;
      readonly TargetFileName: string;
      readonly TimeWindowList: readonly TimeWindowStruct[];
    }
  | { readonly kind: 'CancelTransfer'; readonly CommandKey: string }
  | {
      readonly kind: 'ChangeDUState';
      readonly Operations: readonly OperationStruct[];
      readonly CommandKey: string;
    }
  | { readonly kind: 'SetVouchers'; readonly VoucherList: readonly string[] }
  | { readonly kind: 'GetOptions'; readonly OptionName: string };

/** Answers of the CPE to the ACS. */
export type CpeResponse =
  | GetRPCMethodsResponse
  | { readonly kind: 'SetParameterValuesResponse'; readonly Status: 0 | 1 }
  | { readonly kind: 'GetParameterValuesResponse'; readonly ParameterList: readonly ParameterValueStruct[] }
  | { readonly kind: 'GetParameterNamesResponse'; readonly ParameterList: readonly ParameterInfoStruct[] }
  | { readonly kind: 'SetParameterAttributesResponse' }
  | {
      readonly kind: 'GetParameterAttributesResponse';
      readonly ParameterList: readonly ParameterAttributeStruct[];
    }
  | { readonly kind: 'AddObjectResponse'; readonly InstanceNumber: number; readonly Status: 0 | 1 }
  | { readonly kind: 'DeleteObjectResponse'; readonly Status: 0 | 1 }
  | { readonly kind: 'RebootResponse' }
  | { readonly kind: 'FactoryResetResponse' }
  | {
      readonly kind: 'DownloadResponse';
      readonly Status: 0 | 1;
      readonly StartTime: string;
      readonly CompleteTime: string;
    }
  | {
      readonly kind: 'UploadResponse';
      readonly Status: 0 | 1;
      readonly StartTime: string;
      readonly CompleteTime: string;
    }
  | { readonly kind: 'ScheduleInformResponse' }
  | {
      readonly kind: 'GetAllQueuedTransfersResponse';
      readonly TransferList: readonly AllQueuedTransferStruct[];
    }
  | { readonly kind: 'GetQueuedTransfersResponse'; readonly TransferList: readonly QueuedTransferStruct[] }
  | { readonly kind: 'ScheduleDownloadResponse' }
  | { readonly kind: 'CancelTransferResponse' }
  | { readonly kind: 'ChangeDUStateResponse' }
  | { readonly kind: 'SetVouchersResponse' }
  | { readonly kind: 'GetOptionsResponse'; readonly OptionList: readonly OptionStruct[] };

export interface Inform {
  readonly kind: 'Inform';
  readonly DeviceId: DeviceIdStruct;
  readonly Event: readonly EventStruct[];
  readonly MaxEnvelopes: number;
  readonly CurrentTime: string;
  readonly RetryCount: number;
  readonly ParameterList: readonly ParameterValueStruct[];
}

/** Requests of the CPE (answered by the ACS). */
export type CpeRequest =
  | GetRPCMethods
  | Inform
  | {
      readonly kind: 'TransferComplete';
      readonly CommandKey: string;
      readonly FaultStruct: FaultStruct;
      readonly StartTime: string;
      readonly CompleteTime: string;
    }
  | {
      readonly kind: 'AutonomousTransferComplete';
      readonly AnnounceURL: string;
      readonly TransferURL: string;
      readonly IsDownload: boolean;
      readonly FileType: string;
      readonly FileSize: number;
      readonly TargetFileName: string;
      readonly FaultStruct: FaultStruct;
      readonly StartTime: string;
      readonly CompleteTime: string;
    }
  | {
      readonly kind: 'DUStateChangeComplete';
      readonly Results: readonly OpResultStruct[];
      readonly CommandKey: string;
    }
  | { readonly kind: 'AutonomousDUStateChangeComplete'; readonly Results: readonly AutonOpResultStruct[] }
  | {
      readonly kind: 'RequestDownload';
      readonly FileType: string;
      readonly FileTypeArg: readonly { readonly Name: string; readonly Value: string }[];
    }
  | {
      readonly kind: 'Kicked';
      readonly Command: string;
      readonly Referer: string;
      readonly Arg: string;
      readonly Next: string;
    };

/** Answers of the ACS to the CPE. */
export type AcsResponse =
  | GetRPCMethodsResponse
  | { readonly kind: 'InformResponse'; readonly MaxEnvelopes: number }
  | { readonly kind: 'TransferCompleteResponse' }
  | { readonly kind: 'AutonomousTransferCompleteResponse' }
  | { readonly kind: 'DUStateChangeCompleteResponse' }
  | { readonly kind: 'AutonomousDUStateChangeCompleteResponse' }
  | { readonly kind: 'RequestDownloadResponse' }
  | { readonly kind: 'KickedResponse'; readonly NextURL: string };

/** SOAP fault with the CWMP detail [TR-069 3.5]. */
export interface Fault {
  readonly kind: 'Fault';
  readonly faultCode: 'Client' | 'Server' | 'MustUnderstand' | 'VersionMismatch';
  readonly faultString: string;
  /** Undefined for a plain SOAP fault without CWMP detail. */
  readonly detail:
    | (FaultStruct & { readonly SetParameterValuesFault: readonly SetParameterValuesFaultStruct[] })
    | undefined;
}

/** A body element that names no RPC known here: answered with 9000 (by a CPE). */
export interface UnknownMethod {
  readonly kind: 'UnknownMethod';
  readonly name: string;
}

/** A known RPC whose content cannot be read (a number that is none, a missing list): answered with 9003 (by a CPE). */
export interface InvalidArguments {
  readonly kind: 'InvalidArguments';
  /** The RPC's element name. */
  readonly method: string;
  /** For the fault's FaultString and the log; holds element names, never values. */
  readonly reason: string;
}

export type RpcMessage = AcsRequest | CpeResponse | CpeRequest | AcsResponse;

export type CwmpMessage = RpcMessage | Fault | UnknownMethod | InvalidArguments;

export interface EnvelopeHeader {
  /** cwmp:ID as text; undefined when absent. */
  readonly id: string | undefined;
  readonly holdRequests?: boolean;
  readonly sessionTimeoutSeconds?: number;
  readonly supportedCwmpVersions?: readonly string[];
  readonly useCwmpVersion?: string;
}

/** The three namespaces of the published schemas: 1.2 to 1.4 share one [C.b.1]. */
export type CwmpNamespace =
  'urn:dslforum-org:cwmp-1-0' | 'urn:dslforum-org:cwmp-1-1' | 'urn:dslforum-org:cwmp-1-2';

export interface Envelope {
  readonly header: EnvelopeHeader;
  /** As received: any `urn:dslforum-org:cwmp-1-N`; undefined when no cwmp namespace occurs. */
  readonly namespace: string | undefined;
  readonly body: CwmpMessage;
}
