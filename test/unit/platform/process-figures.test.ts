import { expect } from 'chai';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { processFigures } from '../../../src/platform/process-figures.ts';

describe('process figures', function () {
  // A test's own timer would be counted, too.
  this.timeout(0);

  it('count sockets and timers that are open, and no others', async () => {
    const before = processFigures();
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    const timers = Array.from({ length: 10 }, () => setTimeout(() => undefined, 60_000));
    const during = processFigures();
    for (const timer of timers) clearTimeout(timer);
    socket.close();
    await once(socket, 'close');
    expect(during.sockets - before.sockets).to.equal(1);
    expect(during.timers - before.timers).to.equal(10);
    expect(processFigures()).to.include({ sockets: before.sockets, timers: before.timers });
    expect(during.rssKiB).to.be.greaterThan(during.heapUsedKiB);
  });
});
