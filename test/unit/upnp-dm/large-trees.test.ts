import { expect } from 'chai';
import { expandLeaves } from '../../../src/upnp-dm/tree-expansion.ts';
import {
  boundRows,
  boundStructure,
  MOST_LEAVES,
  MOST_STRUCTURE_PATHS,
} from '../../../src/upnp-dm/tree-limits.ts';
import { readAttributes, readTreeAttributes } from '../../../src/upnp-dm/walk-attributes.ts';
import { readCmsTree } from '../../../src/upnp-dm/walk.ts';
import { FakeCmsClient } from '../../support/fake-cms-client.ts';

const rowsOf = (count: number): string[] => Array.from({ length: count }, (_, index) => `/A/T/${index}/`);

describe('trees too large for a home', () => {
  it('learn types and access from one row, but of events only what that row says of itself', async () => {
    const fake = new FakeCmsClient();
    const instances = rowsOf(2001);
    const leaves = instances.map((row) => `${row}L`);
    leaves.forEach((leaf, index) => fake.eventOnChange.set(leaf, index === 0));
    const attributes = await readTreeAttributes(
      fake.client,
      { structure: ['/A/T/#/L', '/A/T/#/'], instances, leaves },
      undefined,
    );
    expect(attributes.get('/A/T/#/L')).to.deep.equal({ access: 'readWrite', eventOnChange: 'unknown' });
    expect(attributes.get('/A/T/0/L')?.eventOnChange).to.equal(true);
    expect(attributes.get('/A/T/1/L')).to.equal(undefined);
  });

  it('are not taken for trees without attributes while the device is busy', async () => {
    const fake = new FakeCmsClient();
    fake.failures.push({ action: 'GetAttributes', error: FakeCmsClient.upnpError(708, 'GetAttributes') });
    const error: unknown = await readAttributes(fake.client, ['/A/T/0/L'], new Map()).catch(
      (reason: unknown) => reason,
    );
    expect(error).to.have.property('code', 708);
  });

  it('ask every row while there are few', async () => {
    const fake = new FakeCmsClient();
    const instances = rowsOf(3);
    const leaves = instances.map((row) => `${row}L`);
    leaves.forEach((leaf, index) => fake.eventOnChange.set(leaf, index !== 1));
    const attributes = await readTreeAttributes(
      fake.client,
      { structure: ['/A/T/#/L'], instances, leaves },
      undefined,
    );
    expect(attributes.get('/A/T/#/L')?.eventOnChange).to.equal(true);
    expect(attributes.get('/A/T/1/L')?.eventOnChange).to.equal(false);
  });

  it('are asked for the events of each leaf when that is wanted, 1 000 an action', async () => {
    const fake = new FakeCmsClient();
    fake.instances = rowsOf(2001);
    const leaves = fake.instances.map((row) => `${row}L`);
    leaves.forEach((leaf, index) => {
      fake.values.set(leaf, '1');
      fake.eventOnChange.set(leaf, index % 2 === 0);
    });
    const client = {
      ...fake.client,
      getSupportedDataModels: () => Promise.resolve([]),
      getSupportedParameters: () => Promise.resolve(['/A/T/#/L']),
    };
    const { attributes } = await readCmsTree(client, { values: true, allAttributes: true });
    const events = leaves.map((leaf) => (attributes.get(leaf) ?? attributes.get('/A/T/#/L'))?.eventOnChange);
    expect(events).to.deep.equal(leaves.map((_leaf, index) => index % 2 === 0));
    const sizes = fake.calls
      .filter(({ action }) => action === 'GetAttributes')
      .map(({ paths }) => paths.length);
    expect(Math.max(...sizes)).to.equal(1000);
  });

  it('are cut, rows that come last first', () => {
    const structure = [
      '/A/X',
      ...Array.from({ length: 100 }, (_, index) => `/A/T/#/L${index}`),
      '/A/T/#/U/#/M',
    ];
    const rows = rowsOf(1_000_000 / 100);
    const kept = boundRows(structure, rows);
    expect(kept).to.deep.equal(rows.slice(0, Math.floor((MOST_LEAVES - 1) / 100)));
    expect(expandLeaves(structure, kept)).to.have.length.at.most(MOST_LEAVES);
    expect(boundRows(structure, rows.slice(0, 7))).to.have.length(7);
    const paths = Array.from({ length: MOST_STRUCTURE_PATHS + 5 }, (_, index) => `/A/L${index}`);
    expect(boundStructure(paths)).to.deep.equal(paths.slice(0, MOST_STRUCTURE_PATHS));
  });

  it('are read as far as they are kept, and say so', async () => {
    const fake = new FakeCmsClient();
    const structure = Array.from({ length: 1000 }, (_, index) => `/A/T/#/L${index}`);
    const instances = rowsOf(60);
    const tree = await readCmsTree({
      ...fake.client,
      getSupportedDataModels: () => Promise.resolve([]),
      getSupportedParameters: () => Promise.resolve(structure),
      getInstances: () => Promise.resolve(instances),
      getAttributes: () => Promise.resolve(new Map()),
    });
    expect(tree.instances).to.have.length(50);
    expect(tree.remarks?.join()).to.contain('10 of 60 rows');
  });
});
