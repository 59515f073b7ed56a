import { expect } from 'chai';

import { parseAuthHeader } from '../../../../src/platform/http/auth-header.ts';
import { HttpAuthenticator, digestResponse } from '../../../../src/platform/http/digest-client.ts';
import { DigestServer } from '../../../../src/platform/http/digest-server.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { growthOfTime, LINEAR } from '../../../support/growth.ts';

const RFC7616 = {
  session: false,
  username: 'Mufasa',
  password: 'Circle of Life',
  realm: 'http-auth@example.org',
  nonce: '7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v',
  cnonce: 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ',
  qop: { nc: '00000001', cnonce: 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ', value: 'auth' },
  method: 'GET',
  uri: '/dir/index.html',
};

describe('platform/http digest', () => {
  const credentials = { username: 'acs', password: 'p"w' };

  it('computes the responses of RFC 7616 3.9.1', () => {
    expect(digestResponse({ ...RFC7616, hash: 'md5' })).to.equal('8ca523f5e9506fed4657c9700eebdbec');
    expect(digestResponse({ ...RFC7616, hash: 'sha256' })).to.equal(
      '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1',
    );
  });

  it('reads challenges without backtracking', async () => {
    const [digest, basic] = parseAuthHeader(
      'Digest realm="a, \\"b\\"", nonce=abc ,qop="auth,auth-int", Basic realm=x',
    );
    expect(digest?.parameters.get('realm')).to.equal('a, "b"');
    expect(digest?.parameters.get('nonce')).to.equal('abc');
    expect(basic).to.deep.include({ scheme: 'basic' });
    for (const hostile of ['Digest ', '"', 'a=', 'a="\\', ' ,']) {
      const growth = await growthOfTime((count) => parseAuthHeader(hostile.repeat(count)), 4000);
      expect(growth, hostile).to.be.below(LINEAR);
    }
  });

  it('takes the strongest challenge, Basic last, and sends nothing unasked', () => {
    const client = new HttpAuthenticator(credentials, () => 'c');
    expect(client.authorization('POST', '/')).to.equal(undefined);
    expect(
      client.challenged(
        'Basic realm="x", Digest realm="r", nonce="n", Digest realm="r", nonce="n", algorithm=SHA-256',
        true,
      ),
    ).to.equal('answerable');
    expect(client.authorization('POST', '/')).to.contain('algorithm=SHA-256').and.not.contain('qop');
    expect(client.challenged('Digest realm="r", nonce="m", stale=TRUE', true)).to.equal('stale');
    expect(client.challenged('Basic realm="x"', true)).to.equal('answerable');
    expect(client.authorization('POST', '/')).to.match(/^Basic /);
    expect(client.challenged('Negotiate', true)).to.equal('unsupported');
  });

  it('shows a password to nobody on the way, and sends no name that Basic cannot carry', () => {
    const client = new HttpAuthenticator(credentials);
    expect(client.challenged('Basic realm="x"', false)).to.equal('unsupported');
    expect(client.authorization('POST', '/')).to.equal(undefined);
    expect(client.challenged('Basic realm="x", Digest realm="r", nonce="n"', false)).to.equal('answerable');
    expect(client.authorization('POST', '/')).to.match(/^Digest /);
    const colon = new HttpAuthenticator({ username: 'a:b', password: 'c' });
    expect(colon.challenged('Basic realm="x"', true)).to.equal('unsupported');
  });

  it('sends names as UTF-8', () => {
    const client = new HttpAuthenticator({ username: 'Zoë 日本', password: 'naïve' });
    client.challenged('Digest realm="r", nonce="n"', false);
    const header = client.authorization('POST', '/') ?? '';
    expect(header).to.match(/^[\x20-\x7e\x80-\xff]+$/);
    expect(Buffer.from(header, 'latin1').toString('utf8')).to.contain('username="Zoë 日本"');
    const server = new DigestServer('r', new ManualClock());
    client.challenged(server.challenge('p'), false);
    const credentials = { username: 'Zoë 日本', password: 'naïve' };
    const request = { method: 'GET', uri: '/p', scope: 'p' };
    expect(server.verify(client.authorization('GET', '/p') ?? '', request, credentials)).to.equal('ok');
    client.challenged('Basic realm="r"', true);
    const token = (client.authorization('POST', '/') ?? '').slice('Basic '.length);
    expect(Buffer.from(token, 'base64').toString('utf8')).to.equal('Zoë 日本:naïve');
  });

  it('accepts a client once per nonce count, refuses replays, old nonces and other paths', () => {
    const clock = new ManualClock();
    const server = new DigestServer('r', clock);
    const client = new HttpAuthenticator(credentials);
    client.challenged(server.challenge('p'), false);
    const request = { method: 'GET', uri: '/p', scope: 'p' };
    const first = client.authorization('GET', '/p') ?? '';
    const second = client.authorization('GET', '/p') ?? '';
    expect(server.verify(first, request, credentials)).to.equal('ok');
    expect(server.verify(first, request, credentials)).to.equal('stale');
    expect(server.verify(second, request, { ...credentials, password: 'x' })).to.equal('refused');
    expect(server.verify(second, { ...request, uri: '/q' }, credentials)).to.equal('refused');
    expect(server.verify(second, { ...request, scope: 'q' }, credentials)).to.equal('stale');
    expect(server.verify(second, request, credentials)).to.equal('ok');
    const late = client.authorization('GET', '/p') ?? '';
    clock.advance(60_001);
    expect(server.verify(late, request, credentials)).to.equal('stale');
  });

  it('accepts the form of RFC 2069, once', () => {
    const server = new DigestServer('r', new ManualClock());
    const client = new HttpAuthenticator(credentials);
    client.challenged(server.challenge('p').replace('qop="auth", ', ''), false);
    const authorization = client.authorization('GET', '/p') ?? '';
    const request = { method: 'GET', uri: '/p', scope: 'p' };
    expect(authorization).to.not.contain('nc=');
    expect(server.verify(authorization, request, credentials)).to.equal('ok');
    expect(server.verify(authorization, request, credentials)).to.equal('stale');
  });
});
