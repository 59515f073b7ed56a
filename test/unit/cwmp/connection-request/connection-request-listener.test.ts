import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';

import { expect } from 'chai';

import { createConnectionRequestListener } from '../../../../src/cwmp/connection-request/connection-request-listener.ts';
import type { ConnectionRequestListener } from '../../../../src/cwmp/types.ts';
import { HttpAuthenticator } from '../../../../src/platform/http/digest-client.ts';
import { silentLogger } from '../../../../src/platform/logger.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { waitFor } from '../../../support/wait-for.ts';

function call(url: string, method = 'GET', authorization?: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      { method, headers: authorization === undefined ? {} : { authorization } },
      (response) => {
        response.resume();
        response.on('end', () => resolve(response));
      },
    );
    sent.on('error', reject);
    sent.end();
  });
}

describe('cwmp/connection-request/connection-request-listener', () => {
  let listener: ConnectionRequestListener;
  let verdict: 'accepted' | 'busy' | 'offline';
  let answered: number;
  let url: string;
  const clock = new ManualClock();

  const good = async (password = 'pw'): Promise<IncomingMessage> => {
    const client = new HttpAuthenticator({ username: 'acs', password });
    const refused = await call(url);
    expect(refused.statusCode).to.equal(401);
    client.challenged(refused.headers['www-authenticate'] ?? '', false);
    return call(url, 'GET', client.authorization('GET', new URL(url).pathname));
  };

  beforeEach(async () => {
    verdict = 'accepted';
    answered = 0;
    listener = createConnectionRequestListener({ host: '127.0.0.1', port: 0, clock, logger: silentLogger });
    await listener.start();
    url = listener.register('s3cret', {
      credentials: () => ({ username: 'acs', password: 'pw' }),
      accept: () => verdict,
      answered: () => void answered++,
    }).url;
  });
  afterEach(() => listener.stop());

  it('answers good credentials with an empty 200 and then tells the target', async () => {
    const response = await good();
    expect(response.statusCode).to.equal(200);
    expect(response.headers['content-length']).to.equal('0');
    await waitFor(() => answered === 1, 'answered');
  });

  it('refuses a bad password, other paths and other methods', async () => {
    expect((await good('nope')).statusCode).to.equal(401);
    expect((await call(`${url}x`)).statusCode).to.equal(404);
    expect((await call(`${url}?a=1`)).statusCode).to.equal(404);
    for (const method of ['POST', 'HEAD', 'PUT']) expect((await call(url, method)).statusCode).to.equal(405);
    expect(answered).to.equal(0);
  });

  it('answers 503 without Retry-After for an offline device and above the rate', async () => {
    verdict = 'offline';
    const offline = await good();
    expect(offline.statusCode).to.equal(503);
    expect(offline.headers).to.not.have.property('retry-after');
    verdict = 'accepted';
    const statuses: (number | undefined)[] = [];
    for (let i = 0; i < 62; i++) statuses.push((await good()).statusCode);
    expect(statuses.filter((status) => status === 200)).to.have.length(59);
    expect(statuses.slice(59)).to.deep.equal([503, 503, 503]);
    clock.advance(2000);
    expect((await good()).statusCode).to.equal(200);
  });

  it('lets an ACS fetch the documents of twenty devices at once', async () => {
    const urls = Array.from(
      { length: 41 },
      (_, index) => listener.publish(`${index}.xml`, () => Promise.resolve('<x/>')).url,
    );
    const local = urls.map((each) => each.replace('localhost', '127.0.0.1'));
    const statuses = await Promise.all(local.map(async (each) => (await call(each)).statusCode));
    expect(new Set(statuses)).to.deep.equal(new Set([200]));
  });

  it('advertises the public URL', async () => {
    const behindNat = createConnectionRequestListener({
      host: '127.0.0.1',
      port: 0,
      publicUrl: 'http://[2001:db8::1]:7547/',
      clock,
      logger: silentLogger,
    });
    await behindNat.start();
    const target = {
      credentials: () => ({ username: '', password: '' }),
      accept: () => verdict,
      answered: () => undefined,
    };
    expect(behindNat.register('p', target).url).to.equal('http://[2001:db8::1]:7547/p');
    await behindNat.stop();
  });
});
