import { watchTurns } from './turn-watch.ts';

const FACTOR = 8;
const ROUNDS = 5;

/** Below this the work grows no faster than its input, noise included: linear work gives 8, quadratic work 64. */
export const LINEAR = 32;
/** Below this no turn of the event loop is most of the work: work at one go gives 1. Collecting garbage makes turns longer. */
export const SLICED = 1 / 3;

/** How many times longer `work` takes for 8 times the `size`: the fastest of some rounds each, so that no clock decides. */
export async function growthOfTime(work: (size: number) => unknown, size: number): Promise<number> {
  const timeOf = async (of: number): Promise<number> => {
    const start = performance.now();
    await work(of);
    return performance.now() - start;
  };
  // The two take turns, so that a busy moment meets both; the first round warms up.
  let [small, large] = [Infinity, Infinity];
  for (let round = 0; round <= ROUNDS; round += 1) {
    const [one, other] = [await timeOf(size), await timeOf(FACTOR * size)];
    if (round === 0) continue;
    small = Math.min(small, one);
    large = Math.min(large, other);
  }
  return large / small;
}

/** The longest turn of the event loop as a share of all that `work` takes; the least of some rounds. */
export async function shareOfLongestTurn(work: () => Promise<unknown>): Promise<number> {
  let least = 1;
  for (let round = 0; round < ROUNDS; round += 1) {
    const stopWatch = watchTurns();
    await work();
    const { longestMs, totalMs } = stopWatch();
    least = Math.min(least, longestMs / totalMs);
  }
  return least;
}
