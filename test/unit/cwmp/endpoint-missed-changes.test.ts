import { expect } from 'chai';

import { ModelError } from '../../../src/datamodel/model-error.ts';
import { setNotification } from '../../support/acs-calls.ts';
import { eventCodes } from '../../support/scripted-acs.ts';
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
});
