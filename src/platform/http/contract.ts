// STUB: the contract of platform/http. Owners split it into the files named and delete their part; delete the file when empty.

import type { HttpResponse } from './http-message.ts';

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
