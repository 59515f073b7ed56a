export type HttpErrorKind = 'timeout' | 'connect' | 'closed' | 'tls' | 'malformed' | 'tooLarge' | 'aborted';

/** Why an HTTP exchange brought no usable response. The message names host and port, never credentials. */
export class HttpError extends Error {
  readonly kind: HttpErrorKind;
  /** True when the request was certainly not answered with a single byte, so that sending it again is sensible. */
  readonly retriable: boolean;

  constructor(
    kind: HttpErrorKind,
    message: string,
    options: ErrorOptions & { readonly retriable?: boolean } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'HttpError';
    this.kind = kind;
    this.retriable = options.retriable ?? kind === 'connect';
  }
}

const KIND_BY_CODE: Readonly<Record<string, HttpErrorKind>> = {
  ECONNREFUSED: 'connect',
  EHOSTUNREACH: 'connect',
  EHOSTDOWN: 'connect',
  ENETUNREACH: 'connect',
  ENETDOWN: 'connect',
  EADDRNOTAVAIL: 'connect',
  EACCES: 'connect',
  EPERM: 'connect',
  ETIMEDOUT: 'connect',
  ENOTFOUND: 'connect',
  EAI_AGAIN: 'connect',
  UND_ERR_CONNECT_TIMEOUT: 'connect',
  UND_ERR_HEADERS_TIMEOUT: 'timeout',
  UND_ERR_BODY_TIMEOUT: 'timeout',
  UND_ERR_SOCKET: 'closed',
  ECONNRESET: 'closed',
  EPIPE: 'closed',
  UND_ERR_DESTROYED: 'closed',
  UND_ERR_CLOSED: 'closed',
  UND_ERR_RES_EXCEEDED_MAX_SIZE: 'tooLarge',
  UND_ERR_HEADERS_OVERFLOW: 'tooLarge',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'malformed',
  ERR_ASSERTION: 'malformed',
  UND_ERR_ABORTED: 'aborted',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'tls',
  SELF_SIGNED_CERT_IN_CHAIN: 'tls',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'tls',
  UNABLE_TO_GET_ISSUER_CERT: 'tls',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'tls',
  EPROTO: 'tls',
};

/** Sorts an error of undici, of a socket or of an AbortSignal into an HttpError; `target` is `host:port`. */
export function toHttpError(cause: unknown, target: string): HttpError {
  if (cause instanceof HttpError) return cause;
  const error = cause instanceof Error ? cause : new Error(String(cause));
  const kind = kindOf(error);
  return new HttpError(kind, `${target}: ${describe(error)}`, { cause: error });
}

function kindOf(error: Error): HttpErrorKind {
  if (error.name === 'TimeoutError') return 'timeout';
  if (error.name === 'AbortError') return 'aborted';
  const code = codeOf(error);
  if (code === undefined) return 'closed';
  const known = KIND_BY_CODE[code];
  if (known !== undefined) return known;
  if (code.startsWith('HPE_')) return 'malformed';
  if (/^ERR_(TLS|SSL|OSSL)|^CERT_|CERT/.test(code)) return 'tls';
  return 'closed';
}

/** The error's own code, or that of the connection attempt inside an AggregateError. */
function codeOf(error: Error): string | undefined {
  if ('code' in error && typeof error.code === 'string') return error.code;
  if (error instanceof AggregateError) {
    for (const inner of error.errors) if (inner instanceof Error) return codeOf(inner);
  }
  return undefined;
}

function describe(error: Error): string {
  const code = codeOf(error);
  if (error.name === 'TimeoutError') return 'no complete answer in time';
  if (error.message === '') return code ?? error.name;
  return code === undefined || error.message.includes(code) ? error.message : `${error.message} (${code})`;
}
