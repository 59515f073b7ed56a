import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';

import { expect } from 'chai';

import { getParameterValues, scheduleInform, setParameterValues } from '../../support/acs-calls.ts';
import {
  acsEnvelope,
  acsFault,
  callingSession,
  emptySession,
  eventCodes,
  informResponse,
} from '../../support/scripted-acs.ts';
import { waitFor } from '../../support/wait-for.ts';
import { EndpointFixture } from './endpoint-fixture.ts';
import { EndpointSuite } from './endpoint-suite.ts';

const SOFTWARE = 'Device.DeviceInfo.SoftwareVersion';

describe('CwmpEndpoint on the wire', () => {
  const suite = new EndpointSuite();

  it('reaches an ACS that closes the connection after its challenge', async () => {
    const fixture = suite.make();
    const challenge = {
      status: 401,
      headers: { 'WWW-Authenticate': 'Digest realm="r",qop="auth",nonce="n1"' },
    };
    suite.acs.script = (request, all) => {
      const { authorization } = request.headers;
      if (authorization === undefined) return challenge;
      // The connection of the challenge is gone by the time that the answer to it comes.
      if (request.connection === 1) return 'drop';
      return emptySession()(request, all);
    };
    await fixture.endpoint.start();
    await suite.idle(fixture, 3);
    expect(fixture.endpoint.status().lastInform?.result).to.equal('succeeded');
    expect(suite.acs.connections).to.equal(2);
  });

  it('shows its password to nobody on the way: Basic is answered over TLS only', async () => {
    const fixture = suite.make();
    suite.acs.script = () => ({ status: 401, headers: { 'WWW-Authenticate': 'Basic realm="acs"' } });
    await fixture.endpoint.start();
    await suite.idle(fixture, 1);
    expect(suite.acs.requests).to.have.length(1);
    expect(fixture.endpoint.status().lastInform?.error).to.contain('over https');
  });

  it('sends a user name of any script', async () => {
    const fixture = suite.make({ settings: { username: 'Zoë 日本' } });
    suite.acs.script = (request, all) =>
      request.headers.authorization === undefined
        ? { status: 401, headers: { 'WWW-Authenticate': 'Digest realm="r",qop="auth",nonce="n1"' } }
        : emptySession()(request, all);
    await fixture.endpoint.start();
    await suite.idle(fixture, 2);
    const sent = Buffer.from(String(suite.acs.requests[1]?.headers.authorization), 'latin1').toString('utf8');
    expect(sent).to.contain('username="Zoë 日本"');
    expect(fixture.endpoint.status().lastInform?.result).to.equal('succeeded');
  });

  it('reads faults that come with HTTP 500', async () => {
    const fixture = suite.make();
    suite.acs.script = (request, all) => {
      if (all.length === 1) return { status: 500, body: acsFault(request, 8005) };
      return all.length === 2
        ? { status: 500, body: acsFault(request, 8001) }
        : { status: 500, body: '<html>Envelopes are out</html>' };
    };
    await fixture.endpoint.start();
    await suite.idle(fixture, 2);
    expect(fixture.endpoint.status().lastInform?.error).to.contain('8001');
    fixture.clock.advance(5000);
    await suite.idle(fixture, 3);
    expect(fixture.endpoint.status().lastInform?.error).to.contain('bad envelope');
    suite.acs.script = () => ({ status: 500, body: 'Internal Server Error' });
    fixture.clock.advance(10_000);
    await suite.idle(fixture, 4);
    expect(fixture.endpoint.status().lastInform?.error).to.contain('HTTP 500: Internal Server Error');
  });

  it('speaks the version that the ACS wants, to the end of the session', async () => {
    const fixture = suite.make();
    const header = '<cwmp:UseCWMPVersion soap-env:mustUnderstand="1">1.1</cwmp:UseCWMPVersion>';
    const calls = callingSession([getParameterValues(SOFTWARE)]);
    suite.acs.script = (request, all) =>
      request.message === 'Inform' ? { body: informResponse(request, header) } : calls(request, all);
    await fixture.endpoint.start();
    await suite.idle(fixture, 1);
    expect(suite.acs.requests[0]?.body).to.contain('cwmp-1-2');
    expect(suite.acs.requests[2]?.body).to.contain('GetParameterValuesResponse').and.contain('cwmp-1-1');
    fixture.listener.call();
    await suite.idle(fixture, 2);
    expect(suite.acs.informs[1]?.body).to.contain('cwmp-1-2');
  });

  it('counts characters, not the units of their encoding', async () => {
    const fixture = suite.make();
    suite.acs.script = callingSession([
      setParameterValues({ 'Device.Time.Enable': '1' }, '😀'.repeat(32)),
      setParameterValues({ 'Device.Time.Enable': '1' }, '😀'.repeat(33)),
      scheduleInform(9, '😀'.repeat(32)),
      scheduleInform(9, '😀'.repeat(33)),
    ]);
    await fixture.endpoint.start();
    await suite.idle(fixture, 1);
    expect(suite.acs.requests.slice(2).map(({ body }) => /Response|9003/.exec(body)?.[0])).to.deep.equal([
      'Response',
      '9003',
      'Response',
      '9003',
    ]);
    expect(fixture.endpoint.parameterKey).to.equal('😀'.repeat(32));
  });

  it('obeys an interval that the ACS sets in a session', async () => {
    const fixture = suite.make({
      settings: { periodicInformEnable: true, periodicInformInterval: 86_400 },
    });
    const path = 'Device.ManagementServer.PeriodicInformInterval';
    fixture.model.addParameter(path, { provider: fixture.provider, type: 'unsignedInt', writable: true });
    fixture.provider.onApply = (changes) => {
      for (const { value } of changes)
        void fixture.settings.update({ periodicInformInterval: Number(value) });
    };
    suite.acs.script = callingSession([setParameterValues({ [path]: '30' })]);
    await fixture.endpoint.start();
    await suite.idle(fixture, 1);
    fixture.clock.advance(30_000);
    await suite.idle(fixture, 2);
    expect(eventCodes(suite.acs.informs[1]!)).to.deep.equal(['2 PERIODIC']);
  });

  describe('with an ACS whose answers come octet by octet', () => {
    let server: Server;
    let fixture: EndpointFixture;
    const received: string[] = [];

    before(async () => {
      server = createServer({ noDelay: true }, (socket) => {
        let text = '';
        socket.on('error', () => undefined);
        socket.on('data', (chunk: Buffer) => {
          text += chunk.toString('utf8');
          const head = text.indexOf('\r\n\r\n');
          const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0);
          if (head < 0 || Buffer.byteLength(text.slice(head + 4)) < length) return;
          const body = text.slice(head + 4);
          text = '';
          received.push(body);
          void trickle(answerTo(body));
        });
        const trickle = async (answer: string): Promise<void> => {
          for (const octet of Buffer.from(answer)) {
            await new Promise((resolve) => socket.write(Buffer.of(octet), resolve));
            await new Promise((resolve) => setImmediate(resolve));
          }
        };
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      fixture = new EndpointFixture(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    });
    after(async () => {
      await fixture.endpoint.stop();
      server.close();
    });

    function answerTo(body: string): string {
      const chunked = (text: string): string =>
        `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n0\r\n\r\n`;
      const ok = 'HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n';
      if (body.includes('Inform>')) {
        const answer = acsEnvelope(
          '<cwmp:InformResponse><MaxEnvelopes>1</MaxEnvelopes></cwmp:InformResponse>',
          '1',
        );
        return `${ok}Set-Cookie: s=ä\r\nContent-Length: ${Buffer.byteLength(answer)}\r\n\r\n${answer}`;
      }
      if (body === '') {
        return `${ok}Transfer-Encoding: chunked\r\n\r\n${chunked(acsEnvelope(getParameterValues(SOFTWARE), '日本'))}`;
      }
      return 'HTTP/1.1 204 No Content\r\n\r\n';
    }

    it('understands them', async () => {
      await fixture.endpoint.start();
      await waitFor(() => received.length === 3, 'the response');
      await waitFor(
        () => fixture.endpoint.status().lastInform?.result === 'succeeded',
        'the end of the session',
      );
      expect(received[2]).to.contain('>日本<').and.contain('GetParameterValuesResponse');
    });
  });
});
