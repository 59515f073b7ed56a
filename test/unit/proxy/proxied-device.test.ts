import { expect } from 'chai';
import { ConcurrencyLimit } from '../../../src/platform/concurrency-limit.ts';
import { silentLogger } from '../../../src/platform/logger.ts';
import { ProxiedDevice } from '../../../src/proxy/proxied-device.ts';
import type { ControlPoint } from '../../../src/upnp/types.ts';
import type { PresentDevice } from '../../../src/proxy/device-presence.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { waitFor } from '../../support/wait-for.ts';

describe('ProxiedDevice', () => {
  /** One that cannot be read: its bring-up fails at once. */
  const appeared = (clock: ManualClock): ProxiedDevice => {
    const device = new ProxiedDevice('uuid:a', {
      controlPoint: {} as ControlPoint,
      clock,
      logger: silentLogger,
      pollIntervalSeconds: () => 0,
      alarms: () => false,
      readings: new ConcurrencyLimit(1),
      expose: () => Promise.resolve(undefined),
      withdrawn: () => undefined,
    });
    device.appeared({ managed: {} } as PresentDevice);
    return device;
  };

  it('is offline when it does not come back from a reboot, also when the machine was suspended meanwhile', () => {
    const clock = new ManualClock();
    const device = appeared(clock);
    device.lost('byebye', true);
    clock.suspend(60_000);
    device.resumed();
    expect(device.phase).to.equal('rebooting');
    clock.advance(3_600_000);
    expect(device.phase).to.equal('offline');
  });

  it('is not given up when it is back from its reboot', () => {
    const clock = new ManualClock();
    const device = appeared(clock);
    device.lost('byebye', true);
    device.appeared({ managed: {} } as PresentDevice);
    clock.advance(3_600_000);
    expect(device.phase).not.to.equal('offline');
  });

  it('is read at once after a suspension when it waits for another try', async () => {
    const clock = new ManualClock();
    const device = appeared(clock);
    await waitFor(() => device.phase === 'waiting', 'the failure');
    device.resumed();
    expect(device.phase).to.equal('bringingUp');
    await waitFor(() => device.phase === 'waiting', 'the next failure');
    expect(clock.pendingCount, 'one timer').to.equal(1);
  });
});
