import { expect } from 'chai';
import { parseTypeString } from '../../../src/upnp-dm/type-string.ts';
import type { ParsedType } from '../../../src/upnp-dm/type-string.ts';

describe('upnp-dm/type-string', () => {
  const none = undefined;
  const cases: Readonly<Record<string, ParsedType>> = {
    string: { type: 'string', constraint: none },
    String: { type: 'string', constraint: none },
    ' dateTime ': { type: 'dateTime', constraint: none },
    'string(64)': { type: 'string', constraint: { maxLength: 64 } },
    'string (3:8)': { type: 'string', constraint: { minLength: 3, maxLength: 8 } },
    'string(3:)': { type: 'string', constraint: { minLength: 3 } },
    'hexBinary(3:3)': { type: 'hexBinary', constraint: { minLength: 3, maxLength: 3 } },
    'unsignedInt[0:100]': { type: 'unsignedInt', constraint: { ranges: [{ min: 0n, max: 100n }] } },
    'int[-10:10],[20:]': { type: 'int', constraint: { ranges: [{ min: -10n, max: 10n }, { min: 20n }] } },
    'unsignedLong[:18446744073709551615]': {
      type: 'unsignedLong',
      constraint: { ranges: [{ max: 18446744073709551615n }] },
    },
    MultiInstance: { type: 'multiInstance', constraint: none },
    'xsd:boolean': { type: 'boolean', constraint: none },
    base64Binary: { type: 'base64', constraint: none },
    'string(x)': { type: 'string', constraint: none },
    'string[0:1]': { type: 'string', constraint: none },
    'int[a:b]': { type: 'int', constraint: none },
    colour: { type: none, constraint: none },
    '': { type: none, constraint: none },
    '(64)': { type: none, constraint: none },
  };
  for (const [text, expected] of Object.entries(cases)) {
    it(`reads "${text}"`, () => expect(parseTypeString(text)).to.deep.equal(expected));
  }
});
