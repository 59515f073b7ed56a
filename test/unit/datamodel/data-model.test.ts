import { expect } from 'chai';
import { DataModel } from '../../../src/datamodel/data-model.ts';
import type { StructureChange, ValueChange } from '../../../src/datamodel/data-model.ts';
import { ModelError } from '../../../src/datamodel/model-error.ts';
import { FakeProvider, never, rejection } from './fake-provider.ts';
import { growthOfTime, LINEAR } from '../../support/growth.ts';

function build(): { model: DataModel; local: FakeProvider; remote: FakeProvider; log: string[] } {
  const model = new DataModel('Device');
  const log: string[] = [];
  const local = new FakeProvider('local', false, log);
  const remote = new FakeProvider('remote', true, log);
  const add = (path: string, provider: FakeProvider): void => {
    model.addParameter(path, { provider, type: 'string', writable: true });
    provider.values.set(path, `value of ${path}`);
  };
  add('Device.A.One', local);
  model.addObject('Device.T.', { provider: remote, table: true, writable: true });
  model.addObject('Device.T.1.', { writable: true });
  add('Device.T.1.Name', remote);
  add('Device.T.1.Size', remote);
  add('Device.A.Two', local);
  return { model, local, remote, log };
}

/** Structure changes are delivered in a microtask. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('DataModel', () => {
  describe('tree', () => {
    it('finds objects with and parameters without the final dot', () => {
      const { model } = build();
      expect(model.find('')).to.equal(model.root);
      expect(model.find('Device.')).to.equal(model.root);
      expect(model.find('Device.T.1.')?.path).to.equal('Device.T.1.');
      expect(model.find('Device.T.1.Name')?.path).to.equal('Device.T.1.Name');
      for (const path of [
        'Device',
        'Dev',
        'Device.T',
        'Device.T.1',
        'Device.T.1.Name.',
        'Device.T.2.',
        'X.',
        '.',
      ]) {
        expect(model.find(path), path).to.equal(undefined);
      }
    });

    it('lists parameters depth first, below a partial path or at a full one', () => {
      const { model } = build();
      const paths = (path: string): string[] =>
        model.parametersBelow(path).map((parameter) => parameter.path);
      expect(paths('')).to.deep.equal(['Device.A.One', 'Device.A.Two', 'Device.T.1.Name', 'Device.T.1.Size']);
      expect(paths('Device.T.')).to.deep.equal(['Device.T.1.Name', 'Device.T.1.Size']);
      expect(paths('Device.A.Two')).to.deep.equal(['Device.A.Two']);
      expect(() => model.parametersBelow('Device.Nothing'))
        .to.throw(ModelError)
        .with.property('kind', 'invalidName');
    });

    it('refuses double, misplaced and malformed names', () => {
      const { model, local } = build();
      const options = { provider: local, type: 'string' } as const;
      for (const path of [
        'Device.A.One',
        'Device.A.',
        'Device.A.One.Below',
        'Other.A',
        'Device',
        'Device.A.[x]',
        'Device.T',
      ]) {
        expect(() => model.addParameter(path, options), path).to.throw();
      }
      expect(() => model.addObject('Device.A.One.')).to.throw();
      expect(() => model.addObject('Device.B')).to.throw();
    });

    it('removes what becomes empty, but no table and no row', () => {
      const { model, local } = build();
      model.addParameter('Device.X.Y.Z', { provider: local, type: 'string' });
      model.remove('Device.X.Y.Z');
      expect(model.find('Device.X.')).to.equal(undefined);
      model.remove('Device.T.1.Name');
      model.remove('Device.T.1.Size');
      expect(model.find('Device.T.1.')).to.not.equal(undefined);
      model.remove('Device.T.1.');
      expect(model.find('Device.T.')).to.not.equal(undefined);
      model.remove('Device.T.1.');
    });

    it('gives an existing object the new options and keeps the others', () => {
      const { model, remote } = build();
      const before = model.find('Device.T.');
      const table = model.addObject('Device.T.', { writable: false, handle: '/T/' });
      expect(table).to.equal(before);
      expect(table).to.include({ table: true, writable: false, handle: '/T/', provider: remote });
    });

    it('keeps the forced Inform parameters in order, removed ones out', () => {
      const { model, local } = build();
      for (const name of ['C', 'B', 'D']) {
        model.addParameter(`Device.F.${name}`, { provider: local, type: 'string', forcedInform: true });
      }
      model.remove('Device.F.B');
      expect(model.forcedInformParameters().map(({ name }) => name)).to.deep.equal(['C', 'D']);
    });

    it('takes time in proportion to the parameters', async () => {
      const provider = new FakeProvider('local', false);
      const modelOf = (count: number): DataModel => {
        const model = new DataModel('Device');
        for (let index = 1; index <= count; index++) {
          model.addParameter(`Device.T.${Math.ceil(index / 100)}.P${index}`, { provider, type: 'string' });
        }
        return model;
      };
      const models = new Map([2500, 20_000].map((count) => [count, modelOf(count)]));
      const list = (count: number) => models.get(count)?.parametersBelow('');
      expect(list(20_000)).to.have.length(20_000);
      expect(await growthOfTime(list, 2500)).to.be.below(LINEAR);
    });
  });

  describe('structure changes', () => {
    it('arrive once a tick, topmost paths only', async () => {
      const { model, local } = build();
      const seen: StructureChange[] = [];
      const end = model.onStructureChange((change) => seen.push(change));
      model.addObject('Device.T.2.');
      model.addParameter('Device.T.2.Name', { provider: local, type: 'string' });
      model.addParameter('Device.A.Three', { provider: local, type: 'string' });
      model.addParameter('Device.Brief.X', { provider: local, type: 'string' });
      model.remove('Device.Brief.X');
      model.remove('Device.T.1.Name');
      model.remove('Device.T.1.');
      expect(seen).to.have.length(0);
      await settled();
      expect(seen).to.deep.equal([{ added: ['Device.T.2.', 'Device.A.Three'], removed: ['Device.T.1.'] }]);
      end();
      model.remove('Device.T.2.');
      await settled();
      expect(seen).to.have.length(1);
    });

    it('name what was replaced in both lists', async () => {
      const { model, local } = build();
      const seen: StructureChange[] = [];
      model.onStructureChange((change) => seen.push(change));
      model.remove('Device.A.One');
      model.addParameter('Device.A.One', { provider: local, type: 'int' });
      await settled();
      expect(seen).to.deep.equal([{ added: ['Device.A.One'], removed: ['Device.A.One'] }]);
    });
  });

  describe('reading', () => {
    it('asks each provider once and restores the order', async () => {
      const { model, log } = build();
      const wanted = ['Device.T.1.Size', 'Device.A.Two', 'Device.T.1.Name', 'Device.A.One'];
      const values = await model.readValues(wanted.flatMap((path) => model.parametersBelow(path)));
      expect(values).to.deep.equal(wanted.map((path) => `value of ${path}`));
      expect(log).to.deep.equal(['remote read 2', 'local read 2']);
    });

    it('runs providers side by side', async () => {
      const { model, local, remote, log } = build();
      let release = (): void => undefined;
      remote.onRead = () => new Promise((resolve) => (release = resolve));
      local.onRead = () => {
        log.push('released');
        release();
      };
      const all = model.parametersBelow('').reverse();
      expect(await model.readValues(all)).to.have.length(4);
      expect(log).to.deep.equal(['remote read 2', 'local read 2', 'released']);
    });

    it('never reads hidden parameters', async () => {
      const { model, local, log } = build();
      const secret = model.addParameter('Device.A.Secret', { provider: local, type: 'string', hidden: true });
      local.values.set(secret.path, 'hunter2');
      expect(await model.readValues([secret])).to.deep.equal(['']);
      expect(log).to.deep.equal([]);
    });

    const FAILURES: readonly [string, (remote: FakeProvider) => void, string][] = [
      [
        'throws',
        (remote) =>
          (remote.onRead = () => {
            throw new Error('defect');
          }),
        'internal',
      ],
      ['rejects', (remote) => (remote.onRead = () => Promise.reject(new Error('defect'))), 'internal'],
      [
        'is busy',
        (remote) => (remote.onRead = () => Promise.reject(new ModelError('retryLater', 'away'))),
        'retryLater',
      ],
      ['answers too little', (remote) => (remote.read = () => ['one']), 'internal'],
    ];
    for (const [what, breakIt, kind] of FAILURES) {
      it(`a provider that ${what} fails for its own parameters only`, async () => {
        const { model, remote } = build();
        breakIt(remote);
        const [one, two, name, size] = await model.readValues(model.parametersBelow(''));
        expect([one, two]).to.deep.equal(['value of Device.A.One', 'value of Device.A.Two']);
        expect(name).to.be.instanceOf(ModelError).and.include({ kind, path: 'Device.T.1.Name' });
        expect(size).to.be.instanceOf(ModelError).and.include({ kind, path: 'Device.T.1.Size' });
      });
    }

    it('a silent provider ends with the signal: retryLater for what is outstanding', async () => {
      const { model, remote } = build();
      remote.onRead = never;
      const abort = new AbortController();
      const reading = model.readValues(model.parametersBelow(''), abort.signal);
      abort.abort();
      const [one, , name] = await reading;
      expect(one).to.equal('value of Device.A.One');
      expect(name).to.be.instanceOf(ModelError).and.have.property('kind', 'retryLater');
    });
  });

  describe('value changes', () => {
    it('reach every listener, also when one throws', () => {
      const errors: unknown[] = [];
      const model = new DataModel('Device', (error) => errors.push(error));
      const provider = new FakeProvider('local', false);
      const parameter = model.addParameter('Device.A', { provider, type: 'string' });
      const seen: (readonly ValueChange[])[] = [];
      model.onValueChanges(() => {
        throw new Error('defect');
      });
      const end = model.onValueChanges((changes) => seen.push(changes));
      model.reportValueChanges([{ parameter, value: 'x' }]);
      model.reportValueChanges([]);
      end();
      model.reportValueChanges([{ parameter, value: 'y' }]);
      expect(seen).to.deep.equal([[{ parameter, value: 'x' }]]);
      expect(errors).to.have.length(2);
    });

    it('do not wait for a change in progress', async () => {
      const { model, remote } = build();
      remote.onApply = never;
      const abort = new AbortController();
      const setting = model.setValues([{ path: 'Device.T.1.Name', value: 'x' }], abort.signal);
      await settled();
      const seen: string[] = [];
      model.onValueChanges((changes) => seen.push(...changes.map(({ value }) => value)));
      const [parameter] = model.parametersBelow('Device.T.1.Size');
      if (parameter !== undefined) model.reportValueChanges([{ parameter, value: '7' }]);
      expect(seen).to.deep.equal(['7']);
      abort.abort();
      await rejection(setting);
    });
  });

  describe('rows', () => {
    it('are added and deleted by the provider of the table', async () => {
      const { model, log } = build();
      expect(await model.addRow('Device.T.')).to.deep.equal({ instanceNumber: 2, status: 'applied' });
      expect(await model.deleteRow('Device.T.1.')).to.equal('applied');
      expect(log).to.deep.equal(['remote add Device.T.', 'remote delete Device.T.1.']);
    });

    const REFUSED: readonly [string, string, string][] = [
      ['addRow', 'Device.T', 'invalidArguments'],
      ['addRow', '', 'invalidArguments'],
      ['addRow', 'Device.A.', 'invalidName'],
      ['addRow', 'Device.T.1.', 'invalidName'],
      ['addRow', 'Device.None.', 'invalidName'],
      ['deleteRow', 'Device.T.1', 'invalidArguments'],
      ['deleteRow', 'Device.T.', 'invalidName'],
      ['deleteRow', 'Device.T.9.', 'invalidName'],
      ['deleteRow', 'Device.', 'invalidName'],
    ];
    for (const [method, path, kind] of REFUSED) {
      it(`${method} ${JSON.stringify(path)} is ${kind}`, async () => {
        const { model } = build();
        const error = await rejection(method === 'addRow' ? model.addRow(path) : model.deleteRow(path));
        expect(error).to.be.instanceOf(ModelError).and.have.property('kind', kind);
      });
    }

    it('a defect of the provider is an internal error', async () => {
      const { model, remote } = build();
      remote.addRow = () => Promise.reject(new Error('defect'));
      expect(await rejection(model.addRow('Device.T.')))
        .to.be.instanceOf(ModelError)
        .and.have.property('kind', 'internal');
    });
  });
});
