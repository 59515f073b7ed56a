import { expect } from 'chai';
import { readLeaves } from '../../../../src/proxy/mapping/cms-reader.ts';
import { ContentPaths } from '../../../../src/proxy/mapping/content-paths.ts';
import { FakeCmsClient } from '../../../support/fake-cms-client.ts';

describe('readLeaves', () => {
  it('costs one GetValues', async () => {
    const fake = new FakeCmsClient();
    fake.values.set('/A/X', '1').set('/A/Y', '2');
    const result = await readLeaves(fake.client, ['/A/'], ['/A/X', '/A/Y']);
    expect(Object.fromEntries(result.values)).to.deep.equal({ '/A/X': '1', '/A/Y': '2' });
    expect(fake.calls).to.have.length(1);
  });

  it('finds the one path that the device does not know, and reads the others', async () => {
    const fake = new FakeCmsClient();
    const leaves = Array.from({ length: 64 }, (_, index) => `/A/L${index}`);
    for (const leaf of leaves) if (leaf !== '/A/L41') fake.values.set(leaf, 'v');
    const result = await readLeaves(fake.client, leaves, leaves);
    expect(result.values.size).to.equal(63);
    expect([...result.errors].map(([path, { kind }]) => [path, kind])).to.deep.equal([
      ['/A/L41', 'invalidName'],
    ]);
    expect(result.structureChanged).to.equal(true);
    expect(fake.calls.length).to.be.lessThan(20);
  });

  it('gives up after a bounded number of actions', async () => {
    const fake = new FakeCmsClient();
    const leaves = Array.from({ length: 1000 }, (_, index) => `/A/L${index}`);
    const result = await readLeaves(fake.client, leaves, leaves);
    expect(result.errors.size).to.equal(1000);
    expect(fake.calls.length).to.be.lessThan(30);
  });

  it('asks once only when the device gives no usable answer', async () => {
    const fake = new FakeCmsClient();
    fake.failures.push({ action: 'GetValues', error: FakeCmsClient.transportError() });
    const result = await readLeaves(fake.client, ['/A/X'], ['/A/X']);
    expect(result.errors.get('/A/X')?.kind).to.equal('retryLater');
    expect(result.structureChanged).to.equal(false);
    expect(fake.calls).to.have.length(1);
  });

  it('takes a leaf that is missing in the answer for unknown', async () => {
    const fake = new FakeCmsClient();
    fake.values.set('/A/X', '1');
    const result = await readLeaves(fake.client, ['/A/'], ['/A/X', '/A/Hidden']);
    expect(result.values.get('/A/X')).to.equal('1');
    expect(result.errors.get('/A/Hidden')?.kind).to.equal('invalidName');
  });
});

describe('ContentPaths', () => {
  const leaves = ['/A/X', '/A/Y', '/A/B/P', '/A/B/Q', '/C/Z'];
  const paths = new ContentPaths(leaves);

  it('asks for the widest object of which everything is wanted', () => {
    expect(paths.compact(['/A/X', '/A/Y', '/A/B/P', '/A/B/Q'])).to.deep.equal(['/A/']);
    expect(paths.compact(['/A/X', '/A/B/P', '/A/B/Q'])).to.deep.equal(['/A/X', '/A/B/']);
    expect(paths.compact(['/A/X'])).to.deep.equal(['/A/X']);
  });

  it('asks for more than is wanted only where the names of what is wanted do not fit into one action', () => {
    const rows = Array.from({ length: 3000 }, (_, index) => `/T/Value${index}`);
    const many = new ContentPaths([...rows, '/A/X', '/A/Y', '/A/Z']);
    const everyOther = rows.filter((_, index) => index % 2 === 0);
    expect(many.compact([...everyOther, '/A/X'])).to.deep.equal(['/T/', '/A/X']);
    const some = everyOther.slice(0, 900);
    expect(many.compact(some)).to.deep.equal(some);
    const few = everyOther.slice(0, 1400);
    expect(many.compact(few), 'less than half of all').to.deep.equal(few);
  });

  it('never asks for the root', () => {
    expect(paths.compact(leaves)).to.deep.equal(['/A/', '/C/Z']);
  });
});
