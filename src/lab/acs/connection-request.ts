import http from 'node:http';
import { digestAuthorization } from './digest.ts';
import type { Credentials } from './digest.ts';

/** GenieACS gives a CPE two seconds to answer. */
const PATIENCE_MS = 2000;

/** The CPE's answer, as an operator is told of it. */
export interface ConnectionRequestResult {
  /** HTTP status of the last answer; 0 = none came. */
  readonly status: number;
  /** 200 or 204. */
  readonly accepted: boolean;
  /** 'accepted', 'Device is offline', or what went wrong. */
  readonly text: string;
}

/**
 * Asks a CPE to open a session: GET of its ConnectionRequestURL with Host and Connection headers only, then once more with
 * Digest on the same connection when it is challenged [TR-069 3.2.2]. Never throws: a failure is a result with its text.
 */
export async function sendConnectionRequest(
  url: string,
  credentials: Credentials,
): Promise<ConnectionRequestResult> {
  const target = URL.canParse(url) ? new URL(url) : undefined;
  if (target?.protocol !== 'http:') {
    return { status: 0, accepted: false, text: 'the ConnectionRequestURL is not a http URL' };
  }
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  try {
    const first = await get(target, agent);
    if (first.status !== 401) return toResult(first.status);
    const path = target.pathname + target.search;
    const authorization = digestAuthorization(first.challenge, credentials, 'GET', path);
    return toResult((await get(target, agent, authorization)).status);
  } catch (error) {
    return { status: 0, accepted: false, text: error instanceof Error ? error.message : String(error) };
  } finally {
    agent.destroy();
  }
}

function toResult(status: number): ConnectionRequestResult {
  if (status === 200 || status === 204) return { status, accepted: true, text: 'accepted' };
  if (status === 503) return { status, accepted: false, text: 'Device is offline' };
  if (status === 401) return { status, accepted: false, text: 'Incorrect connection request credentials' };
  return { status, accepted: false, text: `Unexpected response code from device: ${status}` };
}

function get(
  target: URL,
  agent: http.Agent,
  authorization?: string,
): Promise<{ status: number; challenge: string }> {
  return new Promise((resolve, reject) => {
    const headers = authorization === undefined ? {} : { Authorization: authorization };
    const request = http.get(target, { agent, headers, signal: AbortSignal.timeout(PATIENCE_MS) });
    request.on('response', (response) => {
      response.resume();
      response.on('end', () => {
        resolve({
          status: response.statusCode ?? 0,
          challenge: response.headers['www-authenticate'] ?? '',
        });
      });
      response.on('error', reject);
    });
    request.on('error', (error) => {
      reject(error.name === 'AbortError' ? new Error(`no answer within ${PATIENCE_MS} ms`) : error);
    });
  });
}
