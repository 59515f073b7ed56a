import { expect } from 'chai';
import fc from 'fast-check';
import { DataModel } from '../../../src/datamodel/data-model.ts';
import type { Assignment } from '../../../src/datamodel/data-model.ts';
import { ModelError, TransactionError } from '../../../src/datamodel/model-error.ts';
import type { ParameterOptions } from '../../../src/datamodel/node.ts';
import { FakeProvider, never, rejection } from './fake-provider.ts';

function build(): { model: DataModel; local: FakeProvider; remote: FakeProvider; log: string[] } {
  const model = new DataModel('Device');
  const log: string[] = [];
  const local = new FakeProvider('local', false, log);
  const remote = new FakeProvider('remote', true, log);
  const add = (name: string, options: ParameterOptions, value: string): void => {
    options.provider === local
      ? local.values.set(`Device.${name}`, value)
      : remote.values.set(`Device.${name}`, value);
    model.addParameter(`Device.${name}`, { writable: true, ...options });
  };
  add('Local', { provider: local, type: 'string', constraint: { maxLength: 5 } }, 'l');
  add('Count', { provider: local, type: 'unsignedInt', constraint: { ranges: [{ min: 1n }] } }, '1');
  add('Remote', { provider: remote, type: 'string' }, 'r');
  add('Flag', { provider: remote, type: 'boolean' }, 'false');
  add('Secret', { provider: remote, type: 'string', hidden: true }, '');
  add('Fixed', { provider: remote, type: 'string', writable: false }, 'f');
  return { model, local, remote, log };
}

async function faultsOf(promise: Promise<unknown>): Promise<[string | undefined, string][]> {
  const error = await rejection(promise);
  if (!(error instanceof TransactionError)) throw error;
  return error.faults.map(({ path, kind }) => [path, kind]);
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('setValues', () => {
  it('checks everything first and names every bad parameter', async () => {
    const { model, log } = build();
    const faults = await faultsOf(
      model.setValues([
        { path: 'Device.Remote', value: 'good' },
        { path: 'Device.Nothing', value: '' },
        { path: 'Device.', value: '' },
        { path: 'Device.Fixed', value: 'x' },
        { path: 'Device.Flag', value: '1', type: 'int' },
        { path: 'Device.Count', value: 'many' },
        { path: 'Device.Local', value: 'too long' },
        { path: 'Device.Remote', value: 'again' },
      ]),
    );
    expect(faults).to.deep.equal([
      ['Device.Nothing', 'invalidName'],
      ['Device.', 'invalidName'],
      ['Device.Fixed', 'readOnly'],
      ['Device.Flag', 'invalidType'],
      ['Device.Count', 'invalidType'],
      ['Device.Local', 'invalidValue'],
      [undefined, 'invalidArguments'],
    ]);
    expect(log).to.deep.equal([]);
  });

  it('takes the types that ACSs really send, and stores canonical values', async () => {
    const { model, local, remote } = build();
    await model.setValues([
      { path: 'Device.Flag', value: '1', type: 'string' },
      { path: 'Device.Count', value: ' 07 ', type: 'int' },
      { path: 'Device.Local', value: 'x' },
    ]);
    expect(remote.values.get('Device.Flag')).to.equal('true');
    expect(local.values.get('Device.Count')).to.equal('7');
  });

  it('refuses a literal that does not fit, whatever its type says', async () => {
    const { model } = build();
    const assignments: Assignment[] = [
      { path: 'Device.Flag', value: 'maybe', type: 'string' },
      { path: 'Device.Count', value: 'many', type: 'int' },
      { path: 'Device.Local', value: '1', type: 'int' },
    ];
    expect((await faultsOf(model.setValues(assignments))).map(([, kind]) => kind)).to.deep.equal([
      'invalidType',
      'invalidType',
      'invalidType',
    ]);
  });

  it('calls a number beyond what the type can hold a bad value, not a bad type', async () => {
    const { model } = build();
    for (const value of ['-1', ' 4294967296 ', '+99999999999']) {
      const faults = await faultsOf(model.setValues([{ path: 'Device.Count', value }]));
      expect(faults.map(([, kind]) => kind)).to.deep.equal(['invalidValue']);
    }
  });

  it('asks each provider to check before any applies', async () => {
    const { model, local, log } = build();
    local.onCheck = () => [new ModelError('invalidValue', 'no', 'Device.Local')];
    const faults = await faultsOf(
      model.setValues([
        { path: 'Device.Remote', value: 'x' },
        { path: 'Device.Local', value: 'x' },
      ]),
    );
    expect(faults).to.deep.equal([['Device.Local', 'invalidValue']]);
    expect(log).to.deep.equal([]);
  });

  it('one provider is one apply, and nothing is read before', async () => {
    const { model, remote, log } = build();
    remote.status = 'committed';
    const status = await model.setValues([
      { path: 'Device.Remote', value: 'x' },
      { path: 'Device.Flag', value: '1' },
    ]);
    expect(status).to.equal('committed');
    expect(log).to.deep.equal(['remote apply 2']);
  });

  it('applies remote first', async () => {
    const { model, log } = build();
    await model.setValues([
      { path: 'Device.Local', value: 'x' },
      { path: 'Device.Remote', value: 'x' },
    ]);
    expect(log).to.deep.equal(['remote read 1', 'remote apply 1', 'local apply 1']);
  });

  it('gives the remote back its values when the local one fails', async () => {
    const { model, local, remote, log } = build();
    local.onApply = () => {
      throw new Error('disk full');
    };
    const faults = await faultsOf(
      model.setValues([
        { path: 'Device.Local', value: 'x' },
        { path: 'Device.Remote', value: 'x' },
      ]),
    );
    expect(faults).to.deep.equal([[undefined, 'internal']]);
    expect(remote.values.get('Device.Remote')).to.equal('r');
    expect(log).to.deep.equal(['remote read 1', 'remote apply 1', 'local apply 1', 'remote apply 1']);
  });

  it('begins nothing that it could not restore', async () => {
    const { model, remote, log } = build();
    remote.onRead = () => Promise.reject(new ModelError('retryLater', 'away'));
    const faults = await faultsOf(
      model.setValues([
        { path: 'Device.Local', value: 'x' },
        { path: 'Device.Remote', value: 'x' },
      ]),
    );
    expect(faults).to.deep.equal([['Device.Remote', 'retryLater']]);
    expect(log).to.deep.equal(['remote read 1']);
  });

  it('never overwrites a secret that does not read back, and says that it is lost', async () => {
    const { model, local, remote } = build();
    local.onApply = () => Promise.reject(new Error('disk full'));
    const faults = await faultsOf(
      model.setValues([
        { path: 'Device.Secret', value: 'new' },
        { path: 'Device.Local', value: 'x' },
      ]),
    );
    expect(faults).to.deep.equal([
      [undefined, 'internal'],
      ['Device.Secret', 'internal'],
    ]);
    expect(remote.values.get('Device.Secret')).to.equal('new');
  });

  it('runs one at a time, in order', async () => {
    const { model, remote, log } = build();
    const release: (() => void)[] = [];
    remote.onApply = () => new Promise((resolve) => release.push(resolve));
    const first = model.setValues([{ path: 'Device.Remote', value: '1' }]);
    const second = model.setValues([{ path: 'Device.Remote', value: '2' }]);
    const third = faultsOf(model.setValues([{ path: 'Device.Nothing', value: '' }]));
    await settled();
    expect(log).to.deep.equal(['remote apply 1']);
    release[0]?.();
    await first;
    await settled();
    release[1]?.();
    await second;
    expect(remote.values.get('Device.Remote')).to.equal('2');
    expect(await third).to.have.length(1);
  });

  it('a device that does not answer costs no more than the signal allows, for those in the queue too', async () => {
    const { model, remote } = build();
    remote.onApply = never;
    const abort = new AbortController();
    const first = faultsOf(model.setValues([{ path: 'Device.Remote', value: '1' }], abort.signal));
    const second = faultsOf(model.setValues([{ path: 'Device.Local', value: '2' }], abort.signal));
    await settled();
    abort.abort();
    expect(await first).to.deep.equal([[undefined, 'retryLater']]);
    expect(await second).to.deep.equal([[undefined, 'retryLater']]);
  });

  it('all or nothing, whoever fails', async () => {
    const providers = ['remote', 'local', 'third'] as const;
    const runs = fc.record({
      values: fc.uniqueArray(fc.tuple(fc.integer({ min: 0, max: 8 }), fc.string()), {
        minLength: 1,
        selector: ([index]) => index,
      }),
      failing: fc.option(fc.constantFrom(...providers)),
      kind: fc.constantFrom('throw', 'reject', 'refuse'),
    });
    await fc.assert(
      fc.asyncProperty(runs, async ({ values, failing, kind }) => {
        const model = new DataModel('Device');
        const all = providers.map((name) => new FakeProvider(name, name !== 'local'));
        for (let index = 0; index < 9; index++) {
          const provider = all[index % 3] ?? new FakeProvider('', false);
          model.addParameter(`Device.P${index}`, { provider, type: 'string', writable: true });
          provider.values.set(`Device.P${index}`, `old ${index}`);
        }
        let failed = false;
        for (const provider of all.filter(({ name }) => name === failing)) {
          provider.onApply = () => {
            failed = true;
            if (kind === 'reject') return Promise.reject(new ModelError('denied', 'no'));
            throw kind === 'throw'
              ? new Error('defect')
              : new TransactionError([new ModelError('invalidValue', 'no')]);
          };
        }
        const assignments = values.map(([index, value]) => ({ path: `Device.P${index}`, value }));
        const outcome = await model.setValues(assignments).catch((error: unknown) => error);
        expect(outcome instanceof TransactionError).to.equal(failed);
        const wanted = new Map(failed ? [] : assignments.map(({ path, value }) => [path, value]));
        for (const [index, value] of (await model.readValues(model.parametersBelow(''))).entries()) {
          expect(value).to.equal(wanted.get(`Device.P${index}`) ?? `old ${index}`);
        }
      }),
    );
  });
});
