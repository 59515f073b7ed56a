import type {
  AcsRequest,
  AcsResponse,
  CpeRequest,
  CpeResponse,
  CwmpMessage,
  CwmpNamespace,
  Envelope,
  EnvelopeHeader,
  Fault,
  Inform,
  InvalidArguments,
  UnknownMethod,
} from '../codec/messages.ts';
import { isAcsRequest } from './message-kinds.ts';
import { namespaceAfterInform } from './versions.ts';

/** A CPE request that was sent and not answered. */
interface Outstanding {
  readonly id: string;
  readonly request: CpeRequest;
  /** How often the ACS asked for it again (8005). */
  readonly retries: number;
}

/** One CWMP session, from the Inform to its end [TR-069 3.7.2]. */
export interface SessionState {
  readonly phase: 'new' | 'informing' | 'requesting' | 'waiting' | 'executing' | 'ended';
  readonly namespace: CwmpNamespace;
  readonly supportedVersions: readonly string[] | undefined;
  /** Requests of the CPE that are still to be sent. */
  readonly queue: readonly CpeRequest[];
  /** The ACS asked to hold requests back [TR-069 3.4.1 HoldRequests]. */
  readonly hold: boolean;
  readonly outstanding: Outstanding | undefined;
  /** cwmp:ID of the ACS request that is being executed. */
  readonly answering: string | undefined;
  readonly nextId: number;
  /** How many requests the ACS has sent. */
  readonly calls: number;
}

export type SessionInput =
  | { readonly type: 'started'; readonly inform: Inform }
  | { readonly type: 'received'; readonly envelope: Envelope }
  /** 204, or 200 without a body. */
  | { readonly type: 'receivedEmpty' }
  /** A header that must be understood and is not. */
  | { readonly type: 'notUnderstood'; readonly id: string | undefined; readonly fault: Fault }
  | { readonly type: 'executed'; readonly response: CpeResponse | Fault }
  | { readonly type: 'broke'; readonly reason: string };

export interface OutgoingEnvelope {
  readonly namespace: CwmpNamespace;
  readonly header: EnvelopeHeader;
  readonly body: CpeRequest | CpeResponse | Fault;
}

/** What the ACS called: a method known here, or one that has to be refused. */
export type Call = AcsRequest | UnknownMethod | InvalidArguments;

export type SessionEffect =
  | { readonly type: 'send'; readonly envelope: OutgoingEnvelope }
  | { readonly type: 'sendEmpty' }
  | { readonly type: 'execute'; readonly request: Call }
  | { readonly type: 'informDelivered' }
  | { readonly type: 'requestAnswered'; readonly request: CpeRequest; readonly answer: AcsResponse | Fault }
  /** The ACS speaks none of the offered versions: the next Inform uses an older namespace. */
  | { readonly type: 'versionRefused' }
  | { readonly type: 'finish'; readonly result: 'succeeded' }
  | { readonly type: 'finish'; readonly result: 'failed'; readonly reason: string };

export interface SessionStep {
  readonly state: SessionState;
  readonly effects: readonly SessionEffect[];
}

/** An ACS that answers 8005 for ever would hold the session for ever. */
const MAX_RETRY_REQUESTS = 5;
/** So would one that never stops calling; a walk through the largest model takes some thousand calls. */
const MAX_CALLS = 10_000;

/** A session before its Inform. `requests`: what the CPE has to say of its own after it, in this order. */
export function newSession(options: {
  readonly namespace: CwmpNamespace;
  readonly supportedVersions: readonly string[] | undefined;
  readonly requests: readonly CpeRequest[];
}): SessionState {
  return {
    phase: 'new',
    namespace: options.namespace,
    supportedVersions: options.supportedVersions,
    queue: options.requests,
    hold: false,
    outstanding: undefined,
    answering: undefined,
    nextId: 1,
    calls: 0,
  };
}

/** One step of a session [TR-069 3.7.1]: what has come makes another state and things to do. Pure; never throws. */
export function stepSession(state: SessionState, input: SessionInput): SessionStep {
  if (state.phase === 'ended') return { state, effects: [] };
  switch (input.type) {
    case 'started':
      return request({ ...state, phase: 'informing' }, input.inform, 0);
    case 'broke':
      return fail(state, input.reason);
    case 'executed':
      return respond(state, input.response, state.answering);
    case 'notUnderstood':
      if (state.phase !== 'waiting') return fail(state, input.fault.faultString);
      return respond(state, input.fault, input.id);
    case 'receivedEmpty':
      return receiveEmpty(state);
    case 'received': {
      const { envelope } = input;
      const held = { ...state, hold: envelope.header.holdRequests ?? false };
      if (state.phase === 'informing') return receiveInformAnswer(held, envelope);
      if (state.phase === 'requesting') return receiveAnswer(held, envelope.body);
      return receiveRequest(held, envelope);
    }
  }
}

function receiveInformAnswer(state: SessionState, envelope: Envelope): SessionStep {
  const { body, header } = envelope;
  if (body.kind === 'InformResponse') {
    const namespace = namespaceAfterInform(state.namespace, envelope.namespace, header.useCwmpVersion);
    const next = proceed({ ...state, namespace, outstanding: undefined });
    return { state: next.state, effects: [{ type: 'informDelivered' }, ...next.effects] };
  }
  if (body.kind !== 'Fault') return fail(state, `${body.kind} received where InformResponse is due`);
  if (body.detail?.FaultCode === 8005) return again(state);
  const failed = fail(state, describeFault('Inform', body));
  if (body.detail?.FaultCode !== 8006) return failed;
  return { state: failed.state, effects: [{ type: 'versionRefused' }, ...failed.effects] };
}

function receiveAnswer(state: SessionState, body: CwmpMessage): SessionStep {
  const { outstanding } = state;
  if (outstanding === undefined) return fail(state, `${body.kind} received where nothing is due`);
  const sent = outstanding.request;
  if (body.kind === 'Fault' && body.detail?.FaultCode === 8005) return again(state);
  if (body.kind !== 'Fault' && !isAnswerTo(sent, body)) {
    return fail(state, `${body.kind} received where an answer to ${sent.kind} is due`);
  }
  const next = proceed({ ...state, outstanding: undefined });
  return {
    state: next.state,
    effects: [{ type: 'requestAnswered', request: sent, answer: body }, ...next.effects],
  };
}

function receiveRequest(state: SessionState, envelope: Envelope): SessionStep {
  const { body, header } = envelope;
  if (state.phase !== 'waiting') return fail(state, `${body.kind} received while a request is executed`);
  if (body.kind === 'Fault') return fail(state, describeFault('our response', body));
  if (body.kind !== 'UnknownMethod' && body.kind !== 'InvalidArguments' && !isAcsRequest(body)) {
    return fail(state, `${body.kind} received where a request is due`);
  }
  if (state.calls >= MAX_CALLS) return fail(state, `the ACS called more than ${MAX_CALLS} times`);
  return {
    state: { ...state, phase: 'executing', answering: header.id, calls: state.calls + 1 },
    effects: [{ type: 'execute', request: body }],
  };
}

function receiveEmpty(state: SessionState): SessionStep {
  if (state.phase === 'informing') return fail(state, 'an empty answer to Inform');
  if (state.phase !== 'waiting') return fail(state, `an empty answer where one to a request is due`);
  // Only requests that HoldRequests kept back are left here: the ACS has nothing more, so it is their turn.
  if (state.queue.length > 0 && !state.hold) return proceed(state);
  return {
    state: { ...state, phase: 'ended' },
    effects: [{ type: 'finish', result: 'succeeded' }],
  };
}

/** Next request of the CPE, or the empty POST that gives the floor to the ACS. */
function proceed(state: SessionState): SessionStep {
  const [next, ...queue] = state.queue;
  if (next !== undefined && !state.hold) return request({ ...state, phase: 'requesting', queue }, next, 0);
  return { state: { ...state, phase: 'waiting' }, effects: [{ type: 'sendEmpty' }] };
}

/** [TR-069 A.5.2] 8005: the same request again, in this session. */
function again(state: SessionState): SessionStep {
  const { outstanding } = state;
  if (outstanding === undefined || outstanding.retries >= MAX_RETRY_REQUESTS) {
    return fail(state, 'the ACS asks again and again for the same request (8005)');
  }
  return request(state, outstanding.request, outstanding.retries + 1);
}

function request(state: SessionState, message: CpeRequest, retries: number): SessionStep {
  const id = String(state.nextId);
  const { supportedVersions, namespace } = state;
  const header =
    message.kind === 'Inform' && supportedVersions !== undefined
      ? { id, supportedCwmpVersions: supportedVersions }
      : { id };
  return {
    state: { ...state, nextId: state.nextId + 1, outstanding: { id, request: message, retries } },
    effects: [{ type: 'send', envelope: { header, namespace, body: message } }],
  };
}

function respond(state: SessionState, body: CpeResponse | Fault, id: string | undefined): SessionStep {
  return {
    state: { ...state, phase: 'waiting', answering: undefined },
    effects: [{ type: 'send', envelope: { header: { id }, namespace: state.namespace, body } }],
  };
}

function fail(state: SessionState, reason: string): SessionStep {
  return { state: { ...state, phase: 'ended' }, effects: [{ type: 'finish', result: 'failed', reason }] };
}

function isAnswerTo(sent: CpeRequest, body: CwmpMessage): body is AcsResponse {
  return body.kind === `${sent.kind}Response`;
}

function describeFault(what: string, fault: Fault): string {
  const { detail } = fault;
  const text = detail === undefined ? fault.faultString : `${detail.FaultCode} ${detail.FaultString}`;
  return `the ACS answers ${what} with a fault: ${text}`;
}
