import { expect } from 'chai';

import { createSessionScheduler } from '../../../src/cwmp/session-scheduler.ts';
import type { SessionTurn } from '../../../src/cwmp/types.ts';

describe('cwmp/session-scheduler', () => {
  /** Names of the turns that were granted, in that order. */
  let granted: string[];
  const scheduler = (): ((name: string, urgent?: boolean) => SessionTurn) => {
    const all = createSessionScheduler(2, 1);
    return (name, urgent = false) => {
      const turn = all.request(urgent);
      void turn.granted.then(() => granted.push(name));
      return turn;
    };
  };
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  beforeEach(() => {
    granted = [];
  });

  it('grants as many as there are places, first come first served', async () => {
    const request = scheduler();
    const [a] = [request('a'), request('b'), request('c'), request('d')];
    await settle();
    expect(granted).to.deep.equal(['a', 'b']);
    a?.end();
    a?.end();
    await settle();
    expect(granted).to.deep.equal(['a', 'b', 'c']);
  });

  it('keeps a place for those that somebody waits for, also when that comes later', async () => {
    const request = scheduler();
    const [a, , , d] = [request('a'), request('b'), request('c'), request('d')];
    d?.hurry();
    await settle();
    expect(granted).to.deep.equal(['a', 'b', 'd']);
    request('e', true);
    await settle();
    expect(granted).to.deep.equal(['a', 'b', 'd']);
    a?.end();
    await settle();
    // c is no longer first.
    expect(granted).to.deep.equal(['a', 'b', 'd', 'e']);
  });

  it('takes no place for a turn that was ended before it came', async () => {
    const request = scheduler();
    const [a, , c] = [request('a'), request('b'), request('c'), request('d')];
    c?.end();
    await settle();
    // It is told that it need not wait any more.
    expect(granted).to.deep.equal(['a', 'b', 'c']);
    a?.end();
    await settle();
    expect(granted).to.deep.equal(['a', 'b', 'c', 'd']);
  });
});
