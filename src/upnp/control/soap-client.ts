import { setImmediate as nextTurn } from 'node:timers/promises';
import { HttpError } from '../../platform/http/http-error.ts';
import type { HttpResponse } from '../../platform/http/http-message.ts';
import { lanRequest } from '../../platform/http/lan-http.ts';
import { escapeText } from '../../platform/xml/escape.ts';
import { XmlError, XmlParser } from '../../platform/xml/xml-parser.ts';
import { ActionError } from '../types.ts';
import type { OutArguments } from '../types.ts';
import { ResponseHandler } from './response-handler.ts';

/** [UDA 3.2]: a device must answer within 30 s. */
export const DEFAULT_ACTION_TIMEOUT_MS = 30_000;
const MAX_RESPONSE_BYTES = 16 * 1024 * 1024;
/** Bytes parsed before others get a turn; about 2 ms. */
const PARSE_SLICE_BYTES = 64 * 1024;

export interface ActionRequest {
  readonly controlUrl: string;
  readonly localAddress: string;
  readonly serviceType: string;
  readonly action: string;
  readonly inArguments: readonly (readonly [name: string, value: string])[];
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/**
 * Invokes an action and returns its out arguments. [UDA 3.2.1]
 * @throws ActionError
 */
export async function invokeAction(request: ActionRequest): Promise<OutArguments> {
  const transportError = (message: string, cause?: unknown, httpStatus?: number): ActionError =>
    new ActionError('transport', 0, request.serviceType, request.action, `${request.action}: ${message}`, {
      cause,
      httpStatus,
    });
  let response: HttpResponse;
  try {
    response = await post(request);
  } catch (error) {
    if (error instanceof HttpError) throw transportError(error.message, error);
    throw error;
  }
  const { status: httpStatus } = response;
  let answer: ResponseHandler;
  try {
    answer = await parseResponse(response.body);
  } catch (error) {
    if (!(error instanceof XmlError)) throw error;
    if (httpStatus !== 200) throw transportError(`HTTP status ${httpStatus}`, error, httpStatus);
    throw transportError(`unreadable answer: ${error.message}`, error);
  }
  if (answer.isFault) {
    const code = answer.errorCode.trim();
    if (!/^\d{1,5}$/.test(code))
      throw transportError('SOAP fault without a UPnP error code', undefined, httpStatus);
    // Not the device's own words: they may repeat a password that was just sent, and this ends in logs and faults.
    const message = `${request.action}: UPnP error ${code}`;
    throw new ActionError('upnp', Number(code), request.serviceType, request.action, message);
  }
  if (httpStatus !== 200) throw transportError(`HTTP status ${httpStatus}`, undefined, httpStatus);
  if (answer.responseName === '') throw transportError('the answer has no SOAP body');
  return answer.outArguments;
}

function post(request: ActionRequest): Promise<HttpResponse> {
  return lanRequest({
    url: request.controlUrl,
    method: 'POST',
    headers: {
      'CONTENT-TYPE': 'text/xml; charset="utf-8"',
      SOAPACTION: `"${request.serviceType}#${request.action}"`,
      'USER-AGENT': 'Linux/1.0 UPnP/1.1 cwmp-proxier/1.0',
    },
    body: formatRequest(request),
    localAddress: request.localAddress,
    timeoutMs: request.timeoutMs,
    maxBytes: MAX_RESPONSE_BYTES,
    ...(request.signal === undefined ? {} : { signal: request.signal }),
  });
}

/** UDA 1.0 devices insist on encodingStyle. */
function formatRequest({ action, serviceType, inArguments }: ActionRequest): string {
  const parts = [
    '<?xml version="1.0"?>\n<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"',
    ' s:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><s:Body>',
    `<u:${action} xmlns:u="${escapeText(serviceType)}">`,
  ];
  for (const [name, value] of inArguments) parts.push(`<${name}>${escapeText(value)}</${name}>`);
  parts.push(`</u:${action}></s:Body></s:Envelope>`);
  return parts.join('');
}

async function parseResponse(body: Buffer): Promise<ResponseHandler> {
  const handler = new ResponseHandler();
  const parser = new XmlParser(handler, { undeclaredPrefixes: 'accept', badUtf8: 'latin1' });
  for (let at = 0; at < body.length; at += PARSE_SLICE_BYTES) {
    if (at > 0) await nextTurn();
    parser.write(body.subarray(at, at + PARSE_SLICE_BYTES));
  }
  parser.close();
  return handler;
}
