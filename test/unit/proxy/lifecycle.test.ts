import { expect } from 'chai';
import {
  deviceTransition,
  retryDelaySeconds,
  type DeviceInput,
  type DevicePhase,
} from '../../../src/proxy/lifecycle.ts';

const LOST: DeviceInput = { type: 'lost', reason: 'byebye', reboots: false };
const REBOOTS: DeviceInput = { type: 'lost', reason: 'rebooted', reboots: true };
const GONE = ['abort', 'detach'];
const READ = ['abort', 'bringUp'];

/** What each input does in each phase: the phase after it and the effects by type; nothing where it is not listed. */
const TABLE: Readonly<Record<DevicePhase, readonly [DeviceInput, DevicePhase, readonly string[]][]>> = {
  offline: [[{ type: 'appeared' }, 'bringingUp', READ]],
  bringingUp: [
    [{ type: 'appeared' }, 'bringingUp', READ],
    [{ type: 'broughtUp' }, 'ready', ['attach']],
    [{ type: 'failed' }, 'waiting', ['retryAfter']],
    [LOST, 'offline', GONE],
    [REBOOTS, 'rebooting', [...GONE, 'giveUpAfter']],
  ],
  waiting: [
    [{ type: 'appeared' }, 'bringingUp', READ],
    [{ type: 'retryDue' }, 'bringingUp', ['bringUp']],
    [LOST, 'offline', GONE],
    [REBOOTS, 'rebooting', [...GONE, 'giveUpAfter']],
  ],
  ready: [
    [{ type: 'appeared' }, 'refreshing', READ],
    [{ type: 'structureDoubtful' }, 'refreshing', ['bringUp']],
    [{ type: 'fellSilent' }, 'unreachable', ['abort', 'suspend']],
    [LOST, 'offline', GONE],
    [REBOOTS, 'rebooting', [...GONE, 'giveUpAfter']],
  ],
  refreshing: [
    [{ type: 'appeared' }, 'refreshing', READ],
    [{ type: 'broughtUp' }, 'ready', ['attach']],
    [{ type: 'failed' }, 'ready', ['retryAfter']],
    [{ type: 'fellSilent' }, 'unreachable', ['abort', 'suspend']],
    [LOST, 'offline', GONE],
    [REBOOTS, 'rebooting', [...GONE, 'giveUpAfter']],
  ],
  unreachable: [
    [{ type: 'appeared' }, 'bringingUp', READ],
    [{ type: 'answered' }, 'refreshing', ['attach', 'bringUp']],
    [LOST, 'offline', GONE],
    [REBOOTS, 'rebooting', [...GONE, 'giveUpAfter']],
  ],
  rebooting: [
    [{ type: 'appeared' }, 'bringingUp', READ],
    [{ type: 'notBack' }, 'offline', []],
    [LOST, 'offline', GONE],
    [REBOOTS, 'rebooting', [...GONE, 'giveUpAfter']],
  ],
};
const INPUTS: readonly DeviceInput[] = [
  { type: 'appeared' },
  { type: 'broughtUp' },
  { type: 'failed' },
  { type: 'retryDue' },
  { type: 'structureDoubtful' },
  { type: 'fellSilent' },
  { type: 'answered' },
  { type: 'notBack' },
  LOST,
  REBOOTS,
];

describe('the life cycle of a Proxied Device', () => {
  for (const phase of Object.keys(TABLE) as DevicePhase[]) {
    for (const input of INPUTS) {
      const [, after, effects] = TABLE[phase].find(
        ([listed]) => listed === input || (listed.type === input.type && input.type !== 'lost'),
      ) ?? [input, phase, []];
      it(`${phase}, ${input.type}${input === REBOOTS ? ' to reboot' : ''} → ${after}`, () => {
        const result = deviceTransition({ phase, failures: 0 }, input);
        expect(result.state.phase).to.equal(after);
        expect(result.effects.map(({ type }) => type)).to.deep.equal(effects);
      });
    }
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
