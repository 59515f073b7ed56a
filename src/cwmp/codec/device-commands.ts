import { message } from './message-shape.ts';
import type { MessageShapes } from './message-shape.ts';
import { optionalText, unsignedInt } from './shape.ts';

/** [TR-069 A.3.2.9, A.4.1.2, A.4.1.6] */
export const deviceCommands: MessageShapes<
  | 'Reboot'
  | 'RebootResponse'
  | 'FactoryReset'
  | 'FactoryResetResponse'
  | 'ScheduleInform'
  | 'ScheduleInformResponse'
> = {
  Reboot: message('Reboot', { CommandKey: optionalText }),
  RebootResponse: message('RebootResponse', {}),
  FactoryReset: message('FactoryReset', {}),
  FactoryResetResponse: message('FactoryResetResponse', {}),
  ScheduleInform: message('ScheduleInform', { DelaySeconds: unsignedInt, CommandKey: optionalText }),
  ScheduleInformResponse: message('ScheduleInformResponse', {}),
};
