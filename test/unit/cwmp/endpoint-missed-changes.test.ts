import { expect } from 'chai';

import { ModelError } from '../../../src/datamodel/model-error.ts';
import { memoryDocumentStore } from '../../../src/platform/store/document-store.ts';
import type { DocumentStore } from '../../../src/platform/store/document-store.ts';
import { setNotification } from '../../support/acs-calls.ts';
import { callingSession, emptySession, eventCodes } from '../../support/scripted-acs.ts';
import { waitFor } from '../../support/wait-for.ts';
import type { EndpointFixture } from './endpoint-fixture.ts';
import { EndpointSuite } from './endpoint-suite.ts';

const FAR = 'Device.Far.Value';
const FAILURE = new ModelError('internal', 'action failed');

async function quiet(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

describe('changes that the device could not be asked for', () => {
  const suite = new EndpointSuite();

  /** The value is 7, no longer 5, and cannot be read after a restart. */
  async function changedMeanwhile(): Promise<EndpointFixture> {
    const fixture = suite.make();
    fixture.remote.values.set(FAR, '5');
    await suite.ready([setNotification(FAR, 2)], fixture);
    const after = await suite.restart(fixture, ({ remote }) => {
      remote.values.set(FAR, '7');
      remote.failure = FAILURE;
    });
    expect(await after.endpoint.compareWatchedValues()).to.equal(false);
    return after;
  }
  const planned = (fixture: EndpointFixture, waitMs: number): Promise<unknown> =>
    waitFor(() => fixture.clock.nextDelayMs === waitMs, `an attempt in ${waitMs} ms`);
  async function failAgain(fixture: EndpointFixture, waitsMs: readonly number[]): Promise<void> {
    for (const waitMs of waitsMs) {
      await planned(fixture, waitMs);
      fixture.clock.advance(waitMs);
    }
  }
  async function expectTold(fixture: EndpointFixture): Promise<void> {
    await suite.idle(fixture, 1);
    expect(suite.acs.informs.map(eventCodes)).to.deep.equal([['4 VALUE CHANGE']]);
    expect(suite.acs.informs[0]!.body).to.contain('>7</Value>');
    expect(fixture.endpoint.status().pendingEvents).to.deep.equal([]);
    expect(fixture.clock.pendingCount, 'nothing left to be read').to.equal(0);
  }

  it('are told when it can, which is tried less and less often', async () => {
    const fixture = await changedMeanwhile();
    const { clock, remote } = fixture;
    await failAgain(fixture, [30_000, 60_000]);
    await planned(fixture, 120_000);
    remote.failure = undefined;
    clock.advance(120_000);
    await expectTold(fixture);
  });

  it('are told as soon as it is back', async () => {
    const fixture = await changedMeanwhile();
    fixture.remote.failure = undefined;
    fixture.endpoint.reachabilityChanged();
    await expectTold(fixture);
  });

  it('are told once when somebody else comes upon them', async () => {
    const fixture = await changedMeanwhile();
    const { clock, remote } = fixture;
    remote.failure = undefined;
    fixture.change(FAR, '7');
    await suite.idle(fixture, 1);
    clock.advance(30_000);
    await quiet();
    await expectTold(fixture);
  });

  it('do not wait for what can never be read', async () => {
    const broken = 'Device.Broken';
    const addBroken = ({ model }: EndpointFixture): void => {
      const provider = {
        name: 'broken',
        remote: true,
        read: (parameters: readonly unknown[]) => parameters.map(() => FAILURE),
        apply: () => Promise.resolve<'applied'>('applied'),
      };
      model.addParameter(broken, { provider, type: 'string' });
    };
    const fixture = suite.make();
    addBroken(fixture);
    fixture.remote.values.set(FAR, '5');
    await suite.ready([setNotification(FAR, 2), setNotification(broken, 2)], fixture);
    const after = await suite.restart(fixture, addBroken);
    const { clock, endpoint, remote } = after;
    await endpoint.compareWatchedValues();
    await failAgain(after, [30_000, 60_000, 120_000]);
    await planned(after, 240_000);

    remote.values.set(FAR, '7');
    remote.failure = FAILURE;
    await endpoint.compareWatchedValues();
    remote.failure = undefined;
    expect(clock.nextDelayMs).to.equal(30_000);
    clock.advance(30_000);
    await suite.idle(after, 1);
    expect(suite.acs.informs.map(eventCodes)).to.deep.equal([['4 VALUE CHANGE']]);
  });

  describe('and that the ACS has just begun to watch', () => {
    /** Copied when the ACS had its answer: what a crash would have left. */
    let disk: DocumentStore;

    /** The ACS begins to watch the value, 5, while the device is silent. */
    async function watched(lastKnown?: string): Promise<EndpointFixture> {
      const fixture = suite.make();
      fixture.remote.hang = true;
      fixture.remote.values.set(FAR, '5');
      if (lastKnown !== undefined) Object.assign(fixture.remote, { lastKnown: () => lastKnown });
      const calls = callingSession([setNotification(FAR, 2)]);
      suite.acs.script = async (request, all) => {
        if (request.message === 'SetParameterAttributesResponse') disk = await copyOf(fixture.store);
        return await calls(request, all);
      };
      await fixture.endpoint.start();
      await suite.idle(fixture, 1);
      expect(fixture.remote.readCount, 'attempts to read it').to.equal(1);
      suite.acs.script = emptySession();
      return fixture;
    }
    async function crashed(value: string): Promise<EndpointFixture> {
      const fixture = suite.make({ store: disk });
      fixture.remote.values.set(FAR, value);
      suite.acs.requests.length = 0;
      await fixture.endpoint.start();
      expect(await fixture.endpoint.compareWatchedValues()).to.equal(true);
      return fixture;
    }

    it('are told after a crash: the last known value is on the disk before the answer', async () => {
      await watched('5');
      await expectTold(await crashed('7'));
    });

    it('are none after a crash when the last known value is the present one', async () => {
      await watched('5');
      const { endpoint } = await crashed('5');
      expect(endpoint.status().pendingEvents).to.deep.equal([]);
    });

    it('are told after a crash when no value was known: it may have been another one', async () => {
      await watched();
      await expectTold(await crashed('7'));
    });

    it('are told when the value could not be read at once: it may have been another one', async () => {
      const fixture = await watched();
      fixture.clock.advance(30_000);
      fixture.remote.hang = false;
      await planned(fixture, 30_000);
      suite.acs.requests.length = 0;
      fixture.remote.values.set(FAR, '7');
      fixture.clock.advance(30_000);
      await expectTold(fixture);
    });

    it('are none when the value is read at once, also after a restart', async () => {
      const fixture = await watched();
      fixture.remote.release();
      await quiet();
      expect(fixture.endpoint.status().pendingEvents).to.deep.equal([]);
      const after = await suite.restart(fixture);
      expect(await after.endpoint.compareWatchedValues()).to.equal(true);
      expect(after.endpoint.status().pendingEvents).to.deep.equal([]);
    });
  });
});

async function copyOf(store: DocumentStore): Promise<DocumentStore> {
  const copy = memoryDocumentStore();
  for (const key of store.keys('')) await copy.put(key, store.get(key));
  return copy;
}
