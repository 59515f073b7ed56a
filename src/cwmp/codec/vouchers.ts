import { message } from './message-shape.ts';
import type { MessageShapes } from './message-shape.ts';
import type { OptionStruct } from './messages.ts';
import { array, boolean, omittedIfEmpty, optionalToken, struct, token, unsignedInt } from './shape.ts';

const option = struct<OptionStruct>({
  OptionName: token,
  VoucherSN: unsignedInt,
  State: unsignedInt,
  Mode: token,
  StartDate: token,
  ExpirationDate: omittedIfEmpty(token),
  IsTransferable: boolean,
});

/** Deprecated by the standard, kept so that they can be told from unknown methods [TR-069 A.4.1.3, A.4.1.4]. */
export const vouchers: MessageShapes<
  'SetVouchers' | 'SetVouchersResponse' | 'GetOptions' | 'GetOptionsResponse'
> = {
  SetVouchers: message('SetVouchers', { VoucherList: array(token, 'base64', 'soap-enc:base64') }),
  SetVouchersResponse: message('SetVouchersResponse', {}),
  GetOptions: message('GetOptions', { OptionName: optionalToken }),
  GetOptionsResponse: message('GetOptionsResponse', {
    OptionList: array(option, 'OptionStruct', 'cwmp:OptionStruct'),
  }),
};
