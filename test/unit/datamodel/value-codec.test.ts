import { expect } from 'chai';
import fc from 'fast-check';
import { canonicalValue, checkConstraint, listItems } from '../../../src/datamodel/value-codec.ts';
import type { Constraint, ValueType } from '../../../src/datamodel/value.ts';
import { growthOfTime, LINEAR } from '../../support/growth.ts';

const LITERALS: readonly [ValueType, string, string | undefined][] = [
  ['string', ' a\n', ' a\n'],
  ['string', '', ''],
  ['int', '2147483647', '2147483647'],
  ['int', '2147483648', undefined],
  ['int', '-2147483648', '-2147483648'],
  ['int', ' +007\n', '7'],
  ['int', '-0', '0'],
  ['int', '', undefined],
  ['int', '1.0', undefined],
  ['int', '1e3', undefined],
  ['int', '0x10', undefined],
  ['int', '1 2', undefined],
  ['unsignedInt', '4294967295', '4294967295'],
  ['unsignedInt', '4294967296', undefined],
  ['unsignedInt', '-1', undefined],
  ['long', '-9223372036854775808', '-9223372036854775808'],
  ['long', '9223372036854775808', undefined],
  ['unsignedLong', '18446744073709551615', '18446744073709551615'],
  ['unsignedLong', '18446744073709551616', undefined],
  ['unsignedLong', '9'.repeat(1_000_000), undefined],
  ['boolean', '1', 'true'],
  ['boolean', ' true ', 'true'],
  ['boolean', '0', 'false'],
  ['boolean', 'false', 'false'],
  ['boolean', 'True', undefined],
  ['boolean', 'yes', undefined],
  ['dateTime', '2026-03-04T05:06:07Z', '2026-03-04T05:06:07Z'],
  ['dateTime', '1970-01-01T20:49:42.389Z', '1970-01-01T20:49:42.389Z'],
  ['dateTime', '2026-03-04T05:06:07.000Z', '2026-03-04T05:06:07Z'],
  ['dateTime', '2026-03-04T05:06:07.1200Z', '2026-03-04T05:06:07.12Z'],
  ['dateTime', '2026-01-01T00:30:00+01:00', '2025-12-31T23:30:00Z'],
  ['dateTime', '2025-12-31T23:30:00-05:30', '2026-01-01T05:00:00Z'],
  ['dateTime', '2026-03-04T05:06:07', '2026-03-04T05:06:07Z'],
  ['dateTime', '0001-01-01T00:00:00Z', '0001-01-01T00:00:00Z'],
  ['dateTime', '0001-01-02T03:04:05', '0001-01-02T03:04:05'],
  ['dateTime', '0001-01-01T00:00:00+01:00', undefined],
  ['dateTime', '0000-01-01T00:00:00Z', undefined],
  ['dateTime', '2024-02-29T24:00:00Z', '2024-03-01T00:00:00Z'],
  ['dateTime', '2024-02-29T24:00:01Z', undefined],
  ['dateTime', '2023-02-29T00:00:00Z', undefined],
  ['dateTime', '2023-13-01T00:00:00Z', undefined],
  ['dateTime', '2023-01-01T00:60:00Z', undefined],
  ['dateTime', '2023-01-01T00:00:00+15:00', undefined],
  ['dateTime', '2023-01-01', undefined],
  ['dateTime', 'yesterday', undefined],
  ['base64', 'aGVs\n bG8=', 'aGVsbG8='],
  ['base64', '', ''],
  ['base64', 'aGVsbG8', undefined],
  ['base64', 'aGV$bG8=', undefined],
  ['base64', 'a===', undefined],
  ['hexBinary', ' 0aFf ', '0AFF'],
  ['hexBinary', 'abc', undefined],
  ['hexBinary', 'zz', undefined],
];

describe('value-codec', () => {
  for (const [type, literal, expected] of LITERALS) {
    const shown = literal.length > 40 ? `${literal.slice(0, 10)}...` : literal;
    it(`${type} ${JSON.stringify(shown)} is ${expected ?? 'refused'}`, () => {
      expect(canonicalValue(type, literal)).to.equal(expected);
    });
  }

  const types = fc.constantFrom<ValueType>(
    'string',
    'int',
    'unsignedInt',
    'long',
    'unsignedLong',
    'boolean',
    'dateTime',
    'base64',
    'hexBinary',
  );

  it('canonical forms are their own canonical form, whatever came in', () => {
    const literals = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.bigInt().map(String),
      fc.base64String(),
      fc.stringMatching(/^[0-9a-fA-F]{0,20}$/),
      fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
      fc.constantFrom('0', '1', 'true', 'false', ''),
    );
    fc.assert(
      fc.property(types, literals, (type, literal) => {
        const canonical = canonicalValue(type, literal);
        if (canonical !== undefined) expect(canonicalValue(type, canonical)).to.equal(canonical);
      }),
      { numRuns: 2000 },
    );
  });

  it('keeps integers, octets and instants', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
        expect(canonicalValue('long', ` ${value} `)).to.equal(value.toString());
        expect(canonicalValue('unsignedInt', value.toString()) !== undefined).to.equal(
          value >= 0n && value < 2n ** 32n,
        );
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array(), (octets) => {
        const buffer = Buffer.from(octets);
        expect(canonicalValue('base64', buffer.toString('base64'))).to.equal(buffer.toString('base64'));
        expect(canonicalValue('hexBinary', buffer.toString('hex'))).to.equal(
          buffer.toString('hex').toUpperCase(),
        );
      }),
    );
    const instants = fc.date({
      min: new Date('0002-01-01T00:00:00Z'),
      max: new Date('9998-12-31T00:00:00Z'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(instants, fc.integer({ min: -840, max: 840 }), (instant, offset) => {
        const shifted = new Date(instant.getTime() + offset * 60_000).toISOString().slice(0, -1);
        const size = Math.abs(offset);
        const pad = (value: number): string => String(value).padStart(2, '0');
        const zone = `${offset < 0 ? '-' : '+'}${pad(Math.floor(size / 60))}:${pad(size % 60)}`;
        const canonical = canonicalValue('dateTime', shifted + zone);
        expect(canonical).to.match(/Z$/);
        expect(new Date(canonical ?? '').getTime()).to.equal(instant.getTime());
      }),
    );
  });

  const CONSTRAINTS: readonly [string, Constraint, ValueType, string, boolean][] = [
    ['a string as long as allowed', { maxLength: 3 }, 'string', 'abc', true],
    ['a string that is too long', { maxLength: 3 }, 'string', 'abcd', false],
    ['characters, not UTF-16 units', { maxLength: 2 }, 'string', '😀😀', true],
    ['octets of hexBinary', { minLength: 3, maxLength: 3 }, 'hexBinary', '0011AA', true],
    ['octets of base64', { maxLength: 4 }, 'base64', 'aGVsbG8=', false],
    ['a string that is too short', { minLength: 6 }, 'string', '0011A', false],
    ['one end of a range', { ranges: [{ min: 1n }] }, 'unsignedInt', '1', true],
    ['below a range', { ranges: [{ min: 1n }] }, 'unsignedInt', '0', false],
    ['one of several ranges', { ranges: [{ max: -1n }, { min: 5n, max: 5n }] }, 'int', '5', true],
    ['between ranges', { ranges: [{ max: -1n }, { min: 5n, max: 5n }] }, 'int', '4', false],
    ['an allowed literal', { enumeration: ['Up', 'Down'] }, 'string', 'Up', true],
    ['another literal', { enumeration: ['Up', 'Down'] }, 'string', 'up', false],
    ['a match of the whole', { pattern: /a|ab/ }, 'string', 'ab', true],
    ['a match of a part', { pattern: /a|ab/ }, 'string', 'xab', false],
    ['a stateful pattern', { pattern: /a/g }, 'string', 'a', true],
    ['an empty list', { list: true, enumeration: ['A'] }, 'string', '', true],
    ['a list of allowed items', { list: true, enumeration: ['A', 'B'] }, 'string', 'A, B', true],
    ['a list with another item', { list: true, enumeration: ['A', 'B'] }, 'string', 'A,C', false],
    ['a list of numbers in range', { list: true, ranges: [{ max: 9n }] }, 'string', '1,2', true],
    ['a list with no number', { list: true, ranges: [{ max: 9n }] }, 'string', '1,x', false],
  ];
  for (const [what, constraint, type, value, allowed] of CONSTRAINTS) {
    it(`${allowed ? 'allows' : 'refuses'} ${what}`, () => {
      for (let time = 0; time < 2; time++) {
        const problem = checkConstraint(constraint, type, value);
        expect(problem === undefined, problem).to.equal(allowed);
      }
    });
  }

  it('takes no more than linear time for hostile white space', async () => {
    for (const type of ['int', 'boolean', 'dateTime', 'base64', 'hexBinary'] as const) {
      const texts = new Map(
        [250_000, 2_000_000].map((size) => [
          size,
          Buffer.alloc(size, ' ')
            .fill('x', 0, 1)
            .fill('x', size - 1)
            .toString(),
        ]),
      );
      const read = (size: number) => canonicalValue(type, texts.get(size) ?? '');
      expect(read(250_000)).to.equal(undefined);
      expect(await growthOfTime(read, 250_000), type).to.be.below(LINEAR);
    }
  });

  it('never repeats the value', () => {
    expect(checkConstraint({ maxLength: 3 }, 'string', 'hunter2')).to.not.contain('hunter2');
    expect(checkConstraint({ enumeration: ['a'] }, 'string', 'hunter2')).to.not.contain('hunter2');
    expect(checkConstraint({ pattern: /a/ }, 'string', 'hunter2')).to.not.contain('hunter2');
  });

  it('takes lists apart', () => {
    expect(listItems(' a , b,,c ')).to.deep.equal(['a', 'b', '', 'c']);
    expect(listItems('  ')).to.deep.equal([]);
  });
});
