import { expect } from 'chai';
import { FACTORY_SETTINGS } from '../../../../src/cwmp/default-settings.ts';
import {
  LightweightNotifier,
  type PendingNotification,
} from '../../../../src/cwmp/lightweight/lightweight-notifier.ts';
import type { AcsSettings } from '../../../../src/cwmp/types.ts';
import { DataModel } from '../../../../src/datamodel/data-model.ts';
import { silentLogger } from '../../../../src/platform/logger.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { MapProvider } from '../endpoint-fixture.ts';
import { waitFor } from '../../../support/wait-for.ts';

class Fixture {
  readonly clock = new ManualClock(Date.UTC(2026, 0, 1, 12, 0, 30));
  readonly provider = new MapProvider(false);
  readonly model = new DataModel('Device');
  readonly sent: { host: string; port: number; names: string[] }[] = [];
  settings: AcsSettings = {
    ...FACTORY_SETTINGS,
    url: 'http://acs.example:8080/cwmp',
    username: 'cpe',
    password: 'pw',
    connectionRequestUsername: '',
    connectionRequestPassword: '',
    lightweightNotificationProtocolsUsed: 'UDP',
  };
  isAllowed = true;
  isDown = false;
  attempts = 0;
  onSend: () => void = () => undefined;
  saved: readonly PendingNotification[] = [];
  notifier = this.#create([]);

  constructor() {
    for (const name of ['A', 'B', 'C']) {
      this.model.addParameter(`Device.${name}`, { provider: this.provider, type: 'string' });
      this.provider.values.set(`Device.${name}`, `value of ${name}`);
    }
  }

  /** As a daemon that starts again. */
  restart(): void {
    this.notifier = this.#create(this.saved);
  }

  /** What was told, once nothing is under way any more. */
  async told(): Promise<string[][]> {
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    return this.sent.splice(0).map(({ names }) => names);
  }

  #create(pending: readonly PendingNotification[]): LightweightNotifier {
    return new LightweightNotifier({
      identity: { manufacturer: 'M', oui: '0011AA', productClass: 'P', serialNumber: 'S' },
      model: this.model,
      settings: () => this.settings,
      isAllowed: () => this.isAllowed,
      send: (host, port, data) => {
        this.attempts += 1;
        this.onSend();
        if (this.isDown) return Promise.reject(new Error('no route'));
        const names = [...data.toString().matchAll(/<Name>Device\.(.)<\/Name>/g)].map(
          ([, name]) => name ?? '',
        );
        this.sent.push({ host, port, names });
        return Promise.resolve();
      },
      clock: this.clock,
      logger: silentLogger,
      pending,
      changed: (paths) => {
        this.saved = paths;
      },
      nameOf: () => Promise.resolve((path) => path),
      signal: new AbortController().signal,
    });
  }
}

describe('lightweight notification', () => {
  it('tells active changes at once, all of one turn together, to the host of the ACS', async () => {
    const fixture = new Fixture();
    fixture.notifier.valueChanged('Device.A', 'active');
    fixture.notifier.valueChanged('Device.B', 'active');
    await waitFor(() => fixture.sent.length, 'a datagram');
    expect(fixture.sent).to.deep.equal([{ host: 'acs.example', port: 7547, names: ['A', 'B'] }]);
    expect(fixture.saved).to.deep.equal([]);
  });

  it('goes where the ACS wants it', async () => {
    const fixture = new Fixture();
    fixture.settings = {
      ...fixture.settings,
      udpLightweightNotificationHost: 'lw.example',
      udpLightweightNotificationPort: 9,
    };
    fixture.notifier.valueChanged('Device.A', 'active');
    await waitFor(() => fixture.sent.length, 'a datagram');
    expect(fixture.sent[0]).to.include({ host: 'lw.example', port: 9 });
  });

  it('keeps passive ones until an active one takes them along', async () => {
    const fixture = new Fixture();
    fixture.notifier.valueChanged('Device.A', 'passive');
    fixture.clock.advance(86_400_000);
    expect(await fixture.told()).to.deep.equal([]);
    fixture.notifier.valueChanged('Device.B', 'active');
    expect(await fixture.told()).to.deep.equal([['A', 'B']]);
  });

  it('sends passive ones at the trigger time, plus or minus intervals', async () => {
    const fixture = new Fixture();
    fixture.settings = {
      ...fixture.settings,
      lightweightNotificationTriggerInterval: 60,
      lightweightNotificationTriggerTime: '2030-01-01T00:00:00Z',
    };
    fixture.notifier.valueChanged('Device.A', 'passive');
    fixture.clock.advance(29_999);
    expect(await fixture.told()).to.deep.equal([]);
    fixture.clock.advance(1);
    expect(await fixture.told()).to.deep.equal([['A']]);
    fixture.clock.advance(600_000);
    expect(await fixture.told()).to.deep.equal([]);
  });

  it('forgets everything when the ACS switches it off', async () => {
    const fixture = new Fixture();
    fixture.notifier.valueChanged('Device.A', 'passive');
    fixture.settings = { ...fixture.settings, lightweightNotificationProtocolsUsed: '' };
    fixture.notifier.evaluate();
    expect(fixture.saved).to.deep.equal([]);
    fixture.notifier.valueChanged('Device.A', 'active');
    expect(await fixture.told()).to.deep.equal([]);
  });

  it('tries again when the network is away, and loses nothing over a restart', async () => {
    const fixture = new Fixture();
    fixture.isDown = true;
    fixture.notifier.valueChanged('Device.A', 'active');
    expect(await fixture.told()).to.deep.equal([]);
    fixture.isDown = false;
    fixture.clock.advance(30_000);
    expect(await fixture.told()).to.deep.equal([['A']]);
    fixture.notifier.valueChanged('Device.B', 'passive');
    fixture.restart();
    fixture.notifier.valueChanged('Device.C', 'active');
    expect(await fixture.told()).to.deep.equal([['B', 'C']]);
  });

  it('tries again later and later, with one timer, and stops', async () => {
    const fixture = new Fixture();
    fixture.isDown = true;
    for (let change = 0; change < 50; change += 1) {
      fixture.notifier.valueChanged('Device.A', 'active');
      await fixture.told();
    }
    expect(fixture.attempts).to.equal(1);
    expect(fixture.clock.nextDelayMs).to.equal(30_000);
    fixture.clock.advance(30_000);
    await fixture.told();
    expect([fixture.attempts, fixture.clock.nextDelayMs]).to.deep.equal([2, 60_000]);
    await fixture.notifier.stop();
    expect(fixture.clock.pendingCount).to.equal(0);
    expect(fixture.saved).to.deep.equal([{ path: 'Device.A', urgency: 'active' }]);
  });

  it('does not lose a change that comes while a message is under way', async () => {
    const fixture = new Fixture();
    fixture.onSend = () => {
      fixture.onSend = () => undefined;
      fixture.notifier.valueChanged('Device.A', 'active');
    };
    fixture.notifier.valueChanged('Device.A', 'active');
    await waitFor(() => fixture.sent.length === 2, 'both changes');
    expect(await fixture.told()).to.deep.equal([['A'], ['A']]);
    expect(fixture.saved).to.deep.equal([]);
  });

  it('is not held up by a value that no datagram can carry', async () => {
    const fixture = new Fixture();
    fixture.provider.values.set('Device.A', 'x'.repeat(70_000));
    fixture.notifier.valueChanged('Device.A', 'active');
    fixture.notifier.valueChanged('Device.B', 'active');
    expect(await fixture.told()).to.deep.equal([['B']]);
    expect(fixture.saved).to.deep.equal([]);
  });

  it('tells what was urgent before a restart at once after it', async () => {
    const fixture = new Fixture();
    fixture.isDown = true;
    fixture.notifier.valueChanged('Device.A', 'active');
    await fixture.told();
    await fixture.notifier.stop();
    fixture.isDown = false;
    fixture.restart();
    fixture.notifier.evaluate();
    expect(await fixture.told()).to.deep.equal([['A']]);
  });

  it('waits while nothing may be sent, and leaves out what is no more', async () => {
    const fixture = new Fixture();
    fixture.isAllowed = false;
    fixture.notifier.valueChanged('Device.A', 'active');
    fixture.notifier.valueChanged('Device.B', 'active');
    expect(await fixture.told()).to.deep.equal([]);
    fixture.model.remove('Device.A');
    fixture.isAllowed = true;
    fixture.notifier.evaluate();
    expect(await fixture.told()).to.deep.equal([['B']]);
    expect(fixture.saved).to.deep.equal([]);
  });
});
