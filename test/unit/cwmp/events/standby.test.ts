import { expect } from 'chai';
import { isWakeup } from '../../../../src/cwmp/events/standby.ts';

const OFF = { crUnawarenessMaxDuration: -1, maxMissedPeriodic: -1, notifyMissedScheduled: false };
const LONG = { duration: 1e6, missedPeriodic: 100, missedScheduled: 5 };

describe('waking up', () => {
  it('is no event unless the ACS asks for it', () => {
    expect(isWakeup(OFF, LONG)).to.equal(false);
  });

  const cases: readonly [string, Partial<typeof OFF>, Partial<typeof LONG>, boolean][] = [
    [
      'unheard connection requests within the limit',
      { crUnawarenessMaxDuration: 60 },
      { duration: 60 },
      false,
    ],
    ['unheard connection requests beyond it', { crUnawarenessMaxDuration: 60 }, { duration: 61 }, true],
    ['any time at all with limit 0', { crUnawarenessMaxDuration: 0 }, { duration: 1 }, true],
    ['periodic Informs missed within the limit', { maxMissedPeriodic: 2 }, { missedPeriodic: 2 }, false],
    ['periodic Informs missed beyond it', { maxMissedPeriodic: 2 }, { missedPeriodic: 3 }, true],
    ['a scheduled Inform missed', { notifyMissedScheduled: true }, { missedScheduled: 1 }, true],
    ['no scheduled Inform missed', { notifyMissedScheduled: true }, { missedScheduled: 0 }, false],
  ];
  for (const [what, policy, standby, expected] of cases) {
    it(`${what}: ${expected ? '13 WAKEUP' : 'nothing'}`, () => {
      const none = { duration: 0, missedPeriodic: 0, missedScheduled: 0 };
      expect(isWakeup({ ...OFF, ...policy }, { ...none, ...standby })).to.equal(expected);
    });
  }
});
