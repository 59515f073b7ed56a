import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { formatDeviceId } from '../../../../src/lab/acs/acs-device.ts';
import { LabAcs } from '../../../../src/lab/acs/lab-acs.ts';
import type { LabAcsOptions } from '../../../../src/lab/acs/lab-acs.ts';
import { CpeFault } from '../../../../src/lab/acs/messages.ts';
import { FakeCpe } from '../../../support/fake-cpe.ts';

describe('LabAcs', () => {
  let acs: LabAcs;
  let cpe: FakeCpe;
  const others: FakeCpe[] = [];

  async function begin(options: LabAcsOptions = {}): Promise<void> {
    acs = new LabAcs(options);
    await acs.start();
    cpe = new FakeCpe(acs.url);
    await cpe.start();
  }

  afterEach(async () => {
    await Promise.all([cpe, ...others.splice(0)].map((each) => each.stop()));
    await acs.stop();
  });

  it('serves a session as GenieACS does: cookie, echoed ID, presets in one request, 204 that closes', async () => {
    await begin();
    const informed = await cpe.post(cpe.inform('0 BOOTSTRAP', '1 BOOT'));
    expect(informed.status).to.equal(200);
    expect(informed.headers['set-cookie']?.[0]).to.match(/^session=[0-9a-f]{16}$/);
    expect(informed.body).to.match(/<cwmp:ID soap-env:mustUnderstand="1">i1<.*<cwmp:InformResponse>/s);
    cpe.cookie = '';
    await cpe.stop();
    await acs.stop();

    await begin();
    expect(await cpe.session('0 BOOTSTRAP')).to.equal(204);
    expect(cpe.requests).to.have.length(4);
    expect(cpe.requests[2]).to.match(/SetParameterValues.*ParameterValueStruct\[5\]/s);
    expect(cpe.parameters.get('Device.ManagementServer.PeriodicInformInterval')?.value).to.equal('300');
    const device = acs.devices.get(cpe.id);
    expect(device?.modelName).to.equal('Fake <1>');
    const last = acs.transcript.at(-1);
    expect([last?.direction, last?.status, last?.deviceId]).to.deep.equal(['toCpe', 204, cpe.id]);
    await acs.waitForIdle(cpe.id);
    expect(await cpe.session('2 PERIODIC')).to.equal(204);
    expect(cpe.requests).to.have.length(4);
  });

  it('performs typed calls through a connection request with the credentials that it wrote', async () => {
    await begin();
    await cpe.session('0 BOOTSTRAP');
    const remote = acs.cpe(cpe.id);
    const name = 'Device.DeviceInfo.ProvisioningCode';
    expect(await remote.getParameterNames('', true)).to.deep.equal([{ name: 'Device.', writable: false }]);
    await remote.setParameterValues([{ name, value: 'a&b', type: 'xsd:string' }]);
    expect(cpe.parameters.get(name)?.value).to.equal('a&amp;b');
    const added = await remote.addObject('Device.Table.');
    expect(added.instanceNumber).to.equal(1);
    await remote.setParameterAttributes([{ name, notification: 2 }]);
    expect((await remote.getParameterAttributes([name]))[0]?.notification).to.equal(2);
    expect(await remote.deleteObject('Device.Table.1.')).to.equal(0);
    const values = await remote.getParameterValues(['Device.DeviceInfo.UpTime']);
    expect(values).to.deep.equal([
      { name: 'Device.DeviceInfo.UpTime', value: '17', type: 'xsd:unsignedInt' },
    ]);
  });

  it('gives faults with their parameters, and 503 as offline', async () => {
    await begin();
    await cpe.session('0 BOOTSTRAP');
    cpe.faults.set('AddObject', '9003');
    const fault: unknown = await acs
      .cpe(cpe.id)
      .addObject('Device.Table.')
      .catch((error: unknown) => error);
    expect(fault).to.be.instanceOf(CpeFault);
    expect(fault)
      .to.have.property('parameterFaults')
      .that.deep.equals([{ name: 'Device.X', code: '9007', text: 'Invalid value' }]);
    await acs.waitForIdle(cpe.id);
    cpe.connectionRequestStatus = 503;
    expect(await acs.connectionRequest(cpe.id)).to.deep.equal({
      status: 503,
      accepted: false,
      text: 'Device is offline',
    });
    expect(acs.devices.get(cpe.id)?.isOnline).to.equal(false);
  });

  it('runs a queued script within one session', async () => {
    await begin({ presets: false });
    const done = acs.queue(cpe.id, async (session) => {
      const names = await session.getParameterNames('Device.DeviceInfo.', true);
      return session.getParameterValues(names.map((entry) => entry.name));
    });
    expect(await cpe.session('2 PERIODIC')).to.equal(204);
    expect(await done).to.have.length(4);
    expect(acs.devices.get(cpe.id)?.informs).to.have.length(1);
  });

  it('refuses with the 400 texts of the field', async () => {
    await begin({ presets: false });
    expect((await cpe.post('')).body).to.equal('Invalid session');
    cpe.reconnect();
    const wrong = cpe.inform('1 BOOT').replaceAll('cwmp-1-2', 'cwmp-1-4');
    expect((await cpe.post(wrong)).body).to.equal('Unrecognized CWMP version');
    cpe.reconnect();
    expect((await cpe.post('<no')).status).to.equal(400);
    cpe.reconnect();

    await cpe.post(cpe.inform('1 BOOT'));
    const twin = new FakeCpe(acs.url);
    others.push(twin);
    await twin.start();
    expect((await twin.post(twin.inform('1 BOOT'))).body).to.equal('CPE already in session');
    const stranger = new FakeCpe(acs.url, '0002');
    others.push(stranger);
    await stranger.start();
    expect((await cpe.post(stranger.inform('1 BOOT'))).body).to.equal('Invalid session');
    expect((await cpe.post('')).body).to.equal('Invalid session');
  });

  it('takes CPE requests only before the first empty POST', async () => {
    await begin({ presets: false });
    await cpe.post(cpe.inform('1 BOOT'));
    const methods = await cpe.post(cpe.envelope('m', '<cwmp:GetRPCMethods/>'));
    expect(methods.body).to.contain('<string>TransferComplete</string>');
    const kicked = await cpe.post(cpe.envelope('k', '<cwmp:Kicked/>'));
    expect(kicked.body).to.contain('<FaultCode>8000</FaultCode>');
    void acs.queue(cpe.id, { rpc: 'GetRPCMethods' }).catch(() => undefined);
    expect((await cpe.post('')).status).to.equal(200);
    expect((await cpe.post(cpe.envelope('m', '<cwmp:GetRPCMethods/>'))).body).to.equal('Bad session state');
  });

  it('goes on with the cookie on another connection, and holds the device until a broken session times out', async () => {
    await begin({ presets: false, sessionTimeoutMs: 150 });
    await cpe.post(cpe.inform('1 BOOT'));
    cpe.reconnect();
    expect((await cpe.post('')).status).to.equal(204);
    await acs.waitForIdle(cpe.id);
    cpe.cookie = '';
    cpe.reconnect();
    await cpe.post(cpe.inform('1 BOOT'));
    cpe.cookie = '';
    cpe.reconnect();
    expect((await cpe.post(cpe.inform('1 BOOT'))).body).to.equal('CPE already in session');
    await acs.waitForIdle(cpe.id);
    cpe.reconnect();
    expect((await cpe.post(cpe.inform('1 BOOT'))).status).to.equal(200);
  });

  it('demands Digest once per connection, and closes on a wrong password', async () => {
    await begin({ presets: false, authentication: { scheme: 'digest', username: 'u', password: 'p' } });
    const first = await cpe.post(cpe.inform('1 BOOT'));
    expect(first.status).to.equal(401);
    const challenge = String(first.headers['www-authenticate']);
    expect(challenge).to.match(/^Digest realm="GenieACS",qop="auth,auth-int",nonce="[0-9a-f]{32}"$/);
    const nonce = /nonce="(\w+)"/.exec(challenge)?.[1] ?? '';
    const authorize = (password: string): Record<string, string> => {
      const md5 = (text: string): string => createHash('md5').update(text).digest('hex');
      const response = md5(`${md5(`u:GenieACS:${password}`)}:${nonce}:00000001:c:auth:${md5('POST:/acs')}`);
      return {
        Authorization: `Digest username="u", realm="GenieACS", nonce="${nonce}", uri="/acs", qop=auth, nc=00000001, cnonce="c", response="${response}"`,
      };
    };
    expect((await cpe.post(cpe.inform('1 BOOT'), authorize('p'))).status).to.equal(200);
    expect((await cpe.post('')).status).to.equal(204);
    cpe.cookie = '';
    cpe.reconnect();
    expect((await cpe.post(cpe.inform('1 BOOT'), authorize('p'))).headers['www-authenticate']).to.be.a(
      'string',
    );
    cpe.reconnect();
    const basic = (text: string): Record<string, string> => ({
      Authorization: `Basic ${Buffer.from(text).toString('base64')}`,
    });
    const denied = await cpe.post(cpe.inform('1 BOOT'), basic('u:x'));
    expect([denied.status, denied.headers['www-authenticate'], denied.headers.connection]).to.deep.equal([
      401,
      undefined,
      'close',
    ]);
    cpe.reconnect();
    expect((await cpe.post(cpe.inform('1 BOOT'), basic('u:p'))).status).to.equal(200);
  });

  it('accepts gzip, answers gzip and chunked', async () => {
    await begin({ presets: false, gzip: true, chunked: true });
    const answer = await cpe.post(cpe.inform('1 BOOT'));
    expect([answer.headers['content-encoding'], answer.headers['transfer-encoding']]).to.deep.equal([
      'gzip',
      'chunked',
    ]);
    const body = gzipSync(cpe.envelope('m', '<cwmp:GetRPCMethods/>'));
    expect((await cpe.post(body, { 'Content-Encoding': 'gzip' })).status).to.equal(200);
    expect(acs.transcript.at(-1)?.rpc).to.equal('GetRPCMethodsResponse');
  });

  it('lets a script answer in its place', async () => {
    await begin({ presets: false });
    const answers = [
      { kind: 'fault', code: '8005', text: 'Retry' },
      { kind: 'redirect', status: 307, location: 'http://127.0.0.1:1/' },
      { kind: 'http', status: 500, body: 'broken' },
      { kind: 'drop' },
      { kind: 'modified', soapHeader: { holdRequests: true, useCwmpVersion: '1.4' } },
    ] as const;
    let turn = 0;
    acs.script(cpe.id, () => answers[turn++]);
    const fault = await cpe.post(cpe.inform('1 BOOT'));
    expect(fault.body).to.match(/>i1<.*<FaultCode>8005</s);
    const redirect = await cpe.post(cpe.inform('1 BOOT'));
    expect([redirect.status, redirect.headers.location]).to.deep.equal([307, 'http://127.0.0.1:1/']);
    expect((await cpe.post(cpe.inform('1 BOOT'))).status).to.equal(500);
    const dropped: unknown = await cpe.post(cpe.inform('1 BOOT')).catch((error: unknown) => error);
    expect(dropped).to.be.instanceOf(Error);
    const held = await cpe.post(cpe.inform('1 BOOT'));
    expect(held.body).to.match(/HoldRequests soap-env:mustUnderstand="1">1<.*UseCWMPVersion[^>]*>1\.4</);
    expect((await cpe.post('')).status).to.equal(204);
  });

  it('waits for Informs, past or future', async () => {
    await begin({ presets: false });
    const future = acs.waitForInform(cpe.id, (inform) => inform.events[0]?.code === '4 VALUE CHANGE');
    await cpe.session('1 BOOT');
    const seen = acs.informCount;
    await acs.waitForIdle(cpe.id);
    await cpe.session('4 VALUE CHANGE');
    expect((await future).sequence).to.equal(2);
    expect((await acs.waitForInform('*')).events[0]?.code).to.equal('1 BOOT');
    expect((await acs.waitForInform('*', () => true, 1000, seen)).sequence).to.equal(2);
    const late: unknown = await acs.waitForInform(cpe.id, () => false, 10).catch((error: unknown) => error);
    expect(late)
      .to.have.property('message')
      .that.matches(/timed out after 10 ms/);
  });

  it('writes device ids as GenieACS does', () => {
    expect(formatDeviceId({ oui: '00D09E', productClass: 'A-b c', serialNumber: 'é_1' })).to.equal(
      '00D09E-A%2Db%20c-%C3%A9_1',
    );
    expect(formatDeviceId({ oui: '00D09E', productClass: '', serialNumber: '1' })).to.equal('00D09E-1');
  });
});
