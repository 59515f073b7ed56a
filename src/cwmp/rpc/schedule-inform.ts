import { characterCount } from '../../datamodel/value-codec.ts';
import type { CpeResponse } from '../codec/messages.ts';
import { MAX_KEY_LENGTH } from './rpc-context.ts';
import type { RpcContext } from './rpc-context.ts';
import { RpcFault } from './rpc-fault.ts';
import type { RpcRequest } from './rpc-registry.ts';

const MAX_DELAY_SECONDS = 2 ** 32 - 1;

/** [TR-069 A.3.2.11 ScheduleInform] Durable before the answer. */
export async function scheduleInform(
  request: RpcRequest<'ScheduleInform'>,
  context: RpcContext,
): Promise<CpeResponse> {
  const { DelaySeconds: delay, CommandKey: key } = request;
  if (!Number.isInteger(delay) || delay < 1 || delay > MAX_DELAY_SECONDS) {
    throw new RpcFault(9003, 'DelaySeconds must be 1 or more');
  }
  if (characterCount(key) > MAX_KEY_LENGTH)
    throw new RpcFault(9003, `CommandKey is longer than ${MAX_KEY_LENGTH} characters`);
  await context.scheduleInform(delay, key);
  return { kind: 'ScheduleInformResponse' };
}
