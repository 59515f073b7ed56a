import { expect } from 'chai';
import { randomUUID } from 'node:crypto';
import type { LabDevice } from '../../src/lab/device/lab-device.ts';
import { systemClock, type Clock } from '../../src/platform/clock.ts';
import type { DevicePhase } from '../../src/proxy/lifecycle.ts';
import { FIRST_PROBE_DELAY_MS, PROBE_PATIENCE_MS, SUSPICION_MS } from '../../src/proxy/answer-watch.ts';
import { House } from '../support/house.ts';
import { waitFor } from '../support/wait-for.ts';

const PROXIER = '0011AA-Proxier-HOUSE%2D1';
/** The device raises no events for it: it is read from the device whenever that can be. */
const LOCATION = 'UPnP.DM.DeviceInfo.PhysicalDevice.Location';
const ROW = 'Device.X_0011AA_ProxiedDevice.1.';

/** Loses patience with silent devices soon; all else takes its time. */
const SHORT: ReadonlyMap<number, number> = new Map([
  [SUSPICION_MS, 200],
  [PROBE_PATIENCE_MS, 400],
  [FIRST_PROBE_DELAY_MS, 200],
]);
const impatientClock: Clock = {
  now: () => systemClock.now(),
  monotonic: () => systemClock.monotonic(),
  uptime: () => systemClock.uptime(),
  schedule: (delayMs, task) => systemClock.schedule(SHORT.get(delayMs) ?? delayMs, task),
};

/** Long enough to look around meanwhile. */
const REBOOT_MS = 6000;

interface Expected {
  readonly phase: DevicePhase;
  /** What the virtual device tells, the answer to the connection request aside. */
  readonly events: readonly string[];
  readonly connectionRequest: 200 | 503;
  readonly online: 'true' | 'false';
  readonly subscriptions: number;
  /** Where the proxier gets a value of the embedded device from. */
  readonly values: 'device' | 'memory';
}

const UP: Expected = {
  phase: 'ready',
  events: [],
  connectionRequest: 200,
  online: 'true',
  subscriptions: 1,
  values: 'device',
};
const AWAY: Expected = {
  phase: 'offline',
  events: [],
  connectionRequest: 503,
  online: 'false',
  subscriptions: 0,
  values: 'memory',
};

interface Transition {
  readonly name: string;
  readonly run: (device: LabDevice) => unknown;
  /** Nobody notices it at the embedded device before that is asked something. */
  readonly ask?: boolean;
  readonly expected: Expected;
}

/** One after the other, on two devices of one kind: one is virtual, one embedded. */
const TRANSITIONS: readonly Transition[] = [
  { name: 'appears', run: () => undefined, expected: { ...UP, events: ['0 BOOTSTRAP', '1 BOOT'] } },
  {
    name: 'answers nothing any more',
    run: (device) => device.setFault({ action: '*', behaviour: 'silent' }),
    ask: true,
    expected: { ...AWAY, phase: 'unreachable', subscriptions: 1 },
  },
  { name: 'answers again', run: (device) => device.setFault(undefined), expected: UP },
  { name: 'changes its model', run: (device) => device.announceStructureChange(), expected: UP },
  {
    name: 'announces a reboot',
    run: (device) => void device.reboot(),
    expected: { ...AWAY, phase: 'rebooting' },
  },
  { name: 'is back from its reboot', run: () => undefined, expected: { ...UP, events: ['1 BOOT'] } },
  { name: 'leaves with a byebye', run: (device) => device.stop(), expected: AWAY },
  {
    name: 'returns, restarted, at another port',
    run: (device) => device.comeBack({ port: 0 }),
    expected: { ...UP, events: ['1 BOOT'] },
  },
  {
    name: 'has another firmware',
    run: (device) => device.set('/UPnP/DM/DeviceInfo/SoftwareVersion', '2.0'),
    expected: { ...UP, events: ['4 VALUE CHANGE'] },
  },
  {
    name: 'restarts with another UDN',
    run: (device) => device.comeBack({ udn: `uuid:${randomUUID()}` }),
    expected: { ...UP, events: ['1 BOOT'] },
  },
];

describe('what each transition of a Proxied Device does', function () {
  this.timeout(120_000);
  let house: House;
  const devices: LabDevice[] = [];
  let virtualId: string;
  let told = 0;

  before(async () => {
    const serials = [randomUUID().slice(-8), randomUUID().slice(-8)];
    virtualId = `0090D5-RS1-${serials[0]}`;
    house = await House.open({
      devices: {
        default: 'ignore',
        pollIntervalSeconds: 1,
        rules: serials.map((serialNumber, index) => ({
          match: { serialNumber },
          mechanism: index === 0 ? 'virtual' : 'embedded',
        })),
      },
      config: (config) => ({ ...config, proxier: { ...config.proxier, endpoint: true } }),
      clock: impatientClock,
    });
    for (const serialNumber of serials) {
      const udn = `uuid:${randomUUID()}`;
      devices.push(
        await house.addDevice({ profile: 'sensor', udn, identity: { serialNumber }, rebootMs: REBOOT_MS }),
      );
    }
    for (const device of devices) device.set('/UPnP/DM/DeviceInfo/PhysicalDevice/Location', 'hall');
    await house.startDaemon();
    for (const id of [virtualId, PROXIER]) {
      await house.acs.waitForInform(id);
      await house.acs.waitForIdle(id);
    }
    // Polled: that is how its silence shows.
    await house.acs
      .cpe(virtualId)
      .setParameterAttributes([{ name: `Device.X_0011AA_UPnPDM.${LOCATION}`, notification: 2 }]);
    await house.acs.waitForIdle(virtualId);
  });
  after(() => house.close());

  const phases = (): (DevicePhase | undefined)[] =>
    devices.map((device) => house.daemon?.status().devices.find(({ udn }) => udn === device.udn)?.state);
  const read = async (path: string): Promise<string | undefined> =>
    (await house.acs.cpe(PROXIER).getParameterValues([path]))[0]?.value;

  /** All that the virtual device has told since then, once it has nothing more to tell. */
  async function eventsTold(): Promise<string[]> {
    await waitFor(() => {
      const endpoint = house.daemon?.status().endpoints[0];
      return endpoint?.inSession === false && endpoint.pendingEvents.length === 0;
    }, 'the end of its sessions');
    const informs = house.acs.devices.get(virtualId)?.informs ?? [];
    const news = informs.filter(({ sequence }) => sequence > told);
    return news
      .flatMap(({ events }) => events.map(({ code }) => code))
      .filter((code) => code !== '6 CONNECTION REQUEST');
  }

  async function valueSource(embedded: LabDevice): Promise<Expected['values']> {
    const before = embedded.requests.length;
    expect(await read(ROW + LOCATION)).to.equal('hall');
    const asked = embedded.requests
      .slice(before)
      .some((request) => JSON.stringify(request).includes('PhysicalDevice/Location'));
    return asked ? 'device' : 'memory';
  }

  for (const { name, run, ask, expected } of TRANSITIONS) {
    it(`${name}: ${expected.phase}`, async () => {
      if (name !== 'appears') told = house.acs.informCount;
      for (const device of devices) await run(device);
      if (ask === true) await read(ROW + LOCATION);
      await waitFor(() => phases().every((phase) => phase === expected.phase), expected.phase, 30_000);
      const connectionRequest = (await house.acs.connectionRequest(virtualId)).status;
      if (connectionRequest === 200) await house.acs.waitForInform(virtualId, undefined, 10_000, told);
      const found = {
        phase: expected.phase,
        events: await eventsTold(),
        connectionRequest,
        online: await read(`${ROW}Online`),
        values: await valueSource(devices[1]!),
        subscriptions: expected.subscriptions,
      };
      expect(found).to.deep.equal(expected);
      await waitFor(
        () => devices.every(({ subscriptionCount }) => subscriptionCount === expected.subscriptions),
        'the subscriptions',
        10_000,
      );
    });
  }
});
