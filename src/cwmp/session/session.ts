import type { Logger } from '../../platform/logger.ts';
import { decodeEnvelope } from '../codec/decode-envelope.ts';
import { encodeEnvelope } from '../codec/encode-envelope.ts';
import { EnvelopeError } from '../codec/envelope-error.ts';
import type {
  AcsResponse,
  CpeRequest,
  CpeResponse,
  CwmpNamespace,
  Fault,
  Inform,
} from '../codec/messages.ts';
import { AcsTransport, TransportError } from './acs-transport.ts';
import type { AcsTransportOptions } from './acs-transport.ts';
import { newSession, stepSession } from './machine.ts';
import type { Call, SessionEffect, SessionInput } from './machine.ts';
import { supportedVersionsFor } from './versions.ts';

export interface SessionOptions {
  readonly transport: AcsTransportOptions;
  readonly namespace: CwmpNamespace;
  readonly inform: Inform;
  /** Requests of the CPE that follow the Inform. */
  readonly requests: readonly CpeRequest[];
  /** Never rejects. */
  readonly execute: (request: Call) => Promise<CpeResponse | Fault>;
  /** The session goes on when it has resolved: what was delivered is recorded durably. */
  readonly onInformDelivered: () => Promise<void>;
  readonly onRequestAnswered: (request: CpeRequest, answer: AcsResponse | Fault) => Promise<void>;
  /**
   * Aborted when no session is to begin any more. One whose Inform is on its way goes on to its end: an ACS would hold a session
   * that stops in its middle for half a minute, and refuse the next.
   */
  readonly ending: AbortSignal;
  /** Aborted when it has to end at once. */
  readonly signal: AbortSignal;
  readonly logger: Logger;
}

export interface SessionOutcome {
  readonly result: 'succeeded' | 'failed';
  readonly reason?: string;
  /** The ACS spoke none of the offered versions (8006). */
  readonly versionRefused: boolean;
}

/** A session holds one of few places: nothing that an honest ACS does takes longer. */
const MAX_SESSION_MS = 15 * 60_000;

/** Runs one CWMP session to its end. Never rejects: what goes wrong makes it a failed session. */
export async function runSession(options: SessionOptions): Promise<SessionOutcome> {
  let transport: AcsTransport;
  try {
    transport = new AcsTransport(options.transport);
  } catch (error) {
    if (error instanceof TransportError) {
      return { result: 'failed', reason: error.message, versionRefused: false };
    }
    throw error;
  }
  const stop = (): void => transport.close('the session was ended');
  const limit = options.transport.clock.schedule(MAX_SESSION_MS, () =>
    transport.close('the session lasts longer than 15 minutes'),
  );
  options.signal.addEventListener('abort', stop, { once: true });
  if (options.signal.aborted) stop();
  try {
    return await new Runner(options, transport).run();
  } catch (error) {
    options.logger.error('session ended by a defect', { error });
    return { result: 'failed', reason: 'internal error', versionRefused: false };
  } finally {
    options.signal.removeEventListener('abort', stop);
    limit.cancel();
    stop();
  }
}

/** Feeds the machine and does what it says. */
class Runner {
  readonly #options: SessionOptions;
  readonly #transport: AcsTransport;
  #versionRefused = false;

  constructor(options: SessionOptions, transport: AcsTransport) {
    this.#options = options;
    this.#transport = transport;
  }

  async run(): Promise<SessionOutcome> {
    const { namespace, requests, inform } = this.#options;
    let state = newSession({ namespace, requests, supportedVersions: supportedVersionsFor(namespace) });
    let input: SessionInput = { type: 'started', inform };
    if (this.#options.ending.aborted) {
      return { result: 'failed', reason: 'the session was ended', versionRefused: false };
    }
    for (;;) {
      const step = stepSession(state, input);
      state = step.state;
      let next: SessionInput | undefined;
      for (const effect of step.effects) {
        if (effect.type === 'finish') return { ...effect, versionRefused: this.#versionRefused };
        next = (await this.#perform(effect)) ?? next;
      }
      if (next === undefined) throw new Error('the session machine asked for nothing');
      input = next;
    }
  }

  async #perform(effect: Exclude<SessionEffect, { type: 'finish' }>): Promise<SessionInput | undefined> {
    switch (effect.type) {
      case 'send':
        return await this.#exchange(
          encodeEnvelope(effect.envelope.namespace, effect.envelope.header, effect.envelope.body),
        );
      case 'sendEmpty':
        return await this.#exchange(undefined);
      case 'execute':
        return { type: 'executed', response: await this.#options.execute(effect.request) };
      case 'informDelivered':
        await this.#options.onInformDelivered();
        return undefined;
      case 'requestAnswered':
        await this.#options.onRequestAnswered(effect.request, effect.answer);
        return undefined;
      case 'versionRefused':
        this.#versionRefused = true;
        return undefined;
    }
  }

  async #exchange(body: Buffer | undefined): Promise<SessionInput> {
    let answer: Buffer | undefined;
    try {
      answer = await this.#transport.exchange(body);
    } catch (error) {
      if (error instanceof TransportError) return { type: 'broke', reason: error.message };
      throw error;
    }
    if (answer === undefined) return { type: 'receivedEmpty' };
    try {
      return { type: 'received', envelope: decodeEnvelope(answer) };
    } catch (error) {
      if (!(error instanceof EnvelopeError)) throw error;
      if (error.fault !== 'MustUnderstand')
        return { type: 'broke', reason: `bad envelope: ${error.message}` };
      return {
        type: 'notUnderstood',
        id: error.requestId,
        fault: { kind: 'Fault', faultCode: error.fault, faultString: error.message, detail: undefined },
      };
    }
  }
}
