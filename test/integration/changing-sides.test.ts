import { expect } from 'chai';
import type { InformRecord } from '../../src/lab/acs/acs-device.ts';
import type { LabDevice } from '../../src/lab/device/lab-device.ts';
import type { DevicesConfig } from '../../src/platform/config/config.ts';
import { House } from '../support/house.ts';
import { waitFor } from '../support/wait-for.ts';

const PROXIER = '0011AA-Proxier-HOUSE%2D1';
const NAS = '0090D5-HS2-HS2000200';
const VOIP = '0090D5-VA2-VA2000100';
const COUNTERS = ['VirtualDevice', 'EmbeddedDevice'].map(
  (table) => `Device.ManagementServer.${table}NumberOfEntries`,
);

describe('a Proxied Device that changes sides while the daemon is down', () => {
  let house: House;
  let nas: LabDevice;
  let mechanism: DevicesConfig['default'];

  const reload = async (to: DevicesConfig['default']): Promise<number> => {
    mechanism = to;
    const before = house.acs.informCount;
    await house.stopDaemon();
    await house.startDaemon();
    await waitFor(
      () => shown()?.mechanism === to && shown()?.state === 'ready',
      `the device as ${to}`,
      20_000,
    );
    return before;
  };
  const shown = () => house.daemon?.status().devices.find(({ udn }) => udn === nas.udn.toLowerCase());
  const get = async (name: string): Promise<string | undefined> =>
    (await house.acs.cpe(PROXIER).getParameterValues([name]))[0]?.value;
  const counters = (): Promise<(string | undefined)[]> => Promise.all(COUNTERS.map(get));
  const tells =
    (...expected: readonly [string, string][]) =>
    ({ events, parameters }: InformRecord): boolean =>
      events.some(({ code }) => code === '4 VALUE CHANGE') &&
      expected.every(([name, value]) =>
        parameters.some((told) => told.name === name && told.value === value),
      );
  const waitForCounters = async (virtual: string, embedded: string, after: number): Promise<void> => {
    // One after the other: the device leaves when the rules are read and comes when it is found.
    for (const [index, value] of [virtual, embedded].entries()) {
      await house.acs.waitForInform(PROXIER, tells([COUNTERS[index] ?? '', value]), 20_000, after);
    }
  };

  before(async () => {
    mechanism = 'virtual';
    house = await House.open({
      config: (config) => ({
        ...config,
        proxier: { ...config.proxier, endpoint: true },
        devices: {
          ...config.devices,
          default: 'ignore',
          rules: [{ match: { manufacturerOui: '0090D5', productClass: 'HS2' }, mechanism }],
        },
      }),
    });
    nas = await house.addDevice({ profile: 'nas' });
    await house.startDaemon();
    for (const id of [PROXIER, NAS]) {
      await house.acs.waitForInform(id);
      await house.acs.waitForIdle(id);
    }
    await house.acs
      .cpe(PROXIER)
      .setParameterAttributes(COUNTERS.map((name) => ({ name, notification: 2 as const })));
  });

  after(() => house.close());

  it('is a virtual device first', async () => {
    expect(await counters()).to.deep.equal(['1', '0']);
    expect(await get('Device.ManagementServer.VirtualDevice.1.SerialNumber')).to.equal('HS2000200');
    await house.acs.cpe(NAS).setParameterValues([
      {
        name: 'Device.ManagementServer.PeriodicInformInterval',
        value: '1234',
        type: 'xsd:unsignedInt',
      },
    ]);
  });

  it('leaves its own endpoint and appears in the proxier, under its identity', async () => {
    const before = await reload('embedded');
    await waitForCounters('0', '1', before);
    expect(await counters()).to.deep.equal(['0', '1']);
    expect(await get('Device.ManagementServer.EmbeddedDevice.1.ProxiedDeviceID')).to.contain('HS2000200');
    expect(await get('Device.Services.StorageService.1.LogicalVolume.2.Name')).to.equal('Data');
    const own = house.acs.devices.get(NAS)?.informs.filter(({ sequence }) => sequence > before);
    expect(own, 'Informs of an endpoint that is gone').to.deep.equal([]);
  });

  it('comes back as the CPE that it was: 1 BOOT, no BOOTSTRAP, and the settings of the ACS', async () => {
    const before = await reload('virtual');
    const inform = await house.acs.waitForInform(NAS, undefined, 20_000, before);
    expect(inform.events.map(({ code }) => code)).to.deep.equal(['1 BOOT', '4 VALUE CHANGE']);
    await waitForCounters('1', '0', before);
    expect(await counters()).to.deep.equal(['1', '0']);
    await house.acs.waitForIdle(NAS);
    const [interval] = await house.acs
      .cpe(NAS)
      .getParameterValues(['Device.ManagementServer.PeriodicInformInterval']);
    expect(interval?.value).to.equal('1234');
    expect(
      await get('Device.ManagementServer.VirtualDevice.2.SerialNumber'),
      'numbers are not reused',
    ).to.equal('HS2000200');
  });

  it('is nowhere when the rules ignore it', async () => {
    const before = await reload('ignore');
    await house.acs.waitForInform(PROXIER, tells([COUNTERS[0] ?? '', '0']), 20_000, before);
    expect(await counters()).to.deep.equal(['0', '0']);
    expect(await get('Device.UPnP.Discovery.RootDevice.1.Status'), 'the inventory has it still').to.equal(
      'LeaseActive',
    );
  });
});

describe('a Proxied Device that changes sides by a reload', () => {
  let house: House;
  let nas: LabDevice;
  let voip: LabDevice;
  /** What the NAS is when the daemon starts. */
  let mechanism: DevicesConfig['default'];
  let hasEndpoint: boolean;

  const reload = async (rules: DevicesConfig['rules']): Promise<void> => {
    const daemon = house.daemon;
    if (daemon === undefined) throw new Error('no daemon');
    const config = house.config();
    expect(
      await daemon.reload({ ...config, devices: { ...config.devices, default: 'virtual', rules } }),
    ).to.deep.equal([]);
  };
  const shown = (device: LabDevice) =>
    house.daemon?.status().devices.find(({ udn }) => udn === device.udn.toLowerCase());
  const embedNas: DevicesConfig['rules'] = [{ match: { productClass: 'HS2' }, mechanism: 'embedded' }];
  const get = async (name: string): Promise<string | undefined> =>
    (await house.acs.cpe(PROXIER).getParameterValues([name]))[0]?.value;

  beforeEach(async () => {
    mechanism = 'virtual';
    hasEndpoint = true;
    house = await House.open({
      config: (config) => ({
        ...config,
        proxier: { ...config.proxier, endpoint: hasEndpoint },
        embedded: { answerTimeoutSeconds: 1 },
        devices: { ...config.devices, rules: [{ match: { productClass: 'HS2' }, mechanism }] },
      }),
    });
    nas = await house.addDevice({ profile: 'nas' });
    voip = await house.addDevice({ profile: 'voip' });
    await house.startDaemon();
    for (const id of [PROXIER, NAS, VOIP]) {
      await house.acs.waitForInform(id);
      await house.acs.waitForIdle(id);
    }
  });

  afterEach(() => house.close());

  it('goes over and back, and nobody else is touched', async () => {
    const before = house.acs.informCount;
    const subscriptions = voip.requests.length;
    await reload(embedNas);
    await waitFor(
      () => shown(nas)?.mechanism === 'embedded' && shown(nas)?.state === 'ready',
      'the embedding',
    );
    await waitFor(async () => (await get(COUNTERS[1] ?? '')) === '1', 'its row');
    expect(await get('Device.Services.StorageService.1.LogicalVolume.2.Name')).to.equal('Data');
    expect((await house.acs.connectionRequest(NAS)).accepted, 'its own endpoint is gone').to.equal(false);

    await reload([]);
    const inform = await house.acs.waitForInform(NAS, undefined, 20_000, before);
    expect(inform.events.map(({ code }) => code))
      .to.include('1 BOOT')
      .and.not.include('0 BOOTSTRAP');
    await waitFor(async () => (await get(COUNTERS[1] ?? '')) === '0', 'the row to go');
    await waitFor(() => shown(nas)?.state === 'ready', 'the device to be read');
    for (const table of ['Device.X_0011AA_ProxiedDevice', 'Device.Services.StorageService']) {
      expect(await get(`${table}NumberOfEntries`), table).to.equal('0');
    }

    const others = house.acs.devices.get(VOIP)?.informs.filter(({ sequence }) => sequence > before);
    expect(others, 'Informs of the other device').to.deep.equal([]);
    expect((await house.acs.connectionRequest(VOIP)).accepted).to.equal(true);
    const reading = voip.requests
      .slice(subscriptions)
      .filter(({ action }) => action === 'GetSupportedParameters');
    expect(reading.length, 'a device under changed rules is read again').to.be.at.most(2);
  });

  it('takes its model out of the documents of the proxier when it goes', async () => {
    const uuids = async (): Promise<string> => {
      const rows = await house.acs.cpe(PROXIER).getParameterValues(['Device.DeviceInfo.SupportedDataModel.']);
      return rows.flatMap(({ name, value }) => (name.endsWith('.UUID') ? [value] : [])).join();
    };
    const untilOthersThan = (before: string): Promise<string> =>
      waitFor(async () => ((await uuids()) === before ? undefined : await uuids()), 'other documents');
    const without = await waitFor(uuids, 'documents');
    await reload(embedNas);
    const embedded = await untilOthersThan(without);
    await reload([{ match: { productClass: 'HS2' }, mechanism: 'ignore' }]);
    await untilOthersThan(embedded);
  });

  it('leaves at once when it is away', async () => {
    await nas.stop();
    await waitFor(() => shown(nas)?.state === 'offline', 'the device to be away', 20_000);
    await reload(embedNas);
    expect(await get(COUNTERS[0] ?? '')).to.equal('1');
    expect((await house.acs.connectionRequest(NAS)).accepted).to.equal(false);
    await nas.comeBack();
    await waitFor(
      () => shown(nas)?.mechanism === 'embedded' && shown(nas)?.state === 'ready',
      'the embedding',
    );
  });

  describe('while writes wait for it', () => {
    const NAME = 'Device.Services.StorageService.1.LogicalVolume.2.Name';
    const CMS_NAME = '/BBF/StorageService/0/LogicalVolume/1/Name';
    const write = (value: string): Promise<number> =>
      house.acs.cpe(PROXIER).setParameterValues([{ name: NAME, value, type: 'xsd:string' }]);
    const shownAs = (as: DevicesConfig['default']) => (): boolean =>
      shown(nas)?.mechanism === as && shown(nas)?.state === 'ready';
    const leave = async (): Promise<void> => {
      await nas.stop();
      await waitFor(() => shown(nas)?.state === 'offline', 'the device to be away', 20_000);
    };
    const hasMoved = async (before: number): Promise<void> => {
      await waitFor(shownAs('virtual'), 'the endpoint of its own', 20_000);
      await house.acs.waitForInform(NAS, undefined, 20_000, before);
      await waitFor(async () => (await get(COUNTERS[1] ?? '')) === '0', 'the row to go');
      await house.acs.waitForIdle(NAS);
      const [name] = await house.acs.cpe(NAS).getParameterValues([NAME]);
      expect([nas.get(CMS_NAME), name?.value]).to.deep.equal(['Accepted', 'Accepted']);
    };

    beforeEach(async () => {
      await reload(embedNas);
      await waitFor(shownAs('embedded'), 'the embedding');
    });

    it('gets them when it answers, and goes then', async () => {
      nas.setFault({ action: 'SetValues', behaviour: 'silent' });
      expect(await write('Accepted')).to.equal(1);
      const before = house.acs.informCount;
      await reload([]);
      await waitFor(() => shown(nas)?.note !== undefined, 'the rules to be looked at');
      expect(shown(nas)).to.include({
        mechanism: 'embedded',
        note: 'is going to be virtual when it has taken what the ACS wrote',
      });
      expect(await get(NAME)).to.equal('Accepted');
      nas.setFault(undefined);
      await hasMoved(before);
    });

    it('gets them when it returns, and goes then', async () => {
      await leave();
      expect(await write('Accepted')).to.equal(1);
      const before = house.acs.informCount;
      await reload([]);
      expect(await get('Device.ManagementServer.EmbeddedDevice.1.CommandProcessed')).to.equal('Pending');
      await nas.comeBack();
      await hasMoved(before);
    });

    it('gets them when it returns after a restart of the daemon, and goes then', async () => {
      await leave();
      expect(await write('Accepted')).to.equal(1);
      await house.stopDaemon();
      const before = house.acs.informCount;
      await house.startDaemon();
      // The port for connection requests is another one.
      await house.acs.waitForInform(PROXIER, undefined, 20_000, before);
      expect(await get('Device.ManagementServer.EmbeddedDevice.1.CommandProcessed')).to.equal('Pending');
      await nas.comeBack();
      await hasMoved(before);
    });

    it('gets nothing that is older than what the ACS wrote while it was virtual', async () => {
      await leave();
      expect(await write('Older')).to.equal(1);
      await house.stopDaemon();
      hasEndpoint = false;
      let before = house.acs.informCount;
      await house.startDaemon();
      await nas.comeBack();
      await house.acs.waitForInform(NAS, undefined, 20_000, before);
      await house.acs.waitForIdle(NAS);
      const newer = [{ name: NAME, value: 'Newer', type: 'xsd:string' }] as const;
      expect(await house.acs.cpe(NAS).setParameterValues(newer)).to.equal(0);
      await leave();
      await house.stopDaemon();
      hasEndpoint = true;
      before = house.acs.informCount;
      await house.startDaemon();
      await house.acs.waitForInform(PROXIER, undefined, 20_000, before);
      expect([await get(COUNTERS[0] ?? ''), await get(COUNTERS[1] ?? '')]).to.deep.equal(['2', '0']);
      await nas.comeBack();
      await waitFor(shownAs('virtual'), 'the device');
      expect(nas.get(CMS_NAME)).to.equal('Newer');
    });

    it('is not waited for when it is to be ignored', async () => {
      await leave();
      expect(await write('Accepted')).to.equal(1);
      await reload([{ match: { productClass: 'HS2' }, mechanism: 'ignore' }]);
      await waitFor(async () => (await get(COUNTERS[1] ?? '')) === '0', 'the row to go');
      await nas.comeBack();
      await waitFor(shownAs('ignore'), 'the device to be seen', 20_000);
      expect(nas.get(CMS_NAME)).to.equal('Data');
      // Nor does it get them when it is embedded once more.
      await reload(embedNas);
      await waitFor(shownAs('embedded'), 'the embedding', 20_000);
      expect(await get(NAME.replace('StorageService.1.', 'StorageService.2.'))).to.equal('Data');
    });
  });
});
