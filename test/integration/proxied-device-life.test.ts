import { expect } from 'chai';
import { randomUUID } from 'node:crypto';
import type { InformRecord } from '../../src/lab/acs/acs-device.ts';
import { invokeByHand } from '../support/another-control-point.ts';
import { captureLog } from '../support/captured-log.ts';
import { House, type HouseOptions } from '../support/house.ts';
import { waitFor } from '../support/wait-for.ts';

const SENSOR = '0090D5-RS1-RS1000400';

describe('the life of a Proxied Device', () => {
  let house: House;

  async function open(options: HouseOptions = {}): Promise<House> {
    house = await House.open(options);
    return house;
  }

  afterEach(async () => {
    if (house.daemon !== undefined) await house.close();
  });

  const phaseOf = (udn: string): string | undefined =>
    house.daemon?.status().devices.find((device) => device.udn === udn.toLowerCase())?.state;
  const codesAfter = (id: string, after: number): string[] =>
    informsAfter(id, after).flatMap(({ events }) => events.map(({ code }) => code));
  const informsAfter = (id: string, after: number): readonly InformRecord[] =>
    house.acs.devices.get(id)?.informs.filter(({ sequence }) => sequence > after) ?? [];
  const bootstrapped = async (id: string): Promise<void> => {
    await house.acs.waitForInform(id);
    await house.acs.waitForIdle(id);
  };

  it('answers 503 while the device is away, and goes on as the same CPE when it returns elsewhere', async () => {
    await open();
    const device = await house.addDevice({ profile: 'sensor' });
    await house.startDaemon();
    await bootstrapped(SENSOR);
    await device.stop();
    await waitFor(() => phaseOf(device.udn) === 'offline', 'the loss of the device');
    expect((await house.acs.connectionRequest(SENSOR)).status).to.equal(503);

    const after = house.acs.informCount;
    await device.comeBack({ host: '127.0.0.9' });
    await waitFor(() => phaseOf(device.udn) === 'ready', 'its return');
    expect((await house.acs.connectionRequest(SENSOR)).status).to.equal(200);
    await house.acs.waitForInform(SENSOR, () => true, 5000, after);
    expect(codesAfter(SENSOR, after)).not.to.include('0 BOOTSTRAP');
    expect(house.acs.devices.size).to.equal(1);
    const [value] = await house.acs.cpe(SENSOR).getParameterValues(['Device.DeviceInfo.SoftwareVersion']);
    expect(value?.value).to.equal(device.get('/UPnP/DM/DeviceInfo/SoftwareVersion'));
  });

  it('keeps the identity of a device that returns with another UDN', async () => {
    await open();
    const device = await house.addDevice({ profile: 'sensor' });
    await house.startDaemon();
    await bootstrapped(SENSOR);
    const first = device.udn;
    await device.stop();
    await waitFor(() => phaseOf(first) === 'offline', 'the loss of the device');
    const after = house.acs.informCount;
    await device.comeBack({ udn: 'uuid:11111111-2222-3333-4444-555555555555' });
    await waitFor(
      () =>
        house.daemon
          ?.status()
          .devices.some(({ state, udn }) => state === 'ready' && udn !== first.toLowerCase()),
      'its return',
      10_000,
    );
    expect(house.daemon?.status().endpoints.map(({ identity }) => identity.serialNumber)).to.deep.equal([
      'RS1000400',
    ]);
    expect((await house.acs.connectionRequest(SENSOR)).status).to.equal(200);
    await house.acs.waitForInform(SENSOR, () => true, 5000, after);
    expect(codesAfter(SENSOR, after)).not.to.include('0 BOOTSTRAP');
  });

  for (const place of ['another port', 'the same port']) {
    it(`keeps the identity of a device that crashed and returns at ${place} with another UDN, long before its max-age ends`, async () => {
      await open();
      const device = await house.addDevice({ profile: 'sensor', maxAgeSeconds: 1800 });
      await house.startDaemon();
      await bootstrapped(SENSOR);
      const first = device.udn;
      const after = house.acs.informCount;
      await device.vanish();
      const port = place === 'the same port' ? house.addresses.get(device)?.port : undefined;
      await device.comeBack({ udn: 'uuid:11111111-2222-3333-4444-666666666666', port: port ?? 0 });
      await waitFor(() => phaseOf(device.udn) === 'ready', 'its return');
      expect(phaseOf(first)).to.equal('offline');
      expect(house.daemon?.status().devices.find(({ udn }) => udn === device.udn)?.note).to.equal(undefined);
      expect(house.daemon?.status().endpoints.map(({ identity }) => identity.serialNumber)).to.deep.equal([
        'RS1000400',
      ]);
      expect((await house.acs.connectionRequest(SENSOR)).status).to.equal(200);
      await house.acs.waitForInform(SENSOR, () => true, 5000, after);
      expect(codesAfter(SENSOR, after)).not.to.include('0 BOOTSTRAP');
    });
  }

  it('reports a reboot of the device as one 1 BOOT', async () => {
    await open();
    const device = await house.addDevice({ profile: 'sensor', rebootMs: 100 });
    await house.startDaemon();
    await bootstrapped(SENSOR);
    const after = house.acs.informCount;
    await device.reboot();
    await house.acs.waitForInform(
      SENSOR,
      ({ events }) => events.some(({ code }) => code === '1 BOOT'),
      15_000,
      after,
    );
    await house.acs.waitForIdle(SENSOR);
    await house.acs.cpe(SENSOR).getParameterValues(['Device.DeviceInfo.UpTime']);
    expect(codesAfter(SENSOR, after).filter((code) => code === '1 BOOT')).to.have.length(1);
    expect(codesAfter(SENSOR, after)).not.to.include('0 BOOTSTRAP');
  });

  it('takes an announced new BOOTID for no reboot: nothing is read again, the ACS hears nothing', async () => {
    await open();
    const device = await house.addDevice({ profile: 'sensor' });
    await house.startDaemon();
    await bootstrapped(SENSOR);
    const watched = 'Device.X_0011AA_UPnPDM.X_ACME_Sensor.Temperature';
    await house.acs.cpe(SENSOR).setParameterAttributes([{ name: watched, notification: 2 }]);
    await house.acs.waitForIdle(SENSOR);
    await house.acs.waitForIdle(SENSOR);
    const [start, after] = [device.requests.length, house.acs.informCount];
    const sids = (): Set<string> => new Set(device.eventsSent.map(({ sid }) => sid));
    const sidsBefore = sids();
    await device.update();
    device.set('/X_ACME_Sensor/Temperature', '199');
    await house.acs.waitForInform(SENSOR, () => true, 5000, after);
    await house.acs.waitForIdle(SENSOR);
    expect(codesAfter(SENSOR, after)).to.deep.equal(['4 VALUE CHANGE']);
    const isReadAgain = (): boolean =>
      device.requests.slice(start).some(({ action }) => action === 'GetSupportedParameters');
    expect(isReadAgain()).to.equal(false);
    expect(sids()).to.deep.equal(sidsBefore);

    device.announceStructureChange();
    await waitFor(() => isReadAgain() && phaseOf(device.udn) === 'ready', 'a new reading');
    expect(codesAfter(SENSOR, after)).to.deep.equal(['4 VALUE CHANGE']);

    // The number is remembered: over a restart it is no reboot either.
    await house.stopDaemon();
    const restarted = house.acs.informCount;
    await house.startDaemon();
    await waitFor(() => phaseOf(device.udn) === 'ready', 'its description');
    // The ACS is told of the new port first.
    await house.acs.waitForInform(SENSOR, () => true, 5000, restarted);
    expect((await house.acs.connectionRequest(SENSOR)).status).to.equal(200);
    await house.acs.waitForInform(
      SENSOR,
      ({ events }) => events.some(({ code }) => code === '6 CONNECTION REQUEST'),
      5000,
      restarted,
    );
    expect(codesAfter(SENSOR, restarted)).not.to.include('1 BOOT');
  });

  it('is read and heard by the ACS while it cannot be described anew', async () => {
    await open();
    const device = await house.addDevice({ profile: 'sensor' });
    await house.startDaemon();
    await bootstrapped(SENSOR);
    const name = 'Device.X_0011AA_UPnPDM.X_ACME_Sensor.Temperature';
    const read = async (): Promise<string | undefined> =>
      (await house.acs.cpe(SENSOR).getParameterValues([name]))[0]?.value;
    await house.acs.cpe(SENSOR).setParameterAttributes([{ name, notification: 2 }]);
    await house.acs.waitForIdle(SENSOR);
    const noteOf = (): string | undefined =>
      house.daemon?.status().devices.find(({ udn }) => udn === device.udn.toLowerCase())?.note;
    device.setFault({ action: 'GetSupportedParameters', behaviour: 'brokenXml' });
    await device.describeWithout('BasicManagement');
    await waitFor(() => noteOf() !== undefined, 'the attempt to read it');
    for (const value of ['123', '124']) {
      const after = house.acs.informCount;
      device.set('/X_ACME_Sensor/Temperature', value);
      await house.acs.waitForInform(
        SENSOR,
        ({ parameters }) => parameters.some((each) => each.name === name && each.value === value),
        5000,
        after,
      );
      await house.acs.waitForIdle(SENSOR);
      expect(await read()).to.equal(value);
    }
  });

  it('answers 503 after a restart of the daemon too, before the device is found again', async () => {
    await open();
    const device = await house.addDevice({ profile: 'sensor' });
    await house.startDaemon();
    await bootstrapped(SENSOR);
    await device.stop();
    await house.stopDaemon();
    await house.startDaemon();
    expect(house.daemon?.status().endpoints).to.have.length(1);
    const port = house.daemon?.addresses.connectionRequest.port ?? 0;
    const url = new URL(house.acs.devices.get(SENSOR)?.connectionRequestUrl ?? '');
    url.port = String(port);
    const credentials = house.acs.devices.get(SENSOR)?.credentials ?? { username: '', password: '' };
    const { sendConnectionRequest } = await import('../../src/lab/acs/connection-request.ts');
    expect((await sendConnectionRequest(url.href, credentials)).status).to.equal(503);
    const after = house.acs.informCount;
    await device.comeBack();
    await waitFor(() => phaseOf(device.udn) === 'ready', 'its return');
    await house.acs.waitForInform(SENSOR, () => true, 10_000, after);
    expect(codesAfter(SENSOR, after)).not.to.include('0 BOOTSTRAP');
  });

  for (const mechanism of ['virtual', 'embedded'] as const) {
    it(`logs of each ${mechanism} device once a run that it is registered, and no loss when it stops`, async () => {
      const udn = `uuid:${randomUUID()}`;
      const identity = { serialNumber: udn.slice(-8) };
      const log = captureLog();
      const messagesOf = (): string[] =>
        log.lines
          .map((line) => JSON.parse(line) as Record<string, string>)
          .flatMap(({ level, message, udn: about }) =>
            about === udn && level === 'info' ? [message ?? ''] : [],
          );
      const registered = ['device discovered', 'device described', 'device registered'];
      await open({
        logger: log.logger,
        devices: { default: 'ignore', rules: [{ match: { udn }, mechanism }] },
        config: (config) => ({ ...config, proxier: { ...config.proxier, endpoint: true } }),
      });
      const device = await house.addDevice({ profile: 'sensor', udn, identity });
      for (let run = 1; run <= 2; run += 1) {
        const before = messagesOf().length;
        await house.startDaemon();
        await waitFor(() => phaseOf(udn) === 'ready', 'the device');
        await house.stopDaemon();
        expect(messagesOf().slice(before)).to.deep.equal(registered);
      }
      await house.startDaemon();
      await waitFor(() => phaseOf(udn) === 'ready', 'the device');
      const before = messagesOf().length;
      await device.stop();
      await waitFor(() => phaseOf(udn) === 'offline', 'its loss');
      await device.comeBack();
      await waitFor(() => phaseOf(udn) === 'ready', 'its return');
      expect(messagesOf().slice(before)).to.deep.equal([
        'device lost',
        'device offline',
        'device discovered',
        'device described',
      ]);
    });
  }

  it('tells two devices with one DeviceID apart, and says so', async () => {
    await open();
    const one = await house.addDevice({
      profile: 'sensor',
      udn: 'uuid:aaaaaaaa-0000-0000-0000-000000000001',
    });
    await house.startDaemon();
    await bootstrapped(SENSOR);
    const two = await house.addDevice({
      profile: 'sensor',
      udn: 'uuid:aaaaaaaa-0000-0000-0000-000000000002',
    });
    const other = await house.acs.waitForInform('*', ({ deviceId }) => deviceId !== SENSOR);
    expect(other.events.map(({ code }) => code)).to.include('0 BOOTSTRAP');
    expect(other).to.include({ oui: '0011AA', serialNumber: 'aaaaaaaa-0000-0000-0000-000000000002' });
    const notes = house.daemon?.status().devices.map(({ udn, note }) => [udn, note?.includes(one.udn)]);
    expect(notes).to.deep.include([two.udn, true]);
    expect(house.acs.devices.size).to.equal(2);
  });

  it('exposes no device that the rules ignore', async () => {
    await open({
      devices: { rules: [{ match: { productClass: 'RS*' }, mechanism: 'ignore' }] },
    });
    const ignored = await house.addDevice({ profile: 'sensor' });
    await house.addDevice({ profile: 'nas' });
    await house.startDaemon();
    await house.acs.waitForInform('0090D5-HS2-HS2000200');
    await waitFor(() => phaseOf(ignored.udn) === 'ready', 'the description of the ignored device');
    expect(house.daemon?.status().devices.find(({ udn }) => udn === ignored.udn)?.mechanism).to.equal(
      'ignore',
    );
    expect([...house.acs.devices.keys()]).to.deep.equal(['0090D5-HS2-HS2000200']);
    await waitFor(() => ignored.subscriptionCount === 0, 'the end of its subscription');
  });

  for (const missing of ['embeddedDevice', 'ConfigurationManagement'] as const) {
    it(`loses a device whose root describes itself without its ${missing}, until that is back`, async () => {
      await open();
      const bridge = await house.addDevice({ profile: 'sensor' });
      await house.startDaemon();
      await bootstrapped(SENSOR);
      await bridge.describeWithout(missing);
      await waitFor(() => phaseOf(bridge.udn) === 'offline', 'the loss');
      expect((await house.acs.connectionRequest(SENSOR)).status).to.equal(503);
      await waitFor(() => bridge.subscriptionCount === 0, 'the end of the subscription');
      const after = house.acs.informCount;
      await bridge.describeWithout(undefined);
      await waitFor(() => phaseOf(bridge.udn) === 'ready', 'its return');
      expect((await house.acs.connectionRequest(SENSOR)).status).to.equal(200);
      await house.acs.waitForInform(SENSOR, () => true, 5000, after);
      expect(codesAfter(SENSOR, after)).not.to.include('1 BOOT');
    });
  }

  it('shows rows that appear on the device by themselves', async () => {
    await open();
    const wifi = await house.addDevice({ profile: 'wifi' });
    await house.startDaemon();
    const id = '0090D5-AP5-AP5000300';
    await bootstrapped(id);
    const row = wifi.addRow('/BBF/WiFi/SSID/');
    const number = Number(/\/(\d+)\/$/.exec(row)?.[1]) + 1;
    await house.acs.perform(id, (session) =>
      waitFor(
        async () =>
          (await session.getParameterNames('Device.WiFi.SSID.', true)).some(
            ({ name }) => name === `Device.WiFi.SSID.${number}.`,
          ),
        'the new row at the ACS',
      ),
    );
    wifi.deleteRow(row);
    await house.acs.perform(id, (session) =>
      waitFor(
        async () =>
          (await session.getParameterNames('Device.WiFi.SSID.', true)).every(
            ({ name }) => name !== `Device.WiFi.SSID.${number}.`,
          ),
        'the row gone at the ACS',
      ),
    );
  });

  it('reads the model again when the device says that it changed', async () => {
    await open();
    const device = await house.addDevice({ profile: 'sensor' });
    await house.startDaemon();
    await bootstrapped(SENSOR);
    const start = device.requests.length;
    device.announceStructureChange();
    await waitFor(
      () => device.requests.slice(start).some(({ action }) => action === 'GetSupportedParameters'),
      'the new reading',
    );
    await waitFor(() => phaseOf(device.udn) === 'ready', 'its end');
    const names = await house.acs.cpe(SENSOR).getParameterNames('Device.', false);
    expect(names.length).to.be.greaterThan(50);
  });

  it('switches EventOnChange on again when another control point switched it off', async () => {
    await open();
    const device = await house.addDevice({ profile: 'sensor' });
    await house.startDaemon();
    await bootstrapped(SENSOR);
    const watched = 'Device.X_0011AA_UPnPDM.X_ACME_Sensor.Temperature';
    await house.acs.cpe(SENSOR).setParameterAttributes([{ name: watched, notification: 2 }]);
    const start = device.requests.length;
    await switchEventsOff(house.addresses.get(device)?.location ?? '', '/X_ACME_Sensor/Temperature');
    await waitFor(
      () =>
        device.requests
          .slice(start + 1)
          .some(
            ({ action, arguments: input }) =>
              action === 'SetAttributes' &&
              /Temperature.*EventOnChange>1</s.test(Object.values(input).join()),
          ),
      'the daemon to switch events on',
      10_000,
    );
    const after = house.acs.informCount;
    device.set('/X_ACME_Sensor/Temperature', '199');
    const inform = await house.acs.waitForInform(SENSOR, () => true, 5000, after);
    expect(inform.parameters.find(({ name }) => name === watched)?.value).to.equal('199');
    expect(
      device.requests.slice(start).map(({ action }) => action),
      'attributes changed, not the model',
    ).not.to.include('GetSupportedParameters');
  });

  it('never shows a secret at the status address', async () => {
    await open({
      acs: { authentication: { scheme: 'digest', username: 'cpe', password: 'acs-secret-1' } },
      config: (config) => ({ ...config, acs: { ...config.acs, username: 'cpe', password: 'acs-secret-1' } }),
    });
    await house.addDevice({ profile: 'sensor' });
    await house.startDaemon();
    await bootstrapped(SENSOR);
    const { host, port } = house.daemon?.addresses.status ?? { host: '', port: 0 };
    const text = await (await fetch(`http://${host}:${port}/api/status`)).text();
    const status = JSON.parse(text) as {
      endpoints: Record<string, unknown>[];
      devices: Record<string, unknown>[];
    };
    expect(status.endpoints[0]).to.include({
      oui: '0090D5',
      serialNumber: 'RS1000400',
      mechanism: 'virtual',
      retryCount: 0,
    });
    expect(status.endpoints[0]?.['lastInform']).to.include({ result: 'succeeded' });
    expect(status.devices[0]).to.include({ state: 'ready', mechanism: 'virtual', subscription: 'active' });
    const path = new URL(house.acs.devices.get(SENSOR)?.connectionRequestUrl ?? '').pathname;
    for (const secret of [
      'acs-secret-1',
      path,
      house.acs.devices.get(SENSOR)?.credentials?.password ?? '?',
    ]) {
      expect(text.includes(secret), 'a secret').to.equal(false);
    }
    expect((await fetch(`http://${host}:${port}/healthz`)).status).to.equal(200);
    const password = await house.acs
      .cpe(SENSOR)
      .getParameterValues([
        'Device.ManagementServer.Password',
        'Device.ManagementServer.ConnectionRequestPassword',
      ]);
    expect(password.map(({ value }) => value)).to.deep.equal(['', '']);
  });
});

/** What another control point of the home would do. */
function switchEventsOff(location: string, path: string): Promise<void> {
  const list =
    '<cms:NodeAttributeValueList xmlns:cms="urn:schemas-upnp-org:dm:cms"><Node>' +
    `<NodeAttributePath>${path}</NodeAttributePath><EventOnChange>0</EventOnChange></Node></cms:NodeAttributeValueList>`;
  return invokeByHand(location, 'SetAttributes', 'NodeAttributeValueList', list);
}
