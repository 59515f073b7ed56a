// STUB: the contract of platform/http. Owners split it into the files named and delete their part; delete the file when empty.

/** http-message.ts */
export interface HttpResponse {
  readonly status: number;
  /** Lower-case names; repeated headers joined by ", ". */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

/**
 * lan-http.ts (owner: upnp) -- One exchange with a LAN device, new connection, tolerant of the replies real devices send (undici first; for the
 * error kinds listed in dependencies.md section 4 and upnp-dm.md section f once again with a tolerant raw-socket reader; remembered per origin).
 * Total time bounded by timeoutMs, body by maxBytes. Does not follow redirects. @throws HttpError
 */
export declare function lanRequest(options: {
  readonly url: string;
  readonly method: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly localAddress?: string;
  readonly timeoutMs: number;
  readonly maxBytes: number;
  readonly signal?: AbortSignal;
}): Promise<HttpResponse>;

/** acs-connection.ts (owner: cwmp session) -- undici Client for one CWMP session: one TCP connection, never pipelined. */
export declare class AcsConnection {
  constructor(options: {
    readonly origin: string;
    readonly tls: {
      readonly ca?: string;
      readonly certificate?: string;
      readonly key?: string;
      readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
    };
    readonly localAddress?: string;
  });
  /** @throws HttpError; `retriable` is true when the connection was closed before any byte of the answer came. */
  post(
    path: string,
    headers: Readonly<Record<string, string>>,
    body: string,
    timeoutMs: number,
    maxBytes: number,
  ): Promise<HttpResponse & { readonly setCookies: readonly string[] }>;
  /** Never waits, never throws. */
  destroy(): void;
}

/** http-error.ts (owner: upnp) */
export declare class HttpError extends Error {
  readonly kind: 'timeout' | 'connect' | 'closed' | 'tls' | 'malformed' | 'tooLarge' | 'aborted';
  readonly retriable: boolean;
}

/**
 * http-server.ts (owner: upnp) -- The only express import. An express app on a node:http server with tight timeouts, connection cap, etag and x-powered-by off,
 * 404/405 in plain text, error middleware, body limit answered 413 before reading, inflate off.
 */
export declare function createHttpServer(options: {
  readonly host: string;
  readonly port: number;
  /** Bytes of a request body; 0 = none accepted. */
  readonly maxBodyBytes: number;
  /** LAN listeners only: accept LF-only and other sloppy requests; no Host header needed. */
  readonly lenient?: boolean;
  readonly maxConnections?: number;
  readonly logger: import('../logger.ts').Logger;
  /** Adds routes. req.body is a Buffer (empty when none). */
  readonly routes: (app: import('express').Express) => void;
}): {
  start(): Promise<{ readonly host: string; readonly port: number }>;
  stop(): Promise<void>;
};
