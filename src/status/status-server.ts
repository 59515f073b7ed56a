import { isIP } from 'node:net';

import { createHttpServer } from '../platform/http/http-server.ts';
import type { HttpServer, Request } from '../platform/http/http-server.ts';
import type { Logger } from '../platform/logger.ts';
import { formatStatusPage } from './status-page.ts';
import { toStatusReport } from './status-report.ts';
import type { StatusSnapshot } from './status-snapshot.ts';

export interface StatusServerOptions {
  readonly host: string;
  /** 0 = any free port. */
  readonly port: number;
  readonly snapshot: () => StatusSnapshot;
  /** Why the daemon does not work at present; undefined while it does. */
  readonly unhealthy?: () => string | undefined;
  readonly logger: Logger;
}

export type StatusServer = HttpServer;

/**
 * Operator's page (`/`), JSON (`/api/status`) and health check (`/healthz`: 200, or 503 with the reason). Read-only.
 * Requests by host name are refused, unless the name is localhost or the configured one: a web page in a browser of
 * the home could otherwise read it through a DNS name that it points here.
 */
export function createStatusServer(options: StatusServerOptions): StatusServer {
  const isOwnName = hostCheck(options.host);
  return createHttpServer({
    host: options.host,
    port: options.port,
    maxBodyBytes: 0,
    logger: options.logger,
    routes: (app) => {
      app.use((request, response, next) => {
        response.set({
          'Cache-Control': 'no-store',
          'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
          'X-Content-Type-Options': 'nosniff',
          'Referrer-Policy': 'no-referrer',
        });
        if (isOwnName(request)) next();
        else response.status(403).type('text/plain').send('Forbidden: use the IP address of this host\n');
      });
      app.get('/', (_request, response) => {
        response.type('html').send(formatStatusPage(toStatusReport(options.snapshot())));
      });
      app.get('/api/status', (_request, response) => {
        response.json(toStatusReport(options.snapshot()));
      });
      app.get('/healthz', (_request, response) => {
        const reason = options.unhealthy?.();
        response
          .status(reason === undefined ? 200 : 503)
          .type('text/plain')
          .send(`${reason ?? 'ok'}\n`);
      });
    },
  });
}

function hostCheck(configuredHost: string): (request: Request) => boolean {
  return ({ headers }) => {
    const host = (headers.host ?? '').replace(/:\d{1,5}$/, '').toLowerCase();
    const address = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
    return isIP(address) !== 0 || address === 'localhost' || address === configuredHost.toLowerCase();
  };
}
