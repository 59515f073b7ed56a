import { expect } from 'chai';
import { isSameConstraint } from '../../../src/datamodel/constraint.ts';
import type { Constraint } from '../../../src/datamodel/value.ts';

/** Made anew each time, so that nothing is the same object. */
const constraints = (): (Constraint | undefined)[] => [
  undefined,
  {},
  { minLength: 1 },
  { maxLength: 1 },
  { maxLength: 2 },
  { maxLength: 2, list: true },
  { ranges: [] },
  { ranges: [{ min: 1n }] },
  { ranges: [{ max: 1n }] },
  { ranges: [{ min: 1n, max: 1n }] },
  { ranges: [{ min: 1n }, { max: 1n }] },
  { enumeration: ['a', 'b'] },
  { enumeration: ['a'] },
  { pattern: /a/ },
  { pattern: /a/i },
  { pattern: /b/ },
];

describe('isSameConstraint', () => {
  it('is true for what says the same and for nothing else', () => {
    for (const [index, one] of constraints().entries()) {
      const same = constraints().flatMap((other, at) => (isSameConstraint(one, other) ? [at] : []));
      expect(same).to.deep.equal([index]);
    }
  });
});
