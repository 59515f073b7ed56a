import type { AcsRequest, CpeResponse, InvalidArguments, UnknownMethod } from '../codec/messages.ts';
import type { RpcContext } from './rpc-context.ts';
import { RpcFault } from './rpc-fault.ts';

export type RpcRequest<K extends AcsRequest['kind']> = Extract<AcsRequest, { kind: K }>;

/** Executes one RPC. @throws RpcFault, ModelError, TransactionError: they become the fault that is returned */
export type RpcHandler<K extends AcsRequest['kind']> = (
  request: RpcRequest<K>,
  context: RpcContext,
) => CpeResponse | Promise<CpeResponse>;

type AnyHandler = (request: AcsRequest, context: RpcContext) => CpeResponse | Promise<CpeResponse>;

/** The RPCs that the ACS can call: GetRPCMethods lists exactly these. */
export class RpcRegistry {
  readonly #handlers = new Map<string, AnyHandler>();

  register<K extends AcsRequest['kind']>(kind: K, handler: RpcHandler<K>): this {
    this.#handlers.set(kind, (request, context) => {
      if (!isKind(request, kind)) throw new Error(`${request.kind} given to the handler of ${kind}`);
      return handler(request, context);
    });
    return this;
  }

  /** @throws RpcFault 9000 for what is not registered, 9003 for what cannot be read, and whatever the handler throws */
  async execute(
    request: AcsRequest | UnknownMethod | InvalidArguments,
    context: RpcContext,
  ): Promise<CpeResponse> {
    if (request.kind === 'UnknownMethod') throw new RpcFault(9000, request.name.slice(0, 64));
    if (request.kind === 'InvalidArguments') {
      throw this.#handlers.has(request.method)
        ? new RpcFault(9003, request.reason)
        : new RpcFault(9000, request.method);
    }
    const handler = this.#handlers.get(request.kind);
    if (handler === undefined) throw new RpcFault(9000, request.kind);
    return await handler(request, context);
  }

  get methods(): readonly string[] {
    return [...this.#handlers.keys()];
  }
}

function isKind<K extends AcsRequest['kind']>(request: AcsRequest, kind: K): request is RpcRequest<K> {
  return request.kind === kind;
}
