import { expect } from 'chai';
import { isInstanceNumber, parentPath, parsePath } from '../../../src/datamodel/path.ts';

describe('path', () => {
  const PATHS: readonly [string, string[] | undefined, boolean][] = [
    ['', [], true],
    ['Device.', ['Device'], true],
    ['Device.A.1.B', ['Device', 'A', '1', 'B'], false],
    ['Device.X_0011AA_B-c.', ['Device', 'X_0011AA_B-c'], true],
    ['.', undefined, false],
    ['Device..A', undefined, false],
    ['.Device', undefined, false],
    ['Device.A.[alias].B', undefined, false],
    ['Device.A.*.B', undefined, false],
    ['Device.A.{i}.', undefined, false],
    ['Device.A.0.', undefined, false],
    ['Device.A.01.', undefined, false],
    ['Device.A.4294967296.', undefined, false],
    ['Device.A B', undefined, false],
    [`Device.${'a'.repeat(2000)}`, undefined, false],
  ];
  for (const [path, names, isObject] of PATHS) {
    it(`${names === undefined ? 'refuses' : 'parses'} ${JSON.stringify(path.slice(0, 40))}`, () => {
      expect(parsePath(path)).to.deep.equal(names === undefined ? undefined : { names, isObject });
    });
  }

  it('knows instance numbers', () => {
    expect(['1', '4294967295', '0', '-1', '1a', ''].map(isInstanceNumber)).to.deep.equal([
      true,
      true,
      false,
      false,
      false,
      false,
    ]);
  });

  it('goes up one level', () => {
    expect(['Device.A.1.B', 'Device.A.1.', 'Device.', 'Device', ''].map(parentPath)).to.deep.equal([
      'Device.A.1.',
      'Device.A.',
      '',
      '',
      '',
    ]);
  });
});
