import { expect } from 'chai';
import { SlicedWork, type Steps } from '../../../src/datamodel/sliced-work.ts';
import { SLICED, shareOfLongestTurn } from '../../support/growth.ts';

describe('work in slices', () => {
  const note: string[] = [];
  beforeEach(() => void note.splice(0));

  function* steps(name: string, count: number): Steps {
    for (let step = 1; step <= count; step += 1) {
      note.push(`${name}${step}`);
      yield;
    }
  }
  /** Too much for one slice. */
  function* long(): Steps {
    const end = performance.now() + 100;
    while (performance.now() < end) yield;
    note.push('long');
  }

  it('is done at once when it fits into one', () => {
    const work = new SlicedWork();
    void work.run(steps('a', 3));
    expect(note).to.deep.equal(['a1', 'a2', 'a3']);
  });

  it('lets others have their turn', async () => {
    const work = new SlicedWork();
    expect(await shareOfLongestTurn(() => work.run(long()))).to.be.lessThan(SLICED);
  });

  it('goes one piece after the other, and is settled after all of them', async () => {
    const work = new SlicedWork();
    const first = work.run(long());
    const second = work.run(steps('a', 2));
    expect(note).to.deep.equal([]);
    await work.settled;
    expect(note).to.deep.equal(['long', 'a1', 'a2']);
    await Promise.all([first, second]);
  });

  it('is finished for who cannot wait, in the same order', async () => {
    const work = new SlicedWork();
    const first = work.run(long());
    void work.run(steps('a', 1));
    work.finish();
    expect(note).to.deep.equal(['long', 'a1']);
    await first;
    await work.settled;
  });

  it('goes on after a piece that fails', async () => {
    const work = new SlicedWork();
    function* broken(): Steps {
      yield* long();
      throw new Error('broken');
    }
    const failed = work.run(broken()).catch(String);
    void work.run(steps('a', 1));
    await work.settled;
    expect(await failed).to.equal('Error: broken');
    expect(note).to.deep.equal(['long', 'a1']);
    void work.run(steps('b', 1));
    expect(note.at(-1)).to.equal('b1');
  });

  it('may ask for its own end', () => {
    const work = new SlicedWork();
    function* impatient(): Steps {
      work.finish();
      yield;
      note.push('end');
    }
    void work.run(impatient());
    expect(note).to.deep.equal(['end']);
  });
});
