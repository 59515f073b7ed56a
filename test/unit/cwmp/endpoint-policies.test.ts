import { expect } from 'chai';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { datagramSender } from '../../../src/platform/datagram.ts';
import { NameLookup } from '../../../src/platform/name-lookup.ts';
import { setParameterValues } from '../../support/acs-calls.ts';
import { callingSession, emptySession, eventCodes, ScriptedAcs } from '../../support/scripted-acs.ts';
import { waitFor } from '../../support/wait-for.ts';
import { EndpointFixture } from './endpoint-fixture.ts';

const HOUR = 3_600_000;
const spa = (name: string, notification: number): string =>
  '<cwmp:SetParameterAttributes><ParameterList><SetParameterAttributesStruct>' +
  `<Name>${name}</Name><NotificationChange>1</NotificationChange><Notification>${notification}</Notification>` +
  '<AccessListChange>0</AccessListChange><AccessList/></SetParameterAttributesStruct></ParameterList>' +
  '</cwmp:SetParameterAttributes>';

/** An ACS that also hears Lightweight Notifications. */
class Hearing {
  readonly socket: Socket = createSocket('udp4');
  readonly heard: string[] = [];

  async open(): Promise<number> {
    this.socket.on('message', (data) => this.heard.push(data.toString()));
    this.socket.bind(0, '127.0.0.1');
    await once(this.socket, 'listening');
    return this.socket.address().port;
  }
}

describe('what an ACS orders by policies', () => {
  let acs: ScriptedAcs;
  let fixture: EndpointFixture;

  const start = async (...args: ConstructorParameters<typeof EndpointFixture>): Promise<void> => {
    fixture = new EndpointFixture(...args);
    await fixture.endpoint.start();
    await idle(1);
  };
  const idle = (sessions: number): Promise<unknown> =>
    waitFor(
      () => acs.informs.length >= sessions && !fixture.endpoint.status().inSession,
      `${sessions} sessions to be over`,
    );
  /** Codes of the Informs after the first. */
  const later = (): string[][] => acs.informs.slice(1).map(eventCodes);

  beforeEach(async () => {
    acs = await ScriptedAcs.start();
  });
  afterEach(async () => {
    await fixture.endpoint.stop();
    await acs.stop();
  });

  describe('lightweight notification', () => {
    let hearing: Hearing;
    const open = async (notification: number): Promise<void> => {
      hearing = new Hearing();
      const port = await hearing.open();
      acs.script = callingSession([spa('Device.Time.Enable', notification)]);
      await start(acs.url, {
        settings: { lightweightNotificationProtocolsUsed: 'UDP', udpLightweightNotificationPort: port },
        endpoint: { sendDatagram: datagramSender(new NameLookup()) },
      });
      acs.script = emptySession();
    };
    afterEach(() => void hearing.socket.close());

    for (const notification of [5, 6]) {
      it(`${notification}: tells a change at once by a datagram, and opens no session`, async () => {
        await open(notification);
        fixture.change('Device.Time.Enable', 'true');
        await waitFor(() => hearing.heard.length, 'a datagram');
        expect(hearing.heard[0]).to.contain(
          '<Name>Device.Time.Enable</Name><Value xsi:type="xsd:boolean">true</Value>',
        );
        expect(acs.informs).to.have.length(1);
        await fixture.endpoint.enqueueEvent('6 CONNECTION REQUEST');
        await idle(2);
        const codes =
          notification === 6 ? ['4 VALUE CHANGE', '6 CONNECTION REQUEST'] : ['6 CONNECTION REQUEST'];
        expect(later()).to.deep.equal([codes]);
      });
    }

    it('3: waits for its trigger', async () => {
      await open(3);
      await fixture.settings.update({ lightweightNotificationTriggerInterval: 600 });
      fixture.change('Device.Time.Enable', 'true');
      fixture.clock.advance(600_000);
      await waitFor(() => hearing.heard.length, 'a datagram');
      expect(acs.informs).to.have.length(1);
    });

    it('3: is no news of what the ACS has written meanwhile', async () => {
      await open(3);
      acs.script = callingSession([
        spa('Device.DeviceInfo.ProvisioningCode', 5),
        setParameterValues({ 'Device.Time.Enable': '0' }),
      ]);
      fixture.change('Device.Time.Enable', 'true');
      await fixture.endpoint.enqueueEvent('6 CONNECTION REQUEST');
      await idle(2);
      // Takes everything along that is pending.
      fixture.change('Device.DeviceInfo.ProvisioningCode', 'new');
      await waitFor(() => hearing.heard.length, 'a datagram');
      expect(hearing.heard[0]).to.contain('ProvisioningCode').and.not.contain('Time.Enable');
    });

    it('3: tells what has changed since the ACS wrote it', async () => {
      await open(3);
      acs.script = callingSession([
        spa('Device.DeviceInfo.ProvisioningCode', 5),
        setParameterValues({ 'Device.Time.Enable': '0' }),
      ]);
      fixture.provider.onApply = () => fixture.change('Device.Time.Enable', 'true');
      await fixture.endpoint.enqueueEvent('6 CONNECTION REQUEST');
      await idle(2);
      fixture.change('Device.DeviceInfo.ProvisioningCode', 'new');
      await waitFor(() => hearing.heard.length, 'a datagram');
      expect(hearing.heard[0]).to.contain('ProvisioningCode').and.contain('Time.Enable');
      await fixture.endpoint.compareWatchedValues();
      expect(fixture.store.get<object>('endpoint/1/events'), 'told once').not.to.have.property('lightweight');
    });

    it('is refused where an endpoint has none', async () => {
      hearing = new Hearing();
      await hearing.open();
      acs.script = callingSession([spa('Device.Time.Enable', 5)]);
      await start(acs.url);
      expect(acs.requests.at(-1)?.body).to.contain('<FaultCode>9009</FaultCode>');
    });
  });

  describe('heartbeat', () => {
    it('informs at each interval, in step with its reference, and not while nobody can hear it', async () => {
      await start(acs.url, {
        settings: {
          heartbeatEnable: true,
          heartbeatReportingInterval: 60,
          heartbeatInitiationTime: '2030-01-01T00:00:10Z',
        },
      });
      fixture.clock.advance(10_000);
      await idle(2);
      fixture.clock.advance(60_000);
      await idle(3);
      expect(later()).to.deep.equal([['14 HEARTBEAT'], ['14 HEARTBEAT']]);
      fixture.reachable = false;
      fixture.endpoint.reachabilityChanged();
      fixture.clock.advance(HOUR);
      fixture.reachable = true;
      fixture.endpoint.reachabilityChanged();
      expect(fixture.endpoint.status().pendingEvents).to.deep.equal([]);
      await fixture.settings.update({ heartbeatEnable: false });
      fixture.clock.advance(HOUR);
      expect(acs.informs).to.have.length(3);
    });

    it('leaves an ACS that does not answer its rest', async () => {
      await start(acs.url, { settings: { heartbeatEnable: true, heartbeatReportingInterval: 60 } });
      acs.script = () => ({ status: 503 });
      await fixture.endpoint.enqueueEvent('M Reboot', 'key');
      for (let failures = 1; failures <= 6; failures += 1) {
        await waitFor(
          () => !fixture.endpoint.status().inSession && fixture.endpoint.status().retryCount === failures,
          `failure ${failures}`,
        );
        // The waits are 5, 10, 20, 40, 80, 160 seconds: two heartbeats fall into the last one.
        if (failures < 6) fixture.clock.advance(5000 * 2 ** (failures - 1));
      }
      fixture.clock.advance(159_000);
      expect(fixture.endpoint.status().retryCount).to.equal(6);
      expect(fixture.endpoint.status().inSession).to.equal(false);
    });

    it('is not repeated when it is lost', async () => {
      await start(acs.url, { settings: { heartbeatEnable: true, heartbeatReportingInterval: 60 } });
      acs.script = () => 'drop';
      fixture.clock.advance(60_000);
      await waitFor(() => fixture.endpoint.status().lastInform?.result === 'failed', 'a lost heartbeat');
      expect(fixture.endpoint.status().pendingEvents).to.deep.equal([]);
    });
  });

  describe('standby', () => {
    const away = (milliseconds: number): void => {
      fixture.reachable = false;
      fixture.endpoint.reachabilityChanged();
      fixture.clock.advance(milliseconds);
      fixture.reachable = true;
    };

    it('says 13 WAKEUP when connection requests went unheard for too long', async () => {
      await start(acs.url, { settings: { crUnawarenessMaxDuration: 60 } });
      away(60_000);
      fixture.endpoint.reachabilityChanged();
      expect(fixture.endpoint.status().pendingEvents).to.deep.equal([]);
      away(61_000);
      fixture.endpoint.reachabilityChanged();
      await idle(2);
      expect(later()).to.deep.equal([['13 WAKEUP']]);
    });

    it('counts the periodic and scheduled Informs that were missed', async () => {
      await start(acs.url, {
        settings: {
          maxMissedPeriodic: 2,
          periodicInformEnable: true,
          periodicInformInterval: 60,
          periodicInformTime: '2026-01-01T00:00:30Z',
        },
      });
      away(3 * 60_000);
      fixture.endpoint.reachabilityChanged();
      await idle(2);
      expect(later()).to.deep.equal([['2 PERIODIC', '13 WAKEUP']]);
    });

    it('leaves it to 1 BOOT when the device restarted', async () => {
      await start(acs.url, { settings: { crUnawarenessMaxDuration: 0 } });
      away(HOUR);
      await fixture.endpoint.recordBoot();
      fixture.endpoint.reachabilityChanged();
      await idle(2);
      expect(later()).to.deep.equal([['1 BOOT']]);
    });

    it('includes the sleep of the machine, in which no timer runs', async () => {
      await start(acs.url, {
        settings: {
          crUnawarenessMaxDuration: 60,
          periodicInformEnable: true,
          periodicInformInterval: 3600,
          periodicInformTime: '2026-01-01T00:30:00Z',
        },
      });
      fixture.clock.suspend(HOUR);
      fixture.endpoint.resumed(HOUR);
      await idle(2);
      expect(later()).to.deep.equal([['2 PERIODIC', '13 WAKEUP']]);
    });
  });

  describe('the throttle of active notifications', () => {
    const reasons: readonly [string, () => unknown, readonly string[]][] = [
      ['a connection request', () => fixture.listener.call(), ['4 VALUE CHANGE', '6 CONNECTION REQUEST']],
      ['another event', () => fixture.endpoint.enqueueEvent('2 PERIODIC'), ['2 PERIODIC', '4 VALUE CHANGE']],
      [
        'a retry',
        async () => {
          acs.script = () => ({ status: 503 });
          await fixture.endpoint.enqueueEvent('2 PERIODIC');
          await idle(2);
          acs.script = emptySession();
          fixture.clock.advance(10_000);
        },
        ['2 PERIODIC', '4 VALUE CHANGE'],
      ],
    ];
    for (const [name, happens, events] of reasons) {
      it(`lets ${name} take along what waits`, async () => {
        await start(acs.url, { settings: { defaultActiveNotificationThrottle: 3600 } });
        fixture.change('Device.DeviceInfo.SoftwareVersion', '2.0');
        fixture.clock.advance(60_000);
        expect(acs.informs, 'the change waits').to.have.length(1);
        await happens();
        await waitFor(() => fixture.endpoint.status().lastInform?.result === 'succeeded', 'a session');
        await waitFor(() => later().length > 0 && !fixture.endpoint.status().inSession, 'its end');
        expect(later().at(-1)).to.deep.equal(events);
        expect(acs.informs.at(-1)?.body).to.contain('>2.0</Value>');
        const told = acs.informs.length;
        fixture.clock.advance(4 * HOUR);
        expect(fixture.clock.pendingCount, 'nothing is left for the end of the throttle').to.equal(0);
        expect(acs.informs).to.have.length(told);
      });
    }
  });
});
