import { expect } from 'chai';
import { DataModel } from '../../../src/datamodel/data-model.ts';
import { ModelError, TransactionError } from '../../../src/datamodel/model-error.ts';
import type { Change, TakeBack } from '../../../src/datamodel/provider.ts';
import { FakeProvider, rejection } from './fake-provider.ts';

/** A device that may be away, and then takes changes later. */
class WaitingProvider extends FakeProvider {
  away: ModelError | undefined;
  /** Executes what it is asked to do, and does not say so. */
  silent = false;
  failDeferral: Error | undefined;
  deferred: (readonly [string, string])[] = [];
  /** It comes back just when its changes are accepted. */
  returns = false;

  constructor(name: string, log: string[]) {
    super(name, true, log);
    this.onApply = (changes) => {
      if (this.away !== undefined) throw this.away;
      if (!this.silent) return;
      for (const { parameter, value } of changes) this.values.set(parameter.path, value);
      throw new ModelError('retryLater', 'no answer in time', undefined, { mayBeDone: true });
    };
  }

  defer(changes: readonly Change[]): Promise<TakeBack> {
    this.log.push(`${this.name} defer ${changes.length}`);
    if (this.failDeferral !== undefined) return Promise.reject(this.failDeferral);
    const added = changes.map(({ parameter, value }) => [parameter.path, value] as const);
    this.deferred.push(...added);
    return Promise.resolve(() => {
      this.log.push(`${this.name} take back`);
      this.deferred = this.deferred.filter((entry) => !added.includes(entry));
      return Promise.resolve(this.returns ? 'mayBeDone' : 'takenBack');
    });
  }
}

function build() {
  const log: string[] = [];
  const model = new DataModel('Device');
  const one = new WaitingProvider('one', log);
  const two = new WaitingProvider('two', log);
  const plain = new FakeProvider('plain', true, log);
  const local = new FakeProvider('local', false, log);
  for (const [name, provider] of Object.entries({ One: one, Two: two, Plain: plain, Local: local })) {
    provider.values.set(`Device.${name}`, 'before');
    model.addParameter(`Device.${name}`, { provider, type: 'string', writable: true });
  }
  const set = (...names: readonly string[]): Promise<string> =>
    model.setValues(names.map((name) => ({ path: `Device.${name}`, value: 'after' })));
  const values = (): string[] =>
    [one, two, plain, local].flatMap((provider) => [...provider.values.values()]);
  return { log, one, two, plain, local, set, values };
}

const offline = new ModelError('retryLater', 'the device is offline');
const refusal = new ModelError('invalidValue', 'the device refused');

describe('changes that have to wait for their device', () => {
  it('are accepted when everybody else took theirs', async () => {
    const { one, two, local, set } = build();
    one.away = offline;
    expect(await set('One', 'Two', 'Local')).to.equal('committed');
    expect(one.deferred).to.deep.equal([['Device.One', 'after']]);
    expect([two.deferred, two.values.get('Device.Two'), local.values.get('Device.Local')]).to.deep.equal([
      [],
      'after',
      'after',
    ]);
  });

  it('are not accepted when another refuses, whatever the order', async () => {
    for (const names of [
      ['One', 'Two', 'Local'],
      ['Local', 'Two', 'One'],
    ]) {
      const { one, two, set, values } = build();
      one.away = offline;
      two.away = refusal;
      const error = await rejection(set(...names));
      expect(error).to.be.instanceOf(TransactionError).with.nested.property('faults[0].kind', 'invalidValue');
      expect(one.deferred).to.deep.equal([]);
      expect(values()).to.deep.equal(['before', 'before', 'before', 'before']);
    }
  });

  it('undo what was applied and accepted when they cannot be kept', async () => {
    const { one, two, log, set, values } = build();
    one.away = offline;
    two.away = offline;
    two.failDeferral = new ModelError('resourcesExceeded', 'too many commands wait for this device');
    const error = await rejection(set('One', 'Two', 'Plain', 'Local'));
    expect(error).to.have.nested.property('faults[0].kind', 'resourcesExceeded');
    expect(one.deferred, 'accepted before the other failed').to.deep.equal([]);
    expect(values()).to.deep.equal(['before', 'before', 'before', 'before']);
    expect(log.indexOf('one take back')).to.be.greaterThan(log.indexOf('two defer 1'));
  });

  it('are undone later on a device that was silent, when another refuses: it may have made them', async () => {
    const { one, two, log, set, values } = build();
    one.silent = true;
    two.away = refusal;
    const error = await rejection(set('One', 'Two', 'Local'));
    expect(error).to.have.nested.property('faults.length', 1);
    expect(error).to.have.nested.property('faults[0].kind', 'invalidValue');
    expect(one.deferred, 'its values of before').to.deep.equal([['Device.One', 'before']]);
    expect(values()).to.deep.equal(['after', 'before', 'before', 'before']);
    expect(log.filter((entry) => entry.startsWith('one apply'))).to.have.length(1);
  });

  it('are not left behind on a silent device when it cannot keep them', async () => {
    const { one, two, set } = build();
    one.silent = true;
    two.away = offline;
    two.failDeferral = new ModelError('resourcesExceeded', 'too many commands wait for this device');
    await rejection(set('One', 'Two'));
    expect(one.deferred).to.deep.equal([['Device.One', 'before']]);
  });

  it('are undone later on a device that got them before they could be taken back', async () => {
    const { one, two, set } = build();
    one.away = offline;
    one.returns = true;
    two.away = offline;
    two.failDeferral = new ModelError('resourcesExceeded', 'too many commands wait for this device');
    const error = await rejection(set('One', 'Two'));
    expect(error).to.have.nested.property('faults.length', 1);
    expect(one.deferred).to.deep.equal([['Device.One', 'before']]);
  });

  it('are only made by a silent device when everybody else takes theirs', async () => {
    const { one, set } = build();
    one.silent = true;
    expect(await set('One', 'Two', 'Local')).to.equal('committed');
    expect(one.deferred).to.deep.equal([['Device.One', 'after']]);
  });

  it('are undone later on a device that left meanwhile', async () => {
    const { one, two, set } = build();
    two.onApply = () => {
      one.away = offline;
      throw refusal;
    };
    const error = await rejection(set('One', 'Two'));
    expect(error).to.have.nested.property('faults.length', 1);
    expect(one.deferred).to.deep.equal([['Device.One', 'before']]);
  });

  it('say what cannot be undone, not even later', async () => {
    const { one, two, set } = build();
    one.failDeferral = new ModelError('internal', 'the disk is full');
    two.onApply = () => {
      one.away = offline;
      throw refusal;
    };
    const error = await rejection(set('One', 'Two'));
    expect(error).to.have.nested.property('faults[1].path', 'Device.One');
    expect(error).to.have.nested.property('faults[1].kind', 'internal');
  });

  it('fail with a device that cannot wait', async () => {
    const { plain, set, values } = build();
    plain.onApply = () => {
      throw offline;
    };
    expect(await rejection(set('Plain', 'Local'))).to.have.nested.property('faults[0].kind', 'retryLater');
    expect(values()).to.deep.equal(['before', 'before', 'before', 'before']);
  });

  it('fail when part of them was refused for good', async () => {
    const { one, set } = build();
    one.onApply = () => {
      throw new TransactionError([offline, refusal]);
    };
    await rejection(set('One'));
    expect(one.deferred).to.deep.equal([]);
  });
});
