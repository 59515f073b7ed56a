/** One HTTP message of the CPE until it has its answer: what was tried already. Pure data [TR-069 3.4]. */
export interface ExchangeState {
  readonly url: URL;
  readonly redirects: number;
  /** Sent again once because the connection was lost. */
  readonly resent: boolean;
  /** Authorization for a challenge of this exchange was sent. */
  readonly authenticated: boolean;
  /** A fresh nonce was taken: the server said `stale`, or its nonce may have gone with the connection. */
  readonly refreshed: boolean;
  /** The connection has carried an answer before: the server may have closed it since, without having read the message. */
  readonly reused: boolean;
}

export type ExchangeInput =
  | {
      readonly type: 'answered';
      readonly status: number;
      readonly location: string | undefined;
      /** How the session's authenticator took WWW-Authenticate; undefined when there was none. */
      readonly challenge: 'answerable' | 'stale' | 'unsupported' | undefined;
      readonly empty: boolean;
      /** The body looks like an envelope. */
      readonly envelope: boolean;
      /** First characters of the body, for the log. */
      readonly text: string;
    }
  /** `lost`: closed before any byte of the answer came. */
  | { readonly type: 'broke'; readonly lost: boolean; readonly reason: string };

export type ExchangeStep =
  | { readonly type: 'deliver' }
  | { readonly type: 'empty' }
  /** `state.url` may be another one than before. */
  | { readonly type: 'send'; readonly state: ExchangeState }
  | { readonly type: 'fail'; readonly reason: string };

/** [TR-069 3.4.4] */
const MAX_REDIRECTS = 5;

/** `first`: it is the Inform, which opens the connection. */
export function startExchange(url: URL, first: boolean): ExchangeState {
  return { url, redirects: 0, resent: false, authenticated: false, refreshed: false, reused: !first };
}

/** What follows the answer to a POST. */
export function stepExchange(state: ExchangeState, input: ExchangeInput): ExchangeStep {
  if (input.type === 'broke') {
    // A session survives a lost connection; an Inform that was lost on a fresh one is left to the retry policy.
    if (input.lost && state.reused && !state.resent) {
      return { type: 'send', state: { ...state, resent: true, reused: false } };
    }
    return fail(input.reason);
  }
  const { status } = input;
  if (status === 204) return { type: 'empty' };
  if (status === 200) return { type: input.empty ? 'empty' : 'deliver' };
  if (status === 302 || status === 307) return redirect(state, input.location);
  if (status === 401) return authenticate({ ...state, reused: true }, input.challenge);
  // [SOAP 1.1 6.2] A fault comes with 500.
  if (status === 500 && input.envelope) return { type: 'deliver' };
  return fail(`HTTP ${status}${input.text === '' ? '' : `: ${input.text}`}`);
}

function redirect(state: ExchangeState, location: string | undefined): ExchangeStep {
  if (location === undefined) return fail('redirected without Location');
  if (state.redirects >= MAX_REDIRECTS) return fail(`redirected more than ${MAX_REDIRECTS} times`);
  if (!URL.canParse(location, state.url.href)) return fail('redirected to something that is no URL');
  const url = new URL(location, state.url);
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    return fail('redirected to a scheme that is not HTTP');
  if (state.url.protocol === 'https:' && url.protocol === 'http:')
    return fail('redirected from https to http');
  const sameOrigin = url.origin === state.url.origin;
  return {
    type: 'send',
    state: {
      ...state,
      url,
      redirects: state.redirects + 1,
      // Another server asks for itself.
      authenticated: sameOrigin && state.authenticated,
      refreshed: sameOrigin && state.refreshed,
      reused: sameOrigin,
    },
  };
}

function authenticate(
  state: ExchangeState,
  challenge: 'answerable' | 'stale' | 'unsupported' | undefined,
): ExchangeStep {
  if (challenge === undefined) return fail('HTTP 401: the ACS refused the credentials');
  if (challenge === 'unsupported')
    return fail('HTTP 401 with no challenge that can be answered (Digest, or Basic over https)');
  if (!state.authenticated) return { type: 'send', state: { ...state, authenticated: true } };
  if ((challenge === 'stale' || state.resent) && !state.refreshed)
    return { type: 'send', state: { ...state, refreshed: true } };
  return fail('HTTP 401: the ACS refused the credentials');
}

function fail(reason: string): ExchangeStep {
  return { type: 'fail', reason };
}
