import { expect } from 'chai';
import { silentLogger, type LogFields } from '../../../../src/platform/logger.ts';
import { WarningDigest } from '../../../../src/upnp/gena/warning-digest.ts';
import { ManualClock } from '../../../support/manual-clock.ts';

describe('a digest of warnings', () => {
  it('says the first at once, the others once a minute with their number, each host for itself', () => {
    const clock = new ManualClock();
    const lines: (LogFields | undefined)[] = [];
    const digest = new WarningDigest(clock, {
      ...silentLogger,
      warn: (_message, fields) => void lines.push(fields),
    });
    for (let event = 0; event < 1000; event += 1) digest.warn('too fast', '192.0.2.1');
    digest.warn('too fast', '192.0.2.2', { error: 'E' });
    expect(lines).to.deep.equal([{ source: '192.0.2.1' }, { source: '192.0.2.2', error: 'E' }]);
    clock.advance(60_000);
    expect(lines.splice(0).slice(2)).to.deep.equal([{ source: '192.0.2.1', count: 999 }]);
    digest.warn('too fast', '192.0.2.1');
    digest.warn('too fast', '192.0.2.2');
    expect(lines, 'the one goes on, the other begins again').to.deep.equal([{ source: '192.0.2.2' }]);
    clock.advance(60_000);
    expect(lines.splice(0).slice(1)).to.deep.equal([{ source: '192.0.2.1', count: 1 }]);
    clock.advance(120_000);
    expect([lines, clock.pendingCount]).to.deep.equal([[], 0]);
  });

  it('has nothing more to say when it is stopped', () => {
    const clock = new ManualClock();
    const digest = new WarningDigest(clock, silentLogger);
    digest.warn('too fast', '192.0.2.1');
    digest.stop();
    expect(clock.pendingCount).to.equal(0);
  });
});
