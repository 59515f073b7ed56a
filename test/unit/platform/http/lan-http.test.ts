import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { expect } from 'chai';
import { HttpError } from '../../../../src/platform/http/http-error.ts';
import type { HttpResponse } from '../../../../src/platform/http/http-message.ts';
import { lanRequest } from '../../../../src/platform/http/lan-http.ts';

/** Replies as real devices send them; every one means status 200 and the body `hello`. */
const SLOPPY: readonly (readonly [name: string, reply: string])[] = [
  ['well formed', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello'],
  ['LF only', 'HTTP/1.1 200 OK\nContent-Length: 5\n\nhello'],
  ['no reason phrase, ended by close', 'HTTP/1.0 200\r\n\r\nhello'],
  ['empty Content-Length', 'HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\nhello'],
  ['Content-Length too large', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello'],
  ['Content-Length twice', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello'],
  ['space before the colon', 'HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\nhello'],
  ['line without colon', 'HTTP/1.1 200 OK\r\nnonsense\r\nContent-Length: 5\r\n\r\nhello'],
  ['folded header', 'HTTP/1.1 200 OK\r\nServer: a\r\n b\r\nContent-Length: 5\r\n\r\nhello'],
  ['unasked 100', 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello'],
  [
    'length and chunks',
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5 \r\nhello\r\n0\r\n\r\n',
  ],
  ['last chunk missing', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n'],
  ['lower-case start, bytes after the body', 'http/1.1 200 ok\r\nContent-Length: 5\r\n\r\nhello\n\0%'],
];

describe('lanRequest', () => {
  let server: Server;
  let reply = '';
  let connections = 0;

  before(async () => {
    server = createServer((socket) => {
      connections++;
      socket.on('error', () => undefined);
      socket.once('data', () => {
        if (reply !== '') socket.end(reply, 'latin1');
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });

  after(() => {
    server.close();
  });

  const request = (method: string, maxBytes = 1000, timeoutMs = 5000): Promise<HttpResponse> => {
    const { port } = server.address() as AddressInfo;
    return lanRequest({
      url: `http://127.0.0.1:${port}/`,
      method,
      timeoutMs,
      maxBytes,
      localAddress: '127.0.0.1',
    });
  };

  for (const [name, text] of SLOPPY) {
    it(`reads a reply: ${name}`, async () => {
      reply = text;
      for (const method of ['POST', 'GET']) {
        const response = await request(method);
        expect([response.status, response.body.toString()]).to.deep.equal([200, 'hello']);
      }
    });
  }

  it('never sends an action twice', async () => {
    reply = 'garbage\r\n\r\n';
    connections = 0;
    expect((await failure(request('POST'))).kind).to.equal('malformed');
    expect(connections).to.equal(1);
  });

  it('bounds size and time', async () => {
    reply = `HTTP/1.1 200 OK\r\n\r\n${'x'.repeat(2000)}`;
    expect((await failure(request('POST'))).kind).to.equal('tooLarge');
    reply = '';
    expect((await failure(request('POST', 1000, 50))).kind).to.equal('timeout');
    expect((await failure(request('GET', 1000, 50))).kind).to.equal('timeout');
  });

  it('reports a refused connection as one that may be tried again', async () => {
    const error = await failure(
      lanRequest({ url: 'http://127.0.0.1:1/', method: 'POST', timeoutMs: 5000, maxBytes: 10 }),
    );
    expect(error).to.include({ kind: 'connect', retriable: true });
  });
});

async function failure(promise: Promise<unknown>): Promise<HttpError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof HttpError) return error;
    throw error;
  }
  throw new Error('expected an HttpError');
}
