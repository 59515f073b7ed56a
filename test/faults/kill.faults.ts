import { expect } from 'chai';
import { KilledGateway } from './killed-gateway.ts';

const LANES = 4;
const KILLS = Number(process.env['FAULT_KILLS'] ?? 200);

describe(`kill -9, ${KILLS} times at any instant`, function () {
  this.timeout(600_000);

  it('loses nothing that was acknowledged, and tells nothing twice that is told once', async () => {
    const gateways = Array.from({ length: LANES }, (_, lane) => new KilledGateway(lane));
    await Promise.all(gateways.map((gateway) => gateway.open()));
    try {
      let left = KILLS;
      await Promise.all(
        gateways.map(async (gateway) => {
          while (left > 0) {
            left -= 1;
            await gateway.liveAndDie();
          }
          await gateway.settle();
        }),
      );
      expect(gateways.flatMap(({ problems }) => problems)).to.deep.equal([]);
      expect(gateways.reduce((sum, { kills }) => sum + kills, 0)).to.equal(KILLS);
      const acknowledged = gateways.reduce((sum, gateway) => sum + gateway.acknowledged, 0);
      expect(acknowledged, 'requests that were answered').to.be.greaterThan(KILLS);
    } finally {
      await Promise.all(gateways.map((gateway) => gateway.close()));
    }
  });
});
