import { expect } from 'chai';
import type { AcsRequest, CpeResponse, Fault } from '../../../../src/cwmp/codec/messages.ts';
import { Addressing } from '../../../../src/cwmp/rpc/addressing.ts';
import { executeRpc } from '../../../../src/cwmp/rpc/execute-rpc.ts';
import { standardRpcs } from '../../../../src/cwmp/rpc/standard-rpcs.ts';
import { AttributeStore } from '../../../../src/datamodel/attributes.ts';
import { DataModel } from '../../../../src/datamodel/data-model.ts';
import { aliasColumn } from '../../../../src/device2/alias-column.ts';
import { LocalTable } from '../../../../src/device2/local-table.ts';
import { silentLogger } from '../../../../src/platform/logger.ts';
import { memoryDocumentStore } from '../../../../src/platform/store/document-store.ts';
import { ManualClock } from '../../../support/manual-clock.ts';

interface Row {
  readonly name: string;
  readonly alias?: string;
}

/** A model with one table of named rows that the ACS may extend, and one that has no aliases. */
class Fixture {
  readonly model = new DataModel('Device');
  instanceMode: 'InstanceNumber' | 'InstanceAlias' = 'InstanceNumber';
  autoCreateInstances = false;
  enabled = true;
  attributes = new AttributeStore();
  /** Tables of which the ACS knows the new number of rows. */
  readonly changedTables: string[] = [];
  readonly pools: LocalTable<Row>;
  readonly #plain: LocalTable<Row>;

  constructor() {
    const store = memoryDocumentStore();
    this.pools = new LocalTable<Row>({
      model: this.model,
      path: 'Device.Pool.',
      storage: { store, key: 'pool' },
      create: () => ({ name: '' }),
      columns: {
        Alias: aliasColumn<Row>(),
        Name: {
          type: 'string',
          writable: true,
          get: (row) => row.name,
          set: (row, name) => ({ ...row, name }),
          check: (value) => (value === 'bad' ? 'a name that is taken' : undefined),
        },
      },
    });
    this.#plain = new LocalTable<Row>({
      model: this.model,
      path: 'Device.Plain.',
      columns: { Name: { type: 'string', get: (row) => row.name } },
    });
  }

  async fill(): Promise<void> {
    await this.pools.put('a', { name: 'first' });
    await this.pools.put('b', { name: 'second' });
    await this.#plain.put('a', { name: 'plain' });
  }

  execute(request: AcsRequest): Promise<CpeResponse | Fault> {
    return executeRpc(request, {
      registry: standardRpcs(),
      context: {
        model: this.model,
        addressing: new Addressing({ model: this.model, settings: () => this, enabled: this.enabled }),
        attributes: this.attributes,
        hasLightweightNotification: true,
        setParameterKey: () => Promise.resolve(),
        changeAttributes: async (change) => {
          const changed = this.attributes.copy();
          if (change(changed)) this.attributes = changed;
          return Promise.resolve();
        },
        acsWrites: () => () => Promise.resolve(),
        acsChangedRows: (table) => void this.changedTables.push(table),
        scheduleInform: () => Promise.resolve(),
        afterSession: () => undefined,
      },
      deadlineMs: 20_000,
      signal: new AbortController().signal,
      clock: new ManualClock(),
      logger: silentLogger,
    });
  }

  /** Names and values, or the fault code. */
  async get(...names: string[]): Promise<Record<string, string> | number | undefined> {
    const answer = await this.execute({ kind: 'GetParameterValues', ParameterNames: names });
    if (answer.kind === 'Fault') return answer.detail?.FaultCode;
    if (answer.kind !== 'GetParameterValuesResponse') throw new Error(answer.kind);
    return Object.fromEntries(answer.ParameterList.map(({ Name, Value }) => [Name, Value]));
  }

  async set(values: Readonly<Record<string, string>>): Promise<Fault | number> {
    const answer = await this.execute({
      kind: 'SetParameterValues',
      ParameterList: Object.entries(values).map(([Name, Value]) => ({ Name, Value, Type: undefined })),
      ParameterKey: '',
    });
    if (answer.kind === 'Fault') return answer;
    if (answer.kind !== 'SetParameterValuesResponse') throw new Error(answer.kind);
    return answer.Status;
  }

  async names(path: string, nextLevel: boolean): Promise<readonly string[] | number | undefined> {
    const answer = await this.execute({
      kind: 'GetParameterNames',
      ParameterPath: path,
      NextLevel: nextLevel,
    });
    if (answer.kind === 'Fault') return answer.detail?.FaultCode;
    return answer.kind === 'GetParameterNamesResponse' ? answer.ParameterList.map(({ Name }) => Name) : [];
  }
}

describe('addressing of instances', () => {
  let fixture: Fixture;

  beforeEach(async () => {
    fixture = new Fixture();
    await fixture.fill();
  });

  it('understands wildcards in Get RPCs', async () => {
    expect(await fixture.get('Device.Pool.*.Name')).to.deep.equal({
      'Device.Pool.1.Name': 'first',
      'Device.Pool.2.Name': 'second',
    });
    expect(await fixture.names('Device.Pool.*.', true)).to.deep.equal([
      'Device.Pool.1.Alias',
      'Device.Pool.1.Name',
      'Device.Pool.2.Alias',
      'Device.Pool.2.Name',
    ]);
    const attributes = await fixture.execute({
      kind: 'GetParameterAttributes',
      ParameterNames: ['Device.Pool.*.Name'],
    });
    expect(attributes).to.have.nested.property('ParameterList.length', 2);
  });

  it('answers a wildcard in an empty table with nothing', async () => {
    await fixture.pools.remove('a');
    await fixture.pools.remove('b');
    expect(await fixture.get('Device.Pool.*.Name')).to.deep.equal({});
  });

  for (const [name, why] of [
    ['Device.*.Name', 'the parent is no table'],
    ['Device.Pool.*.Nope', 'no row has such a parameter'],
    ['Device.Pool.[nobody].Name', 'no row has the alias'],
    ['Device.[x].Name', 'the parent is no table'],
    ['Device.Pool.[cpe-1]Name', 'no dot after the bracket'],
    ['Device.Pool.[cpe-1.Name', 'the bracket stays open'],
    ['Device.Pool.[].Name', 'an empty alias'],
    ['Device.Pool.1*.Name', 'a wildcard within a name'],
    ['Other.Pool.*.Name', 'another root'],
    ['Device.Pool.*.Name.', 'a parameter as an object'],
  ] as const) {
    it(`refuses ${name}: ${why}`, async () => {
      expect(await fixture.get(name)).to.equal(9005);
    });
  }

  it('takes no wildcards in what it changes', async () => {
    expect(await fixture.set({ 'Device.Pool.*.Name': 'x' })).to.have.nested.property(
      'detail.FaultCode',
      9003,
    );
    expect(await fixture.get('Device.Pool.1.Name')).to.deep.equal({ 'Device.Pool.1.Name': 'first' });
  });

  it('finds rows by alias, given or our own, and answers with numbers', async () => {
    expect(await fixture.set({ 'Device.Pool.[cpe-2].Alias': 'guests' })).to.equal(0);
    expect(await fixture.get('Device.Pool.[guests].Name', 'Device.Pool.[cpe-1].Name')).to.deep.equal({
      'Device.Pool.2.Name': 'second',
      'Device.Pool.1.Name': 'first',
    });
    expect(await fixture.get('Device.Plain.[cpe-1].Name')).to.deep.equal({ 'Device.Plain.1.Name': 'plain' });
  });

  it('answers with aliases in InstanceAlias mode', async () => {
    fixture.instanceMode = 'InstanceAlias';
    await fixture.set({ 'Device.Pool.2.Alias': 'guests' });
    expect(await fixture.get('Device.Pool.2.Name', 'Device.Pool.1.')).to.deep.equal({
      'Device.Pool.[guests].Name': 'second',
      'Device.Pool.[cpe-1].Alias': 'cpe-1',
      'Device.Pool.[cpe-1].Name': 'first',
    });
    expect(await fixture.names('Device.Pool.', true)).to.deep.equal([
      'Device.Pool.[cpe-1].',
      'Device.Pool.[guests].',
    ]);
  });

  it('answers with numbers where a name would be too long with aliases', async () => {
    const path = `Device.${'x'.repeat(180)}.`;
    const table = new LocalTable<Row>({
      model: fixture.model,
      path,
      columns: { Alias: aliasColumn<Row>(), Name: { type: 'string', get: (row) => row.name } },
    });
    await table.put('a', { name: 'far' });
    fixture.instanceMode = 'InstanceAlias';
    expect(await fixture.get(`${path}1.Name`)).to.deep.equal({ [`${path}[cpe-1].Name`]: 'far' });
    await fixture.set({ [`${path}1.Alias`]: 'y'.repeat(64) });
    expect(await fixture.get(`${path}1.Name`)).to.deep.equal({ [`${path}1.Name`]: 'far' });
  });

  it('does without where the model has no aliases', async () => {
    fixture.enabled = false;
    expect(await fixture.get('Device.Pool.*.Name')).to.equal(9005);
    expect(await fixture.get('Device.Pool.[cpe-1].Name')).to.equal(9005);
    expect(await fixture.get('Device.Pool.1.Name')).to.deep.equal({ 'Device.Pool.1.Name': 'first' });
  });

  it('adds a row with its alias, and refuses one that is taken or ours', async () => {
    const add = (name: string): Promise<CpeResponse | Fault> =>
      fixture.execute({ kind: 'AddObject', ObjectName: name, ParameterKey: '' });
    expect(await add('Device.Pool.[lan].')).to.deep.equal({
      kind: 'AddObjectResponse',
      InstanceNumber: 3,
      Status: 0,
    });
    expect(await fixture.get('Device.Pool.3.Alias')).to.deep.equal({ 'Device.Pool.3.Alias': 'lan' });
    for (const name of ['Device.Pool.[lan].', 'Device.Pool.[cpe-9].', 'Device.Plain.[x].']) {
      expect((await add(name)).kind, name).to.equal('Fault');
    }
    expect(fixture.pools.size, 'rows of refused requests').to.equal(3);
    expect(
      await fixture.execute({ kind: 'DeleteObject', ObjectName: 'Device.Pool.[lan].', ParameterKey: '' }),
    ).to.have.property('kind', 'DeleteObjectResponse');
    expect(fixture.pools.size).to.equal(2);
  });

  it('creates rows by SetParameterValues only when told to, and all or nothing', async () => {
    const wanted = { 'Device.Pool.[new].Name': 'third', 'Device.Pool.[other].Name': 'fourth' };
    expect(await fixture.set(wanted)).to.have.nested.property('detail.FaultCode', 9003);
    expect(fixture.pools.size).to.equal(2);
    fixture.autoCreateInstances = true;
    expect(await fixture.set(wanted)).to.equal(0);
    expect(await fixture.get('Device.Pool.*.Name')).to.deep.include({
      'Device.Pool.3.Name': 'third',
      'Device.Pool.4.Name': 'fourth',
    });
    expect(fixture.changedTables, 'no news for the ACS').to.deep.equal(['Device.Pool.', 'Device.Pool.']);
    const refused = await fixture.set({ 'Device.Pool.[one].Name': 'fine', 'Device.Pool.[two].Name': 'bad' });
    expect(refused).to.have.nested.property(
      'detail.SetParameterValuesFault[0].ParameterName',
      'Device.Pool.[two].Name',
    );
    expect(fixture.pools.size, 'rows that the refused request made').to.equal(4);
    expect(fixture.changedTables).to.have.length(2);
  });

  it('gives an alias once, to one row', async () => {
    const code = async (values: Readonly<Record<string, string>>): Promise<unknown> => {
      const answer = await fixture.set(values);
      return typeof answer === 'number' ? answer : answer.detail?.SetParameterValuesFault?.[0]?.FaultCode;
    };
    expect(await code({ 'Device.Pool.1.Alias': 'same', 'Device.Pool.2.Alias': 'same' })).to.equal(9007);
    expect(await code({ 'Device.Pool.1.Alias': 'one' })).to.equal(0);
    expect(await code({ 'Device.Pool.1.Alias': 'one' }), 'the same again').to.equal(0);
    expect(await code({ 'Device.Pool.1.Alias': 'two' }), 'another').to.equal(9007);
    for (const alias of ['one', 'cpe-7', '1st', 'a.b', 'a[0]', '', 'x'.repeat(65)]) {
      expect(await code({ 'Device.Pool.2.Alias': alias }), alias).to.equal(9007);
    }
    await fixture.pools.put('a', { name: 'changed by its owner' });
    expect(await fixture.get('Device.Pool.[one].Name')).to.deep.equal({
      'Device.Pool.1.Name': 'changed by its owner',
    });
  });
});
