import { expect } from 'chai';
import { CpeFault } from '../../src/lab/acs/messages.ts';
import type { LabAcsOptions } from '../../src/lab/acs/lab-acs.ts';
import { House } from '../support/house.ts';
import { waitFor } from '../support/wait-for.ts';

const WIFI = '0090D5-AP5-AP5000300';

/**
 * What deployed ACSs do to a CPE, as observed on the wire of GenieACS 1.2.16 and read of perl-cwmp. The numbers are those of the
 * observations; those that concern file transfers, Reboot and FactoryReset wait for these RPCs, those that concern only the ACS
 * itself need no test here.
 */
describe('what a deployed ACS does', () => {
  let house: House | undefined;

  async function open(acs: LabAcsOptions = {}, credentials = { username: '', password: '' }): Promise<House> {
    const opened = await House.open({
      acs,
      config: (config) => ({ ...config, acs: { ...config.acs, ...credentials } }),
    });
    house = opened;
    await opened.addDevice({ profile: 'wifi' });
    return opened;
  }

  async function bootstrapped(acs: LabAcsOptions = {}): Promise<House> {
    const opened = await open(acs);
    await opened.startDaemon();
    await opened.acs.waitForInform(WIFI);
    await opened.acs.waitForIdle(WIFI);
    return opened;
  }

  afterEach(async () => {
    await house?.close();
    house = undefined;
  });

  it('1, 2, 3: one connection a session, its cookie on every request after the Inform, nothing after the 204', async () => {
    const { acs } = await bootstrapped();
    // The lab ACS answers 400 to a foreign connection, a missing cookie or a late request: none of that came.
    const statuses = acs.transcript
      .filter(({ direction }) => direction === 'toCpe')
      .map(({ status }) => status);
    expect(statuses).not.to.include(400);
    expect(statuses.at(-1)).to.equal(204);
  });

  it('4: "CPE already in session" is a failed session, tried again with RetryCount 1 after a wait', async () => {
    const opened = await open();
    let refusals = 0;
    opened.acs.script('*', () => {
      refusals += 1;
      return refusals === 1 ? { kind: 'http', status: 400, body: 'CPE already in session' } : undefined;
    });
    await opened.startDaemon();
    const since = performance.now();
    const inform = await opened.acs.waitForInform(WIFI, ({ retryCount }) => retryCount === 1, 20_000);
    expect(performance.now() - since).to.be.greaterThan(4000);
    expect(inform.events.map(({ code }) => code)).to.include('0 BOOTSTRAP');
  });

  it('7: 503 with Retry-After is a failed session, no loop', async () => {
    const opened = await open();
    let requests = 0;
    opened.acs.script('*', () => {
      requests += 1;
      return { kind: 'http', status: 503, headers: { 'Retry-After': '60', Connection: 'close' } };
    });
    await opened.startDaemon();
    await waitFor(() => opened.daemon?.status().endpoints[0]?.retryCount === 1, 'the failed session');
    expect(requests).to.equal(1);
  });

  it('11: the ID of the Inform is letters and digits', async () => {
    const { acs } = await bootstrapped();
    const inform = acs.transcript.find(({ rpc }) => rpc === 'Inform')?.body.toString('utf8') ?? '';
    expect(/<cwmp:ID [^>]*>([^<]*)</.exec(inform)?.[1]).to.match(/^[A-Za-z0-9]+$/);
  });

  it('13: malformed XML from the ACS fails the session, not the daemon', async () => {
    const { acs, daemon } = await bootstrapped({ sessionTimeoutMs: 300 });
    acs.script(WIFI, ({ envelope }) =>
      envelope === undefined ? { kind: 'http', status: 200, body: '<a href="x&y">' } : undefined,
    );
    void acs.connectionRequest(WIFI);
    await waitFor(() => daemon?.status().endpoints[0]?.lastInform?.result === 'failed', 'the failed session');
    acs.script(WIFI, undefined);
    await waitFor(() => acs.devices.get(WIFI)?.session === undefined, 'the ACS to forget the session');
    const [value] = await acs.cpe(WIFI).getParameterValues(['Device.DeviceInfo.ManufacturerOUI']);
    expect(value?.value).to.equal('0090D5');
  });

  it('14: chunked and compressed answers are read', async () => {
    const { acs } = await bootstrapped({ chunked: true, gzip: true });
    expect((await acs.cpe(WIFI).getParameterNames('Device.WiFi.', false)).length).to.be.greaterThan(50);
  });

  it('15: Digest of a connection; later requests on it need none', async () => {
    const credentials = { username: 'cpe', password: 'pw' };
    const opened = await open({ authentication: { scheme: 'digest', ...credentials } }, credentials);
    await opened.startDaemon();
    await opened.acs.waitForInform(WIFI);
    await opened.acs.waitForIdle(WIFI);
    await waitFor(
      () => opened.daemon?.status().endpoints[0]?.lastInform?.result === 'succeeded',
      'the session to succeed',
    );
  });

  it('16: a connection request is answered before the session, within the two seconds of its patience', async () => {
    const { acs } = await bootstrapped();
    const after = acs.informCount;
    expect((await acs.connectionRequest(WIFI)).status).to.equal(200);
    const inform = await acs.waitForInform(WIFI, () => true, 4000, after);
    expect(inform.events).to.deep.equal([{ code: '6 CONNECTION REQUEST', commandKey: '' }]);
  });

  it('18: every Inform reports the ConnectionRequestURL', async () => {
    const { acs } = await bootstrapped();
    await acs.connectionRequest(WIFI);
    for (const { parameters } of acs.devices.get(WIFI)?.informs ?? []) {
      const url = parameters.find(
        ({ name }) => name === 'Device.ManagementServer.ConnectionRequestURL',
      )?.value;
      expect(url).to.match(/^http:\/\/127\.0\.0\.1:\d+\/[0-9a-f]{32}$/);
    }
  });

  it('19, 20: a walk level by level: the root alone first, objects end in a dot, empty tables give an empty list', async () => {
    const { acs } = await bootstrapped();
    await acs.perform(WIFI, async (session) => {
      const pending = (await session.getParameterNames('', true)).map(({ name }) => name);
      expect(pending).to.deep.equal(['Device.']);
      const seen = new Set<string>();
      for (let path = pending.shift(); path !== undefined; path = pending.shift()) {
        for (const { name } of await session.getParameterNames(path, true)) {
          expect(name.startsWith(path), `${name} below ${path}`).to.equal(true);
          expect(seen.has(name), `${name} twice`).to.equal(false);
          seen.add(name);
          if (name.endsWith('.')) pending.push(name);
        }
      }
      const whole = (await session.getParameterNames('Device.', false)).map(({ name }) => name);
      expect([...seen, 'Device.'].sort()).to.deep.equal(whole.sort());
      const empty = [...seen].filter(
        (name) => name.endsWith('.') && !whole.some((other) => other !== name && other.startsWith(name)),
      );
      for (const table of empty) expect(await session.getParameterNames(table, true)).to.deep.equal([]);
    });
  });

  it('21, 24: 32 names of mixed objects, each with its xsd: type', async () => {
    const { acs } = await bootstrapped();
    await acs.perform(WIFI, async (session) => {
      const names = (await session.getParameterNames('Device.', false))
        .map(({ name }) => name)
        .filter((name) => !name.endsWith('.'))
        .slice(0, 32);
      const values = await session.getParameterValues(names);
      expect(values.map(({ name }) => name)).to.deep.equal(names);
      for (const { type } of values) expect(type).to.match(/^xsd:/);
    });
  });

  it('23: true and false, 1 and 0, a date with milliseconds; a bad value gets 9003 with its parameter', async () => {
    const { acs } = await bootstrapped();
    const enable = 'Device.WiFi.SSID.1.Enable';
    const time = 'Device.ManagementServer.PeriodicInformTime';
    await acs.perform(WIFI, async (session) => {
      for (const value of ['false', 'true', '0', '1']) {
        await session.setParameterValues([{ name: enable, value, type: 'xsd:boolean' }], '');
        const [read] = await session.getParameterValues([enable]);
        expect(['1', 'true'].includes(read?.value ?? '')).to.equal(['1', 'true'].includes(value));
      }
      await session.setParameterValues([
        { name: time, value: '2026-01-01T20:49:42.389Z', type: 'xsd:dateTime' },
      ]);
      expect((await session.getParameterValues([time]))[0]?.value).to.match(/^2026-01-01T20:49:42/);
      const fault = await session
        .setParameterValues([{ name: enable, value: 'maybe', type: 'xsd:boolean' }])
        .then(
          () => undefined,
          (error: unknown) => error,
        );
      expect(fault).to.be.instanceOf(CpeFault);
      expect((fault as CpeFault).code).to.equal('9003');
      expect((fault as CpeFault).parameterFaults.map(({ name, code }) => [name, code])).to.deep.equal([
        [enable, '9006'],
      ]);
    });
  });

  it('25: the leaves of a new instance are there at once', async () => {
    const { acs } = await bootstrapped();
    await acs.perform(WIFI, async (session) => {
      const { instanceNumber } = await session.addObject('Device.WiFi.SSID.');
      const row = `Device.WiFi.SSID.${instanceNumber}.`;
      const leaves = (await session.getParameterNames(row, true))
        .map(({ name }) => name)
        .filter((name) => !name.endsWith('.'));
      expect(leaves).to.include(`${row}SSID`);
      expect(await session.getParameterValues(leaves)).to.have.length(leaves.length);
      await session.deleteObject(row);
    });
  });

  it('26: an empty Notification where NotificationChange is false changes nothing', async () => {
    const { acs } = await bootstrapped();
    const name = 'Device.WiFi.SSID.1.SSID';
    await acs.perform(WIFI, async (session) => {
      await session.setParameterAttributes([{ name, notification: 1 }]);
      await session.call({
        rpc: 'raw',
        method: 'SetParameterAttributes',
        content:
          '<ParameterList soap-enc:arrayType="cwmp:SetParameterAttributesStruct[1]"><SetParameterAttributesStruct>' +
          `<Name>${name}</Name><NotificationChange>false</NotificationChange><Notification></Notification>` +
          '<AccessListChange>true</AccessListChange><AccessList soap-enc:arrayType="xsd:string[1]"><string>Subscriber</string></AccessList>' +
          '</SetParameterAttributesStruct></ParameterList>',
      });
      expect((await session.getParameterAttributes([name]))[0]?.notification).to.equal(1);
    });
  });

  it('29: the five values of the stock presets are taken in one request', async () => {
    const { acs } = await bootstrapped();
    const set = acs.transcript.filter(({ rpc }) => rpc === 'SetParameterValues');
    expect(set).to.have.length(1);
    const text = set[0]?.body.toString('utf8') ?? '';
    for (const name of [
      'ConnectionRequestUsername',
      'ConnectionRequestPassword',
      'PeriodicInformEnable',
      'PeriodicInformInterval',
      'PeriodicInformTime',
    ]) {
      expect(text).to.contain(`Device.ManagementServer.${name}`);
    }
    expect(acs.transcript.some(({ rpc }) => rpc === 'SetParameterValuesResponse')).to.equal(true);
    expect(acs.transcript.some(({ rpc }) => rpc === 'Fault')).to.equal(false);
  });
});
