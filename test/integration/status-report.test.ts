import { expect } from 'chai';
import type { LabDevice } from '../../src/lab/device/lab-device.ts';
import type { StatusReport } from '../../src/status/status-report.ts';
import { House } from '../support/house.ts';
import { waitFor } from '../support/wait-for.ts';

const PROXIER = '0011AA-Proxier-HOUSE%2D1';
const VOLUME_NAME = 'Device.Services.StorageService.1.LogicalVolume.2.Name';

describe('the status report of a home', () => {
  let house: House;
  let nas: LabDevice;

  const get = async (path: string): Promise<string> => {
    const { host, port } = house.daemon?.addresses.status ?? { host: '', port: 0 };
    return (await fetch(`http://${host}:${port}${path}`)).text();
  };
  const report = async (): Promise<StatusReport> => JSON.parse(await get('/api/status')) as StatusReport;
  const write = (value: string): Promise<number> =>
    house.acs.cpe(PROXIER).setParameterValues([{ name: VOLUME_NAME, value, type: 'xsd:string' }]);
  const start = async (): Promise<void> => {
    await house.startDaemon();
    await house.acs.waitForInform(PROXIER);
    await house.acs.waitForIdle(PROXIER);
  };

  before(async () => {
    house = await House.open({
      devices: {
        rules: [
          { match: { productClass: 'HS2' }, mechanism: 'embedded' },
          { match: { productClass: 'RS1' }, mechanism: 'ignore' },
        ],
      },
      config: (config) => ({
        ...config,
        proxier: { ...config.proxier, endpoint: true },
        embedded: { answerTimeoutSeconds: 1 },
      }),
    });
    nas = await house.addDevice({ profile: 'nas', host: '127.0.0.2' });
    await house.addDevice({ profile: 'sensor' });
    await house.addDevice({ profile: 'voip' });
    await start();
    await waitFor(
      async () => (await report()).devices.filter(({ state }) => state === 'ready').length === 3,
      'the devices',
      20_000,
    );
    await house.acs.waitForIdle(PROXIER);
  });

  after(() => house.close());

  it('has the proxier first, and the mechanism of each device', async () => {
    const { proxierEndpoint, endpoints, devices } = await report();
    expect(proxierEndpoint).to.equal('on');
    expect(endpoints.map(({ productClass, mechanism }) => [productClass, mechanism])).to.deep.equal([
      ['Proxier', 'proxier'],
      ['VA2', 'virtual'],
    ]);
    expect(endpoints[0]).to.include({ oui: '0011AA', serialNumber: 'HOUSE-1', retryCount: 0 });
    expect(endpoints[0]?.lastInform).to.include({ result: 'succeeded' });
    expect(
      Object.fromEntries(devices.map(({ identity, mechanism }) => [identity?.productClass, mechanism])),
    ).to.deep.equal({ HS2: 'embedded', RS1: 'ignored', VA2: 'virtual' });
  });

  it('has the rows of an embedded device, and what is in the inventory', async () => {
    const { embedded, inventory } = await report();
    expect(embedded).to.have.length(1);
    expect(embedded[0]).to.deep.include({
      udn: nas.udn.toLowerCase(),
      online: true,
      commandProcessed: 'Success',
      commandProcessingErrMsg: '',
      pendingCommands: 0,
      rows: [
        'Device.ManagementServer.EmbeddedDevice.1.',
        'Device.X_0011AA_ProxiedDevice.1.',
        'Device.Services.StorageService.1.',
      ],
    });
    expect(embedded[0]?.lastSyncTime).to.match(/^20\d\d-/);
    const { rootDevices, hosts } = inventory ?? {};
    expect({ rootDevices, hosts }).to.deep.equal({
      rootDevices: { total: 3, gone: 0 },
      hosts: { total: 2, gone: 0 },
    });
    expect(inventory?.services.total).to.be.at.least(3);
  });

  it('shows no secret', async () => {
    const texts = [await get('/api/status'), await get('/')];
    for (const { connectionRequestUrl, credentials } of house.acs.devices.values()) {
      for (const secret of [new URL(connectionRequestUrl).pathname, credentials?.password ?? '?none']) {
        expect(texts.some((text) => text.includes(secret))).to.equal(false);
      }
    }
  });

  it('counts what waits for a device that left, also after a restart', async () => {
    await nas.stop();
    await waitFor(async () => (await report()).embedded[0]?.online === false, 'the loss', 20_000);
    expect(await write('One')).to.equal(1);
    expect(await write('Two')).to.equal(1);
    const before = await report();
    expect(before.embedded[0]).to.include({ commandProcessed: 'Pending', pendingCommands: 2 });
    expect(before.inventory?.rootDevices).to.deep.equal({ total: 3, gone: 1 });
    expect(before.inventory?.services.gone).to.be.at.least(1);
    expect(before.inventory?.hosts).to.deep.equal({ total: 2, gone: 1 });

    await house.stopDaemon();
    await start();
    const after = await report();
    expect(after.devices.map(({ udn }) => udn)).to.not.include(nas.udn.toLowerCase());
    expect(after.embedded[0]).to.include({
      online: false,
      commandProcessed: 'Pending',
      pendingCommands: 2,
      lastSyncTime: null,
    });
    expect(after.embedded[0]?.rows).to.deep.equal(before.embedded[0]?.rows);
    expect(after.inventory?.rootDevices).to.deep.equal({ total: 3, gone: 1 });
    expect(after.inventory?.hosts).to.deep.equal({ total: 2, gone: 1 });
    expect(await get('/')).to.contain('not since the start');
  });

  it('tells what the device refused', async () => {
    nas.setFault({ action: 'SetValues', code: 705 });
    await nas.comeBack();
    await waitFor(
      async () => (await report()).embedded[0]?.commandProcessed === 'Error',
      'the refusal',
      30_000,
    );
    nas.setFault(undefined);
    const { embedded, inventory } = await report();
    expect(embedded[0]).to.include({ online: true, pendingCommands: 0 });
    expect(embedded[0]?.commandProcessingErrMsg).to.contain('LogicalVolume').and.not.contain('Two');
    expect(embedded[0]?.lastSyncTime).to.match(/^20\d\d-/);
    expect(inventory?.rootDevices).to.deep.equal({ total: 3, gone: 0 });
    expect(inventory?.hosts).to.deep.equal({ total: 2, gone: 0 });
    expect(await get('/'))
      .to.contain('<span class="bad">Error</span>')
      .and.contain('LogicalVolume');
  });
});
