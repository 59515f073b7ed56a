import { expect } from 'chai';
import { DeviceTracker } from '../../../src/upnp/device-tracker.ts';
import type { Announcement, DeviceDescription } from '../../../src/upnp/types.ts';
import { captureLog, type CapturedLog } from '../../support/captured-log.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { waitFor } from '../../support/wait-for.ts';
import { describeDevice } from '../upnp-dm/fake-device.ts';

const UDN = 'uuid:both';
const WIRED = 'http://192.0.2.9/d.xml';
const WIRELESS = 'http://198.51.100.9/d.xml';

describe('device tracker', () => {
  let clock: ManualClock;
  let tracker: DeviceTracker;
  let log: string[];
  let fetched: string[];
  /** Locations that do not answer. */
  let silent: Set<string>;
  /** What is special in the description at a location. */
  let special: Map<string, Partial<DeviceDescription>>;
  let captured: CapturedLog;

  beforeEach(() => {
    [clock, log, fetched, silent] = [new ManualClock(), [], [], new Set()];
    special = new Map();
    captured = captureLog();
    tracker = new DeviceTracker({
      clock,
      logger: captured.logger,
      listener: {
        deviceAppeared: ({ announcement }) => void log.push(`appeared ${announcement.location}`),
        deviceLost: ({ announcement }, reason) => void log.push(`lost ${announcement.location} ${reason}`),
        deviceRenewed: (_device, { maxAgeSeconds }) => void log.push(`renewed for ${maxAgeSeconds} s`),
        deviceUnusable: ({ location }) => void log.push(`unusable ${location}`),
        unusableRenewed: ({ location }) => void log.push(`unusable again ${location}`),
        unusableLost: ({ location }, reason) => void log.push(`unusable lost ${location} ${reason}`),
      },
      fetcher: {
        fetchDescription: ({ location }) => {
          fetched.push(location);
          if (silent.has(location)) return Promise.reject(new Error('silent'));
          return Promise.resolve({
            description: describeDevice({ udn: UDN, ...special.get(location) }),
            specVersion: { major: 1, minor: 1 },
            urlBase: '',
          });
        },
      },
      times: { minValidityMs: 30_000, maxValidityMs: 3_600_000 },
      maxDevices: 8,
      maxDevicesPerHost: 8,
      searchUnicast: () => undefined,
    });
  });

  const hear = (
    location: string,
    interfaceName: string,
    maxAgeSeconds = 1800,
    kind: 'alive' | 'response' = 'alive',
  ): void => {
    const announcement: Announcement = {
      udn: UDN,
      namesRoot: true,
      location,
      sourceAddress: new URL(location).hostname,
      localAddress: '192.0.2.1',
      interfaceName,
      maxAgeSeconds,
      server: '',
      bootId: 1,
      configId: 1,
      searchPort: undefined,
      dmAnnouncement: undefined,
    };
    tracker.receive({ kind, announcement });
  };

  it('knows a device once that is heard on two interfaces', async () => {
    hear(WIRED, 'eth0');
    await waitFor(() => log.length === 1, 'the device');
    for (const name of ['wlan0', 'eth0']) hear(WIRED, name);
    hear(WIRED, 'wlan0', 100);
    expect(tracker.devices).to.have.length(1);
    expect(fetched).to.deep.equal([WIRED]);
    const renewals = [1800, 1800, 100].map((seconds) => `renewed for ${seconds} s`);
    expect(log).to.deep.equal([`appeared ${WIRED}`, ...renewals]);
  });

  it('tells of a device that cannot be described while it announces itself, and when it says goodbye', async () => {
    silent.add(WIRED);
    hear(WIRED, 'eth0');
    await waitFor(() => log.length === 1, 'the attempt');
    hear(WIRED, 'eth0');
    const byebye = { kind: 'byebye', udn: UDN.toUpperCase(), dmAnnouncement: undefined } as const;
    tracker.receive({ ...byebye, sourceAddress: '192.0.2.66' });
    expect(log).to.deep.equal([`unusable ${WIRED}`, `unusable again ${WIRED}`]);
    tracker.receive({ ...byebye, sourceAddress: '192.0.2.9' });
    expect(log.slice(2)).to.deep.equal([`unusable lost ${WIRED} byebye`]);
    expect(clock.pendingCount).to.equal(0);
  });

  it('does not tell of one that has been silent for longer than it said', async () => {
    silent.add(WIRED);
    hear(WIRED, 'eth0', 20);
    await waitFor(() => log.length === 1, 'the attempt');
    clock.advance(15_000);
    await waitFor(() => log.length === 2, 'the second attempt');
    clock.advance(30_000);
    await waitFor(() => clock.pendingCount === 1 && fetched.length === 3, 'the third attempt');
    expect(log).to.deep.equal([`unusable ${WIRED}`, `unusable ${WIRED}`]);
  });

  it('takes no answer for one to its question that was on its way when the device said goodbye', async () => {
    hear(WIRED, 'eth0');
    await waitFor(() => log.length === 1, 'the device');
    silent.add(WIRED);
    tracker.receive({ kind: 'byebye', udn: UDN, sourceAddress: '192.0.2.9', dmAnnouncement: undefined });
    clock.advance(999);
    hear(WIRED, 'eth0', 1800, 'response');
    clock.advance(1);
    clock.advance(1500);
    await waitFor(() => log.length === 2, 'its loss');
    expect(log[1]).to.equal(`lost ${WIRED} byebye`);
  });

  it('believes an answer to its question', async () => {
    hear(WIRED, 'eth0');
    await waitFor(() => log.length === 1, 'the device');
    silent.add(WIRED);
    tracker.receive({ kind: 'byebye', udn: UDN, sourceAddress: '192.0.2.9', dmAnnouncement: undefined });
    clock.advance(1000);
    hear(WIRED, 'eth0', 1800, 'response');
    clock.advance(1500);
    await new Promise((resolve) => setImmediate(resolve));
    expect(log).to.deep.equal([`appeared ${WIRED}`, 'renewed for 1800 s']);
  });

  it('uses one location of a device that has two, and the other as soon as that is lost', async () => {
    hear(WIRED, 'eth0');
    await waitFor(() => log.length === 1, 'the device');
    hear(WIRELESS, 'wlan0');
    // It is described there, and found to answer at the location in use.
    await waitFor(() => fetched.length === 3, 'the look at both');
    expect(tracker.devices.map(({ announcement }) => announcement.location)).to.deep.equal([WIRED]);

    silent.add(WIRED);
    tracker.receive({ kind: 'byebye', udn: UDN, sourceAddress: '192.0.2.9', dmAnnouncement: undefined });
    clock.advance(1000);
    clock.advance(1500);
    await waitFor(() => log.length === 3, 'the other location');
    expect(log, 'nothing of the way that was not in use').to.deep.equal([
      `appeared ${WIRED}`,
      `lost ${WIRED} byebye`,
      `appeared ${WIRELESS}`,
    ]);
  });

  it('uses the other location when an interface goes', async () => {
    hear(WIRED, 'eth0');
    await waitFor(() => log.length === 1, 'the device');
    hear(WIRELESS, 'wlan0');
    await waitFor(() => fetched.length === 3, 'the look at both');
    tracker.clear('expired', ({ interfaceName }) => interfaceName === 'eth0');
    await waitFor(() => log.length === 3, 'the other location');
    expect(log.slice(1)).to.deep.equal([`lost ${WIRED} expired`, `appeared ${WIRELESS}`]);
  });

  describe('two locations with one UDN', () => {
    const warnings = (): Record<string, unknown>[] =>
      captured.lines
        .map((line) => JSON.parse(line) as Record<string, unknown>)
        .filter(({ level }) => level === 'warn');
    /** Until the device at WIRELESS has been looked at and found to be known at WIRED. */
    const hearBoth = async (): Promise<void> => {
      hear(WIRED, 'eth0');
      await waitFor(() => log.includes(`appeared ${WIRED}`), 'the device');
      hear(WIRELESS, 'wlan0');
      await waitFor(() => captured.lines.length > 0, 'the line in the log');
    };

    it('are told once when two devices are there, with both locations and the remedy', async () => {
      special.set(WIRED, { serialNumber: '1', friendlyName: 'Lamp', modelName: 'L' });
      special.set(WIRELESS, { serialNumber: '2', friendlyName: 'Lamp', modelName: 'M' });
      await hearBoth();
      expect(warnings()).to.have.length(1);
      const [warning] = warnings();
      expect(warning).to.include({ udn: UDN, location: WIRELESS, knownLocation: WIRED });
      expect(warning?.message).to.contain('give each device a UDN of its own');
      expect(warning?.differences).to.deep.equal(['serialNumber', 'modelName']);

      // The other way round it is the same pair.
      silent.add(WIRED);
      tracker.receive({ kind: 'byebye', udn: UDN, sourceAddress: '192.0.2.9', dmAnnouncement: undefined });
      clock.advance(1000);
      clock.advance(1500);
      await waitFor(() => log.includes(`appeared ${WIRELESS}`), 'the other location');
      silent.clear();
      const renewed = (): boolean => {
        hear(WIRED, 'eth0');
        return log.includes(`unusable again ${WIRED}`);
      };
      await waitFor(renewed, 'the second look at both');
      expect(warnings()).to.have.length(1);
    });

    it('are no reason to warn when one device is there, its address in its name or not', async () => {
      special.set(WIRED, { serialNumber: '1', friendlyName: 'Lamp at 192.0.2.9' });
      special.set(WIRELESS, { serialNumber: '1', friendlyName: 'Lamp at 198.51.100.9' });
      await hearBoth();
      expect(captured.lines.join()).to.contain('device is known at another location');
      expect(warnings()).to.deep.equal([]);
    });

    it('are compared as they are now, not as the one was once read', async () => {
      special.set(WIRED, { friendlyName: 'Lamp' });
      hear(WIRED, 'eth0');
      await waitFor(() => log.includes(`appeared ${WIRED}`), 'the device');
      for (const location of [WIRED, WIRELESS]) special.set(location, { friendlyName: 'Renamed' });
      await hearBoth();
      expect(warnings()).to.deep.equal([]);
    });
  });
});
