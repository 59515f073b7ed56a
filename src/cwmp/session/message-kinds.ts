import type { AcsRequest, CwmpMessage } from '../codec/messages.ts';

const ACS_REQUESTS: Readonly<Record<AcsRequest['kind'], true>> = {
  GetRPCMethods: true,
  SetParameterValues: true,
  GetParameterValues: true,
  GetParameterNames: true,
  SetParameterAttributes: true,
  GetParameterAttributes: true,
  AddObject: true,
  DeleteObject: true,
  Reboot: true,
  FactoryReset: true,
  Download: true,
  Upload: true,
  ScheduleInform: true,
  GetAllQueuedTransfers: true,
  GetQueuedTransfers: true,
  ScheduleDownload: true,
  CancelTransfer: true,
  ChangeDUState: true,
  SetVouchers: true,
  GetOptions: true,
};

/** Whether `message` is one that an ACS may call on a CPE. */
export function isAcsRequest(message: CwmpMessage): message is AcsRequest {
  return Object.hasOwn(ACS_REQUESTS, message.kind);
}
