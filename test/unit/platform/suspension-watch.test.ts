import { expect } from 'chai';
import { SuspensionWatch } from '../../../src/platform/suspension-watch.ts';
import { ManualClock } from '../../support/manual-clock.ts';

describe('SuspensionWatch', () => {
  it('tells a sleep from a clock that was set', () => {
    const clock = new ManualClock();
    const sleeps: number[] = [];
    const watch = new SuspensionWatch(clock, (sleptMs) => sleeps.push(sleptMs));
    watch.start();
    clock.advance(3_600_000);
    clock.jumpWallClock(86_400_000);
    clock.advance(60_000);
    expect(sleeps).to.deep.equal([]);
    clock.suspend(30_000);
    clock.advance(10_000);
    clock.advance(600_000);
    expect(sleeps).to.deep.equal([30_000]);
    watch.stop();
    expect(clock.pendingCount).to.equal(0);
  });
});
