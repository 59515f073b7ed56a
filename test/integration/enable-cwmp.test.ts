import { expect } from 'chai';
import { randomUUID } from 'node:crypto';
import { captureLog } from '../support/captured-log.ts';
import { House } from '../support/house.ts';

const ENABLE_CWMP = 'ManagementServer.EnableCWMP';

describe('an endpoint that the ACS has switched off', () => {
  const udn = `uuid:${randomUUID()}`;
  const virtual = `0090D5-RS1-${udn.slice(-8)}`;
  const proxier = '0011AA-Proxier-HOUSE%2D1';
  const log = captureLog();
  let enableCwmpAtStart = false;
  let house: House;

  const switchOff = async (id: string): Promise<void> => {
    await house.acs
      .cpe(id)
      .setParameterValues([{ name: `Device.${ENABLE_CWMP}`, value: 'false', type: 'xsd:boolean' }]);
    await house.acs.waitForIdle(id);
  };
  const callable = async (id: string): Promise<number> => (await house.acs.connectionRequest(id)).status;
  const enabled = (): (boolean | undefined)[] => {
    const status = house.daemon?.status();
    return [status?.proxier?.enableCwmp, ...(status?.endpoints ?? []).map(({ enableCwmp }) => enableCwmp)];
  };
  const restart = async (): Promise<void> => {
    await house.stopDaemon();
    await house.startDaemon();
  };
  const complaints = (): number => log.lines.filter((line) => line.includes('switched CWMP off')).length;

  before(async () => {
    // The URLs that the ACS knows stay good over restarts.
    let port = 0;
    house = await House.open({
      logger: log.logger,
      devices: { default: 'ignore', rules: [{ match: { udn }, mechanism: 'virtual' }] },
      config: (config) => ({
        ...config,
        acs: { ...config.acs, enableCwmpAtStart },
        proxier: { ...config.proxier, endpoint: true },
        connectionRequest: { host: '127.0.0.1', port },
      }),
    });
    await house.addDevice({ profile: 'sensor', udn, identity: { serialNumber: udn.slice(-8) } });
    await house.startDaemon();
    port = house.daemon?.addresses.connectionRequest.port ?? 0;
    for (const id of [virtual, proxier]) {
      await house.acs.waitForInform(id);
      await house.acs.waitForIdle(id);
    }
  });

  after(() => house.close());

  it('takes no connection request, also after a restart, and the log and the status page say why', async () => {
    for (const id of [virtual, proxier]) await switchOff(id);
    expect(enabled()).to.deep.equal([false, false]);
    expect(complaints()).to.equal(2);
    const informs = house.acs.informCount;
    await restart();
    expect(enabled()).to.deep.equal([false, false]);
    expect(complaints()).to.equal(4);
    for (const id of [virtual, proxier]) expect(await callable(id)).to.equal(503);
    expect(house.acs.informCount).to.equal(informs);
    const { host, port } = house.daemon?.addresses.status ?? { host: '', port: 0 };
    const page = await (await fetch(`http://${host}:${port}/`)).text();
    expect(page.match(/switched off by the ACS/g)).to.have.length(2);
  });

  it('comes back when acs.enableCwmpAtStart is set and the daemon starts anew', async () => {
    enableCwmpAtStart = true;
    await restart();
    expect(enabled()).to.deep.equal([true, true]);
    expect(await callable(proxier)).to.equal(200);
    const [value] = await house.acs.cpe(virtual).getParameterValues([`Device.${ENABLE_CWMP}`]);
    expect(value?.value).to.equal('true');
  });

  it('comes back at a reload of the same configuration, too, without a restart of anything', async () => {
    await switchOff(virtual);
    expect(enabled()).to.deep.equal([true, false]);
    expect(await house.daemon?.reload(house.config())).to.deep.equal([]);
    expect(enabled()).to.deep.equal([true, true]);
    expect(await callable(virtual)).to.equal(200);
  });

  it('stays as the ACS left it when the key is false again', async () => {
    await switchOff(virtual);
    enableCwmpAtStart = false;
    await restart();
    expect(enabled()).to.deep.equal([true, false]);
  });
});
