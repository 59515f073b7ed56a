import { expect } from 'chai';
import { HostileHost, ok } from '../support/hostile-host.ts';
import { House } from '../support/house.ts';
import { waitFor } from '../support/wait-for.ts';

const PROXIER = '0011AA-Proxier-HOUSE%2D1';
const TABLE = 'Device.UPnP.Discovery.RootDevice.';

describe('a root device that cannot be described', () => {
  const host = new HostileHost();
  const uuid = `0badc0de-0000-4000-8000-${String(process.pid).padStart(12, '0')}`;
  let house: House;

  before(async () => {
    await host.start();
    house = await House.open({
      devices: { default: 'ignore' },
      config: (config) => ({ ...config, proxier: { ...config.proxier, endpoint: true } }),
    });
    await house.startDaemon();
    await house.acs.waitForInform(PROXIER);
    await house.acs.waitForIdle(PROXIER);
  });

  after(async () => {
    await house.close();
    await host.stop();
  });

  it('is in the inventory as it was announced', async () => {
    host.replies.set('/broken.xml', ok('<root><device>'));
    const location = host.url('/broken.xml');
    const row = await waitFor(
      async () => {
        await host.announce(`uuid:${uuid}`, location);
        const values = await house.acs.cpe(PROXIER).getParameterValues([TABLE]);
        const own = values.find(({ name, value }) => name.endsWith('.UUID') && value === uuid);
        if (own === undefined) return undefined;
        const path = own.name.slice(0, own.name.lastIndexOf('.') + 1);
        return new Map(
          values
            .filter(({ name }) => name.startsWith(path))
            .map(({ name, value }) => [name.slice(path.length), value]),
        );
      },
      'the row',
      20_000,
    );
    expect(row.get('Location')).to.equal(location);
    expect(row.get('USN')).to.equal(`uuid:${uuid}::upnp:rootdevice`);
    expect(row.get('Status')).to.equal('LeaseActive');
    expect(row.get('LeaseTime')).to.equal('1800');
  });
});
