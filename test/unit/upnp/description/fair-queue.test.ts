import { expect } from 'chai';
import { FairQueue } from '../../../../src/upnp/description/fair-queue.ts';

describe('fair queue', () => {
  /** Asks for turns in order; `end` ends the turn of that name. What began is in `begun`. */
  function watch(queue: FairQueue): {
    readonly begun: string[];
    readonly ask: (host: string, name: string) => Promise<void>;
    readonly end: (name: string) => Promise<void>;
  } {
    const begun: string[] = [];
    const ends = new Map<string, () => void>();
    const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
    return {
      begun,
      ask: async (host, name) => {
        void queue.acquire(host).then((end) => {
          begun.push(name);
          ends.set(name, end);
        });
        await settle();
      },
      end: async (name) => {
        ends.get(name)?.();
        await settle();
      },
    };
  }

  it('lets one host have its share only, and the others begin at once', async () => {
    const { begun, ask, end } = watch(new FairQueue({ total: 8, perHost: 2, waitingPerHost: 16 }));
    for (const name of ['a1', 'a2', 'a3', 'a4']) await ask('a', name);
    await ask('b', 'b1');
    expect(begun).to.deep.equal(['a1', 'a2', 'b1']);
    await end('a2');
    expect(begun).to.deep.equal(['a1', 'a2', 'b1', 'a3']);
  });

  it('serves hosts in turn when all turns are taken', async () => {
    const { begun, ask, end } = watch(new FairQueue({ total: 2, perHost: 2, waitingPerHost: 16 }));
    for (const name of ['a1', 'a2', 'a3', 'a4']) await ask('a', name);
    for (const name of ['b1', 'b2']) await ask('b', name);
    await ask('c', 'c1');
    for (const name of ['a1', 'a2', 'a3', 'b1', 'c1']) await end(name);
    expect(begun).to.deep.equal(['a1', 'a2', 'a3', 'b1', 'c1', 'a4', 'b2']);
  });

  it('refuses a host with too many requests, and no other', async () => {
    const queue = new FairQueue({ total: 1, perHost: 1, waitingPerHost: 2 });
    const ends = [queue.acquire('a'), queue.acquire('a'), queue.acquire('a')];
    const refused: unknown = await queue.acquire('a').catch((error: unknown) => error);
    expect(refused).to.be.instanceOf(Error);
    ends.push(queue.acquire('b'));
    await Promise.all(ends.map(async (end) => (await end)()));
    (await queue.acquire('a'))();
  });
});
