import { expect } from 'chai';
import { BrokenAcs } from './broken-acs.ts';
import type { Cut, Direction } from './cutting-proxy.ts';

/** Sessions at a time: most of each is waiting. */
const LANES = 8;

describe('an ACS whose connection breaks', function () {
  this.timeout(300_000);
  let lanes: readonly BrokenAcs[] = [];

  afterEach(() => Promise.all(lanes.map((lane) => lane.stop())));

  /** @param step 1: at every byte */
  async function breakEverywhere(
    direction: Direction,
    kind: Cut['kind'],
    step: number,
    isStrict = false,
  ): Promise<void> {
    lanes = await Promise.all(Array.from({ length: LANES }, () => BrokenAcs.start(isStrict)));
    const [first] = lanes;
    expect(await first?.breakOnce(undefined)).to.deep.equal([]);
    expect(first?.challenges, 'challenges').to.equal(isStrict ? 1 : 0);
    const total = (await first?.lengthOf(direction)) ?? 0;
    expect(total).to.be.greaterThan(500);
    const problems: string[] = [];
    let next = 1;
    const breakOnAndOn = async (lane: BrokenAcs): Promise<void> => {
      while (next <= total) {
        const bytes = next;
        next += step;
        problems.push(...(await lane.breakOnce({ direction, bytes, kind })));
      }
    };
    await Promise.all(lanes.map(breakOnAndOn));
    expect(problems.slice(0, 5)).to.deep.equal([]);
  }

  it('is reset at every byte of its answers', () => breakEverywhere('toCpe', 'reset', 1));
  it('ends early at every byte of its answers', () => breakEverywhere('toCpe', 'end', 1));
  it('is reset at every byte of what the CPE says', () => breakEverywhere('toAcs', 'reset', 1));
  it('ends early at every byte of what the CPE says', () => breakEverywhere('toAcs', 'end', 1));
  it('hangs half-open at every 37th byte of its answers', () => breakEverywhere('toCpe', 'stall', 37));
  it('hangs half-open at every 101st byte of what the CPE says', () =>
    breakEverywhere('toAcs', 'stall', 101));

  describe('and which wants Digest and its cookie', () => {
    it('is reset at every byte of its answers', () => breakEverywhere('toCpe', 'reset', 1, true));
    it('ends early at every byte of its answers', () => breakEverywhere('toCpe', 'end', 1, true));
    it('is reset at every 5th byte of what the CPE says', () => breakEverywhere('toAcs', 'reset', 5, true));
    it('ends early at every 5th byte of what the CPE says', () => breakEverywhere('toAcs', 'end', 5, true));
    it('hangs half-open at every 131st byte of its answers', () =>
      breakEverywhere('toCpe', 'stall', 131, true));
  });
});
