import type { Clock } from '../../platform/clock.ts';
import { Deadline } from '../../platform/deadline.ts';
import type { Logger } from '../../platform/logger.ts';
import type { AcsRequest, CpeResponse, Fault, InvalidArguments, UnknownMethod } from '../codec/messages.ts';
import { toRpcFault } from './fault-map.ts';
import type { RpcContext } from './rpc-context.ts';
import { RpcFault } from './rpc-fault.ts';
import type { RpcRegistry } from './rpc-registry.ts';

export interface RpcExecution {
  readonly registry: RpcRegistry;
  readonly context: Omit<RpcContext, 'signal' | 'methods'>;
  /** Below the patience of deployed ACSs, which is 30 s. */
  readonly deadlineMs: number;
  /** Aborted when the endpoint stops. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Executes one request of the ACS. Always answers: a failure is a fault, a handler that takes too long 9002. */
export async function executeRpc(
  request: AcsRequest | UnknownMethod | InvalidArguments,
  { registry, context, deadlineMs, signal, clock, logger }: RpcExecution,
): Promise<CpeResponse | Fault> {
  const deadline = new Deadline(clock, deadlineMs, signal);
  const over = new Promise<never>((_resolve, reject) => {
    const fail = (): void => reject(new RpcFault(9002, 'the device did not answer in time'));
    if (deadline.signal.aborted) fail();
    else deadline.signal.addEventListener('abort', fail, { once: true });
  });
  try {
    const rpcContext = { ...context, signal: deadline.signal, methods: () => registry.methods };
    // The ACS never sees a part of what a device has.
    const execution = context.model.restructuring.settled.then(() => registry.execute(request, rpcContext));
    return await Promise.race([execution, over]);
  } catch (error) {
    const fault = toRpcFault(error);
    if (fault === undefined) logger.error('RPC failed', { method: request.kind, error });
    else if (fault.code === 9002)
      logger.warn('RPC failed', { method: request.kind, reason: fault.message, error });
    else logger.info('RPC refused', { method: request.kind, code: fault.code, reason: fault.message });
    return (fault ?? new RpcFault(9002)).toMessage();
  } finally {
    deadline.cancel();
  }
}
