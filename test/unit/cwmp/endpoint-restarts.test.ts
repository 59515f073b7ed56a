import { expect } from 'chai';
import { memoryDocumentStore } from '../../../src/platform/store/document-store.ts';
import { callingSession, eventsWithKeys } from '../../support/scripted-acs.ts';
import { waitFor } from '../../support/wait-for.ts';
import type { EndpointFixture } from './endpoint-fixture.ts';
import { EndpointSuite } from './endpoint-suite.ts';

/** Orders of the ACS that ran out while nobody could tell it, and what else waits. */
const EVENTS = [
  { code: 'M ScheduleInform', commandKey: 'second' },
  { code: '2 PERIODIC', commandKey: '' },
  { code: 'M ScheduleInform', commandKey: 'first' },
  { code: '8 DIAGNOSTICS COMPLETE', commandKey: '' },
  { code: '3 SCHEDULED', commandKey: '' },
  { code: 'M Reboot', commandKey: 'order' },
];
const ORDERS = ['M Reboot order', 'M ScheduleInform second', 'M ScheduleInform first'];
const AS_BEFORE = [...['2 PERIODIC', '3 SCHEDULED', '4 VALUE CHANGE', '8 DIAGNOSTICS COMPLETE'], ...ORDERS];
/** Diagnostics end with a reboot. */
const BOOTED = ['1 BOOT', '2 PERIODIC', '3 SCHEDULED', '4 VALUE CHANGE', ...ORDERS];

describe('the first Inform after a restart', () => {
  const suite = new EndpointSuite();

  /** An endpoint of which the ACS knows, with all that in its state. */
  async function waiting(): Promise<EndpointFixture> {
    const store = memoryDocumentStore();
    await store.put('endpoint/1/events', {
      events: EVENTS,
      valueChanges: [{ path: 'Device.DeviceInfo.SoftwareVersion', active: true }],
      scheduled: [],
      bootstrappedUrl: suite.acs.url,
    });
    suite.acs.script = callingSession([]);
    return suite.make({ store });
  }

  async function expectTold(fixture: EndpointFixture, events: readonly string[]): Promise<void> {
    await suite.idle(fixture, 1);
    const [first] = suite.acs.informs;
    expect(first && eventsWithKeys(first)).to.deep.equal(events);
  }

  it('of the daemon', async () => {
    const fixture = await waiting();
    await fixture.endpoint.start();
    await expectTold(fixture, AS_BEFORE);
  });

  it('of the gateway, whose proxier can be reached at once', async () => {
    const fixture = await waiting();
    await fixture.endpoint.start(true);
    await expectTold(fixture, BOOTED);
  });

  it('of the device, while the daemon ran', async () => {
    const fixture = await waiting();
    fixture.reachable = false;
    await fixture.endpoint.start();
    await fixture.endpoint.recordBoot();
    fixture.reachable = true;
    fixture.endpoint.reachabilityChanged();
    await expectTold(fixture, BOOTED);
  });

  it('of nothing: the device was away', async () => {
    const fixture = await waiting();
    fixture.reachable = false;
    await fixture.endpoint.start();
    expect(fixture.clock.pendingCount, 'nothing is tried').to.equal(0);
    fixture.reachable = true;
    fixture.endpoint.reachabilityChanged();
    await expectTold(fixture, AS_BEFORE);
  });

  it('tells no reboot twice', async () => {
    const fixture = await waiting();
    await fixture.endpoint.start(true);
    await suite.idle(fixture, 1);
    await fixture.endpoint.enqueueEvent('2 PERIODIC');
    await waitFor(() => suite.acs.informs.length > 1, 'another session');
    expect(suite.acs.informs.slice(1).flatMap(eventsWithKeys)).not.to.include('1 BOOT');
  });
});
