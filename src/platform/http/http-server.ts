import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import express from 'express';
import type { ErrorRequestHandler, Express, Request, RequestHandler } from 'express';
import type { Logger } from '../logger.ts';

export type { Express, Request, Response } from 'express';

const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;
const KEEP_ALIVE_TIMEOUT_MS = 5_000;
const MAX_HEADER_BYTES = 16 * 1024;
const DEFAULT_MAX_CONNECTIONS = 64;

export interface HttpServerOptions {
  readonly host: string;
  /** 0 = any free port. */
  readonly port: number;
  /** Bytes of a request body; 0 = none accepted. More is answered 413. */
  readonly maxBodyBytes: number;
  /** LAN listeners only: LF-only and other sloppy requests accepted, no Host header needed, every connection closed after one answer. */
  readonly lenient?: boolean;
  /** Default 64; connections above are dropped. */
  readonly maxConnections?: number;
  /** LAN listeners only: of one host at a time, so that none keeps the others out. Default: all of them. */
  readonly maxConnectionsPerHost?: number;
  readonly logger: Logger;
  /** Called with each request whose body is longer than `maxBodyBytes`. */
  readonly tooLarge?: (request: Request) => void;
  /** Adds routes. `req.body` is a Buffer (empty when there is none). */
  readonly routes: (app: Express) => void;
}

export interface HttpServer {
  /**
   * Listens.
   * @throws Error naming host and port when that is impossible
   */
  start(): Promise<{ readonly host: string; readonly port: number }>;
  /** Stops listening and closes every connection. Never rejects. */
  stop(): Promise<void>;
}

/** An express application on a node:http server that slow, silent or sloppy clients cannot hold. */
export function createHttpServer(options: HttpServerOptions): HttpServer {
  const lenient = options.lenient ?? false;
  const app = createApp(options, lenient);
  const server = createServer(
    {
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      connectionsCheckingInterval: 1000,
      keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
      maxHeaderSize: MAX_HEADER_BYTES,
      insecureHTTPParser: lenient,
      requireHostHeader: !lenient,
    },
    (request, response) => {
      app(request, response);
    },
  );
  server.maxConnections = options.maxConnections ?? DEFAULT_MAX_CONNECTIONS;
  if (options.maxConnectionsPerHost !== undefined) limitHosts(server, options.maxConnectionsPerHost);
  answerClientErrors(server);
  return {
    start: () => listen(server, options),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

function limitHosts(server: Server, perHost: number): void {
  const open = new Map<string, number>();
  server.on('connection', (socket) => {
    const host = socket.remoteAddress ?? '';
    const count = (open.get(host) ?? 0) + 1;
    if (count > perHost) {
      socket.destroy();
      return;
    }
    open.set(host, count);
    socket.once('close', () => {
      const left = (open.get(host) ?? 1) - 1;
      if (left > 0) open.set(host, left);
      else open.delete(host);
    });
  });
}

function createApp(options: HttpServerOptions, lenient: boolean): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  if (lenient) {
    app.use((_request, response, next) => {
      response.set('Connection', 'close');
      next();
    });
  }
  app.use(refuseLargeBody(options));
  app.use(express.raw({ type: () => true, limit: options.maxBodyBytes, inflate: false }));
  app.use((request, _response, next) => {
    if (!Buffer.isBuffer(request.body)) request.body = Buffer.alloc(0);
    next();
  });
  options.routes(app);
  app.use((request, response) => {
    const methods = methodsAt(app, request);
    if (methods.length === 0) {
      response.status(404).type('text/plain').send('Not Found\n');
    } else {
      response.status(405).set('Allow', methods.join(', ')).type('text/plain').send('Method Not Allowed\n');
    }
  });
  app.use(answerError(options));
  return app;
}

/** body-parser would first read the whole of a body that announces itself as too long. */
function refuseLargeBody({ maxBodyBytes, tooLarge }: HttpServerOptions): RequestHandler {
  return (request, response, next) => {
    const announced = Number(request.headers['content-length'] ?? 0);
    if (announced <= maxBodyBytes) {
      next();
      return;
    }
    tooLarge?.(request);
    response.status(413).set('Connection', 'close').type('text/plain').send('Payload Too Large\n');
  };
}

/** Methods of the routes that match the request's path: a wrong method is 405, not express's 404. */
function methodsAt(app: Express, request: Request): string[] {
  const methods = new Set<string>();
  for (const layer of app.router.stack) {
    if (layer.route === undefined || !matches(layer, request.path)) continue;
    for (const { method } of layer.route.stack) if (method) methods.add(method.toUpperCase());
  }
  return [...methods];
}

/** The router's own matching, which its types leave out. */
function matches(layer: object, path: string): boolean {
  if (!('match' in layer) || typeof layer.match !== 'function') return false;
  const matched: unknown = Reflect.apply(layer.match, layer, [path]);
  return Boolean(matched);
}

function answerError({ logger, tooLarge }: HttpServerOptions): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    const status = statusOf(error);
    if (status === 413) tooLarge?.(request);
    if (status >= 500) logger.error('HTTP request failed', { method: request.method, error });
    if (response.headersSent) {
      next(error);
      return;
    }
    const text =
      status === 413 ? 'Payload Too Large' : status < 500 ? 'Bad Request' : 'Internal Server Error';
    response.status(status).set('Connection', 'close').type('text/plain').send(`${text}\n`);
  };
}

function statusOf(error: unknown): number {
  if (typeof error === 'object' && error !== null && 'status' in error && typeof error.status === 'number') {
    return error.status >= 400 && error.status < 600 ? error.status : 500;
  }
  return 500;
}

/**
 * Replies to what Node's parser refuses. libupnp 1.6 sends three stray bytes after the body of each NOTIFY: the request
 * before them is whole and its answer must not be replaced by a 400.
 */
function answerClientErrors(server: Server): void {
  const current = new WeakMap<Duplex, { request: IncomingMessage; response: ServerResponse }>();
  server.on('request', (request, response) => {
    current.set(request.socket, { request, response });
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const exchange = current.get(socket);
    if (exchange?.request.complete === true) {
      if (exchange.response.writableEnded) socket.end();
      else exchange.response.shouldKeepAlive = false;
      return;
    }
    if (!socket.writable || error.code === 'ECONNRESET' || exchange?.response.headersSent === true) {
      socket.destroy();
      return;
    }
    const status =
      error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? '408 Request Timeout'
        : error.code === 'HPE_HEADER_OVERFLOW'
          ? '431 Request Header Fields Too Large'
          : '400 Bad Request';
    socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () =>
      socket.destroy(),
    );
  });
}

function listen(server: Server, { host, port }: HttpServerOptions): Promise<{ host: string; port: number }> {
  return new Promise((resolve, reject) => {
    const fail = (cause: NodeJS.ErrnoException): void => {
      reject(new Error(`cannot listen on ${host}:${port}: ${cause.code ?? cause.message}`, { cause }));
    };
    server.once('error', fail);
    server.listen(port, host, () => {
      server.off('error', fail);
      const address = server.address();
      if (address === null || typeof address === 'string') reject(new Error(`no address bound for ${host}`));
      else resolve({ host: address.address, port: address.port });
    });
  });
}
