import { expect } from 'chai';
import { DataModel, type ValueChange } from '../../../src/datamodel/data-model.ts';
import { LocalTable } from '../../../src/device2/local-table.ts';
import { memoryDocumentStore, type DocumentStore } from '../../../src/platform/store/document-store.ts';

interface Row {
  readonly name: string;
  readonly seen: number;
}

class Fixture {
  readonly model = new DataModel('Device');
  readonly table: LocalTable<Row>;
  readonly told: [string, string][] = [];
  byAcs = 0;

  constructor(store: DocumentStore, create?: () => Row) {
    this.table = new LocalTable<Row>({
      model: this.model,
      path: 'Device.Row.',
      storage: { store, key: 'rows' },
      durable: ({ name }) => ({ name }),
      restore: (stored) => {
        const name = (stored as Partial<Row> | null)?.name;
        return typeof name === 'string' ? { name, seen: 0 } : undefined;
      },
      ...(create === undefined ? {} : { create }),
      changedByAcs: () => {
        this.byAcs += 1;
      },
      columns: {
        Name: {
          type: 'string',
          writable: true,
          get: (row) => row.name,
          set: (row, name) => ({ ...row, name }),
          check: (value, _row, rows) =>
            [...rows].some(({ row }) => row.name === value) ? 'a name that another row has' : undefined,
        },
        Seen: { type: 'unsignedInt', get: (row) => String(row.seen) },
      },
    });
    this.model.onValueChanges((changes: readonly ValueChange[]) => {
      for (const { parameter, value } of changes) this.told.push([parameter.path, value]);
    });
  }

  async values(path = 'Device.'): Promise<Record<string, unknown>> {
    const parameters = this.model.parametersBelow(path);
    const values = await this.model.readValues(parameters);
    return Object.fromEntries(parameters.map((parameter, index) => [parameter.path, values[index]]));
  }
}

describe('local table', () => {
  let store: DocumentStore;
  let fixture: Fixture;

  beforeEach(() => {
    store = memoryDocumentStore();
    fixture = new Fixture(store);
  });

  it('shows rows and their number, and tells of both', async () => {
    expect(await fixture.table.put('a', { name: 'A', seen: 1 })).to.equal(1);
    await fixture.table.put('a', { name: 'A', seen: 2 });
    expect(await fixture.values()).to.deep.equal({
      'Device.RowNumberOfEntries': '1',
      'Device.Row.1.Name': 'A',
      'Device.Row.1.Seen': '2',
    });
    expect(fixture.told).to.deep.equal([
      ['Device.RowNumberOfEntries', '1'],
      ['Device.Row.1.Seen', '2'],
    ]);
    expect(fixture.table.reference('a')).to.equal('Device.Row.1');
    expect(fixture.table.reference('b')).to.equal('');
  });

  it('gives no number twice, also after a restart', async () => {
    await fixture.table.put('a', { name: 'A', seen: 1 });
    await fixture.table.put('b', { name: 'B', seen: 1 });
    await fixture.table.remove('b');
    const { table, model } = new Fixture(store);
    expect(model.find('Device.Row.1.')).to.not.equal(undefined);
    expect(model.find('Device.Row.2.')).to.equal(undefined);
    expect(await table.put('b', { name: 'B', seen: 1 })).to.equal(3);
    expect(await table.put('a', { name: 'A', seen: 1 }), 'a row that is known keeps its number').to.equal(1);
  });

  it('shows a row when its number is durable, not before', async () => {
    const written: (() => void)[] = [];
    store.put = () => new Promise((resolve) => written.push(resolve));
    const waiting = fixture.table.put('a', { name: 'A', seen: 1 });
    expect(fixture.model.find('Device.Row.1.')).to.equal(undefined);
    expect(fixture.table.reference('a'), 'its owner may refer to it').to.equal('Device.Row.1');
    expect(written, 'the row and the highest number').to.have.length(2);
    for (const done of written) done();
    await waiting;
    expect(fixture.model.find('Device.Row.1.')).to.not.equal(undefined);
  });

  it('forgets documents that it cannot read', async () => {
    await store.put('rows/row/7', { key: 'x', row: { nonsense: true } });
    await store.put('rows/row/8', 'nonsense');
    await store.put('rows/row/zero', { key: 'y', row: { name: 'Y' } });
    await store.put('rows/highest', 8);
    const { table } = new Fixture(store);
    expect(table.size).to.equal(0);
    expect(await table.put('a', { name: 'A', seen: 1 })).to.equal(9);
  });

  it('takes writes of the ACS without telling it of them', async () => {
    await fixture.table.put('a', { name: 'A', seen: 1 });
    await fixture.table.put('b', { name: 'B', seen: 1 });
    fixture.told.length = 0;
    expect(await fixture.model.setValues([{ path: 'Device.Row.1.Name', value: 'New' }])).to.equal('applied');
    expect([fixture.told, fixture.byAcs]).to.deep.equal([[], 1]);
    expect(await new Fixture(store).values('Device.Row.1.')).to.deep.include({ 'Device.Row.1.Name': 'New' });
  });

  it('looks at all writes of a request together', async () => {
    await fixture.table.put('a', { name: 'A', seen: 1 });
    await fixture.table.put('b', { name: 'B', seen: 1 });
    const refusal = await fixture.model
      .setValues([
        { path: 'Device.Row.1.Name', value: 'Same' },
        { path: 'Device.Row.2.Name', value: 'Same' },
      ])
      .catch((error: unknown) => error);
    expect(refusal).to.have.nested.property('faults[0].path', 'Device.Row.2.Name');
    expect(await fixture.values('Device.Row.1.')).to.deep.include({ 'Device.Row.1.Name': 'A' });
  });

  it('lets the ACS add and delete rows only where it may', async () => {
    await fixture.table.put('a', { name: 'A', seen: 1 });
    const refusal = (work: Promise<unknown>): Promise<unknown> => work.catch((error: unknown) => error);
    expect(await refusal(fixture.model.addRow('Device.Row.'))).to.have.property('kind', 'invalidName');
    expect(await refusal(fixture.model.deleteRow('Device.Row.1.'))).to.have.property('kind', 'invalidName');

    const open = new Fixture(memoryDocumentStore(), () => ({ name: '', seen: 0 }));
    expect(await open.model.addRow('Device.Row.')).to.deep.equal({ instanceNumber: 1, status: 'applied' });
    expect(await open.model.deleteRow('Device.Row.1.')).to.equal('applied');
    expect(await open.model.addRow('Device.Row.')).to.have.property('instanceNumber', 2);
    expect(open.told, 'its own doing is no news for the ACS').to.deep.equal([]);
  });

  it('keeps the old values when they cannot be stored', async () => {
    await fixture.table.put('a', { name: 'A', seen: 1 });
    store.put = () => Promise.reject(new Error('disk full'));
    const refusal = await fixture.model
      .setValues([{ path: 'Device.Row.1.Name', value: 'New' }])
      .catch((error: unknown) => error);
    expect(refusal).to.have.nested.property('faults[0].kind', 'internal');
    expect(await fixture.values('Device.Row.1.')).to.deep.include({ 'Device.Row.1.Name': 'A' });
  });
});
