import { expect } from 'chai';
import { randomUUID } from 'node:crypto';
import type { LabDevice } from '../../src/lab/device/lab-device.ts';
import { systemClock, type Clock } from '../../src/platform/clock.ts';
import { SUSPENSION_CHECK_MS } from '../../src/platform/suspension-watch.ts';
import { House } from '../support/house.ts';
import { waitFor } from '../support/wait-for.ts';

/** The device raises no events for it. */
const WATCHED = 'Device.X_0011AA_UPnPDM.UPnP.DM.DeviceInfo.PhysicalDevice.Location';
const VALIDITY_SECONDS = 1800;

/** Sleeps when it is told to: uptime goes on, timers do not. Looks for a sleep without waiting long. */
class SleepyClock implements Clock {
  #sleptMs = 0;
  now(): number {
    return systemClock.now();
  }
  monotonic(): number {
    return systemClock.monotonic();
  }
  uptime(): number {
    return systemClock.uptime() + this.#sleptMs;
  }
  schedule(delayMs: number, task: () => void): ReturnType<Clock['schedule']> {
    return systemClock.schedule(delayMs === SUSPENSION_CHECK_MS ? 10 : delayMs, task);
  }
  sleep(milliseconds: number): void {
    this.#sleptMs += milliseconds;
  }
}

describe('a gateway that was suspended', () => {
  let house: House;
  let clock: SleepyClock;
  let sensor: LabDevice;
  let id: string;

  beforeEach(async () => {
    clock = new SleepyClock();
    const udn = `uuid:${randomUUID()}`;
    id = `0090D5-RS1-${udn.slice(-8)}`;
    house = await House.open({
      devices: {
        default: 'ignore',
        rules: [{ match: { udn }, mechanism: 'virtual' }],
        pollIntervalSeconds: 0,
      },
      clock,
    });
    sensor = await house.addDevice({
      profile: 'sensor',
      udn,
      identity: { serialNumber: udn.slice(-8) },
      maxAgeSeconds: VALIDITY_SECONDS,
    });
    await house.startDaemon();
    await house.acs.waitForInform(id);
    await house.acs.waitForIdle(id);
    await house.acs.cpe(id).setParameterAttributes([{ name: WATCHED, notification: 2 }]);
    await house.acs.waitForIdle(id);
  });
  afterEach(() => house.close());

  const stateOf = (): { state?: string; subscription?: string } =>
    house.daemon?.status().devices.find(({ udn }) => udn === sensor.udn) ?? {};

  it('subscribes afresh and tells what changed meanwhile', async () => {
    await waitFor(() => stateOf().subscription === 'active', 'the subscription');
    const sids = new Set(sensor.eventsSent.map(({ sid }) => sid));
    sensor.set('/UPnP/DM/DeviceInfo/PhysicalDevice/Location', 'attic');
    const after = house.acs.informCount;
    clock.sleep(60_000);
    const inform = await house.acs.waitForInform(id, undefined, 10_000, after);
    expect(inform.parameters.find(({ name }) => name === WATCHED)?.value).to.equal('attic');
    await waitFor(() => !sids.has(sensor.eventsSent.at(-1)?.sid ?? ''), 'another subscription');
    await waitFor(() => stateOf().subscription === 'active', 'its confirmation');
    await waitFor(() => sensor.subscriptionCount === 1, 'the old one to be cancelled');
  });

  it('notices that a device has gone while it slept, long before its own timers would', async () => {
    await sensor.vanish();
    clock.sleep(VALIDITY_SECONDS * 1000);
    await waitFor(() => stateOf().state === 'offline', 'the loss', 20_000);
    expect((await house.acs.connectionRequest(id)).status).to.equal(503);
  });
});
