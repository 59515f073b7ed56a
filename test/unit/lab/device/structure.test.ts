import { expect } from 'chai';
import { instances, supportedParameters } from '../../../../src/lab/device/structure.ts';
import { FixtureCms } from './fixture-device.ts';

describe('lab device: structure', () => {
  const { tree } = new FixtureCms().configuration;
  const below = '/UPnP/DM/Software/';
  const supported = (depth: number, start = below): string[] =>
    supportedParameters(tree, start, depth).map((path) => path.replace(below, ''));

  describe('GetSupportedParameters', () => {
    const cases: readonly (readonly [number, readonly string[]])[] = [
      [1, ['DUNumberOfEntries', 'DU/#/']],
      [2, ['DUNumberOfEntries', 'DU/#/']],
      [3, ['DUNumberOfEntries', 'DU/#/DUID', 'DU/#/State', 'DU/#/EUNumberOfEntries', 'DU/#/EU/#/']],
      [4, ['DUNumberOfEntries', 'DU/#/DUID', 'DU/#/State', 'DU/#/EUNumberOfEntries', 'DU/#/EU/#/']],
    ];
    for (const [depth, expected] of cases) {
      it(`cuts at depth ${depth}`, () => expect(supported(depth)).to.deep.equal(expected));
    }
    for (const depth of [0, 5, 9]) {
      it(`lists all leaves at depth ${depth}`, () =>
        expect(supported(depth)).to.deep.equal([
          'DUNumberOfEntries',
          'DU/#/DUID',
          'DU/#/State',
          'DU/#/EUNumberOfEntries',
          'DU/#/EU/#/EUID',
          'DU/#/EU/#/RunningState',
        ]));
    }

    it('begins at a table, at a row and at a leaf', () => {
      expect(supported(1, `${below}DU/`)).to.deep.equal(['DU/#/']);
      expect(supported(1, `${below}DU/#/EU/#/`)).to.deep.equal(['DU/#/EU/#/EUID', 'DU/#/EU/#/RunningState']);
      expect(supported(0, `${below}DU/#/DUID`)).to.deep.equal(['DU/#/DUID']);
    });

    it('cuts on an object, too', () => {
      expect(supportedParameters(tree, '/', 1)).to.deep.equal(['/UPnP/', '/X_LAB/']);
    });

    it('refuses instance numbers with 701 and unknown names with 703', () => {
      expect(() => supported(0, `${below}DU/0/`))
        .to.throw()
        .with.property('code', 701);
      expect(() => supported(0, 'UPnP/'))
        .to.throw()
        .with.property('code', 701);
      expect(() => supported(0, `${below}Nothing/`))
        .to.throw()
        .with.property('code', 703);
    });
  });

  describe('GetInstances', () => {
    const cases: readonly (readonly [number, readonly string[]])[] = [
      [0, ['DU/0/', 'DU/0/EU/0/', 'DU/0/EU/3/', 'DU/5/']],
      [1, []],
      [2, ['DU/0/', 'DU/5/']],
      [3, ['DU/0/', 'DU/5/']],
      [4, ['DU/0/', 'DU/0/EU/0/', 'DU/0/EU/3/', 'DU/5/']],
    ];
    for (const [depth, expected] of cases) {
      it(`goes down to depth ${depth}`, () => {
        const found = instances(tree, below, depth).map((path) => path.replace(below, ''));
        expect(found).to.deep.equal(expected);
      });
    }

    it('refuses # with 701 and unknown names with 703', () => {
      expect(() => instances(tree, `${below}DU/#/`, 0))
        .to.throw()
        .with.property('code', 701);
      expect(() => instances(tree, `${below}DU/1/`, 0))
        .to.throw()
        .with.property('code', 703);
    });
  });
});
