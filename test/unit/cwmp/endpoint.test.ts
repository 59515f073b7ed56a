import { gzipSync } from 'node:zlib';

import { expect } from 'chai';

import {
  ScriptedAcs,
  acsEnvelope,
  acsFault,
  callingSession,
  emptySession,
  eventCodes,
  informResponse,
} from '../../support/scripted-acs.ts';
import { waitFor } from '../../support/wait-for.ts';
import { EndpointFixture, stopAtOnce } from './endpoint-fixture.ts';

const GPV =
  '<cwmp:GetParameterValues><ParameterNames soap-enc:arrayType="xsd:string[1]"><string>Device.DeviceInfo.SoftwareVersion' +
  '</string></ParameterNames></cwmp:GetParameterValues>';
const spv = (name: string, value: string, key = 'k1'): string =>
  '<cwmp:SetParameterValues><ParameterList><ParameterValueStruct>' +
  `<Name>${name}</Name><Value>${value}</Value></ParameterValueStruct></ParameterList>` +
  `<ParameterKey>${key}</ParameterKey></cwmp:SetParameterValues>`;

describe('CwmpEndpoint', () => {
  let acs: ScriptedAcs;
  let fixture: EndpointFixture;
  const fixtures: EndpointFixture[] = [];

  const make = (...args: ConstructorParameters<typeof EndpointFixture>): EndpointFixture => {
    const made = new EndpointFixture(...args);
    fixtures.push(made);
    return made;
  };
  const idle = (sessions: number): Promise<unknown> =>
    waitFor(
      () => acs.informs.length >= sessions && !fixture.endpoint.status().inSession,
      `${sessions} sessions to be over`,
    );

  beforeEach(async () => {
    acs = await ScriptedAcs.start();
    fixture = make(acs.url);
  });
  afterEach(async () => {
    for (const one of fixtures.splice(0)) await stopAtOnce(one);
    await acs.stop();
  });

  it('introduces itself once with 0 BOOTSTRAP and 1 BOOT on one connection', async () => {
    await fixture.endpoint.start();
    await idle(1);
    const [inform, empty] = acs.requests;
    expect(acs.requests).to.have.length(2);
    expect(acs.connections).to.equal(1);
    expect(eventCodes(inform!)).to.deep.equal(['0 BOOTSTRAP', '1 BOOT']);
    expect(inform!.body).to.contain('<RetryCount>0</RetryCount>').and.contain('>1.0</Value>');
    expect(inform!.body).to.contain('>1.0,1.1,1.2,1.3,1.4<').and.contain('cwmp-1-2');
    expect(inform!.id).to.match(/^[0-9a-zA-Z]+$/);
    expect(inform!.headers).to.include({ 'content-type': 'text/xml; charset=utf-8', soapaction: '' });
    expect(empty!.body).to.equal('');
    expect(empty!.headers).to.not.have.any.keys('soapaction', 'content-type');
    expect(fixture.endpoint.status()).to.deep.include({ pendingEvents: [], retryCount: 0, inSession: false });
    expect(fixture.endpoint.status().lastInform?.result).to.equal('succeeded');
    expect(fixture.endpoint.status().connectionRequestUrl).to.equal('http://127.0.0.1:7547/');
  });

  it('sends no second BOOTSTRAP after a restart, and repeats one that was not delivered', async () => {
    acs.script = () => 'drop';
    await fixture.endpoint.start();
    await idle(1);
    const again = make(acs.url, { store: fixture.store });
    acs.script = emptySession();
    acs.requests.length = 0;
    fixture = again;
    await again.endpoint.start();
    await idle(1);
    expect(eventCodes(acs.informs[0]!)).to.deep.equal(['0 BOOTSTRAP', '1 BOOT']);
    const third = make(acs.url, { store: fixture.store });
    await third.endpoint.start();
    expect(third.endpoint.status().pendingEvents).to.deep.equal([]);
    expect(third.endpoint.connectionRequestUrl).to.equal(fixture.endpoint.connectionRequestUrl);
  });

  it('reports a new ConnectionRequestURL as a VALUE CHANGE, once, and advertises it from then on', async () => {
    await fixture.endpoint.start();
    await idle(1);
    fixture.listener.addressChanged();
    const url = fixture.endpoint.connectionRequestUrl;
    expect(url).to.match(/^http:\/\/192\.0\.2\.1:7547\/./);
    await idle(2);
    expect(eventCodes(acs.informs[1]!)).to.deep.equal(['4 VALUE CHANGE']);
    expect(acs.informs[1]!.body).to.contain('Device.ManagementServer.ConnectionRequestURL');
    await fixture.endpoint.enqueueEvent('2 PERIODIC');
    await idle(3);
    expect(eventCodes(acs.informs[2]!)).to.deep.equal(['2 PERIODIC']);
  });

  it('answers requests with their ID, sets the ParameterKey on success only and keeps it', async () => {
    acs.script = callingSession([
      GPV,
      spv('Device.Nope', '1', 'bad'),
      spv('Device.Time.Enable', 'true', 'good'),
    ]);
    await fixture.endpoint.start();
    await idle(1);
    const [, , values, fault, set] = acs.requests;
    expect([values!.id, fault!.id, set!.id]).to.deep.equal(['call1', 'call2', 'call3']);
    expect(values!.body).to.contain('xsi:type="xsd:string">1.0<');
    expect(fault!.body).to.contain('<FaultCode>9003</FaultCode>').and.contain('<ParameterName>Device.Nope<');
    expect(fault!.body).to.contain('<FaultCode>9005</FaultCode>');
    expect(set!.body).to.contain('<Status>0</Status>');
    expect(fixture.provider.values.get('Device.Time.Enable')).to.equal('true');
    expect(make(acs.url, { store: fixture.store }).endpoint.parameterKey).to.equal('good');
  });

  it('returns cookies within the session and not in the next one', async () => {
    acs.script = (request) =>
      request.message === 'Inform'
        ? {
            body: informResponse(request),
            headers: { 'Set-Cookie': ['a=1; Path=/', 'b=2', 'c=3; Path=/other'] },
          }
        : {};
    await fixture.endpoint.start();
    await idle(1);
    await fixture.endpoint.enqueueEvent('6 CONNECTION REQUEST');
    await idle(2);
    expect(acs.requests.map(({ headers }) => headers.cookie)).to.deep.equal([
      undefined,
      'a=1; b=2',
      undefined,
      'a=1; b=2',
    ]);
  });

  it('follows a redirect for the session, and starts the next one at its URL', async () => {
    const other = await ScriptedAcs.start();
    acs.script = () => ({ status: 307, headers: { Location: other.url } });
    await fixture.endpoint.start();
    await waitFor(() => other.requests.length === 2, 'the redirected session');
    expect(other.informs[0]!.body).to.equal(acs.informs[0]!.body);
    await waitFor(() => !fixture.endpoint.status().inSession, 'end');
    await fixture.endpoint.enqueueEvent('6 CONNECTION REQUEST');
    await waitFor(() => other.requests.length === 4, 'the second session');
    expect(acs.requests).to.have.length(2);
    await other.stop();
  });

  it('authenticates with Digest, takes a new nonce in mid-session, and does not loop on a wrong password', async () => {
    const challenge = (nonce: string): { status: number; headers: Record<string, string> } => ({
      status: 401,
      headers: { 'WWW-Authenticate': `Digest realm="GenieACS",qop="auth,auth-int",nonce="${nonce}"` },
    });
    acs.script = (request, all) => {
      const { authorization } = request.headers;
      if (authorization === undefined) return challenge('n1');
      if (request.message === '' && String(authorization).includes('"n1"')) return challenge('n2');
      return emptySession()(request, all);
    };
    await fixture.endpoint.start();
    await waitFor(() => acs.requests.length === 4, 'the session');
    await waitFor(() => !fixture.endpoint.status().inSession, 'its end');
    expect(acs.connections).to.equal(1);
    expect(acs.requests[1]!.headers.authorization).to.contain('username="cpe"').and.contain('nc=00000001');
    expect(acs.requests[3]!.headers.authorization).to.contain('"n2"');
    acs.script = () => challenge('n3');
    acs.requests.length = 0;
    await fixture.endpoint.enqueueEvent('6 CONNECTION REQUEST');
    await idle(2);
    expect(acs.requests).to.have.length(2);
    expect(fixture.endpoint.status().lastInform?.error).to.contain('401');
    expect(JSON.stringify(fixture.endpoint.status())).to.not.contain('secret');
  });

  it('gives up after five redirects', async () => {
    acs.script = () => ({ status: 302, headers: { Location: '/again' } });
    await fixture.endpoint.start();
    await idle(6);
    expect(acs.requests).to.have.length(6);
    expect(fixture.endpoint.status().lastInform?.error).to.contain('redirected');
  });

  it('goes on with the same message and cookie on a new connection when the ACS drops one mid-session', async () => {
    let dropped = false;
    acs.script = (request) => {
      if (request.message === 'Inform')
        return { body: informResponse(request), headers: { 'Set-Cookie': 's=1' } };
      if (dropped) return {};
      dropped = true;
      return 'drop';
    };
    await fixture.endpoint.start();
    await idle(1);
    expect(acs.connections).to.equal(2);
    expect(acs.requests[2]!.headers.cookie).to.equal('s=1');
    expect(fixture.endpoint.status().lastInform?.result).to.equal('succeeded');
  });

  it('survives Connection: close between messages and gzip answers', async () => {
    acs.script = (request) =>
      request.message === 'Inform'
        ? {
            body: gzipSync(informResponse(request)),
            headers: { 'Content-Encoding': 'gzip', Connection: 'close' },
          }
        : {};
    await fixture.endpoint.start();
    await idle(1);
    expect(acs.connections).to.equal(2);
    expect(fixture.endpoint.status().lastInform?.result).to.equal('succeeded');
  });

  it('retries with RetryCount after the wait, at once on a new event, and starts over after a success', async () => {
    acs.script = () => ({ status: 400, body: 'CPE already in session' });
    await fixture.endpoint.start();
    await idle(1);
    expect(fixture.endpoint.status()).to.include({ retryCount: 1 });
    expect(fixture.endpoint.status().lastInform?.error).to.contain('CPE already in session');
    fixture.clock.advance(4999);
    fixture.endpoint.reachabilityChanged();
    expect(fixture.endpoint.status().inSession).to.equal(false);
    fixture.clock.advance(1);
    await idle(2);
    expect(acs.informs[1]!.body).to.contain('<RetryCount>1</RetryCount>');
    acs.script = emptySession();
    await fixture.endpoint.enqueueEvent('8 DIAGNOSTICS COMPLETE');
    await idle(3);
    expect(acs.informs[2]!.body).to.contain('<RetryCount>2</RetryCount>');
    expect(eventCodes(acs.informs[2]!)).to.deep.equal(['0 BOOTSTRAP', '1 BOOT', '8 DIAGNOSTICS COMPLETE']);
    expect(fixture.endpoint.status().retryCount).to.equal(0);
  });

  it('calls a session lost when the ACS is silent for its timeout', async () => {
    acs.script = () => new Promise(() => undefined);
    await fixture.endpoint.start();
    await waitFor(() => acs.informs.length === 1, 'the Inform');
    fixture.clock.advance(59_000);
    expect(fixture.endpoint.status().inSession).to.equal(true);
    fixture.clock.advance(1000);
    await idle(1);
    expect(fixture.endpoint.status().retryCount).to.equal(1);
  });

  it('resends the Inform on 8005 and offers an older version after 8006', async () => {
    acs.script = (request, all) => {
      if (all.length === 1) return { body: acsFault(request, 8005) };
      return all.length === 2 ? { body: acsFault(request, 8006) } : emptySession()(request, all);
    };
    await fixture.endpoint.start();
    await idle(2);
    fixture.clock.advance(5000);
    await idle(3);
    expect(acs.informs.map(({ body }) => /cwmp-1-\d/.exec(body)?.[0])).to.deep.equal([
      'cwmp-1-2',
      'cwmp-1-2',
      'cwmp-1-1',
    ]);
    expect(fixture.endpoint.status().lastInform?.result).to.equal('succeeded');
  });

  it('opens a session for an active notification, adds passive ones to it, and honours the throttle', async () => {
    await fixture.endpoint.start();
    await idle(1);
    fixture.change('Device.Time.Enable', 'true');
    fixture.change('Device.DeviceInfo.SoftwareVersion', '2.0');
    await idle(2);
    expect(eventCodes(acs.informs[1]!)).to.deep.equal(['4 VALUE CHANGE']);
    expect(acs.informs[1]!.body).to.contain('>2.0</Value>').and.not.contain('Device.Time.Enable');
    await fixture.settings.update({ defaultActiveNotificationThrottle: 30 });
    fixture.change('Device.DeviceInfo.SoftwareVersion', '3.0');
    fixture.clock.advance(29_000);
    expect(acs.informs).to.have.length(2);
    fixture.clock.advance(1000);
    await idle(3);
    expect(acs.informs[2]!.body).to.contain('>3.0</Value>');
  });

  it('does not wait for a device that does not answer, and tells the value that it knows', async () => {
    await fixture.endpoint.start();
    await idle(1);
    acs.script = callingSession([
      '<cwmp:SetParameterAttributes><ParameterList><SetParameterAttributesStruct><Name>Device.Far.</Name>' +
        '<NotificationChange>1</NotificationChange><Notification>2</Notification><AccessListChange>0</AccessListChange>' +
        '<AccessList></AccessList></SetParameterAttributesStruct></ParameterList></cwmp:SetParameterAttributes>',
    ]);
    let told = 0;
    fixture.endpoint.onAttributesChange(() => void told++);
    expect(fixture.listener.call()).to.equal('accepted');
    await idle(2);
    expect(told).to.equal(1);
    expect(fixture.endpoint.watchedParameters().map(({ path }) => path)).to.include('Device.Far.Value');
    fixture.remote.hang = true;
    acs.script = emptySession();
    fixture.change('Device.Far.Value', '7');
    await waitFor(() => fixture.endpoint.status().inSession, 'the session');
    fixture.clock.advance(5000);
    await idle(3);
    expect(acs.informs[2]!.body).to.contain('Device.Far.Value').and.contain('>7</Value>');
  });

  it('forgets the attributes of a row that is gone, not of a parameter: that may come back', async () => {
    await fixture.endpoint.start();
    await idle(1);
    acs.script = callingSession([
      '<cwmp:SetParameterAttributes><ParameterList><SetParameterAttributesStruct><Name>Device.Far.</Name>' +
        '<NotificationChange>1</NotificationChange><Notification>2</Notification><AccessListChange>0</AccessListChange>' +
        '<AccessList></AccessList></SetParameterAttributesStruct></ParameterList></cwmp:SetParameterAttributes>',
    ]);
    fixture.listener.call();
    await idle(2);
    const watched = (): string[] => fixture.endpoint.watchedParameters().map(({ path }) => path);
    expect(watched()).to.include('Device.Far.Value');
    const add = (): void =>
      void fixture.model.addParameter('Device.Far.Value', { provider: fixture.remote, type: 'string' });
    fixture.model.remove('Device.Far.Value');
    add();
    await Promise.resolve();
    expect(watched()).to.include('Device.Far.Value');
    const leaveAndReturn = async (path: string): Promise<void> => {
      fixture.model.remove(path);
      await waitFor(() => !watched().includes('Device.Far.Value'), 'the parameter to go');
      await new Promise((resolve) => setImmediate(resolve));
      add();
      await waitFor(() => fixture.model.find('Device.Far.Value'), 'its return');
      await new Promise((resolve) => setImmediate(resolve));
    };
    await leaveAndReturn('Device.Far.Value');
    expect(watched()).to.include('Device.Far.Value');
  });

  it('answers 9002 for a device that is too slow and keeps the session', async () => {
    fixture.remote.hang = true;
    acs.script = callingSession([GPV.replace('Device.DeviceInfo.SoftwareVersion', 'Device.Far.Value'), GPV]);
    await fixture.endpoint.start();
    await waitFor(() => acs.requests.length === 2, 'the call');
    await waitFor(
      () => fixture.clock.pendingCount > 0 && fixture.clock.nextDelayMs === 20_000,
      'the deadline',
    );
    fixture.clock.advance(20_000);
    await idle(1);
    expect(acs.requests[2]!.body).to.contain('<FaultCode>9002</FaultCode>');
    expect(acs.requests[3]!.body).to.contain('>1.0<');
  });

  it('runs exactly one session after connection requests during a session; 503 while offline', async () => {
    let go = (): void => undefined;
    const gate = new Promise<void>((resolve) => (go = resolve));
    acs.script = async (request) => {
      if (request.message === 'Inform') return { body: informResponse(request) };
      await gate;
      return {};
    };
    await fixture.endpoint.start();
    await waitFor(() => acs.requests.length === 2, 'the empty POST');
    for (let i = 0; i < 5; i++) expect(fixture.listener.call()).to.equal('accepted');
    go();
    await idle(2);
    expect(acs.informs).to.have.length(2);
    expect(eventCodes(acs.informs[1]!)).to.deep.equal(['6 CONNECTION REQUEST']);
    fixture.reachable = false;
    expect(fixture.listener.call()).to.equal('offline');
    await fixture.settings.update({ enableCwmp: false });
    expect(fixture.listener.call()).to.equal('busy');
  });

  it('holds sessions back while the device is away', async () => {
    fixture.reachable = false;
    await fixture.endpoint.start();
    expect(fixture.endpoint.status().inSession).to.equal(false);
    fixture.reachable = true;
    fixture.endpoint.reachabilityChanged();
    await idle(1);
  });

  it('informs periodically in phase, whatever the wall clock does', async () => {
    await fixture.settings.update({
      periodicInformEnable: true,
      periodicInformInterval: 300,
      periodicInformTime: '2026-01-01T00:01:00Z',
    });
    await fixture.endpoint.start();
    await idle(1);
    fixture.clock.advance(59_999);
    expect(acs.informs).to.have.length(1);
    fixture.clock.advance(1);
    await idle(2);
    expect(eventCodes(acs.informs[1]!)).to.deep.equal(['2 PERIODIC']);
    fixture.clock.jumpWallClock(-86_400_000);
    for (let second = 0; second < 300; second += 10) fixture.clock.advance(10_000);
    await idle(3);
    await fixture.settings.update({ periodicInformEnable: false });
    fixture.clock.advance(1_000_000);
    expect(fixture.endpoint.status().pendingEvents).to.deep.equal([]);
  });

  it('keeps ScheduleInform orders over a restart and reports each key', async () => {
    const order = (key: string): string =>
      `<cwmp:ScheduleInform><DelaySeconds>100</DelaySeconds><CommandKey>${key}</CommandKey></cwmp:ScheduleInform>`;
    acs.script = callingSession([order('a'), order('b'), order('c').replace('100', '0')]);
    await fixture.endpoint.start();
    await idle(1);
    expect(acs.requests[4]!.body).to.contain('<FaultCode>9003</FaultCode>');
    await fixture.endpoint.stop();
    acs.requests.length = 0;
    acs.script = emptySession();
    fixture = make(acs.url, { store: fixture.store });
    await fixture.endpoint.start();
    for (let i = 0; i < 10; i++) fixture.clock.advance(10_000);
    await idle(1);
    expect(eventCodes(acs.informs[0]!)).to.deep.equal([
      '3 SCHEDULED',
      'M ScheduleInform',
      'M ScheduleInform',
    ]);
  });

  it('finishes the session with the old ACS after a URL change, then introduces itself to the new one', async () => {
    const other = await ScriptedAcs.start();
    acs.script = callingSession([spv('Device.ManagementServer.URL', other.url), GPV]);
    await fixture.endpoint.start();
    await waitFor(() => other.requests.length === 2, 'the session with the new ACS');
    expect(acs.requests.map(({ message }) => message)).to.deep.equal([
      'Inform',
      '',
      'SetParameterValuesResponse',
      'GetParameterValuesResponse',
    ]);
    expect(eventCodes(other.informs[0]!)).to.deep.equal(['0 BOOTSTRAP']);
    await waitFor(() => !fixture.endpoint.status().inSession, 'end');
    await fixture.settings.update({ url: other.url });
    expect(fixture.endpoint.status().pendingEvents).to.deep.equal([]);
    await other.stop();
  });

  it('answers a method it does not know with 9000 and an unknown header that must be understood with a fault', async () => {
    acs.script = (request, all) => {
      if (request.message === 'Inform') return { body: informResponse(request) };
      if (all.length === 2) return { body: acsEnvelope('<cwmp:Reboot><CommandKey/></cwmp:Reboot>') };
      if (all.length > 3) return {};
      const header = '<x:Odd xmlns:x="urn:odd" soap-env:mustUnderstand="1">1</x:Odd>';
      return { body: acsEnvelope(GPV, 'odd1', header) };
    };
    await fixture.endpoint.start();
    await idle(1);
    expect(acs.requests[2]!.body).to.contain('<FaultCode>9000</FaultCode>');
    expect(acs.requests[3]!.body).to.contain('MustUnderstand');
    expect(fixture.endpoint.status().lastInform?.result).to.equal('succeeded');
  });
});
