import { expect } from 'chai';
import type { InformRecord } from '../../src/lab/acs/acs-device.ts';
import type { LabDevice } from '../../src/lab/device/lab-device.ts';
import type { DevicesConfig } from '../../src/platform/config/config.ts';
import { House } from '../support/house.ts';
import { waitFor } from '../support/wait-for.ts';

const PROXIER = '0011AA-Proxier-HOUSE%2D1';
const NAS = '0090D5-HS2-HS2000200';
const COUNTERS = ['VirtualDevice', 'EmbeddedDevice'].map(
  (table) => `Device.ManagementServer.${table}NumberOfEntries`,
);

/** The rules are read anew when the daemon starts again, which is what `systemctl reload` does. */
describe('a Proxied Device that changes sides', function () {
  this.timeout(60_000);
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
