import type { Fault, OpResultStruct, RpcMessage } from '../../src/cwmp/codec/messages.ts';

// One of each message of CWMP 1.0 to 1.4, valid to the schemas, with what must be escaped in it.

const START = '2025-01-31T12:00:00Z';
const COMPLETE = '2025-01-31T12:05:00.5+01:00';
const UUID = '00000000-0000-5000-8000-000000000001';
const FAULT = { FaultCode: 9016, FaultString: 'no file <here> & now' };

const RESULT: OpResultStruct = {
  UUID,
  DeploymentUnitRef: 'Device.SoftwareModules.DeploymentUnit.1.',
  Version: '1.0',
  CurrentState: 'Failed',
  Resolved: false,
  ExecutionUnitRefList: '',
  StartTime: START,
  CompleteTime: COMPLETE,
  Fault: FAULT,
};

const PARAMETERS: RpcMessage = {
  kind: 'GetParameterValuesResponse',
  ParameterList: [
    { Name: 'Device.A.String', Value: ' a <b> & "c" ]]> \r\n é 😀 ', Type: 'string' },
    { Name: 'Device.A.Int', Value: '-1', Type: 'int' },
    { Name: 'Device.A.UnsignedInt', Value: '4294967295', Type: 'unsignedInt' },
    { Name: 'Device.A.Long', Value: '-9223372036854775808', Type: 'long' },
    { Name: 'Device.A.UnsignedLong', Value: '18446744073709551615', Type: 'unsignedLong' },
    { Name: 'Device.A.Boolean', Value: 'true', Type: 'boolean' },
    { Name: 'Device.A.DateTime', Value: '0001-01-01T00:00:00Z', Type: 'dateTime' },
    { Name: 'Device.A.Base64', Value: 'AAEC', Type: 'base64' },
    { Name: 'Device.A.HexBinary', Value: '00ff', Type: 'hexBinary' },
  ],
};

export const rpcMessages: readonly RpcMessage[] = [
  PARAMETERS,
  { kind: 'GetParameterValuesResponse', ParameterList: [] },
  { kind: 'GetRPCMethods' },
  { kind: 'GetRPCMethodsResponse', MethodList: ['Inform', 'GetRPCMethods'] },
  { kind: 'SetParameterValues', ParameterList: PARAMETERS.ParameterList, ParameterKey: 'k<1>' },
  { kind: 'SetParameterValuesResponse', Status: 1 },
  { kind: 'GetParameterValues', ParameterNames: ['Device.', 'Device.A.String', ''] },
  { kind: 'GetParameterNames', ParameterPath: '', NextLevel: true },
  {
    kind: 'GetParameterNamesResponse',
    ParameterList: [
      { Name: 'Device.', Writable: false },
      { Name: 'Device.A<&.', Writable: true },
    ],
  },
  {
    kind: 'SetParameterAttributes',
    ParameterList: [
      {
        Name: 'Device.A.',
        NotificationChange: true,
        Notification: 2,
        AccessListChange: true,
        AccessList: ['Subscriber'],
      },
      {
        Name: 'Device.B',
        NotificationChange: false,
        Notification: 0,
        AccessListChange: false,
        AccessList: [],
      },
    ],
  },
  { kind: 'SetParameterAttributesResponse' },
  { kind: 'GetParameterAttributes', ParameterNames: ['Device.'] },
  {
    kind: 'GetParameterAttributesResponse',
    ParameterList: [{ Name: 'Device.A', Notification: 6, AccessList: ['Subscriber'] }],
  },
  { kind: 'AddObject', ObjectName: 'Device.A.', ParameterKey: '' },
  { kind: 'AddObjectResponse', InstanceNumber: 4294967295, Status: 0 },
  { kind: 'DeleteObject', ObjectName: 'Device.A.1.', ParameterKey: 'k' },
  { kind: 'DeleteObjectResponse', Status: 1 },
  { kind: 'Reboot', CommandKey: '' },
  { kind: 'RebootResponse' },
  { kind: 'FactoryReset' },
  { kind: 'FactoryResetResponse' },
  { kind: 'ScheduleInform', DelaySeconds: 1, CommandKey: 'si' },
  { kind: 'ScheduleInformResponse' },
  {
    kind: 'Download',
    CommandKey: 'dl',
    FileType: '1 Firmware Upgrade Image',
    URL: 'http://192.0.2.1/a?b=1&c=2',
    Username: 'u',
    Password: ' p<&> ',
    FileSize: 0,
    TargetFileName: '',
    DelaySeconds: 0,
    SuccessURL: '',
    FailureURL: '',
  },
  { kind: 'DownloadResponse', Status: 0, StartTime: START, CompleteTime: COMPLETE },
  {
    kind: 'Upload',
    CommandKey: 'ul',
    FileType: '3 Vendor Configuration File 1',
    URL: 'http://192.0.2.1/up',
    Username: '',
    Password: '',
    DelaySeconds: 5,
  },
  { kind: 'UploadResponse', Status: 1, StartTime: START, CompleteTime: COMPLETE },
  {
    kind: 'ScheduleDownload',
    CommandKey: 'sd',
    FileType: 'X 0011AA File',
    URL: 'http://192.0.2.1/a',
    Username: '',
    Password: '',
    FileSize: 7,
    TargetFileName: 'f',
    TimeWindowList: [
      { WindowStart: 0, WindowEnd: 60, WindowMode: '1 At Any Time', UserMessage: '', MaxRetries: -1 },
      { WindowStart: 90, WindowEnd: 120, WindowMode: '2 Immediately', UserMessage: 'now?', MaxRetries: 0 },
    ],
  },
  { kind: 'ScheduleDownloadResponse' },
  { kind: 'CancelTransfer', CommandKey: 'dl' },
  { kind: 'CancelTransferResponse' },
  { kind: 'GetQueuedTransfers' },
  { kind: 'GetQueuedTransfersResponse', TransferList: [{ CommandKey: 'dl', State: 2 }] },
  { kind: 'GetAllQueuedTransfers' },
  {
    kind: 'GetAllQueuedTransfersResponse',
    TransferList: [
      {
        CommandKey: 'dl',
        State: 1,
        IsDownload: true,
        FileType: '1 Firmware Upgrade Image',
        FileSize: 5,
        TargetFileName: '',
      },
    ],
  },
  {
    kind: 'ChangeDUState',
    Operations: [
      {
        type: 'Install',
        URL: 'http://192.0.2.9/app.tar',
        UUID: '',
        Username: '',
        Password: '',
        ExecutionEnvRef: 'Device.SoftwareModules.ExecEnv.1.',
      },
      { type: 'Update', UUID, Version: '1', URL: '', Username: 'u', Password: 'p' },
      { type: 'Uninstall', UUID, Version: '', ExecutionEnvRef: '' },
    ],
    CommandKey: 'du',
  },
  { kind: 'ChangeDUStateResponse' },
  { kind: 'SetVouchers', VoucherList: ['AAEC'] },
  { kind: 'SetVouchersResponse' },
  { kind: 'GetOptions', OptionName: '' },
  {
    kind: 'GetOptionsResponse',
    OptionList: [
      {
        OptionName: 'o',
        VoucherSN: 1,
        State: 3,
        Mode: '2',
        StartDate: START,
        ExpirationDate: '',
        IsTransferable: true,
      },
    ],
  },
  {
    kind: 'Inform',
    DeviceId: { Manufacturer: 'A & B', OUI: '0011AA', ProductClass: '', SerialNumber: '1' },
    Event: [
      { EventCode: '0 BOOTSTRAP', CommandKey: '' },
      { EventCode: 'M Reboot', CommandKey: 'key' },
    ],
    MaxEnvelopes: 1,
    CurrentTime: START,
    RetryCount: 3,
    ParameterList: PARAMETERS.ParameterList,
  },
  { kind: 'InformResponse', MaxEnvelopes: 1 },
  {
    kind: 'TransferComplete',
    CommandKey: 'dl',
    FaultStruct: FAULT,
    StartTime: START,
    CompleteTime: COMPLETE,
  },
  { kind: 'TransferCompleteResponse' },
  {
    kind: 'AutonomousTransferComplete',
    AnnounceURL: '',
    TransferURL: 'http://192.0.2.1/a',
    IsDownload: true,
    FileType: '1 Firmware Upgrade Image',
    FileSize: 1,
    TargetFileName: '',
    FaultStruct: { FaultCode: 0, FaultString: '' },
    StartTime: START,
    CompleteTime: COMPLETE,
  },
  { kind: 'AutonomousTransferCompleteResponse' },
  {
    kind: 'DUStateChangeComplete',
    Results: [RESULT, { ...RESULT, CurrentState: 'Installed' }],
    CommandKey: 'du',
  },
  { kind: 'DUStateChangeCompleteResponse' },
  { kind: 'AutonomousDUStateChangeComplete', Results: [{ ...RESULT, OperationPerformed: 'Install' }] },
  { kind: 'AutonomousDUStateChangeCompleteResponse' },
  {
    kind: 'RequestDownload',
    FileType: '1 Firmware Upgrade Image',
    FileTypeArg: [{ Name: 'Version', Value: '2 & 3' }],
  },
  { kind: 'RequestDownloadResponse' },
  { kind: 'Kicked', Command: 'c', Referer: 'r', Arg: 'a', Next: 'n' },
  { kind: 'KickedResponse', NextURL: 'http://192.0.2.1/next' },
];

export const faultMessages: readonly Fault[] = [
  {
    kind: 'Fault',
    faultCode: 'Client',
    faultString: 'CWMP fault',
    detail: {
      FaultCode: 9003,
      FaultString: 'Invalid arguments',
      SetParameterValuesFault: [
        { ParameterName: 'Device.A', FaultCode: 9007, FaultString: 'a < b' },
        { ParameterName: 'Device.B', FaultCode: 9008, FaultString: '' },
      ],
    },
  },
  {
    kind: 'Fault',
    faultCode: 'Server',
    faultString: 'CWMP fault',
    detail: { FaultCode: 8005, FaultString: '', SetParameterValuesFault: [] },
  },
  { kind: 'Fault', faultCode: 'MustUnderstand', faultString: 'no & no', detail: undefined },
];
