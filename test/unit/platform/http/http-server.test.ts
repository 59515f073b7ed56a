import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect } from 'chai';
import { createHttpServer } from '../../../../src/platform/http/http-server.ts';
import type { HttpServer, HttpServerOptions } from '../../../../src/platform/http/http-server.ts';
import { silentLogger } from '../../../../src/platform/logger.ts';
import { waitFor } from '../../../support/wait-for.ts';

describe('HTTP server', () => {
  let server: HttpServer;
  let port = 0;

  const start = async (options: Partial<HttpServerOptions> = {}): Promise<void> => {
    server = createHttpServer({
      host: '127.0.0.1',
      port: 0,
      maxBodyBytes: 10,
      logger: silentLogger,
      routes: (app) => {
        app.get('/hello', (_request, response) => void response.send('hi'));
        app.get('/broken', () => Promise.reject(new Error('secret detail')));
        app.notify('/event', (request, response) => void response.send(String(request.body)));
      },
      ...options,
    });
    ({ port } = await server.start());
  };
  afterEach(() => server.stop());

  const exchange = async (text: string): Promise<string> => {
    const socket = connect(port, '127.0.0.1');
    let answer = '';
    socket.on('data', (chunk) => (answer += chunk.toString()));
    socket.write(text);
    await once(socket, 'close');
    return answer;
  };
  const get = (path: string, method = 'GET', headers = ''): Promise<string> =>
    exchange(`${method} ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${headers}\r\n`);

  it('answers in plain text what it does not serve', async () => {
    await start();
    expect(await get('/hello'))
      .to.match(/^HTTP\/1\.1 200 /)
      .and.not.match(/x-powered-by|etag/i);
    expect(await get('/nothing')).to.match(/^HTTP\/1\.1 404 [^]*text\/plain[^]*Not Found\n$/);
    expect(await get('/hello', 'PUT')).to.match(/^HTTP\/1\.1 405 [^]*Allow: GET/);
    expect(await get('/broken'))
      .to.match(/^HTTP\/1\.1 500 /)
      .and.not.contain('secret');
  });

  it('lets no host have all of the connections', async () => {
    await start({ maxConnectionsPerHost: 2 });
    const open = (localAddress: string): Socket => connect({ port, host: '127.0.0.1', localAddress });
    const held = [open('127.0.0.2'), open('127.0.0.2')];
    await Promise.all(held.map((socket) => once(socket, 'connect')));
    const refused = open('127.0.0.2').on('error', () => undefined);
    await once(refused, 'close');
    expect(await get('/hello')).to.match(/^HTTP\/1\.1 200 /);
    held[0]?.destroy();
    await waitFor(async () => {
      const again = open('127.0.0.2').on('error', () => undefined);
      again.write('GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
      let answer = '';
      again.on('data', (chunk) => (answer += chunk.toString()));
      await once(again, 'close');
      return answer.startsWith('HTTP/1.1 200');
    }, 'room for the host again');
    held[1]?.destroy();
  });

  it('refuses a body before it is read', async () => {
    await start();
    expect(await get('/hello', 'GET', 'Content-Length: 999999\r\n')).to.match(/^HTTP\/1\.1 413 /);
  });

  it('does not let stray bytes after a request replace its answer', async () => {
    await start({ lenient: true });
    const answer = await exchange('NOTIFY /event HTTP/1.1\nContent-Length: 5\n\nhello\n\0%');
    expect(answer).to.match(/^HTTP\/1\.1 200 [^]*hello$/);
  });

  it('is strict where it is not told to be lenient', async () => {
    await start();
    expect(await exchange('GET /hello HTTP/1.1\n\n')).to.match(/^HTTP\/1\.1 400 /);
  });

  it('names host and port that cannot be had', async () => {
    await start();
    const second = createHttpServer({
      host: '127.0.0.1',
      port,
      maxBodyBytes: 0,
      logger: silentLogger,
      routes: () => undefined,
    });
    const error: unknown = await second.start().catch((cause: unknown) => cause);
    expect(String(error)).to.contain(`127.0.0.1:${port}: EADDRINUSE`);
  });
});
