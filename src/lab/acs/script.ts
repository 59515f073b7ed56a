import type { IncomingHttpHeaders } from 'node:http';
import type { CpeEnvelope, SoapHeader } from './soap.ts';

/** One HTTP request of a CPE, as a script sees it before the ACS acts on it. */
export interface Exchange {
  /** '' when it is not known whose it is. */
  readonly deviceId: string;
  /** Left out for an empty POST. */
  readonly envelope?: CpeEnvelope;
  readonly headers: IncomingHttpHeaders;
  /** Path and query of the request. */
  readonly url: string;
}

/** What a script wants in place of the normal answer. */
export type ScriptedAnswer =
  /** A SOAP fault with the request's ID; the ACS's state stays as it was. */
  | { readonly kind: 'fault'; readonly code: string; readonly text: string }
  | {
      readonly kind: 'http';
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
    }
  | { readonly kind: 'redirect'; readonly status: 302 | 307; readonly location: string }
  /** The connection is cut without an answer. */
  | { readonly kind: 'drop' }
  /** The normal answer, changed. */
  | {
      readonly kind: 'modified';
      readonly soapHeader?: SoapHeader;
      readonly headers?: Readonly<Record<string, string>>;
      readonly rewrite?: (body: string) => string;
    };

/** Looks at each request of a CPE; undefined = answer as always. It may wait before it decides. */
export type AcsScript = (
  exchange: Exchange,
) => ScriptedAnswer | undefined | Promise<ScriptedAnswer | undefined>;
