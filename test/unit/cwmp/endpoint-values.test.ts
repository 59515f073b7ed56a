import { expect } from 'chai';

import { getParameterValues, setNotification, setParameterValues } from '../../support/acs-calls.ts';
import { ControlledStore } from '../../support/controlled-store.ts';
import { callingSession, emptySession, eventCodes, informResponse } from '../../support/scripted-acs.ts';
import { waitFor } from '../../support/wait-for.ts';
import type { EndpointFixture } from './endpoint-fixture.ts';
import { EndpointSuite } from './endpoint-suite.ts';

const FAR = 'Device.Far.Value';

async function quiet(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

describe('CwmpEndpoint and the values that the ACS watches', () => {
  const suite = new EndpointSuite();
  const ready = (...args: Parameters<EndpointSuite['ready']>): Promise<EndpointFixture> =>
    suite.ready(...args);
  const restart = (...args: Parameters<EndpointSuite['restart']>): Promise<EndpointFixture> =>
    suite.restart(...args);

  it('holds a change back whose value nobody can read, and tells it when it can be read', async () => {
    const before = await ready([setNotification(FAR, 2)]);
    suite.acs.script = () => ({ status: 503 });
    before.change(FAR, '7');
    await suite.idle(before, 1);
    before.remote.values.set(FAR, '7');
    suite.acs.script = emptySession();
    suite.acs.requests.length = 0;

    const after = await restart(before, ({ remote }) => (remote.hang = true));
    await waitFor(() => after.remote.readCount > 0, 'the attempt to read it');
    after.clock.advance(2000);
    await waitFor(() => !after.endpoint.status().inSession, 'the end of the attempt');
    await quiet();
    // No session that would carry nothing, and the change is not forgotten.
    expect(suite.acs.requests).to.deep.equal([]);
    expect(after.endpoint.status().pendingEvents).to.deep.equal([{ code: '4 VALUE CHANGE', commandKey: '' }]);
    expect(after.endpoint.status().retryCount).to.equal(0);

    // It is tried again, less and less often.
    const reads = after.remote.readCount;
    expect(after.clock.nextDelayMs).to.equal(30_000);
    after.clock.advance(30_000);
    await waitFor(() => after.remote.readCount > reads, 'the next attempt');
    after.clock.advance(30_000);
    await quiet();
    expect(after.clock.nextDelayMs).to.equal(60_000);
    after.remote.hang = false;
    after.clock.advance(60_000);
    await suite.idle(after, 1);
    expect(eventCodes(suite.acs.informs[0]!)).to.deep.equal(['4 VALUE CHANGE']);
    expect(suite.acs.informs[0]!.body).to.contain('>7</Value>');
    expect(after.endpoint.status().pendingEvents).to.deep.equal([]);
  });

  it('reads what it holds back as soon as the device is back', async () => {
    const before = await ready([setNotification(FAR, 2)]);
    suite.acs.script = () => ({ status: 503 });
    before.change(FAR, '7');
    await suite.idle(before, 1);
    suite.acs.script = emptySession();
    suite.acs.requests.length = 0;
    const after = await restart(before, ({ remote }) => {
      remote.hang = true;
      remote.values.set(FAR, '7');
    });
    await waitFor(() => after.remote.readCount > 0, 'the attempt to read it');
    after.clock.advance(2000);
    await waitFor(() => after.clock.nextDelayMs === 30_000, 'the next attempt to be planned');
    after.remote.hang = false;
    after.endpoint.reachabilityChanged();
    await suite.idle(after, 1);
    expect(suite.acs.informs[0]!.body).to.contain('>7</Value>');
  });

  it('reports no secret that the ACS wrote as changed after a restart', async () => {
    const before = await ready([
      setNotification('Device.ManagementServer.Password', 2),
      setParameterValues({ 'Device.ManagementServer.Password': 'new secret' }),
    ]);
    const after = await restart(before);
    expect(await after.endpoint.compareWatchedValues()).to.equal(true);
    expect(after.endpoint.status().pendingEvents).to.deep.equal([]);
  });

  it('reports nothing that the device spells in a way of its own, as it was found to', async () => {
    const path = 'Device.DeviceInfo.ProvisioningCode';
    const before = await ready([setNotification(path, 2), setParameterValues({ [path]: 'abc' })]);
    before.provider.values.set(path, 'ABC');
    const parameter = before.model.find(path);
    if (parameter?.kind !== 'parameter') throw new Error(`no ${path}`);
    before.model.reportValueChanges([{ parameter, value: 'ABC', byAcs: true }]);
    expect(before.endpoint.status().pendingEvents).to.deep.equal([]);
    const after = await restart(before);
    expect(await after.endpoint.compareWatchedValues()).to.equal(true);
    expect(after.endpoint.status().pendingEvents).to.deep.equal([]);
  });

  describe('when the device spells what the ACS wrote in a way of its own, which nobody has read yet', () => {
    const path = 'Device.Far.Name';
    const addName = ({ model, remote }: EndpointFixture): void =>
      void model.addParameter(path, { provider: remote, type: 'string', writable: true });
    const afterRestart = async (before: EndpointFixture, spelling: string): Promise<EndpointFixture> => {
      before.remote.values.set(path, spelling);
      const after = await restart(before, addName);
      expect(await after.endpoint.compareWatchedValues()).to.equal(true);
      return after;
    };
    const written = async (): Promise<EndpointFixture> => {
      const fixture = suite.make();
      addName(fixture);
      return await ready([setNotification(path, 2), setParameterValues({ [path]: 'aa:bb' })], fixture);
    };

    it('reports nothing after a restart', async () => {
      const { endpoint } = await afterRestart(await written(), 'AA:BB ');
      expect(endpoint.status().pendingEvents).to.deep.equal([]);
    });

    it('reports nothing when somebody who remembers the value written finds that out', async () => {
      const after = await restart(await written(), addName);
      const parameter = after.model.find(path);
      if (parameter?.kind !== 'parameter') throw new Error(`no ${path}`);
      after.model.reportValueChanges([{ parameter, value: 'AA:BB' }]);
      expect(after.endpoint.status().pendingEvents).to.deep.equal([]);
    });

    it('reports other values, and other spellings from then on', async () => {
      const other = await afterRestart(await written(), 'aa:bc');
      await suite.idle(other, 1);
      suite.acs.requests.length = 0;
      const again = await afterRestart(await afterRestart(await written(), 'AA:BB'), 'aa:bb');
      await suite.idle(again, 1);
      expect(suite.acs.informs.map(eventCodes)).to.deep.equal([['4 VALUE CHANGE']]);
    });
  });

  it('forgets a change that nobody was told of when the ACS writes the parameter', async () => {
    const path = 'Device.DeviceInfo.ProvisioningCode';
    const fixture = await ready([setNotification(path, 2)]);
    const writing = callingSession([setParameterValues({ [path]: 'mine' })]);
    suite.acs.script = (request, requests) => {
      // Too late for the Inform, before the write.
      if (request.message === 'Inform') fixture.change(path, 'foreign');
      return writing(request, requests);
    };
    void fixture.endpoint.enqueueEvent('6 CONNECTION REQUEST');
    await suite.idle(fixture, 1);
    await quiet();
    expect(fixture.provider.values.get(path)).to.equal('mine');
    expect(fixture.endpoint.status().pendingEvents).to.deep.equal([]);
    suite.acs.script = emptySession();
    fixture.change(path, 'foreign again');
    await suite.idle(fixture, 2);
    expect(suite.acs.informs.map(eventCodes)).to.deep.equal([['6 CONNECTION REQUEST'], ['4 VALUE CHANGE']]);
  });

  it('tells a change that comes while the ACS writes the parameter, and after it', async () => {
    const path = 'Device.DeviceInfo.ProvisioningCode';
    const fixture = await ready([setNotification(path, 2)]);
    suite.acs.script = callingSession([setParameterValues({ [path]: 'mine' })]);
    fixture.provider.onApply = () => fixture.change(path, 'foreign');
    void fixture.endpoint.enqueueEvent('6 CONNECTION REQUEST');
    await suite.idle(fixture, 2);
    expect(suite.acs.informs.map(eventCodes)).to.deep.equal([['6 CONNECTION REQUEST'], ['4 VALUE CHANGE']]);
    expect(suite.acs.informs[1]!.body).to.contain('>foreign</Value>');
    await fixture.endpoint.compareWatchedValues();
    expect(fixture.endpoint.status().pendingEvents, 'told once').to.deep.equal([]);
  });

  it('reports no ParameterKey that the ACS gave as changed after a restart', async () => {
    const keyPath = 'Device.ManagementServer.ParameterKey';
    const withKey = (fixture: EndpointFixture): EndpointFixture => {
      fixture.model.addParameter(keyPath, {
        provider: {
          name: 'key',
          remote: false,
          read: (parameters) => parameters.map(() => fixture.endpoint.parameterKey),
          apply: () => Promise.resolve('applied'),
        },
        type: 'string',
        notification: 'canDeny',
      });
      return fixture;
    };
    const before = await ready(
      [setNotification(keyPath, 1), setParameterValues({ 'Device.Time.Enable': '1' }, 'k7')],
      withKey(suite.make()),
    );
    const after = await restart(before, (fixture) => void withKey(fixture));
    await after.endpoint.compareWatchedValues();
    expect(after.endpoint.parameterKey).to.equal('k7');
    expect(after.endpoint.status().pendingEvents).to.deep.equal([]);
  });

  it('loses no change, however many there are at once', async () => {
    const fixture = suite.make();
    const count = 5000;
    const paths = Array.from({ length: count }, (_, index) => `Device.Many.P${index}`);
    for (const path of paths) {
      fixture.model.addParameter(path, { provider: fixture.provider, type: 'string' });
      fixture.provider.values.set(path, 'old');
    }
    await ready([setNotification('Device.Many.', 2)], fixture);
    fixture.model.reportValueChanges(
      paths.map((path) => {
        fixture.provider.values.set(path, 'new');
        const parameter = fixture.model.find(path);
        if (parameter?.kind !== 'parameter') throw new Error(path);
        return { parameter, value: 'new' };
      }),
    );
    await suite.idle(fixture, 2);
    const told = new Set(
      suite.acs.informs.flatMap(({ body }) =>
        [...body.matchAll(/Device\.Many\.P\d+/g)].map(([path]) => path),
      ),
    );
    expect(told.size).to.equal(count);
  });

  it('tells the ACS of a ConnectionRequestURL that is another one than before, once', async () => {
    const before = await ready([]);
    await before.endpoint.stop();
    const after = suite.make({ store: before.store });
    after.listener.port = 7548;
    await after.endpoint.start();
    await suite.idle(after, 1);
    expect(eventCodes(suite.acs.informs[0]!)).to.deep.equal(['4 VALUE CHANGE']);
    expect(suite.acs.informs[0]!.body).to.contain('Device.ManagementServer.ConnectionRequestURL');
    const third = suite.make({ store: before.store });
    third.listener.port = 7548;
    await third.endpoint.start();
    third.provider.values.set(
      'Device.ManagementServer.ConnectionRequestURL',
      third.endpoint.connectionRequestUrl,
    );
    await third.endpoint.compareWatchedValues();
    expect(third.endpoint.status().pendingEvents).to.deep.equal([]);
  });

  it('opens a new session for a value that changed during one', async () => {
    const fixture = await ready([setNotification(FAR, 2)]);
    suite.acs.script = (request) => {
      if (request.message === 'Inform') return { body: informResponse(request) };
      suite.acs.script = emptySession();
      fixture.remote.values.set(FAR, '9');
      fixture.change(FAR, '9');
      return {};
    };
    fixture.listener.call();
    await suite.idle(fixture, 2);
    expect(suite.acs.informs.map(eventCodes)).to.deep.equal([['6 CONNECTION REQUEST'], ['4 VALUE CHANGE']]);
    expect(suite.acs.informs[1]!.body).to.contain('>9</Value>');
  });

  it('tells a change by Inform or to whoever reads only when it is on the disk', async () => {
    const store = new ControlledStore();
    const fixture = suite.make({ store });
    await ready([setNotification(FAR, 2)], fixture);
    // By Inform.
    store.holds = (key) => key.includes('/watched');
    fixture.remote.values.set(FAR, '8');
    fixture.change(FAR, '8');
    await waitFor(() => fixture.endpoint.status().inSession && store.heldCount > 0, 'the session to wait');
    await quiet();
    expect(suite.acs.requests).to.deep.equal([]);
    store.release();
    await suite.idle(fixture, 1);
    expect(suite.acs.informs[0]!.body).to.contain('>8</Value>');

    // To whoever reads, in a session that runs already.
    suite.acs.requests.length = 0;
    const calls = callingSession([getParameterValues(FAR)]);
    suite.acs.script = (request, all) => {
      if (request.message === '' && store.heldCount === 0) {
        store.holds = (key) => key.includes('/watched');
        fixture.remote.values.set(FAR, '9');
        fixture.change(FAR, '9');
      }
      return calls(request, all);
    };
    const answer = (): string | undefined =>
      suite.acs.requests.find(({ message }) => message === 'GetParameterValuesResponse')?.body;
    fixture.listener.call();
    await waitFor(() => store.heldCount > 0, 'the write');
    await quiet();
    expect(answer()).to.equal(undefined);
    store.release();
    await waitFor(() => answer() !== undefined, 'the answer');
    expect(answer()).to.contain('>9</Value>');
  });

  it('writes what it knows of one value, not of all, when that value changes', async () => {
    const store = new ControlledStore();
    const fixture = suite.make({ store });
    for (let index = 0; index < 1000; index++) {
      fixture.model.addParameter(`Device.Many.P${index}`, { provider: fixture.provider, type: 'string' });
    }
    await ready([setNotification('Device.Many.', 1)], fixture);
    const size = (): number =>
      store
        .keys('endpoint/1/watched')
        .map((key) => JSON.stringify(store.get(key)).length)
        .reduce((sum, length) => sum + length, 0);
    await waitFor(() => size() > 30_000, 'the values to be learned');
    store.writes.length = 0;
    fixture.change('Device.Many.P7', 'new');
    const written = store.writes.filter((key) => key.includes('/watched'));
    expect(written).to.have.length(1);
    expect(JSON.stringify(store.get(written[0]!)).length).to.be.below(size() / 10);
  });

  it('puts the last known value of a forced parameter into the Inform when its device is silent', async () => {
    const path = 'Device.Far.HardwareVersion';
    const addForced = ({ model, remote }: EndpointFixture): void => {
      model.addParameter(path, { provider: remote, type: 'string', forcedInform: true });
    };
    const valueIn = (inform: number): string | undefined =>
      new RegExp(`<Name>${path}</Name><Value[^>]*>([^<]*)<`).exec(suite.acs.informs[inform]?.body ?? '')?.[1];
    const fixture = suite.make();
    addForced(fixture);
    fixture.remote.values.set(path, 'rev A');
    await ready([], fixture);

    // GenieACS gives a device 4 s from the connection request to the Inform.
    const inform = async (of: EndpointFixture, count: number): Promise<void> => {
      const reads = of.remote.readCount;
      of.listener.call();
      await waitFor(() => of.remote.readCount > reads, 'the attempt to read it');
      of.clock.advance(2000);
      await suite.idle(of, count);
    };
    fixture.remote.hang = true;
    await inform(fixture, 1);
    expect(valueIn(0)).to.equal('rev A');

    const after = await restart(fixture, (anew) => {
      addForced(anew);
      anew.remote.hang = true;
    });
    await inform(after, 2);
    expect(valueIn(1)).to.equal('rev A');

    // The device may have told more since than the ACS has heard.
    Object.assign(after.remote, { lastKnown: () => 'rev B' });
    await inform(after, 3);
    expect(valueIn(2)).to.equal('rev B');
  });
});
