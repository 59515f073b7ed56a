import { expect } from 'chai';

import type { ObjectNode } from '../../../src/datamodel/node.ts';
import { createSessionScheduler } from '../../../src/cwmp/session-scheduler.ts';
import { getParameterValues, scheduleInform, setNotification } from '../../support/acs-calls.ts';
import { ControlledStore } from '../../support/controlled-store.ts';
import { callingSession } from '../../support/scripted-acs.ts';
import { waitFor } from '../../support/wait-for.ts';
import { stopAtOnce } from './endpoint-fixture.ts';
import { EndpointSuite } from './endpoint-suite.ts';

async function quiet(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** The clocks of these tests stand still: what waits for a time waits for ever. */
describe('CwmpEndpoint that does not wait for a silent device', () => {
  const suite = new EndpointSuite();

  it('brings a session to its end before it stops', async () => {
    const fixture = suite.make();
    const { endpoint, remote, listener } = fixture;
    remote.hang = true;
    suite.acs.script = callingSession([
      getParameterValues('Device.Far.Value'),
      getParameterValues('Device.Far.Value'),
    ]);
    await endpoint.start();
    await waitFor(() => remote.readCount > 0, 'the read');
    const stopped = endpoint.stop();
    expect(listener.call(), 'a connection request meanwhile').to.equal('busy');
    remote.release();
    await stopped;
    const kinds = suite.acs.requests.map(({ message }) => message);
    // An ACS holds a session that stops in its middle for half a minute, and refuses the next one meanwhile.
    expect(kinds).to.deep.equal(['Inform', '', 'GetParameterValuesResponse', 'GetParameterValuesResponse']);
    expect(endpoint.status()).to.deep.include({ inSession: false });
    expect(fixture.clock.pendingCount).to.equal(0);
  });

  it('goes on when the ACS has not answered the Inform yet', async () => {
    const { endpoint } = suite.make();
    const answer = callingSession([]);
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    suite.acs.script = async (request, all) => {
      await held;
      return answer(request, all);
    };
    await endpoint.start();
    await waitFor(() => suite.acs.requests.length > 0, 'the Inform');
    const stopped = endpoint.stop();
    release();
    await stopped;
    expect(suite.acs.requests.map(({ message }) => message)).to.deep.equal(['Inform', '']);
    expect(endpoint.status()).to.deep.include({ pendingEvents: [], inSession: false });
  });

  it('waits two seconds for that end, no longer', async () => {
    const { endpoint, remote, clock } = suite.make();
    remote.hang = true;
    suite.acs.script = callingSession([getParameterValues('Device.Far.Value')]);
    await endpoint.start();
    await waitFor(() => remote.readCount > 0, 'the read');
    let isStopped = false;
    const stopped = endpoint.stop().then(() => (isStopped = true));
    clock.advance(1999);
    await new Promise((resolve) => setImmediate(resolve));
    expect(isStopped).to.equal(false);
    clock.advance(1);
    await stopped;
    expect(endpoint.status()).to.deep.include({ inSession: false });
    expect(suite.acs.requests.map(({ message }) => message)).not.to.include('GetParameterValuesResponse');
  });

  it('leaves no timer behind when it is stopped while its start waits for the disk', async () => {
    const store = new ControlledStore();
    const { endpoint, clock } = suite.make({ store, settings: { periodicInformEnable: true } });
    store.holds = () => true;
    const started = endpoint.start();
    await waitFor(() => store.heldCount > 0, 'the write');
    const stopped = endpoint.stop();
    await quiet();
    store.release();
    await Promise.all([started, stopped]);
    expect(clock.pendingCount).to.equal(0);
  });

  it('leaves no timer behind when it is stopped while a ScheduleInform waits for the disk', async () => {
    const store = new ControlledStore();
    const { endpoint, clock } = suite.make({ store });
    suite.acs.script = callingSession([scheduleInform(300, 'k')]);
    const isOrder = (key: string): boolean =>
      JSON.stringify(store.get(key) ?? null).includes('"commandKey":"k"');
    store.holds = isOrder;
    await endpoint.start();
    await waitFor(() => store.heldCount > 0, 'the write of the order');
    const stopped = endpoint.stop();
    await quiet();
    clock.advance(2000);
    await quiet();
    store.release();
    await stopped;
    await quiet();
    expect(clock.pendingCount).to.equal(0);
  });

  it('stops while the values of an Inform are read', async () => {
    const { endpoint, remote, model } = suite.make();
    model.addParameter('Device.Far.Forced', { provider: remote, type: 'string', forcedInform: true });
    remote.hang = true;
    await endpoint.start();
    await waitFor(() => remote.readCount > 0, 'the read');
    await endpoint.stop();
    expect(suite.acs.requests).to.deep.equal([]);
  });

  it('stops while it waits for its turn', async () => {
    const scheduler = createSessionScheduler(0, 0);
    const { endpoint } = suite.make({ endpoint: { scheduler } });
    await endpoint.start();
    await endpoint.stop();
    expect(suite.acs.requests).to.deep.equal([]);
  });

  it('does not wait for a lightweight notification whose host name nobody resolves', async () => {
    const store = new ControlledStore();
    let sent = (): void => undefined;
    const sending = new Promise<void>((resolve) => (sent = resolve));
    let isSending = false;
    const fixture = suite.make({
      store,
      settings: { lightweightNotificationProtocolsUsed: 'UDP' },
      endpoint: {
        sendDatagram: () => {
          isSending = true;
          return sending;
        },
      },
    });
    await suite.ready([setNotification('Device.Time.Enable', 5)], fixture);
    fixture.change('Device.Time.Enable', 'true');
    await waitFor(() => isSending, 'the datagram');
    let isStopped = false;
    void stopAtOnce(fixture).then(() => (isStopped = true));
    try {
      await waitFor(() => isStopped, 'the end');
    } finally {
      store.writes.length = 0;
      sent();
    }
    const pending = [{ path: 'Device.Time.Enable', urgency: 'active' }];
    expect(store.get('endpoint/1/events')).to.deep.include({ lightweight: pending });
    expect(fixture.clock.pendingCount).to.equal(0);
    // The store is somebody else's, or closed.
    await quiet();
    expect(store.writes).to.deep.equal([]);
  });

  it('ends a session before it learns the values that the ACS has put in sight', async () => {
    const fixture = suite.make();
    const { model, remote, endpoint } = fixture;
    model.addObject('Device.Shelf.', {
      table: true,
      writable: true,
      provider: {
        name: 'shelf',
        remote: false,
        read: () => [],
        apply: () => Promise.resolve('applied'),
        addRow: (table: ObjectNode) => {
          model.addObject(`${table.path}1.`);
          return Promise.resolve({ instanceNumber: 1, status: 'applied' });
        },
      },
    });
    remote.hang = true;
    suite.acs.script = callingSession([
      setNotification('Device.Far.', 2),
      '<cwmp:AddObject><ObjectName>Device.Shelf.</ObjectName><ParameterKey></ParameterKey></cwmp:AddObject>',
    ]);
    await endpoint.start();
    await suite.idle(fixture, 1);
    expect(suite.acs.requests.at(-1)?.message).to.equal('AddObjectResponse');
    const reads = remote.readCount;
    await waitFor(() => remote.readCount >= 2, 'the values to be read after the session');
    expect(reads).to.be.at.least(1);
    // Nobody waits for them for ever.
    expect(fixture.clock.nextDelayMs).to.be.below(60_000);
    suite.acs.script = callingSession([]);
    fixture.listener.call();
    await suite.idle(fixture, 2);
    await stopAtOnce(fixture);
  });
});
