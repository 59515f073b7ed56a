import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';

import { expect } from 'chai';

import { createConnectionRequestListener } from '../../../../src/cwmp/connection-request/connection-request-listener.ts';
import type { ConnectionRequestListener } from '../../../../src/cwmp/types.ts';
import { HttpAuthenticator } from '../../../../src/platform/http/digest-client.ts';
import { silentLogger, type Logger } from '../../../../src/platform/logger.ts';
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

  let credentials: { readonly username: string; readonly password: string };
  const logged: string[] = [];

  /** A request that answers the challenge; `claimedUri` is what its `uri` names. */
  const authenticated = async (
    given: Partial<typeof credentials> = {},
    claimedUri = new URL(url).pathname,
  ): Promise<IncomingMessage> => {
    const client = new HttpAuthenticator({ username: 'acs', password: 'pw', ...given });
    const refused = await call(url);
    expect(refused.statusCode).to.equal(401);
    client.challenged(refused.headers['www-authenticate'] ?? '', false);
    return call(url, 'GET', client.authorization('GET', claimedUri));
  };
  const good = (password = 'pw'): Promise<IncomingMessage> => authenticated({ password });

  beforeEach(async () => {
    verdict = 'accepted';
    answered = 0;
    logged.length = 0;
    credentials = { username: 'acs', password: 'pw' };
    const logger: Logger = { ...silentLogger, warn: (message) => void logged.push(message) };
    listener = createConnectionRequestListener({ host: '127.0.0.1', port: 0, clock, logger });
    await listener.start();
    url = listener.register('s3cret', {
      credentials: () => credentials,
      accept: () => verdict,
      moved: () => undefined,
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
    expect((await authenticated({ username: 'acs2' })).statusCode).to.equal(401);
    expect((await authenticated({}, '/other')).statusCode).to.equal(401);
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

  it('lets the ACS in after any number of bad requests, and logs and challenges few of those', async () => {
    const statuses: (number | undefined)[] = [];
    for (let time = 0; time < 70; time += 1) {
      statuses.push((await call(url, 'GET', 'Digest username="x", nonce="y", response="z"')).statusCode);
      statuses.push((await call(url, 'GET', `Basic ${Buffer.from('acs:pw').toString('base64')}`)).statusCode);
    }
    expect(statuses.filter((status) => status === 401)).to.have.length(20);
    expect(statuses.filter((status) => status === 503)).to.have.length(120);
    expect(logged).to.have.length(20);
    for (let time = 0; time < 60; time += 1) expect((await good()).statusCode).to.equal(200);
    clock.advance(5000);
    expect((await good('nope')).statusCode).to.equal(401);
  });

  it('never lets anybody in while there are no credentials', async () => {
    credentials = { username: '', password: '' };
    expect((await authenticated(credentials)).statusCode).to.equal(401);
    expect(answered).to.equal(0);
  });

  it('obeys new credentials from the next request on', async () => {
    credentials = { username: 'new', password: 'other' };
    expect((await good()).statusCode).to.equal(401);
    expect((await authenticated({ username: 'new', password: 'other' })).statusCode).to.equal(200);
  });

  it('tells the targets of their new URLs when the address changed, and only then', async () => {
    let host = '192.168.1.1';
    const moving = createConnectionRequestListener({
      host: '0.0.0.0',
      port: 0,
      advertisedHost: () => host,
      clock,
      logger: silentLogger,
    });
    await moving.start();
    const { port } = moving.address;
    const urls: string[] = [];
    const target = {
      credentials: () => credentials,
      accept: () => verdict,
      moved: (moved: string) => void urls.push(moved),
      answered: () => undefined,
    };
    expect(moving.register('p', target).url).to.equal(`http://192.168.1.1:${port}/p`);
    const gone = moving.register('q', target);
    gone.unregister();
    moving.addressChanged();
    host = '203.0.113.5';
    moving.addressChanged();
    moving.addressChanged();
    expect(urls).to.deep.equal([`http://203.0.113.5:${port}/p`]);
    await moving.stop();
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
      moved: () => undefined,
      answered: () => undefined,
    };
    expect(behindNat.register('p', target).url).to.equal('http://[2001:db8::1]:7547/p');
    await behindNat.stop();
  });
});
