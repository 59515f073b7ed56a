import { lanRequest } from '../../platform/http/lan-http.ts';
import type { Announcement, Scpd } from '../types.ts';
import { FairQueue } from './fair-queue.ts';
import { parseDescription } from './parse-description.ts';
import type { ParsedDescription } from './parse-description.ts';
import { parseScpd } from './parse-scpd.ts';

const MAX_DOCUMENT_BYTES = 256 * 1024;
const FETCH_TIMEOUT_MS = 10_000;
/** Fetches at a time: in all, and from one host, which may take its full time for each. */
const LIMITS = { total: 8, perHost: 2, waitingPerHost: 256 };

/** Fetches descriptions, a few at a time, from the addresses that announced them. */
export class DescriptionFetcher {
  readonly #turns = new FairQueue(LIMITS);

  /** @throws Error naming the URL */
  async fetchDescription(announcement: Announcement, signal: AbortSignal): Promise<ParsedDescription> {
    const document = await this.#fetch(announcement.location, announcement.localAddress, signal);
    return withUrl(announcement.location, () => parseDescription(document, announcement.location));
  }

  /** @throws Error naming the URL */
  async fetchScpd(url: string, localAddress: string, signal: AbortSignal): Promise<Scpd> {
    if (url === '') throw new Error('the service has no usable SCPDURL');
    const document = await this.#fetch(url, localAddress, signal);
    return withUrl(url, () => parseScpd(document));
  }

  async #fetch(url: string, localAddress: string, signal: AbortSignal): Promise<Buffer> {
    const endTurn = await this.#turns.acquire(new URL(url).hostname);
    try {
      const response = await lanRequest({
        url,
        method: 'GET',
        localAddress,
        timeoutMs: FETCH_TIMEOUT_MS,
        maxBytes: MAX_DOCUMENT_BYTES,
        signal,
      });
      if (response.status !== 200) throw new Error(`${url}: HTTP status ${response.status}`);
      return response.body;
    } finally {
      endTurn();
    }
  }
}

async function withUrl<T>(url: string, parse: () => Promise<T>): Promise<T> {
  try {
    return await parse();
  } catch (cause) {
    throw new Error(`${url}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}
