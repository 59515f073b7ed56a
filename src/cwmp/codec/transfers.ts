import { message } from './message-shape.ts';
import type { MessageShapes } from './message-shape.ts';
import type {
  AllQueuedTransferStruct,
  FaultStruct,
  QueuedTransferStruct,
  TimeWindowStruct,
} from './messages.ts';
import {
  array,
  boolean,
  faultString,
  int,
  optional,
  optionalText,
  optionalToken,
  status,
  struct,
  text,
  token,
  unsignedInt,
} from './shape.ts';

/** What is read when a transfer starts at once. */
const NO_DELAY = optional(unsignedInt, 0);
const UNKNOWN_SIZE = optional(unsignedInt, 0);

const timeWindow = struct<TimeWindowStruct>({
  WindowStart: unsignedInt,
  WindowEnd: unsignedInt,
  WindowMode: token,
  UserMessage: optionalText,
  MaxRetries: optional(int, -1),
});

const queuedTransfer = struct<QueuedTransferStruct>({ CommandKey: optionalText, State: int });

const allQueuedTransfer = struct<AllQueuedTransferStruct>({
  CommandKey: optionalText,
  State: int,
  IsDownload: boolean,
  FileType: token,
  FileSize: UNKNOWN_SIZE,
  TargetFileName: optionalText,
});

const faultStruct = struct<FaultStruct>({ FaultCode: unsignedInt, FaultString: faultString });

/** Requests of the ACS and their answers [TR-069 A.3.2.8, A.4.1.1, A.4.1.5, A.4.1.7 to A.4.1.9]. */
export const transfers: MessageShapes<
  | 'Download'
  | 'DownloadResponse'
  | 'Upload'
  | 'UploadResponse'
  | 'ScheduleDownload'
  | 'ScheduleDownloadResponse'
  | 'CancelTransfer'
  | 'CancelTransferResponse'
  | 'GetQueuedTransfers'
  | 'GetQueuedTransfersResponse'
  | 'GetAllQueuedTransfers'
  | 'GetAllQueuedTransfersResponse'
> = {
  Download: message('Download', {
    CommandKey: optionalText,
    FileType: token,
    URL: token,
    Username: optionalText,
    Password: optionalText,
    FileSize: UNKNOWN_SIZE,
    TargetFileName: optionalText,
    DelaySeconds: NO_DELAY,
    SuccessURL: optionalToken,
    FailureURL: optionalToken,
  }),
  DownloadResponse: message('DownloadResponse', { Status: status, StartTime: token, CompleteTime: token }),
  Upload: message('Upload', {
    CommandKey: optionalText,
    FileType: token,
    URL: token,
    Username: optionalText,
    Password: optionalText,
    DelaySeconds: NO_DELAY,
  }),
  UploadResponse: message('UploadResponse', { Status: status, StartTime: token, CompleteTime: token }),
  ScheduleDownload: message('ScheduleDownload', {
    CommandKey: optionalText,
    FileType: token,
    URL: token,
    Username: optionalText,
    Password: optionalText,
    FileSize: UNKNOWN_SIZE,
    TargetFileName: optionalText,
    TimeWindowList: array(timeWindow, 'TimeWindowStruct', 'cwmp:TimeWindowStruct'),
  }),
  ScheduleDownloadResponse: message('ScheduleDownloadResponse', {}),
  CancelTransfer: message('CancelTransfer', { CommandKey: text }),
  CancelTransferResponse: message('CancelTransferResponse', {}),
  GetQueuedTransfers: message('GetQueuedTransfers', {}),
  GetQueuedTransfersResponse: message('GetQueuedTransfersResponse', {
    TransferList: array(queuedTransfer, 'QueuedTransferStruct', 'cwmp:QueuedTransferStruct'),
  }),
  GetAllQueuedTransfers: message('GetAllQueuedTransfers', {}),
  GetAllQueuedTransfersResponse: message('GetAllQueuedTransfersResponse', {
    TransferList: array(allQueuedTransfer, 'AllQueuedTransferStruct', 'cwmp:AllQueuedTransferStruct'),
  }),
};

/** Requests of the CPE and their answers [TR-069 A.3.3.2, A.3.3.3, A.4.2.2]. */
export const transferReports: MessageShapes<
  | 'TransferComplete'
  | 'TransferCompleteResponse'
  | 'AutonomousTransferComplete'
  | 'AutonomousTransferCompleteResponse'
  | 'RequestDownload'
  | 'RequestDownloadResponse'
> = {
  TransferComplete: message('TransferComplete', {
    CommandKey: optionalText,
    FaultStruct: faultStruct,
    StartTime: token,
    CompleteTime: token,
  }),
  TransferCompleteResponse: message('TransferCompleteResponse', {}),
  AutonomousTransferComplete: message('AutonomousTransferComplete', {
    AnnounceURL: optionalToken,
    TransferURL: optionalToken,
    IsDownload: boolean,
    FileType: token,
    FileSize: UNKNOWN_SIZE,
    TargetFileName: optionalText,
    FaultStruct: faultStruct,
    StartTime: token,
    CompleteTime: token,
  }),
  AutonomousTransferCompleteResponse: message('AutonomousTransferCompleteResponse', {}),
  RequestDownload: message('RequestDownload', {
    FileType: token,
    FileTypeArg: array(
      struct<{ readonly Name: string; readonly Value: string }>({ Name: token, Value: text }),
      'ArgStruct',
      'cwmp:ArgStruct',
    ),
  }),
  RequestDownloadResponse: message('RequestDownloadResponse', {}),
};
