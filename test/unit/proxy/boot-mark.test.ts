import { expect } from 'chai';
import { bootMark, hasRebooted, isSameMark } from '../../../src/proxy/boot-mark.ts';

const HOUR = 3_600_000;

describe('boot mark', () => {
  it('goes by the BOOTID where there is one, up or down', () => {
    expect(hasRebooted({ bootId: 5 }, { bootId: 5 })).to.equal(false);
    expect(hasRebooted({ bootId: 5 }, { bootId: 6 })).to.equal(true);
    expect(hasRebooted({ bootId: 5 }, { bootId: 1 })).to.equal(true);
  });

  it('goes by the UpTime of devices without BOOTID', () => {
    const before = bootMark(undefined, 7200, 10 * HOUR);
    expect(hasRebooted(before, bootMark(undefined, 7200 + 3600, 11 * HOUR))).to.equal(false);
    expect(hasRebooted(before, bootMark(undefined, 60, 11 * HOUR))).to.equal(true);
  });

  it('takes clock drift for no reboot', () => {
    const before = bootMark(undefined, 7200, 10 * HOUR);
    expect(hasRebooted(before, bootMark(undefined, 7200 + 3590, 11 * HOUR))).to.equal(false);
  });

  it('knows nothing of devices that tell neither', () => {
    expect(hasRebooted({}, {})).to.equal(false);
    expect(hasRebooted({ bootId: 5 }, {})).to.equal(false);
  });

  it('is worth storing when it says more or something else', () => {
    expect(isSameMark({ bootId: 5 }, { bootId: 5, startedAt: HOUR })).to.equal(true);
    expect(isSameMark({}, { bootId: 5 })).to.equal(false);
  });
});
