import { expect } from 'chai';
import { silentLogger } from '../../../src/platform/logger.ts';
import { ADDRESS_CHECK_MS, OwnAddress } from '../../../src/platform/own-address.ts';
import { ManualClock } from '../../support/manual-clock.ts';

describe('OwnAddress', () => {
  let found: string | undefined;
  let lan: string;
  let changes: string[];
  let warnings: number;
  let clock: ManualClock;
  let own: OwnAddress;

  const check = async (): Promise<void> => {
    clock.advance(ADDRESS_CHECK_MS);
    await new Promise((resolve) => setImmediate(resolve));
  };

  beforeEach(() => {
    [found, lan, changes, warnings, clock] = [undefined, '192.168.1.1', [], 0, new ManualClock()];
    own = new OwnAddress({
      find: () => (found === undefined ? Promise.reject(new Error('no route')) : Promise.resolve(found)),
      fallback: () => lan,
      onChange: () => void changes.push(own.current),
      clock,
      logger: { ...silentLogger, warn: () => void (warnings += 1) },
    });
  });

  it('names the LAN address, as that changes, until there is a way to the peer', async () => {
    await own.start();
    expect(own.current).to.equal('192.168.1.1');
    await check();
    expect(changes).to.deep.equal([]);
    lan = '192.168.2.1';
    await check();
    found = '203.0.113.5';
    await check();
    expect(changes).to.deep.equal(['192.168.2.1', '203.0.113.5']);
    expect(warnings).to.equal(2);
  });

  it('follows a new lease, and keeps the last address while the WAN is down', async () => {
    found = '203.0.113.5';
    await own.start();
    found = undefined;
    await check();
    expect(own.current).to.equal('203.0.113.5');
    found = '203.0.113.77';
    await check();
    expect(changes).to.deep.equal(['203.0.113.77']);
    expect(warnings).to.equal(0);
  });

  it('does not wait for a resolver that does not answer', async () => {
    let answer = (_address: string): void => undefined;
    own = new OwnAddress({
      find: () => new Promise<string>((resolve) => (answer = resolve)),
      fallback: () => lan,
      onChange: () => void changes.push(own.current),
      clock,
      logger: silentLogger,
    });
    const started = own.start();
    clock.advance(1_000);
    await started;
    expect(own.current).to.equal('192.168.1.1');
    answer('203.0.113.5');
    await new Promise((resolve) => setImmediate(resolve));
    expect(changes).to.deep.equal(['203.0.113.5']);
    own.stop();
    expect(clock.pendingCount).to.equal(0);
  });

  it('leaves no timer behind', async () => {
    await own.start();
    await check();
    own.stop();
    expect(clock.pendingCount).to.equal(0);
  });
});
