import { expect } from 'chai';
import { occurrencesBetween, type Recurrence } from '../../../../src/cwmp/events/periodic.ts';
import { RecurringAlarm } from '../../../../src/cwmp/events/recurring-alarm.ts';
import { ManualClock } from '../../../support/manual-clock.ts';

const identity = { manufacturer: 'M', oui: '0011AA', productClass: 'P', serialNumber: 'S' };
const START = Date.UTC(2026, 0, 1, 12, 0, 30);
const HOUR = 3_600_000;

describe('a recurring alarm', () => {
  let recurrence: Recurrence | undefined;
  let clock: ManualClock;
  let due: number[];
  let alarm: RecurringAlarm;

  beforeEach(() => {
    recurrence = { intervalSeconds: 300, reference: '1999-01-01T00:00:00Z' };
    clock = new ManualClock(START);
    due = [];
    alarm = new RecurringAlarm({
      clock,
      identity,
      salt: '',
      recurrence: () => recurrence,
      onDue: () => due.push(clock.now() - START),
    });
    alarm.restart();
  });

  it('goes off in step with its reference', () => {
    clock.advance(15 * 60_000);
    expect(due).to.deep.equal([270_000, 570_000, 870_000]);
  });

  it('goes off once after the clock was set forward, then in step again', () => {
    clock.jumpWallClock(HOUR);
    clock.advance(300_000);
    expect(due).to.deep.equal([HOUR + 60_000, HOUR + 270_000]);
  });

  it('does not wait for the old time after the clock was set back', () => {
    clock.jumpWallClock(-HOUR);
    clock.advance(300_000);
    expect(due).to.deep.equal([-HOUR + 270_000]);
  });

  it('takes account of another recurrence, and of none', () => {
    recurrence = { intervalSeconds: 30, reference: '1999-01-01T00:00:00Z' };
    alarm.restart();
    clock.advance(60_000);
    expect(due).to.deep.equal([30_000, 60_000]);
    recurrence = undefined;
    alarm.restart();
    clock.advance(HOUR);
    expect(due).to.have.length(2);
    expect(clock.pendingCount).to.equal(0);
  });

  it('has a phase of its own where none is given, between endpoints and between purposes', () => {
    const unknown = { intervalSeconds: 300, reference: '0001-01-01T00:00:00Z' };
    const firstDue = (serialNumber: string, salt: string): number => {
      const seen: number[] = [];
      const own = new ManualClock(START);
      new RecurringAlarm({
        clock: own,
        identity: { ...identity, serialNumber },
        salt,
        recurrence: () => unknown,
        onDue: () => seen.push(own.now()),
      }).restart();
      own.advance(300_000);
      return seen[0] ?? NaN;
    };
    const dues = [firstDue('S', ''), firstDue('S', 'heartbeat'), firstDue('T', '')];
    expect(new Set(dues).size).to.equal(3);
  });

  it('counts what falls into a time', () => {
    const count = (seconds: number): number =>
      occurrencesBetween(
        { intervalSeconds: 300, reference: '1999-01-01T00:00:00Z' },
        identity,
        START,
        START + seconds * 1000,
      );
    expect([0, 269, 270, 569, 570, 3600].map(count)).to.deep.equal([0, 0, 1, 1, 2, 12]);
  });
});
