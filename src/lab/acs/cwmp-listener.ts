import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { gunzipSync, gzipSync } from 'node:zlib';
import { sleep } from '../../platform/clock.ts';
import type { Clock, Timer } from '../../platform/clock.ts';
import { AcsAuthentication } from './acs-authentication.ts';
import type { AcsAuthenticationOptions } from './acs-authentication.ts';
import { formatDeviceId } from './acs-device.ts';
import type { AcsDevice } from './acs-device.ts';
import { AcsSession } from './acs-session.ts';
import type { InformMessage, RpcAnswer } from './messages.ts';
import { readBody } from './read-body.ts';
import type { AcsScript, ScriptedAnswer } from './script.ts';
import {
  decodeCpeEnvelope,
  encodeEnvelope,
  faultBody,
  getRpcMethodsResponseBody,
  informResponseBody,
  requestBody,
} from './soap.ts';
import type { CpeEnvelope } from './soap.ts';
import type { Transcript } from './transcript.ts';

export interface CwmpListenerOptions {
  readonly clock: Clock;
  readonly authentication?: AcsAuthenticationOptions;
  /** Answers go out chunked instead of with a Content-Length. */
  readonly chunked?: boolean;
  /** Answers are compressed even where the request was not. */
  readonly gzip?: boolean;
  /** Milliseconds before each answer. */
  readonly latencyMs?: number;
  /** Milliseconds between messages after which a session is given up; GenieACS: 30 000. */
  readonly sessionTimeoutMs: number;
}

/** What the listener tells and asks of the ACS. */
export interface CwmpListenerHost {
  readonly transcript: Transcript;
  script(deviceId: string): AcsScript | undefined;
  device(deviceId: string): AcsDevice;
  /** An Inform was accepted and is about to be answered. */
  informed(device: AcsDevice, inform: InformMessage, envelope: CpeEnvelope): void;
  sessionEnded(device: AcsDevice): void;
}

interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
  /** For the transcript. */
  readonly rpc?: string;
  /** Called once the answer is on its way. */
  readonly sent?: () => void;
}

/** GenieACS serves no more at a time. */
const MAX_CONCURRENT_REQUESTS = 20;
/** A session found by its cookie on another connection is answered this much later. */
const ADOPTION_DELAY_MS = 100;
const MAX_INFLATED_BYTES = 64 * 1024 * 1024;
const ACCEPTED_VERSION = /^urn:dslforum-org:cwmp-1-[0-3]$/;

/** The CWMP side of the ACS: HTTP requests of CPEs in, answers out, by the rules that GenieACS holds CPEs to. */
export class CwmpListener {
  readonly #options: CwmpListenerOptions;
  readonly #host: CwmpListenerHost;
  readonly #authentication: AcsAuthentication | undefined;
  readonly #sessionsByCookie = new Map<string, AcsSession>();
  readonly #sessionsBySocket = new WeakMap<Socket, AcsSession>();
  readonly #timeouts = new Map<AcsSession, Timer>();
  #concurrentRequests = 0;

  constructor(options: CwmpListenerOptions, host: CwmpListenerHost) {
    this.#options = options;
    this.#host = host;
    this.#authentication =
      options.authentication === undefined ? undefined : new AcsAuthentication(options.authentication);
  }

  /** Serves one POST. Never rejects. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#concurrentRequests++;
    try {
      const answer = await this.#answer(request);
      if (answer === undefined) request.socket.destroy();
      else await this.#send(request, response, answer);
    } catch {
      // The CPE hung up while it sent or while we answered: its session goes on with the cookie or times out.
      request.socket.destroy();
    } finally {
      this.#concurrentRequests--;
    }
  }

  /** Ends every session. */
  stop(): void {
    for (const session of [...this.#sessionsByCookie.values()]) this.#end(session, 'the ACS stopped');
  }

  async #answer(request: IncomingMessage): Promise<Answer | undefined> {
    if (this.#concurrentRequests > MAX_CONCURRENT_REQUESTS) {
      return { status: 503, headers: { 'Retry-After': '60', Connection: 'close' }, body: '' };
    }
    const bytes = await readBody(request);
    const text = (
      request.headers['content-encoding'] === 'gzip'
        ? gunzipSync(bytes, { maxOutputLength: MAX_INFLATED_BYTES })
        : bytes
    ).toString();
    const session = this.#sessionOf(request);
    let envelope: CpeEnvelope | undefined;
    let complaint = '';
    try {
      if (text !== '') envelope = decodeCpeEnvelope(text);
    } catch (error) {
      complaint = error instanceof Error ? error.message : String(error);
    }
    const deviceId =
      envelope?.message.rpc === 'Inform' ? formatDeviceId(envelope.message) : (session?.device.id ?? '');
    this.#record('fromCpe', deviceId, complaint === '' ? nameOf(envelope) : '?', 0, text);
    if (complaint !== '') return this.#refuse(request, complaint);
    const scripted = await this.#host.script(deviceId)?.({
      deviceId,
      headers: request.headers,
      url: request.url ?? '/',
      ...(envelope === undefined ? {} : { envelope }),
    });
    return this.#applyScript(scripted, envelope, () => this.#dispatch(request, envelope));
  }

  async #applyScript(
    scripted: ScriptedAnswer | undefined,
    envelope: CpeEnvelope | undefined,
    proceed: () => Promise<Answer>,
  ): Promise<Answer | undefined> {
    switch (scripted?.kind) {
      case undefined:
        return proceed();
      case 'drop':
        return undefined;
      case 'redirect':
        return { status: scripted.status, headers: { Location: scripted.location }, body: '' };
      case 'http':
        return { status: scripted.status, headers: scripted.headers ?? {}, body: scripted.body ?? '' };
      case 'fault': {
        const namespace = envelope?.namespace ?? 'urn:dslforum-org:cwmp-1-0';
        const body = faultBody(scripted.code, scripted.text);
        return xmlAnswer(encodeEnvelope(namespace, envelope?.id ?? '', body), 'Fault');
      }
      case 'modified': {
        const answer = await proceed();
        const header = scripted.soapHeader;
        let body = answer.body;
        if (header !== undefined && body !== '') {
          const extra = encodeEnvelope('', '', '', header).match(/<soap-env:Header>(.*)<\/soap-env:Header>/);
          body = body.replace('</soap-env:Header>', `${extra?.[1] ?? ''}</soap-env:Header>`);
        }
        return {
          ...answer,
          headers: { ...answer.headers, ...scripted.headers },
          body: scripted.rewrite === undefined ? body : scripted.rewrite(body),
        };
      }
    }
  }

  async #dispatch(request: IncomingMessage, envelope: CpeEnvelope | undefined): Promise<Answer> {
    if (envelope?.message.rpc === 'Inform') return this.#inform(request, envelope, envelope.message);
    const session = this.#sessionOf(request);
    const bound = this.#sessionsBySocket.get(request.socket);
    if (session === undefined || (bound !== undefined && bound !== session)) {
      return this.#refuse(request, 'Invalid session');
    }
    if (bound === undefined) {
      const denied = this.#authenticate(request);
      if (denied !== undefined) return denied;
      await sleep(this.#options.clock, ADOPTION_DELAY_MS);
      this.#sessionsBySocket.set(request.socket, session);
    }
    this.#timeouts.get(session)?.cancel();
    if (envelope === undefined) return this.#emptyPost(request, session);
    const { message } = envelope;
    switch (message.rpc) {
      case 'TransferComplete':
      case 'OtherRequest':
        return this.#cpeRequest(request, session, envelope);
      default:
        return this.#cpeAnswer(request, session, envelope.id, message);
    }
  }

  #inform(request: IncomingMessage, envelope: CpeEnvelope, inform: InformMessage): Answer {
    const device = this.#host.device(formatDeviceId(inform));
    const bound = this.#sessionsBySocket.get(request.socket);
    if (bound !== undefined) {
      return this.#refuse(request, bound.device === device ? 'Bad session state' : 'Invalid session');
    }
    if (!ACCEPTED_VERSION.test(envelope.namespace)) {
      return this.#refuse(request, 'Unrecognized CWMP version');
    }
    const denied = this.#authenticate(request);
    if (denied !== undefined) return denied;
    // The other session is left alone: it holds the device until it ends or times out.
    if (device.session !== undefined) return badRequest('CPE already in session');
    const session = new AcsSession(device, envelope.namespace);
    device.session = session;
    this.#sessionsByCookie.set(session.cookie, session);
    this.#sessionsBySocket.set(request.socket, session);
    this.#host.informed(device, inform, envelope);
    const body = encodeEnvelope(session.namespace, envelope.id, informResponseBody());
    const answer = xmlAnswer(body, 'InformResponse', this.#armed(session));
    return { ...answer, headers: { ...answer.headers, 'Set-Cookie': `session=${session.cookie}` } };
  }

  /** Served between the Inform and the first empty POST only. */
  #cpeRequest(request: IncomingMessage, session: AcsSession, envelope: CpeEnvelope): Answer {
    if (session.stage !== 'informed') return this.#refuse(request, 'Bad session state');
    const name = nameOf(envelope);
    const isKnown = name === 'TransferComplete' || name === 'GetRPCMethods';
    const body =
      name === 'TransferComplete'
        ? '<cwmp:TransferCompleteResponse/>'
        : name === 'GetRPCMethods'
          ? getRpcMethodsResponseBody()
          : faultBody('8000', 'Method not supported');
    return xmlAnswer(
      encodeEnvelope(session.namespace, envelope.id, body),
      isKnown ? `${name}Response` : 'Fault',
      this.#armed(session),
    );
  }

  #emptyPost(request: IncomingMessage, session: AcsSession): Promise<Answer> | Answer {
    if (session.stage !== 'informed') return this.#refuse(request, 'Bad session state');
    session.stage = 'asking';
    return this.#nextRequest(session);
  }

  #cpeAnswer(
    request: IncomingMessage,
    session: AcsSession,
    id: string,
    message: RpcAnswer,
  ): Promise<Answer> | Answer {
    if (!session.isWaiting) return this.#refuse(request, 'Bad session state');
    session.answer(id, message);
    return this.#nextRequest(session);
  }

  async #nextRequest(session: AcsSession): Promise<Answer> {
    const next = await session.next();
    if (next !== undefined) {
      const { request } = next;
      return xmlAnswer(
        encodeEnvelope(session.namespace, next.id, requestBody(request)),
        request.rpc === 'raw' ? request.method : request.rpc,
        this.#armed(session),
      );
    }
    session.stage = 'ended';
    return {
      status: 204,
      headers: { 'Content-Length': '0', Connection: 'close' },
      body: '',
      sent: () => {
        this.#end(session, 'the session has ended');
      },
    };
  }

  #authenticate(request: IncomingMessage): Answer | undefined {
    const challenge = this.#authentication?.challenge(request);
    if (challenge === undefined) return undefined;
    const headers = challenge === '' ? { Connection: 'close' } : { 'WWW-Authenticate': challenge };
    return { status: 401, headers, body: '' };
  }

  /** A session by its cookie; a connection may carry cookies of others besides. */
  #sessionOf(request: IncomingMessage): AcsSession | undefined {
    for (const [, value] of (request.headers.cookie ?? '').matchAll(/(?:^|;)\s*session=([^;]*)/g)) {
      const session = this.#sessionsByCookie.get(value ?? '');
      if (session !== undefined) return session;
    }
    return undefined;
  }

  /** 400 with a text; the sessions that the request touches are lost. */
  #refuse(request: IncomingMessage, text: string): Answer {
    for (const session of [this.#sessionsBySocket.get(request.socket), this.#sessionOf(request)]) {
      if (session !== undefined && session.stage !== 'ended') this.#end(session, text);
    }
    return badRequest(text);
  }

  #armed(session: AcsSession): () => void {
    return () => {
      if (session.stage === 'ended') return;
      const timeout = this.#options.clock.schedule(this.#options.sessionTimeoutMs, () => {
        this.#end(session, 'the session timed out');
      });
      this.#timeouts.set(session, timeout);
    };
  }

  #end(session: AcsSession, reason: string): void {
    session.end(reason);
    this.#timeouts.get(session)?.cancel();
    this.#timeouts.delete(session);
    if (!this.#sessionsByCookie.delete(session.cookie)) return;
    if (session.device.session === session) session.device.session = undefined;
    this.#host.sessionEnded(session.device);
  }

  async #send(request: IncomingMessage, response: ServerResponse, answer: Answer): Promise<void> {
    const { latencyMs = 0, clock } = this.#options;
    if (latencyMs > 0) await sleep(clock, latencyMs);
    const bound = this.#sessionsBySocket.get(request.socket);
    const rpc = answer.rpc ?? (answer.status === 204 ? '' : '?');
    this.#record('toCpe', bound?.device.id ?? '', rpc, answer.status, answer.body);
    const headers: Record<string, string> = { Server: 'cwmp-proxier lab ACS', ...answer.headers };
    let body = Buffer.from(answer.body);
    const compress = this.#options.gzip === true || request.headers['content-encoding'] === 'gzip';
    if (compress && body.length > 0) {
      body = gzipSync(body);
      headers['Content-Encoding'] = 'gzip';
    }
    if (this.#options.chunked !== true) headers['Content-Length'] = String(body.length);
    let isSent = false;
    const sent = (): void => {
      if (!isSent) answer.sent?.();
      isSent = true;
    };
    response.on('finish', sent);
    // The CPE may hang up first: the session must not hold the device for ever.
    response.on('close', sent);
    if (response.closed) sent();
    response.writeHead(answer.status, headers);
    if (body.length === 0 || this.#options.chunked !== true) {
      response.end(body);
      return;
    }
    const half = Math.ceil(body.length / 2);
    response.write(body.subarray(0, half));
    response.end(body.subarray(half));
  }

  #record(direction: 'fromCpe' | 'toCpe', deviceId: string, rpc: string, status: number, body: string): void {
    const time = this.#options.clock.now();
    this.#host.transcript.add({ time, direction, deviceId, rpc, status, body: Buffer.from(body) });
  }
}

function xmlAnswer(body: string, rpc: string, sent?: () => void): Answer {
  const headers = { 'Content-Type': 'text/xml; charset="utf-8"' };
  return { status: 200, headers, body, rpc, ...(sent === undefined ? {} : { sent }) };
}

function badRequest(text: string): Answer {
  return { status: 400, headers: { 'Content-Type': 'text/plain', Connection: 'close' }, body: text };
}

function nameOf(envelope: CpeEnvelope | undefined): string {
  if (envelope === undefined) return '';
  const { message } = envelope;
  return message.rpc === 'OtherRequest' || message.rpc === 'OtherResponse' ? message.name : message.rpc;
}
