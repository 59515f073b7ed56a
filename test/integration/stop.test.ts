import { expect } from 'chai';
import { randomUUID } from 'node:crypto';
import type { DeviceFault } from '../../src/lab/device/device-fault.ts';
import type { LabDevice } from '../../src/lab/device/lab-device.ts';
import type { Config } from '../../src/platform/config/config.ts';
import { House } from '../support/house.ts';
import { waitFor } from '../support/wait-for.ts';

/** Below what service managers and our own service give a stop. */
const LONGEST_STOP_MS = 5000;

describe('a daemon that stops', () => {
  let house: House;
  let udn: string;
  let id: string;
  /** Called for the own address; a test may keep it waiting. */
  let findOwnAddress: () => Promise<string>;

  beforeEach(async () => {
    udn = `uuid:${randomUUID()}`;
    id = `0090D5-RS1-${udn.slice(-8)}`;
    findOwnAddress = () => Promise.resolve('127.0.0.1');
    house = await House.open({
      devices: { default: 'ignore', rules: [{ match: { udn }, mechanism: 'virtual' }] },
      localAddressTowards: () => findOwnAddress(),
    });
  });
  afterEach(() => house.close());

  async function addSensor(): Promise<LabDevice> {
    const device = await house.addDevice({
      profile: 'sensor',
      udn,
      identity: { serialNumber: udn.slice(-8) },
    });
    await house.startDaemon();
    await house.acs.waitForInform(id);
    await house.acs.waitForIdle(id);
    await waitFor(() => device.subscriptionCount === 1, 'the subscription');
    return device;
  }

  /** The ACS reads `name` when the device has that fault; `begun` resolves when the device has been asked. */
  function readInSession(
    device: LabDevice,
    fault: DeviceFault,
    name: string,
  ): { readonly begun: Promise<unknown>; readonly names: Promise<readonly string[] | string> } {
    let asked = Infinity;
    const names = house.acs
      .perform(id, async (session) => {
        await session.getParameterValues(['Device.ManagementServer.URL']);
        device.setFault(fault);
        asked = device.requests.length;
        return (await session.getParameterValues([name])).map((parameter) => parameter.name);
      })
      .catch(() => 'not answered');
    const hasBegun = (): boolean => device.requests.slice(asked).some(({ action }) => action === 'GetValues');
    return { begun: waitFor(hasBegun, 'the read to begin'), names };
  }

  async function stopInTime(): Promise<void> {
    const since = performance.now();
    await house.stopDaemon();
    expect(performance.now() - since).to.be.below(LONGEST_STOP_MS);
  }

  const reload = (change: Partial<Config>): Promise<unknown> =>
    house.daemon?.reload({ ...house.config(), ...change }) ?? Promise.reject(new Error('no daemon'));
  const anotherUser = (): Partial<Config> => ({ acs: { ...house.config().acs, username: 'other' } });

  it('lets a slow device answer what the ACS asked, then ends the session and the subscription', async () => {
    const device = await addSensor();
    const name = 'Device.DeviceInfo.UpTime';
    const answer = readInSession(device, { action: 'GetValues', delayMs: 700 }, name);
    await answer.begun;
    await stopInTime();
    expect(await answer.names).to.deep.equal([name]);
    expect(device.subscriptionCount).to.equal(0);
  });

  it('leaves the ACS in no session: one that began as it was stopped goes to its end', async () => {
    await addSensor();
    let release = (): void => undefined;
    const held = new Promise<undefined>((resolve) => {
      release = () => {
        resolve(undefined);
      };
    });
    const arrived = new Promise<void>((resolve) => {
      house.acs.script(id, ({ envelope }) => {
        if (envelope?.message.rpc !== 'Inform') return undefined;
        resolve();
        return held;
      });
    });
    const before = house.acs.informCount;
    expect((await house.acs.connectionRequest(id)).accepted).to.equal(true);
    await arrived;
    const stopped = stopInTime();
    house.acs.script(id, undefined);
    release();
    await stopped;
    await waitFor(() => house.acs.devices.get(id)?.session === undefined, 'the ACS to see the end', 1_000);
    // The port for connection requests is another one now.
    await house.startDaemon();
    await house.acs.waitForInform(id, undefined, 5_000, before + 1);
  });

  it('does not let a silent device hold up a configuration that concerns the ACS only', async () => {
    const device = await addSensor();
    const name = 'Device.X_0011AA_UPnPDM.UPnP.DM.DeviceInfo.PhysicalDevice.Location';
    await house.acs.cpe(id).setParameterAttributes([{ name, notification: 2 }]);
    await house.acs.waitForIdle(id);
    device.setFault({ action: '*', behaviour: 'silent' });
    const since = performance.now();
    await reload(anotherUser());
    expect(performance.now() - since).to.be.below(LONGEST_STOP_MS);
    await stopInTime();
    expect(device.subscriptionCount).to.equal(0);
  });

  it('waits for no configuration that is being taken up, which goes no further then', async () => {
    const device = await addSensor();
    let answer: ((address: string) => void) | undefined;
    findOwnAddress = () =>
      new Promise((resolve) => {
        answer = resolve;
      });
    const reloaded = reload(anotherUser()).then(() => 'taken up', String);
    await waitFor(() => answer !== undefined, 'the look for the own address');
    await stopInTime();
    expect(device.subscriptionCount).to.equal(0);
    answer?.('127.0.0.1');
    expect(await reloaded).to.contain('the daemon stops');
  });

  it('waits neither for a device that is silent nor for one that does not confirm subscriptions', async () => {
    const device = await addSensor();
    const answer = readInSession(device, { action: '*', behaviour: 'silent' }, 'Device.DeviceInfo.UpTime');
    await answer.begun;
    const silentUdn = `uuid:${randomUUID()}`;
    const unconfirming = await house.addDevice({
      profile: 'sensor',
      udn: silentUdn,
      identity: { serialNumber: silentUdn.slice(-8) },
      fault: { events: 'unconfirmed' },
    });
    await waitFor(
      () => house.daemon?.status().devices.some((found) => found.udn === unconfirming.udn),
      'the other device',
    );
    await stopInTime();
    expect(await Promise.race([answer.names, Promise.resolve('not answered')])).to.equal('not answered');
    expect(device.subscriptionCount).to.equal(0);
  });
});
