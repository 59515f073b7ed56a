import { expect } from 'chai';
import { bootMark, hasRebooted, isSameMark, type BootMark } from '../../../src/proxy/boot-mark.ts';

const HOUR = 3600;

/** A device without BOOTID, up for so many seconds, seen when the machine was up for so many seconds in that run. */
function seen(
  upTimeSeconds: number,
  machineUpSeconds: number,
  machineBootId: string | undefined = 'run',
): BootMark {
  return bootMark(undefined, upTimeSeconds, { uptimeMs: machineUpSeconds * 1000, machineBootId });
}

describe('boot mark', () => {
  it('goes by the BOOTID where there is one, up or down', () => {
    expect(hasRebooted({ bootId: 5 }, { bootId: 5 })).to.equal(false);
    expect(hasRebooted({ bootId: 5 }, { bootId: 6 })).to.equal(true);
    expect(hasRebooted({ bootId: 5 }, { bootId: 1 })).to.equal(true);
  });

  for (const [name, before, now, rebooted] of [
    ['up for as much longer as the machine', seen(2 * HOUR, HOUR), seen(3 * HOUR, 2 * HOUR), false],
    ['up for a minute', seen(2 * HOUR, HOUR), seen(60, 2 * HOUR), true],
    ['up for longer than before, but started since', seen(HOUR, HOUR), seen(2 * HOUR, 5 * HOUR), true],
    ['whose clock drifts, after a month', seen(HOUR, HOUR), seen(720 * HOUR - 600, 720 * HOUR), false],
    ['that answers late', seen(2 * HOUR, HOUR), seen(3 * HOUR - 100, 2 * HOUR), false],
    ['of before the machine was started', seen(9 * HOUR, 9 * HOUR, 'one'), seen(10 * HOUR, 60, 'two'), false],
    ['up for less time than the machine', seen(60, HOUR, 'one'), seen(HOUR, 2 * HOUR, 'two'), true],
    ['started with the machine by one power cut', seen(HOUR, HOUR, 'one'), seen(90, 100, 'two'), true],
    [
      'of an unknown run of the machine, that runs on',
      seen(HOUR, HOUR, undefined),
      seen(2 * HOUR, 60, undefined),
      false,
    ],
    [
      'of an unknown run, up for less than before',
      seen(HOUR, HOUR, undefined),
      seen(60, 3 * HOUR, undefined),
      true,
    ],
    ['that shows its UpTime for the first time', {}, seen(60, HOUR), false],
    ['that shows it no more', seen(60, HOUR), {}, false],
    ['with BOOTID that has none now', { bootId: 5 }, {}, false],
  ] as const) {
    it(`takes a device ${name} for ${rebooted ? 'rebooted' : 'one that runs on'}`, () => {
      expect(hasRebooted(before, now)).to.equal(rebooted);
    });
  }

  it('is worth storing when it says more or something else', () => {
    expect(isSameMark({ bootId: 5 }, { bootId: 5 })).to.equal(true);
    expect(isSameMark({}, { bootId: 5 })).to.equal(false);
    expect(isSameMark(seen(HOUR, HOUR), seen(2 * HOUR, 2 * HOUR))).to.equal(true);
    expect(isSameMark(seen(HOUR, HOUR, 'one'), seen(2 * HOUR, 60, 'two'))).to.equal(false);
  });
});
