import { expect } from 'chai';
import {
  deviceTransition,
  retryDelaySeconds,
  type DeviceInput,
  type DevicePhase,
} from '../../../src/proxy/lifecycle.ts';

const LOST: DeviceInput = { type: 'lost', reason: 'byebye' };

/** Every phase and input: the phase after it, and the effects by type. */
const TABLE: readonly [DevicePhase, DeviceInput, DevicePhase, readonly string[]][] = [
  ['offline', { type: 'appeared' }, 'bringingUp', ['abort', 'bringUp']],
  ['offline', { type: 'broughtUp' }, 'offline', []],
  ['offline', { type: 'failed' }, 'offline', []],
  ['offline', { type: 'retryDue' }, 'offline', []],
  ['offline', { type: 'structureDoubtful' }, 'offline', []],
  ['offline', LOST, 'offline', []],
  ['bringingUp', { type: 'appeared' }, 'bringingUp', ['abort', 'bringUp']],
  ['bringingUp', { type: 'broughtUp' }, 'ready', ['attach']],
  ['bringingUp', { type: 'failed' }, 'waiting', ['retryAfter']],
  ['bringingUp', { type: 'retryDue' }, 'bringingUp', []],
  ['bringingUp', { type: 'structureDoubtful' }, 'bringingUp', []],
  ['bringingUp', LOST, 'offline', ['abort', 'detach']],
  ['waiting', { type: 'appeared' }, 'bringingUp', ['abort', 'bringUp']],
  ['waiting', { type: 'broughtUp' }, 'waiting', []],
  ['waiting', { type: 'failed' }, 'waiting', []],
  ['waiting', { type: 'retryDue' }, 'bringingUp', ['bringUp']],
  ['waiting', { type: 'structureDoubtful' }, 'waiting', []],
  ['waiting', LOST, 'offline', ['abort', 'detach']],
  ['ready', { type: 'appeared' }, 'refreshing', ['abort', 'bringUp']],
  ['ready', { type: 'broughtUp' }, 'ready', []],
  ['ready', { type: 'failed' }, 'ready', []],
  ['ready', { type: 'retryDue' }, 'ready', []],
  ['ready', { type: 'structureDoubtful' }, 'refreshing', ['bringUp']],
  ['ready', LOST, 'offline', ['abort', 'detach']],
  ['refreshing', { type: 'appeared' }, 'refreshing', ['abort', 'bringUp']],
  ['refreshing', { type: 'broughtUp' }, 'ready', ['attach']],
  ['refreshing', { type: 'failed' }, 'ready', ['retryAfter']],
  ['refreshing', { type: 'retryDue' }, 'refreshing', []],
  ['refreshing', LOST, 'offline', ['abort', 'detach']],
];

describe('the life cycle of a Proxied Device', () => {
  for (const [phase, input, after, effects] of TABLE) {
    it(`${phase}, ${input.type} → ${after}`, () => {
      const result = deviceTransition({ phase, failures: 0 }, input);
      expect(result.state.phase).to.equal(after);
      expect(result.effects.map(({ type }) => type)).to.deep.equal(effects);
    });
  }

  it('reads the device once more when it became doubtful while it was being read', () => {
    const doubtful = deviceTransition({ phase: 'refreshing', failures: 0 }, { type: 'structureDoubtful' });
    const done = deviceTransition(doubtful.state, { type: 'broughtUp' });
    expect(done.state.phase).to.equal('refreshing');
    expect(done.effects.map(({ type }) => type)).to.deep.equal(['attach', 'bringUp']);
    const again = deviceTransition(done.state, { type: 'broughtUp' });
    expect(again.state.phase).to.equal('ready');
  });

  it('tries a failed refresh again without giving up what is known', () => {
    const failed = deviceTransition({ phase: 'refreshing', failures: 0 }, { type: 'failed' });
    expect(deviceTransition(failed.state, { type: 'retryDue' }).state.phase).to.equal('refreshing');
  });

  it('waits longer after each failure, up to five minutes', () => {
    expect([1, 2, 3, 4].map(retryDelaySeconds)).to.deep.equal([2, 4, 8, 16]);
    expect(retryDelaySeconds(50)).to.equal(300);
  });
});
