import { randomBytes } from 'node:crypto';
import { RpcCalls } from './rpc-calls.ts';
import type { AcsDevice } from './acs-device.ts';
import type { CpeRequest, RpcAnswer } from './messages.ts';

/** Work for a device: run in its next session. `run` never rejects. */
export interface SessionTask {
  run(session: AcsSession): Promise<void>;
  /** Called instead of `run` when the work is given up. */
  abandon(error: Error): void;
}

interface Call {
  readonly id: string;
  readonly request: CpeRequest;
  resolve(answer: RpcAnswer): void;
  reject(error: Error): void;
}

/** One CWMP session as the ACS sees it. Scripts get it to make several calls within one session. */
export class AcsSession extends RpcCalls {
  /** Value of the session cookie. */
  readonly cookie = randomBytes(8).toString('hex');
  readonly device: AcsDevice;
  /** CWMP namespace of the Inform: used for the whole session. */
  readonly namespace: string;
  /** `informed`: the CPE may still make requests; `asking`: it is the ACS's turn; `ended`: nothing may follow. */
  stage: 'informed' | 'asking' | 'ended' = 'informed';
  readonly #outbox: Call[] = [];
  #pending: Call | undefined;
  #running = false;
  #wake: (() => void) | undefined;

  constructor(device: AcsDevice, namespace: string) {
    super();
    this.device = device;
    this.namespace = namespace;
  }

  override call(request: CpeRequest): Promise<RpcAnswer> {
    return new Promise((resolve, reject) => {
      if (this.stage === 'ended') {
        reject(new Error('the session has ended'));
        return;
      }
      this.#outbox.push({ id: randomBytes(8).toString('hex').slice(1), request, resolve, reject });
      this.#wake?.();
    });
  }

  /** True when the CPE owes an answer. */
  get isWaiting(): boolean {
    return this.#pending !== undefined;
  }

  /** The next request to send, or undefined when the work is done and the session ends. */
  async next(): Promise<{ readonly id: string; readonly request: CpeRequest } | undefined> {
    for (;;) {
      if (this.stage === 'ended') return undefined;
      const call = this.#outbox.shift();
      if (call !== undefined) {
        this.#pending = call;
        return call;
      }
      const changed = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      if (!this.#running) {
        const task = this.device.tasks.shift();
        if (task === undefined) return undefined;
        this.#running = true;
        void task.run(this).finally(() => {
          this.#running = false;
          this.#wake?.();
        });
      }
      await changed;
    }
  }

  /** Takes the CPE's answer. @returns false when its ID is not the request's: the call has failed */
  answer(id: string, answer: RpcAnswer): boolean {
    const call = this.#pending;
    this.#pending = undefined;
    if (call === undefined) return false;
    if (call.id === id) {
      call.resolve(answer);
      return true;
    }
    call.reject(new Error(`the answer carries the ID '${id}', the request had '${call.id}'`));
    return false;
  }

  /** Ends the session; whatever still waits fails with `reason`. */
  end(reason: string): void {
    this.stage = 'ended';
    const error = new Error(reason);
    this.#pending?.reject(error);
    this.#pending = undefined;
    for (const call of this.#outbox.splice(0)) call.reject(error);
    this.#wake?.();
  }
}
