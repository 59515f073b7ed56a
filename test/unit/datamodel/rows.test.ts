import { expect } from 'chai';
import { RowNumbers } from '../../../src/datamodel/rows.ts';
import { memoryDocumentStore } from '../../../src/platform/store/document-store.ts';

describe('RowNumbers', () => {
  it('counts up per table, over restarts, and never gives a number twice', async () => {
    const store = memoryDocumentStore();
    const rows = new RowNumbers(store, 'rows');
    const given = await Promise.all(['A.', 'A.', 'B.'].map((table) => rows.allocate(table)));
    expect(given).to.deep.equal([1, 2, 1]);
    await rows.observe('A.', 9);
    await rows.observe('A.', 3);
    const restarted = new RowNumbers(store, 'rows');
    expect(await restarted.allocate('A.')).to.equal(10);
    expect(restarted.highest('B.')).to.equal(1);
    expect(restarted.highest('C.')).to.equal(0);
  });

  it('ignores counters that are none', async () => {
    const store = memoryDocumentStore();
    await store.put('rows', { 'A.': 'x', 'B.': -1, 'C.': 4 });
    const rows = new RowNumbers(store, 'rows');
    expect(['A.', 'B.', 'C.'].map((table) => rows.highest(table))).to.deep.equal([0, 0, 4]);
  });

  it('stops at 32 bits', async () => {
    const rows = new RowNumbers(memoryDocumentStore(), 'rows');
    await rows.observe('A.', 4_294_967_295);
    let refused = false;
    await rows.allocate('A.').catch(() => (refused = true));
    expect(refused).to.equal(true);
  });
});
