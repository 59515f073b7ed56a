import { expect } from 'chai';
import type { ValueType } from '../../../../src/datamodel/value.ts';
import { PathMapping } from '../../../../src/proxy/mapping/path-mapping.ts';
import { ReferenceTranslator } from '../../../../src/proxy/mapping/references.ts';
import { toCwmpValue } from '../../../../src/proxy/mapping/value-mapping.ts';

const plan = { root: 'Device' as const, rootDataModelVersion: '2.17', mounts: [], vendorPrefix: 'X_' };
const references = new ReferenceTranslator(new PathMapping(plan), new Set());

describe('toCwmpValue', () => {
  const VALUES: readonly [ValueType, string, string][] = [
    ['boolean', ' TRUE ', 'true'],
    ['boolean', 'False', 'false'],
    ['boolean', 'Yes', 'true'],
    ['boolean', 'no', 'false'],
    ['boolean', '1', 'true'],
    ['boolean', 'On', 'On'],
    ['boolean', '', ''],
    ['unsignedInt', ' 007 ', '7'],
    ['unsignedInt', ' n/a ', 'n/a'],
    ['dateTime', '2015-07-27 20:47:22', '2015-07-27 20:47:22'],
    ['hexBinary', '00:90:D5', '00:90:D5'],
    ['string', ' TRUE ', ' TRUE '],
  ];
  for (const [type, raw, expected] of VALUES) {
    it(`makes of the ${type} ${JSON.stringify(raw)} ${JSON.stringify(expected)}`, () => {
      expect(toCwmpValue(type, raw, references)).to.equal(expected);
    });
  }
});
