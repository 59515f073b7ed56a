import { expect } from 'chai';
import { randomUUID } from 'node:crypto';
import { systemClock, type Clock } from '../../src/platform/clock.ts';
import { ADDRESS_CHECK_MS } from '../../src/platform/own-address.ts';
import { House } from '../support/house.ts';

const URL_NAME = 'Device.ManagementServer.ConnectionRequestURL';

/** Looks for the own address without waiting long; all else takes its time. */
const impatientClock: Clock = {
  now: () => systemClock.now(),
  monotonic: () => systemClock.monotonic(),
  uptime: () => systemClock.uptime(),
  schedule: (delayMs, task) => systemClock.schedule(delayMs === ADDRESS_CHECK_MS ? 10 : delayMs, task),
};

describe('a gateway whose WAN address changes', () => {
  const udn = `uuid:${randomUUID()}`;
  const id = `0090D5-RS1-${udn.slice(-8)}`;
  let address: string | undefined;
  let house: House;

  before(async () => {
    house = await House.open({
      devices: { default: 'ignore', rules: [{ match: { udn }, mechanism: 'virtual' }] },
      config: (config) => ({ ...config, connectionRequest: { host: '0.0.0.0', port: 0 } }),
      clock: impatientClock,
      localAddressTowards: () =>
        address === undefined ? Promise.reject(new Error('no route')) : Promise.resolve(address),
    });
    await house.addDevice({ profile: 'sensor', udn, identity: { serialNumber: udn.slice(-8) } });
    await house.startDaemon();
    await house.acs.waitForInform(id);
    await house.acs.waitForIdle(id);
  });

  after(() => house.close());

  /** The ACS is told of the URL, and reaches the device there. */
  async function expectMoveTo(next: string): Promise<void> {
    const after = house.acs.informCount;
    address = next;
    const inform = await house.acs.waitForInform(
      id,
      ({ events }) => events.some(({ code }) => code === '4 VALUE CHANGE'),
      10_000,
      after,
    );
    const url = inform.parameters.find(({ name }) => name === URL_NAME)?.value ?? '';
    expect(new URL(url).hostname).to.equal(next);
    expect((await house.acs.connectionRequest(id)).status).to.equal(200);
    await house.acs.waitForIdle(id);
  }

  it('names its LAN address while the WAN is down at power-up, and the right one when it is up', async () => {
    const first = house.acs.devices.get(id)?.connectionRequestUrl ?? '';
    expect(new URL(first).hostname).to.equal('127.0.0.1');
    await expectMoveTo('127.0.0.5');
  });

  it('tells the ACS of each new lease', async () => {
    await expectMoveTo('127.0.0.6');
  });
});
