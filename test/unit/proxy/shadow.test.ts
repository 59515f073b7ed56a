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
    shadow.storeWritten(values(['/A', ' New ']));
    expect(shadow.isCurrent('/A')).to.equal(true);
    shadow.invalidate();
    expect(shadow.store(values(['/A', 'New']), shadow.generation)).to.deep.equal([]);
    expect(shadow.store(values(['/A', 'Other']), shadow.generation)).to.deep.equal([
      { path: '/A', previous: 'New', value: 'Other' },
    ]);
  });

  it('forgets a row with all its leaves', () => {
    const shadow = new Shadow();
    shadow.store(values(['/T/1/A', 'x'], ['/T/10/A', 'y']), shadow.generation);
    shadow.forget('/T/1/');
    expect(shadow.get('/T/1/A')).to.equal(undefined);
    expect(shadow.get('/T/10/A')).to.equal('y');
  });
});
