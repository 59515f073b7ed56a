import { DigestServer } from '../../platform/http/digest-server.ts';
import { createHttpServer } from '../../platform/http/http-server.ts';
import type { Request, Response } from '../../platform/http/http-server.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { ConnectionRequestListener, ConnectionRequestTarget, PublishedDocument } from '../types.ts';
import { DocumentLimit } from './document-limit.ts';
import { TokenBucket } from './token-bucket.ts';

export interface ConnectionRequestListenerOptions {
  /** Address to bind. */
  readonly host: string;
  /** 0 = any free port; 7547 is the one registered for CWMP. */
  readonly port: number;
  /** `http://host[:port]` as the ACS reaches the listener, when that is not the bound address (NAT). */
  readonly publicUrl?: string | undefined;
  /** The address to advertise when `host` is a wildcard. */
  readonly advertisedHost?: (() => string) | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

const REALM = 'CWMP Connection Request';

/**
 * [TR-069 3.2.2] A CPE should limit how often it can be called: this many at once, then one each REFILL_MS, per endpoint. Generous,
 * because requests before and during a session share the next one, and an ACS takes the 503 for "offline". Only good requests
 * count: strangers must not be able to shut the ACS out.
 */
const BURST = 60;
const REFILL_MS = 1000;

/** Requests with bad credentials that are answered with a challenge and logged, per endpoint; the others get a bare 503. */
const FAILURE_BURST = 20;
const FAILURE_REFILL_MS = 5000;

const DOCUMENT_PATH = 'dt/';

interface ServedDocument {
  readonly get: () => Promise<string | undefined>;
  readonly moved: () => void;
}

interface Registration {
  readonly target: ConnectionRequestTarget;
  url: string;
  readonly calls: TokenBucket;
  readonly failures: TokenBucket;
}

/** See ConnectionRequestListener. Plain HTTP, as the standard demands; GET only. */
export function createConnectionRequestListener(
  options: ConnectionRequestListenerOptions,
): ConnectionRequestListener {
  return new HttpConnectionRequestListener(options);
}

class HttpConnectionRequestListener implements ConnectionRequestListener {
  readonly #options: ConnectionRequestListenerOptions;
  readonly #digest: DigestServer;
  readonly #server: ReturnType<typeof createHttpServer>;
  readonly #registrations = new Map<string, Registration>();
  readonly #documents = new Map<string, Set<ServedDocument>>();
  readonly #documentLimit: DocumentLimit;
  #address: { readonly host: string; readonly port: number } | undefined;
  #publicUrl: string | undefined;

  constructor(options: ConnectionRequestListenerOptions) {
    this.#options = options;
    this.#publicUrl = options.publicUrl;
    this.#digest = new DigestServer(REALM, options.clock);
    this.#documentLimit = new DocumentLimit(options.clock);
    this.#server = createHttpServer({
      host: options.host,
      port: options.port,
      maxBodyBytes: 0,
      logger: options.logger,
      routes: (app) => {
        app.use((request, response) => this.#answer(request, response));
      },
    });
  }

  async start(): Promise<void> {
    this.#address = await this.#server.start();
  }

  async stop(): Promise<void> {
    await this.#server.stop();
  }

  get address(): { readonly host: string; readonly port: number } {
    if (this.#address === undefined) throw new Error('the connection request listener is not started');
    return this.#address;
  }

  register(path: string, target: ConnectionRequestTarget): { readonly url: string; unregister(): void } {
    const { clock } = this.#options;
    const registration: Registration = {
      target,
      url: `${this.#baseUrl()}/${path}`,
      calls: new TokenBucket(BURST, REFILL_MS, clock),
      failures: new TokenBucket(FAILURE_BURST, FAILURE_REFILL_MS, clock),
    };
    this.#registrations.set(path, registration);
    return {
      url: registration.url,
      unregister: () => {
        if (this.#registrations.get(path) === registration) this.#registrations.delete(path);
      },
    };
  }

  addressChanged(): void {
    for (const [path, registration] of this.#registrations) {
      const url = `${this.#baseUrl()}/${path}`;
      if (url === registration.url) continue;
      registration.url = url;
      registration.target.moved(url);
    }
  }

  usePublicUrl(publicUrl: string | undefined): void {
    if (publicUrl === this.#publicUrl) return;
    this.#publicUrl = publicUrl;
    this.addressChanged();
    for (const served of this.#documents.values()) for (const { moved } of served) moved();
  }

  publish(
    name: string,
    get: () => Promise<string | undefined>,
    moved: () => void = () => undefined,
  ): PublishedDocument {
    const document = { get, moved };
    const served = this.#documents.get(name) ?? new Set<ServedDocument>();
    this.#documents.set(name, served.add(document));
    const documentUrl = (): string => {
      const base = this.#publicUrl === undefined ? `http://localhost:${this.address.port}` : this.#baseUrl();
      return `${base}/${DOCUMENT_PATH}${name}`;
    };
    return {
      get url() {
        return documentUrl();
      },
      unpublish: () => {
        served.delete(document);
        if (served.size === 0) this.#documents.delete(name);
      },
    };
  }

  #baseUrl(): string {
    const { advertisedHost } = this.#options;
    if (this.#publicUrl !== undefined) return this.#publicUrl.replace(/\/+$/, '');
    const { host, port } = this.address;
    const isWildcard = host === '0.0.0.0' || host === '::';
    const shown = isWildcard && advertisedHost !== undefined ? advertisedHost() : host;
    return `http://${shown.includes(':') ? `[${shown}]` : shown}:${port}`;
  }

  #answer(request: Request, response: Response): void {
    if (request.method !== 'GET') {
      response.set({ Allow: 'GET', Connection: 'close' });
      send(response, 405);
      return;
    }
    const uri = request.originalUrl;
    const path = uri.replace(/^\w+:\/\/[^/]*/, '').slice(1);
    const served = path.startsWith(DOCUMENT_PATH)
      ? this.#documents.get(path.slice(DOCUMENT_PATH.length))
      : undefined;
    if (served !== undefined) {
      void this.#sendDocument(served, request.socket.remoteAddress ?? '', response);
      return;
    }
    const registration = this.#registrations.get(path);
    if (registration === undefined) {
      send(response, 404);
      return;
    }
    const { authorization } = request.headers;
    if (authorization === undefined) {
      this.#challenge(response, path, false);
      return;
    }
    this.#authenticate(registration, { uri, path, authorization }, response);
  }

  async #sendDocument(
    served: ReadonlySet<ServedDocument>,
    caller: string,
    response: Response,
  ): Promise<void> {
    if (!this.#documentLimit.take(caller)) {
      send(response, 503);
      return;
    }
    try {
      for (const { get } of served) {
        const text = await get();
        if (text === undefined) continue;
        response.set('Content-Type', 'text/xml; charset=utf-8').send(text);
        return;
      }
      send(response, 404);
    } catch (error) {
      this.#options.logger.error('a document could not be made', { error });
      send(response, 500);
    }
  }

  /** What a stranger can make us do is one hash a request, no more than the challenge costs that anybody gets. */
  #authenticate(
    { target, calls, failures }: Registration,
    request: { readonly uri: string; readonly path: string; readonly authorization: string },
    response: Response,
  ): void {
    const credentials = target.credentials();
    const verdict = this.#digest.verify(
      request.authorization,
      { method: 'GET', uri: request.uri, scope: request.path },
      credentials,
    );
    // Without any credentials everybody would be let in [TR-069 3.2.2: authentication is mandatory].
    const open = credentials.username === '' && credentials.password === '';
    if (verdict === 'stale' && !open) {
      this.#challenge(response, request.path, true);
      return;
    }
    if (verdict !== 'ok' || open) {
      this.#refuse(failures, request.path, response);
      return;
    }
    // No Retry-After [TR-069 3.2.2].
    if (!calls.take() || target.accept() !== 'accepted') {
      send(response, 503);
      return;
    }
    // The answer goes out before the session starts, even to a caller that hung up.
    response.once('close', () => target.answered());
    send(response, 200);
  }

  #refuse(failures: TokenBucket, path: string, response: Response): void {
    if (!failures.take()) {
      send(response, 503);
      return;
    }
    this.#options.logger.warn('connection request with bad credentials refused');
    this.#challenge(response, path, false);
  }

  #challenge(response: Response, path: string, stale: boolean): void {
    response.set('WWW-Authenticate', this.#digest.challenge(path, stale));
    send(response, 401);
  }
}

/** Status and no body. */
function send(response: Response, status: number): void {
  response.status(status).set('Content-Length', '0').end();
}
