import { expect } from 'chai';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { processFigures } from '../../../src/platform/process-figures.ts';

describe('process figures', () => {
  it('count sockets and timers that are open, and no others', async () => {
    // Mocha's own timer is there from the first wait on: it is in all of these figures.
    await nextTurn();
    const openTimers = (): NodeJS.Timeout[] =>
      Array.from({ length: 10 }, () => setTimeout(() => undefined, 60_000));
    const timers = openTimers();
    const before = processFigures();
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    timers.push(...openTimers());
    const during = processFigures();
    for (const timer of timers.splice(10)) clearTimeout(timer);
    socket.close();
    await once(socket, 'close');
    await nextTurn();
    const after = processFigures();
    for (const timer of timers) clearTimeout(timer);
    expect([during.sockets - before.sockets, during.timers - before.timers]).to.deep.equal([1, 10]);
    expect(after).to.include({ sockets: before.sockets, timers: before.timers });
    expect(during.rssKiB).to.be.greaterThan(during.heapUsedKiB);
  });
});
