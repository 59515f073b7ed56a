import { expect } from 'chai';
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { LabAcs } from '../../src/lab/acs/lab-acs.ts';
import type { LabDevice } from '../../src/lab/device/lab-device.ts';
import type { Config } from '../../src/platform/config/config.ts';
import { House } from '../support/house.ts';
import { waitFor } from '../support/wait-for.ts';

const PROXIER = '0011AA-Proxier-HOUSE%2D1';
const SERVER_URL = 'Device.ManagementServer.URL';

describe('a configuration that changes while sessions may run', function () {
  const udn = `uuid:${randomUUID()}`;
  const sensorId = `0090D5-RS1-${udn.slice(-8)}`;
  let house: House;
  let sensor: LabDevice;
  let config: Config;

  beforeEach(async () => {
    house = await House.open({
      devices: { default: 'ignore', rules: [{ match: { udn }, mechanism: 'virtual' }] },
      config: (base) => ({ ...base, proxier: { ...base.proxier, endpoint: true } }),
    });
    sensor = await house.addDevice({ profile: 'sensor', udn, identity: { serialNumber: udn.slice(-8) } });
    await house.startDaemon();
    config = house.config();
    for (const id of [PROXIER, sensorId]) {
      await house.acs.waitForInform(id);
      await house.acs.waitForIdle(id);
    }
    await waitFor(() => subscription() === 'active', 'the subscription');
  });

  afterEach(() => house.close());

  const subscription = (): string | undefined =>
    house.daemon?.status().devices.find((device) => device.udn === udn)?.subscription;
  const informsAfter = (acs: LabAcs, id: string, after: number): string[][] =>
    (acs.devices.get(id)?.informs ?? [])
      .filter(({ sequence }) => sequence > after)
      .map(({ events }) => events.map(({ code }) => code));
  const reload = async (change: Partial<Config>): Promise<void> => {
    const next = { ...config, ...change };
    expect(await house.daemon?.reload(next)).to.deep.equal([]);
    config = next;
  };
  const healthAt = async (): Promise<number> => {
    const { host, port } = house.daemon?.addresses.status ?? { host: '', port: 0 };
    return (await fetch(`http://${host}:${port}/healthz`)).status;
  };

  /** Nothing but the answer to the connection request that asks. */
  async function expectUndisturbed(after: number): Promise<void> {
    const requests = sensor.requests.filter(({ action }) => action === 'GetSupportedParameters').length;
    for (const id of [PROXIER, sensorId]) {
      const asked = house.acs.informCount;
      expect((await house.acs.connectionRequest(id)).status).to.equal(200);
      await house.acs.waitForInform(id, undefined, 10_000, asked);
      await house.acs.waitForIdle(id);
      expect(informsAfter(house.acs, id, after), id).to.deep.equal([['6 CONNECTION REQUEST']]);
    }
    expect(
      sensor.requests.filter(({ action }) => action === 'GetSupportedParameters'),
      'no new reading',
    ).to.have.length(requests);
    expect(subscription()).to.equal('active');
  }

  it('is taken up in place where it concerns no endpoint: a session goes on, URLs and subscriptions stay', async () => {
    const after = house.acs.informCount;
    const before = house.daemon?.addresses;
    const sids = new Set(sensor.eventsSent.map(({ sid }) => sid));
    await house.acs.perform(sensorId, async (session) => {
      await session.getParameterValues(['Device.DeviceInfo.ModelName']);
      await reload({
        inventory: { retentionSeconds: 60 },
        embedded: { answerTimeoutSeconds: 9 },
        log: { level: 'debug', format: 'json' },
        status: { host: '127.0.0.2', port: 0 },
        devices: { ...config.devices, pollIntervalSeconds: 30 },
      });
      await session.getParameterValues(['Device.DeviceInfo.ModelName']);
    });
    await house.acs.waitForIdle(sensorId);
    expect(informsAfter(house.acs, sensorId, after)).to.deep.equal([['6 CONNECTION REQUEST']]);
    await expectUndisturbed(house.acs.informCount);
    expect(house.daemon?.addresses.connectionRequest).to.deep.equal(before?.connectionRequest);
    expect(house.daemon?.addresses.status.host).to.equal('127.0.0.2');
    expect(await healthAt()).to.equal(200);
    expect(new Set(sensor.eventsSent.map(({ sid }) => sid))).to.deep.equal(sids);
  });

  it('describes the proxier in other words to the ACS, and touches nothing else', async () => {
    const name = 'Device.DeviceInfo.ModelName';
    await house.acs.cpe(PROXIER).setParameterAttributes([{ name, notification: 2 }]);
    await house.acs.waitForIdle(PROXIER);
    const after = house.acs.informCount;
    const urls = [PROXIER, sensorId].map((id) => house.acs.devices.get(id)?.connectionRequestUrl);
    await house.acs.perform(sensorId, async (session) => {
      await session.getParameterValues([name]);
      await reload({
        proxier: { ...config.proxier, modelName: 'B', description: 'Another', hardwareVersion: '2.0' },
      });
      await session.getParameterValues([name]);
    });
    const inform = await house.acs.waitForInform(PROXIER, undefined, 10_000, after);
    expect(inform.events.map(({ code }) => code)).to.deep.equal(['4 VALUE CHANGE']);
    const values = new Map(inform.parameters.map((parameter) => [parameter.name, parameter.value]));
    expect(values.get(name)).to.equal('B');
    expect(values.get('Device.DeviceInfo.HardwareVersion')).to.equal('2.0');
    await house.acs.waitForIdle(PROXIER);
    const [description] = await house.acs.cpe(PROXIER).getParameterValues(['Device.DeviceInfo.Description']);
    expect(description?.value).to.equal('Another');
    await house.acs.waitForIdle(PROXIER);
    await house.acs.waitForIdle(sensorId);
    expect(informsAfter(house.acs, sensorId, after)).to.deep.equal([['6 CONNECTION REQUEST']]);
    expect([PROXIER, sensorId].map((id) => house.acs.devices.get(id)?.connectionRequestUrl)).to.deep.equal(
      urls,
    );
    await expectUndisturbed(house.acs.informCount);
  });

  it('lets devices be polled as often as it says from now on', async () => {
    const polls = (): number => sensor.requests.filter(({ action }) => action === 'GetValues').length;
    // The device raises no events for it.
    const name = 'Device.X_0011AA_UPnPDM.UPnP.DM.DeviceInfo.PhysicalDevice.Location';
    await reload({ devices: { ...config.devices, pollIntervalSeconds: 0 } });
    await house.acs.cpe(sensorId).setParameterAttributes([{ name, notification: 2 }]);
    await house.acs.waitForIdle(sensorId);
    await reload({ devices: { ...config.devices, pollIntervalSeconds: 3600 } });
    await reload({ devices: { ...config.devices, pollIntervalSeconds: 1 } });
    const before = polls();
    await waitFor(() => polls() >= before + 4, 'four polls', 10_000);
  });

  it('sends those to another ACS that had this one from the configuration, and leaves those alone that an ACS sent there', async () => {
    await house.acs
      .cpe(sensorId)
      .setParameterValues([{ name: SERVER_URL, value: house.acs.url, type: 'xsd:string' }]);
    await house.acs.waitForIdle(sensorId);
    const other = new LabAcs();
    await other.start();
    try {
      const after = house.acs.informCount;
      await reload({ acs: { ...config.acs, url: other.url } });
      const first = await other.waitForInform(PROXIER);
      expect(first.events.map(({ code }) => code)).to.include('0 BOOTSTRAP');
      await other.waitForIdle(PROXIER);
      const [url] = await other.cpe(PROXIER).getParameterValues([SERVER_URL]);
      expect(url?.value).to.equal(other.url);
      const asked = house.acs.informCount;
      expect((await house.acs.connectionRequest(sensorId)).status).to.equal(200);
      await house.acs.waitForInform(sensorId, undefined, 10_000, asked);
      expect(informsAfter(house.acs, sensorId, after)).to.deep.equal([['6 CONNECTION REQUEST']]);
      expect([...other.devices.keys()]).to.deep.equal([PROXIER]);
      expect(informsAfter(house.acs, PROXIER, after)).to.deep.equal([]);
    } finally {
      await house.stopDaemon();
      await other.stop();
    }
  });

  it('does not keep an endpoint waiting for a retry whose way to the ACS is mended', async () => {
    const wait = { name: 'Device.ManagementServer.CWMPRetryMinimumWaitInterval', value: '65535' };
    for (const id of [PROXIER, sensorId]) {
      await house.acs.cpe(id).setParameterValues([{ ...wait, type: 'xsd:unsignedInt' }]);
      await house.acs.waitForIdle(id);
    }
    const other = new LabAcs({ authentication: { scheme: 'digest', username: 'cpe', password: 'right' } });
    await other.start();
    try {
      const acs = { ...config.acs, url: other.url, username: 'cpe' };
      await reload({ acs: { ...acs, password: 'wrong' } });
      const haveFailed = (): boolean => {
        const endpoints = [house.daemon?.status().proxier, ...(house.daemon?.status().endpoints ?? [])];
        return endpoints.every((endpoint) => endpoint?.retryCount === 1 && !endpoint.inSession);
      };
      await waitFor(haveFailed, 'failed sessions');
      await reload({ acs: { ...acs, password: 'right' } });
      for (const id of [PROXIER, sensorId]) await other.waitForInform(id);
    } finally {
      await house.stopDaemon();
      await other.stop();
    }
  });

  it('tells the ACS of another public URL of its connection requests, through the same listener', async () => {
    const { port } = house.daemon?.addresses.connectionRequest ?? { port: 0 };
    const after = house.acs.informCount;
    await reload({
      connectionRequest: { ...config.connectionRequest, publicUrl: `http://localhost:${port}` },
    });
    for (const id of [PROXIER, sensorId]) {
      const inform = await house.acs.waitForInform(id, undefined, 10_000, after);
      expect(inform.events.map(({ code }) => code)).to.deep.equal(['4 VALUE CHANGE']);
      await house.acs.waitForIdle(id);
      expect(house.acs.devices.get(id)?.connectionRequestUrl).to.contain(`http://localhost:${port}/`);
    }
    expect(house.daemon?.addresses.connectionRequest.port).to.equal(port);
    await expectUndisturbed(house.acs.informCount);
    const document = await waitFor(async () => {
      const rows = await house.acs.cpe(PROXIER).getParameterValues(['Device.DeviceInfo.SupportedDataModel.']);
      return rows.find(({ name }) => name.endsWith('.URL'));
    }, 'a document');
    expect((await fetch(document.value)).status).to.equal(200);
    await house.acs.cpe(PROXIER).setParameterAttributes([{ name: document.name, notification: 2 }]);
    const before = house.acs.informCount;
    await reload({
      connectionRequest: { ...config.connectionRequest, publicUrl: `http://127.0.0.1:${port}/` },
    });
    const moved = document.value.replace('localhost', '127.0.0.1');
    await house.acs.waitForInform(
      PROXIER,
      ({ parameters }) => parameters.some(({ name, value }) => name === document.name && value === moved),
      10_000,
      before,
    );
    expect((await fetch(moved)).status).to.equal(200);
  });

  it('listens on one more interface, and on those before as if nothing was', async function () {
    const another = Object.keys(networkInterfaces()).find((name) => name !== 'lo');
    if (another === undefined) this.skip();
    const after = house.acs.informCount;
    await reload({ lan: { interfaces: ['lo', another] } });
    await expectUndisturbed(after);
    await reload({ lan: { interfaces: ['lo'] } });
    await expectUndisturbed(house.acs.informCount);
  });

  it('is refused as a whole when a part of it cannot be had, also where all parts would have to restart', async () => {
    const occupied = createServer().listen(0, '127.0.0.1');
    await once(occupied, 'listening');
    const { port } = occupied.address() as AddressInfo;
    const after = house.acs.informCount;
    const sections: readonly Partial<Config>[] = [
      { lan: { interfaces: ['lo', 'nosuch0'] } },
      { status: { host: '127.0.0.1', port } },
    ];
    const own = house.daemon?.addresses.connectionRequest.port ?? 0;
    const restarting: readonly Partial<Config>[] = [
      { connectionRequest: { host: '0.0.0.0', port: own }, status: { host: '127.0.0.1', port: own } },
      ...sections.map((bad) => ({ ...bad, proxier: { ...config.proxier, productClass: 'Other' } })),
      { connectionRequest: { host: '127.0.0.1', port } },
      // An address of the documentation [RFC 5737]: nobody has it.
      { connectionRequest: { host: '192.0.2.1', port: 0 } },
    ];
    try {
      for (const bad of [...sections, ...restarting]) {
        const error = await house.daemon
          ?.reload({ ...config, ...bad, acs: { ...config.acs, url: 'http://127.0.0.1:9/' } })
          .then(() => undefined, String);
        expect(error, JSON.stringify(bad)).to.match(/nosuch0|EADDRINUSE|EADDRNOTAVAIL|cannot both listen/);
      }
    } finally {
      occupied.close();
    }
    expect(await healthAt()).to.equal(200);
    await expectUndisturbed(after);
  });

  it('may swap the ports that are our own, for which nobody else has to make room', async () => {
    const own = house.daemon?.addresses;
    if (own === undefined) throw new Error('no daemon');
    const keys = await house.daemon?.reload({
      ...config,
      connectionRequest: { host: '127.0.0.1', port: own.status.port },
      status: { host: '127.0.0.1', port: own.connectionRequest.port },
    });
    expect(keys).to.deep.equal(['connectionRequest.port']);
  });

  it('names the keys for which all parts have to restart, and does nothing then', async () => {
    const after = house.acs.informCount;
    const keys = await house.daemon?.reload({
      ...config,
      state: { directory: '/elsewhere' },
      proxier: { ...config.proxier, productClass: 'Other', modelName: 'Other' },
      connectionRequest: { host: '127.0.0.2', port: 0 },
      status: { host: '127.0.0.2', port: 0 },
    });
    expect(keys).to.have.members(['state.directory', 'proxier.productClass', 'connectionRequest.host']);
    expect(house.daemon?.addresses.status.host).to.equal('127.0.0.1');
    await expectUndisturbed(after);
  });
});
