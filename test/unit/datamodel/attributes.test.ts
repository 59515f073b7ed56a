import { expect } from 'chai';
import { AttributeStore } from '../../../src/datamodel/attributes.ts';
import { DataModel } from '../../../src/datamodel/data-model.ts';
import type { ModelErrorKind } from '../../../src/datamodel/model-error.ts';
import type { NotificationRule, ParameterNode } from '../../../src/datamodel/node.ts';
import { FakeProvider } from './fake-provider.ts';

const provider = new FakeProvider('local', false);

function parameter(notification: NotificationRule, path = 'Device.T.1.P'): ParameterNode {
  return new DataModel('Device').addParameter(path, { provider, type: 'string', notification });
}

describe('AttributeStore', () => {
  const RULES: readonly [NotificationRule, number, number, ModelErrorKind | undefined][] = [
    // rule, default, asked, refusal
    ['normal', 0, 0, undefined],
    ['normal', 0, 1, undefined],
    ['normal', 0, 2, undefined],
    ['normal', 0, 3, undefined],
    ['normal', 0, 4, undefined],
    ['normal', 0, 5, undefined],
    ['normal', 0, 6, undefined],
    ['normal', 0, 7, 'invalidArguments'],
    ['normal', 0, -1, 'invalidArguments'],
    ['normal', 0, 1.5, 'invalidArguments'],
    ['forced', 2, 0, 'notificationRefused'],
    ['forced', 2, 1, 'notificationRefused'],
    ['forced', 2, 2, undefined],
    ['forcedDefault', 2, 0, undefined],
    ['forcedDefault', 2, 1, undefined],
    ['canDeny', 0, 1, undefined],
    ['canDeny', 0, 2, 'notificationRefused'],
    ['canDeny', 0, 4, undefined],
    ['canDeny', 0, 5, 'notificationRefused'],
    ['canDeny', 0, 6, 'notificationRefused'],
    ['forced', 2, 6, 'notificationRefused'],
  ];
  for (const [rule, initial, asked, refusal] of RULES) {
    it(`${rule}: ${initial} by default, ${asked} is ${refusal ?? 'taken'}`, () => {
      const store = new AttributeStore();
      const node = parameter(rule);
      expect(store.notificationOf(node)).to.equal(initial);
      expect(store.check(node, asked)?.kind).to.equal(refusal);
      if (refusal === undefined) store.set(node, { notification: asked });
      else
        expect(() => store.set(node, { notification: asked }))
          .to.throw()
          .with.property('kind', refusal);
      expect(store.notificationOf(node)).to.equal(refusal === undefined ? asked : initial);
    });
  }

  it('keeps access lists and refuses entities that do not exist', () => {
    const store = new AttributeStore();
    const node = parameter('normal');
    expect(store.accessListOf(node)).to.deep.equal(['Subscriber']);
    store.set(node, { accessList: [] });
    expect(store.accessListOf(node)).to.deep.equal([]);
    expect(() => store.set(node, { notification: 2, accessList: ['Guest'] })).to.throw();
    expect(store.notificationOf(node)).to.equal(0);
    store.set(node, { accessList: ['Subscriber'] });
    expect(store.size).to.equal(0);
  });

  it('survives JSON, and reads nothing but its own form', () => {
    const store = new AttributeStore();
    const node = parameter('forcedDefault');
    store.set(node, { notification: 0, accessList: [] });
    const again = AttributeStore.from(JSON.parse(JSON.stringify(store)));
    expect(again.notificationOf(node)).to.equal(0);
    expect(again.accessListOf(node)).to.deep.equal([]);
    for (const bad of [
      undefined,
      null,
      7,
      [],
      { 'Device.T.1.P': null },
      { 'Device.T.1.P': { notification: 9 } },
    ]) {
      expect(AttributeStore.from(bad).size).to.equal(0);
    }
  });

  it('a copy goes its own way', () => {
    const store = new AttributeStore();
    const node = parameter('normal');
    const copy = store.copy();
    copy.set(node, { notification: 1 });
    expect([store.notificationOf(node), copy.notificationOf(node)]).to.deep.equal([0, 1]);
  });

  it('forgets a deleted row and no neighbour', () => {
    const store = new AttributeStore();
    const paths = ['Device.T.1.P', 'Device.T.1.S.Q', 'Device.T.10.P', 'Device.T.2.P'];
    const nodes = paths.map((path) => parameter('normal', path));
    for (const node of nodes) store.set(node, { notification: 1 });
    expect(store.removeBelow('Device.T.1.')).to.equal(true);
    expect(store.removeBelow('Device.T.1.')).to.equal(false);
    expect(store.removeBelow('Device.T.2.P')).to.equal(true);
    expect(nodes.map((node) => store.notificationOf(node))).to.deep.equal([0, 0, 1, 0]);
  });
});
