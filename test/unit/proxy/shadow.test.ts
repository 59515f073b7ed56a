import { expect } from 'chai';
import { Shadow } from '../../../src/proxy/shadow.ts';

const values = (...entries: [string, string][]): Map<string, string> => new Map(entries);

describe('Shadow', () => {
  it('reports what differs from what was known, and nothing at first sight', () => {
    const shadow = new Shadow();
    expect(shadow.store(values(['/A', '1'], ['/B', '1']), shadow.generation)).to.deep.equal([]);
    expect(shadow.store(values(['/A', '1'], ['/B', '2']), shadow.generation)).to.deep.equal([
      { path: '/B', previous: '1', value: '2' },
    ]);
  });

  it('believes no value that was read before an event', () => {
    const shadow = new Shadow();
    const began = shadow.generation;
    shadow.invalidate();
    shadow.store(values(['/A', '1']), began);
    expect(shadow.isCurrent('/A')).to.equal(false);
    shadow.store(values(['/A', '1']), shadow.generation);
    expect(shadow.isCurrent('/A')).to.equal(true);
    shadow.invalidate();
    expect(shadow.isCurrent('/A')).to.equal(false);
    expect(shadow.get('/A')).to.equal('1');
  });

  it('does not report what the ACS wrote, even as the device spells it, but does report the next change', () => {
    const shadow = new Shadow();
    shadow.store(values(['/A', 'old']), shadow.generation);
    shadow.writeAccepted(shadow.beginWrite(values(['/A', ' New '])));
    expect(shadow.store(values(['/A', 'New']), shadow.generation)).to.deep.equal([]);
    expect(shadow.store(values(['/A', 'Other']), shadow.generation)).to.deep.equal([
      { path: '/A', previous: 'New', value: 'Other' },
    ]);
  });

  it('does not take for read what was written: the device may hide it or spell it otherwise', () => {
    const shadow = new Shadow();
    shadow.store(values(['/Secret', '']), shadow.generation);
    const write = shadow.beginWrite(values(['/Secret', 's3cret']));
    shadow.store(values(['/Secret', '']), shadow.generation);
    expect(shadow.isCurrent('/Secret'), 'while it is on its way').to.equal(false);
    shadow.writeAccepted(write);
    expect(shadow.isCurrent('/Secret'), 'when it was accepted').to.equal(false);
    expect(shadow.store(values(['/Secret', '']), shadow.generation)).to.deep.equal([]);
    expect(shadow.isCurrent('/Secret'), 'when it was read back').to.equal(true);
    expect(shadow.get('/Secret')).to.equal('');
  });

  it('does not report a write that shows before the device has answered it', () => {
    const shadow = new Shadow();
    shadow.store(values(['/A', 'old']), shadow.generation);
    const write = shadow.beginWrite(values(['/A', 'new']));
    shadow.invalidate();
    const began = shadow.generation;
    expect(shadow.store(values(['/A', 'new']), began)).to.deep.equal([]);
    shadow.writeAccepted(write);
    expect(shadow.store(values(['/A', 'new']), shadow.generation)).to.deep.equal([]);
    expect(shadow.store(values(['/A', 'old']), shadow.generation)).to.have.length(1);
  });

  it('learns nothing of a write from a read that began before it was accepted', () => {
    const shadow = new Shadow();
    shadow.store(values(['/A', 'old']), shadow.generation);
    const write = shadow.beginWrite(values(['/A', 'new']));
    const began = shadow.generation;
    shadow.writeAccepted(write);
    expect(shadow.store(values(['/A', 'old']), began)).to.deep.equal([]);
    expect(shadow.isCurrent('/A')).to.equal(false);
    expect(shadow.store(values(['/A', 'new']), shadow.generation)).to.deep.equal([]);
  });

  it('compares with the value of before when the device refused the write', () => {
    const shadow = new Shadow();
    shadow.store(values(['/A', 'old'], ['/B', 'old']), shadow.generation);
    const write = shadow.beginWrite(values(['/A', 'new'], ['/B', 'new']));
    expect(shadow.store(values(['/A', 'foreign']), shadow.generation)).to.deep.equal([]);
    expect(shadow.writeFailed(write, true)).to.deep.equal([
      { path: '/A', previous: 'old', value: 'foreign' },
    ]);
    expect(shadow.store(values(['/A', 'foreign'], ['/B', 'new']), shadow.generation)).to.deep.equal([
      { path: '/B', previous: 'old', value: 'new' },
    ]);
  });

  it('knows a write again that was carried out although nobody answered, however late', () => {
    const shadow = new Shadow();
    shadow.store(values(['/A', 'old'], ['/B', 'old']), shadow.generation);
    expect(shadow.writeFailed(shadow.beginWrite(values(['/A', 'new'], ['/B', 'new'])), false)).to.deep.equal(
      [],
    );
    expect(shadow.store(values(['/A', 'old'], ['/B', 'third']), shadow.generation)).to.deep.equal([
      { path: '/B', previous: 'old', value: 'third' },
    ]);
    expect(shadow.store(values(['/A', 'new'], ['/B', 'new']), shadow.generation)).to.deep.equal([
      { path: '/B', previous: 'third', value: 'new' },
    ]);
    expect(shadow.store(values(['/A', 'old']), shadow.generation)).to.have.length(1);
  });

  it('lets a refused write not hide what the one before left behind', () => {
    const shadow = new Shadow();
    shadow.store(values(['/A', 'aa']), shadow.generation);
    shadow.writeAccepted(shadow.beginWrite(values(['/A', 'bb'])));
    expect(shadow.writeFailed(shadow.beginWrite(values(['/A', 'cc'])), true)).to.deep.equal([]);
    expect(shadow.store(values(['/A', 'BB']), shadow.generation)).to.deep.equal([]);
  });

  it('forgets a row with all its leaves', () => {
    const shadow = new Shadow();
    shadow.store(values(['/T/1/A', 'x'], ['/T/10/A', 'y']), shadow.generation);
    shadow.forget(new Set(['/T/1/']));
    expect(shadow.get('/T/1/A')).to.equal(undefined);
    expect(shadow.get('/T/10/A')).to.equal('y');
  });
});
