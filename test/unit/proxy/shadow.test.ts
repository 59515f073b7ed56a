import { expect } from 'chai';
import { Shadow, type ShadowChange } from '../../../src/proxy/shadow.ts';

const values = (...entries: [string, string][]): Map<string, string> => new Map(entries);

const newShadow = (): Shadow =>
  new Shadow(
    (_path, { value }, read) => read === '' || read.trim().toLowerCase() === value.trim().toLowerCase(),
  );

const others = (changes: readonly ShadowChange[]): ShadowChange[] => changes.filter(({ own }) => !own);

describe('Shadow', () => {
  it('reports what differs from what was known, and nothing at first sight', () => {
    const shadow = newShadow();
    expect(shadow.store(values(['/A', '1'], ['/B', '1']), shadow.generation)).to.deep.equal([]);
    expect(shadow.store(values(['/A', '1'], ['/B', '2']), shadow.generation)).to.deep.equal([
      { path: '/B', previous: '1', value: '2', own: false },
    ]);
  });

  it('believes no value that was read before an event', () => {
    const shadow = newShadow();
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

  it('takes no answer that another has overtaken for news, nor for what the device has now', () => {
    const shadow = newShadow();
    shadow.store(values(['/A', '1'], ['/B', '1']), shadow.generation);
    const slow = shadow.generation;
    shadow.invalidate();
    expect(shadow.store(values(['/A', '2']), shadow.generation)).to.have.length(1);
    expect(shadow.store(values(['/A', '1'], ['/B', '2']), slow), 'of that alone').to.deep.equal([
      { path: '/B', previous: '1', value: '2', own: false },
    ]);
    expect([shadow.get('/A'), shadow.isCurrent('/A')]).to.deep.equal(['2', true]);
    expect([shadow.get('/B'), shadow.isCurrent('/B')]).to.deep.equal(['2', false]);
    expect(shadow.store(values(['/A', '2'], ['/B', '2']), shadow.generation), 'once').to.deep.equal([]);
    // Nor for what it has made of a write.
    const before = shadow.generation;
    shadow.writeAccepted(shadow.beginWrite(values(['/A', '3'])));
    expect(shadow.store(values(['/A', '2']), before)).to.deep.equal([]);
    expect(shadow.get('/A')).to.equal('3');
  });

  it('does not report what the ACS wrote, even as the device spells it, but does report the next change', () => {
    const shadow = newShadow();
    shadow.store(values(['/A', 'old']), shadow.generation);
    shadow.writeAccepted(shadow.beginWrite(values(['/A', ' New '])));
    expect(shadow.store(values(['/A', 'New']), shadow.generation)).to.deep.equal([
      { path: '/A', previous: ' New ', value: 'New', own: true },
    ]);
    expect(shadow.store(values(['/A', 'Other']), shadow.generation)).to.deep.equal([
      { path: '/A', previous: 'New', value: 'Other', own: false },
    ]);
  });

  it('reports what another made of it before it was read back, be it the value of before', () => {
    const shadow = newShadow();
    shadow.store(values(['/A', 'old'], ['/B', 'old']), shadow.generation);
    shadow.writeAccepted(shadow.beginWrite(values(['/A', 'new'], ['/B', 'new'])));
    expect(shadow.store(values(['/A', 'other'], ['/B', 'old']), shadow.generation)).to.deep.equal([
      { path: '/A', previous: 'new', value: 'other', own: false },
      { path: '/B', previous: 'new', value: 'old', own: false },
    ]);
    expect(shadow.store(values(['/A', 'new']), shadow.generation), 'once').to.have.length(1);
  });

  it('asks for another read when something else was read while the device had not answered', () => {
    const shadow = newShadow();
    shadow.store(values(['/A', 'old']), shadow.generation);
    const write = shadow.beginWrite(values(['/A', 'new']));
    expect(shadow.hasSeenOthers(write)).to.equal(false);
    shadow.store(values(['/A', 'new']), shadow.generation);
    expect(shadow.hasSeenOthers(write), 'what was written').to.equal(false);
    expect(shadow.store(values(['/A', 'other']), shadow.generation)).to.deep.equal([]);
    expect(shadow.hasSeenOthers(write)).to.equal(true);
    shadow.writeAccepted(write);
    expect(shadow.store(values(['/A', 'other']), shadow.generation)).to.deep.equal([
      { path: '/A', previous: 'new', value: 'other', own: false },
    ]);
  });

  it('does not take for read what was written: the device may hide it or spell it otherwise', () => {
    const shadow = newShadow();
    shadow.store(values(['/Secret', '']), shadow.generation);
    const write = shadow.beginWrite(values(['/Secret', 's3cret']));
    shadow.store(values(['/Secret', '']), shadow.generation);
    expect(shadow.isCurrent('/Secret'), 'while it is on its way').to.equal(false);
    shadow.writeAccepted(write);
    expect(shadow.isCurrent('/Secret'), 'when it was accepted').to.equal(false);
    expect(others(shadow.store(values(['/Secret', '']), shadow.generation))).to.deep.equal([]);
    expect(shadow.isCurrent('/Secret'), 'when it was read back').to.equal(true);
    expect(shadow.get('/Secret')).to.equal('');
  });

  it('does not report a write that shows before the device has answered it', () => {
    const shadow = newShadow();
    shadow.store(values(['/A', 'old']), shadow.generation);
    const write = shadow.beginWrite(values(['/A', 'new']));
    shadow.invalidate();
    const began = shadow.generation;
    expect(others(shadow.store(values(['/A', 'new']), began))).to.deep.equal([]);
    shadow.writeAccepted(write);
    expect(others(shadow.store(values(['/A', 'new']), shadow.generation))).to.deep.equal([]);
    expect(shadow.store(values(['/A', 'old']), shadow.generation)).to.have.length(1);
  });

  it('learns nothing of a write from a read that began before it was accepted', () => {
    const shadow = newShadow();
    shadow.store(values(['/A', 'old']), shadow.generation);
    const write = shadow.beginWrite(values(['/A', 'new']));
    const began = shadow.generation;
    shadow.writeAccepted(write);
    expect(others(shadow.store(values(['/A', 'old']), began))).to.deep.equal([]);
    expect(shadow.isCurrent('/A')).to.equal(false);
    expect(others(shadow.store(values(['/A', 'new']), shadow.generation))).to.deep.equal([]);
  });

  it('compares with the value of before when the device refused the write', () => {
    const shadow = newShadow();
    shadow.store(values(['/A', 'old'], ['/B', 'old']), shadow.generation);
    const write = shadow.beginWrite(values(['/A', 'new'], ['/B', 'new']));
    expect(others(shadow.store(values(['/A', 'foreign']), shadow.generation))).to.deep.equal([]);
    expect(others(shadow.writeFailed(write, true))).to.deep.equal([
      { path: '/A', previous: 'old', value: 'foreign', own: false },
    ]);
    expect(others(shadow.store(values(['/A', 'foreign'], ['/B', 'new']), shadow.generation))).to.deep.equal([
      { path: '/B', previous: 'old', value: 'new', own: false },
    ]);
  });

  it('knows a write again that was carried out although nobody answered, however late', () => {
    const shadow = newShadow();
    shadow.store(values(['/A', 'old'], ['/B', 'old']), shadow.generation);
    expect(
      others(shadow.writeFailed(shadow.beginWrite(values(['/A', 'new'], ['/B', 'new'])), false)),
    ).to.deep.equal([]);
    expect(others(shadow.store(values(['/A', 'old'], ['/B', 'third']), shadow.generation))).to.deep.equal([
      { path: '/B', previous: 'old', value: 'third', own: false },
    ]);
    expect(others(shadow.store(values(['/A', 'new'], ['/B', 'new']), shadow.generation))).to.deep.equal([
      { path: '/B', previous: 'third', value: 'new', own: false },
    ]);
    expect(shadow.store(values(['/A', 'old']), shadow.generation)).to.have.length(1);
  });

  it('lets a refused write not hide what the one before left behind', () => {
    const shadow = newShadow();
    shadow.store(values(['/A', 'aa']), shadow.generation);
    shadow.writeAccepted(shadow.beginWrite(values(['/A', 'bb'])));
    expect(others(shadow.writeFailed(shadow.beginWrite(values(['/A', 'cc'])), true))).to.deep.equal([]);
    expect(others(shadow.store(values(['/A', 'BB']), shadow.generation))).to.deep.equal([]);
  });

  it('forgets a row with all its leaves', () => {
    const shadow = newShadow();
    shadow.store(values(['/T/1/A', 'x'], ['/T/10/A', 'y']), shadow.generation);
    shadow.forget(new Set(['/T/1/']));
    expect(shadow.get('/T/1/A')).to.equal(undefined);
    expect(shadow.get('/T/10/A')).to.equal('y');
  });
});
