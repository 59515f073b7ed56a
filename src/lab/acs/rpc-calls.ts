import { CpeFault } from './messages.ts';
import type {
  CpeRequest,
  ParameterAttributes,
  ParameterInfo,
  ParameterValue,
  ResponseMessage,
  RpcAnswer,
  SetAttributes,
} from './messages.ts';

/** The RPC methods of a CPE as typed calls. Each rejects with `CpeFault` when the CPE answers with a fault. */
export abstract class RpcCalls {
  /** Sends one request and gives the answer, a fault included. */
  abstract call(request: CpeRequest): Promise<RpcAnswer>;

  async getRpcMethods(): Promise<readonly string[]> {
    return (await this.#expect({ rpc: 'GetRPCMethods' }, 'GetRPCMethodsResponse')).methods;
  }

  async getParameterNames(path: string, nextLevel: boolean): Promise<readonly ParameterInfo[]> {
    const request = { rpc: 'GetParameterNames', path, nextLevel } as const;
    return (await this.#expect(request, 'GetParameterNamesResponse')).parameters;
  }

  async getParameterValues(names: readonly string[]): Promise<readonly ParameterValue[]> {
    return (await this.#expect({ rpc: 'GetParameterValues', names }, 'GetParameterValuesResponse'))
      .parameters;
  }

  /** @returns Status: 0 applied, 1 committed and not yet applied */
  async setParameterValues(parameters: readonly ParameterValue[], parameterKey = ''): Promise<number> {
    const request = { rpc: 'SetParameterValues', parameters, parameterKey } as const;
    return (await this.#expect(request, 'SetParameterValuesResponse')).status;
  }

  async getParameterAttributes(names: readonly string[]): Promise<readonly ParameterAttributes[]> {
    const request = { rpc: 'GetParameterAttributes', names } as const;
    return (await this.#expect(request, 'GetParameterAttributesResponse')).parameters;
  }

  async setParameterAttributes(parameters: readonly SetAttributes[]): Promise<void> {
    await this.#expect({ rpc: 'SetParameterAttributes', parameters }, 'OtherResponse');
  }

  /** `objectName` is the table's path with its final dot. */
  async addObject(
    objectName: string,
    parameterKey = '',
  ): Promise<{ instanceNumber: number; status: number }> {
    return this.#expect({ rpc: 'AddObject', objectName, parameterKey }, 'AddObjectResponse');
  }

  /** `objectName` is the instance's path with its final dot. */
  async deleteObject(objectName: string, parameterKey = ''): Promise<number> {
    return (await this.#expect({ rpc: 'DeleteObject', objectName, parameterKey }, 'DeleteObjectResponse'))
      .status;
  }

  async scheduleInform(delaySeconds: number, commandKey: string): Promise<void> {
    await this.#expect({ rpc: 'ScheduleInform', delaySeconds, commandKey }, 'OtherResponse');
  }

  async reboot(commandKey = ''): Promise<void> {
    await this.#expect({ rpc: 'Reboot', commandKey }, 'OtherResponse');
  }

  async #expect<R extends ResponseMessage['rpc']>(
    request: CpeRequest,
    rpc: R,
  ): Promise<Extract<ResponseMessage, { rpc: R }>> {
    const answer = await this.call(request);
    if (answer.rpc === 'Fault') throw new CpeFault(answer);
    if (!isKind(answer, rpc)) throw new Error(`the CPE answered ${request.rpc} with ${answer.rpc}`);
    return answer;
  }
}

function isKind<R extends ResponseMessage['rpc']>(
  answer: ResponseMessage,
  rpc: R,
): answer is Extract<ResponseMessage, { rpc: R }> {
  return answer.rpc === rpc;
}
