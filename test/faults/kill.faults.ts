import { expect } from 'chai';
import type { KilledHome } from './killed-daemon.ts';
import { KilledGateway } from './killed-gateway.ts';
import { KilledStorage } from './killed-storage.ts';

const STEADY_LANES = 3;
const KILLS = Number(process.env['FAULT_KILLS'] ?? 200);

describe(`kill -9, ${KILLS} times at any instant`, function () {
  this.timeout(600_000);

  it('loses nothing that was acknowledged, and tells nothing twice that is told once', async () => {
    const homes: KilledHome[] = [
      ...Array.from({ length: STEADY_LANES }, (_, lane) => new KilledGateway(lane)),
      new KilledGateway(STEADY_LANES, true),
      new KilledStorage(),
    ];
    await Promise.all(homes.map((home) => home.open()));
    try {
      let left = KILLS;
      await Promise.all(
        homes.map(async (home) => {
          while (left > 0) {
            left -= 1;
            await home.liveAndDie();
          }
          await home.settle();
        }),
      );
      expect(homes.flatMap(({ problems }) => problems)).to.deep.equal([]);
      expect(homes.reduce((sum, { kills }) => sum + kills, 0)).to.equal(KILLS);
      const acknowledged = homes.reduce((sum, home) => sum + home.acknowledged, 0);
      expect(acknowledged, 'requests that were answered').to.be.greaterThan(KILLS);
    } finally {
      await Promise.all(homes.map((home) => home.close()));
    }
  });
});
