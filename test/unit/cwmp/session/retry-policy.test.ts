import { expect } from 'chai';

import { retryDelayMs, retryWindow } from '../../../../src/cwmp/session/retry-policy.ts';

describe('cwmp/session/retry-policy', () => {
  const settings = { retryMinimumWaitInterval: 5, retryIntervalMultiplier: 2000 };

  it('doubles the window of [5, 10] s up to the tenth retry', () => {
    const windows = [1, 2, 3, 10, 11, 500].map((n) => retryWindow(settings, n));
    expect(windows.map(({ minMs }) => minMs / 1000)).to.deep.equal([5, 10, 20, 2560, 2560, 2560]);
    expect(windows.map(({ maxMs }) => maxMs / 1000)).to.deep.equal([10, 20, 40, 5120, 5120, 5120]);
  });

  it('obeys m and k and stays in the window', () => {
    expect(
      retryDelayMs({ retryMinimumWaitInterval: 7, retryIntervalMultiplier: 1000 }, 4, () => 0.9),
    ).to.equal(7000);
    expect(retryDelayMs(settings, 1, () => 0.5)).to.equal(7500);
  });
});
