import { expect } from 'chai';
import fc from 'fast-check';
import { SloppyUtf8Decoder } from '../../../../src/platform/xml/sloppy-utf8-decoder.ts';

/** Cut into chunks of these sizes. */
function decode(bytes: Uint8Array, sizes: readonly number[] = []): string {
  const decoder = new SloppyUtf8Decoder();
  let [text, at] = ['', 0];
  for (const size of sizes) {
    text += decoder.decode(bytes.subarray(at, at + size), { stream: true });
    at += size;
  }
  return text + decoder.decode(bytes.subarray(at), { stream: false });
}

describe('sloppy UTF-8 decoder', () => {
  const cases: readonly (readonly [string, readonly number[], string])[] = [
    ['iso-8859-1', [0x43, 0x61, 0x66, 0xe9], 'Café'],
    ['iso-8859-1 among UTF-8', [0xe9, 0xc3, 0xa9, 0xf0, 0x9f, 0x98, 0x80, 0xfc], 'éé😀ü'],
    ['a character cut short at the end', [0x61, 0xe2, 0x82], 'aâ\x82'],
    ['a character cut short in the middle', [0xe2, 0x82, 0x61], 'â\x82a'],
    ['overlong forms', [0xc0, 0x80, 0xe0, 0x80, 0x80], 'À\x80à\x80\x80'],
    ['surrogates', [0xed, 0xa0, 0x80], 'í\xa0\x80'],
    ['what is beyond Unicode', [0xf4, 0x90, 0x80, 0x80], 'ô\x90\x80\x80'],
  ];
  for (const [name, bytes, text] of cases) {
    it(`reads ${name}`, () => {
      expect(decode(Uint8Array.from(bytes))).to.equal(text);
    });
  }

  const sizes = fc.array(fc.nat(5), { maxLength: 20 });

  it('reads good UTF-8 as what it is, however it is cut', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), sizes, (text, cuts) => {
        expect(decode(Buffer.from(text), cuts)).to.equal(Buffer.from(text).toString('utf8'));
      }),
    );
  });

  it('reads any bytes the same, however they are cut', () => {
    const bytes = fc.uint8Array({ maxLength: 40 });
    const bad = fc.array(fc.constantFrom(0x41, 0x80, 0xbf, 0xc3, 0xe2, 0xed, 0xf0, 0xf4), { maxLength: 40 });
    fc.assert(
      fc.property(
        fc.oneof(
          bytes,
          bad.map((each) => Uint8Array.from(each)),
        ),
        sizes,
        (input, cuts) => {
          expect(decode(input, cuts)).to.equal(decode(input));
        },
      ),
    );
  });

  it('loses no byte: what is no UTF-8 at all comes back as it was', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0x80, max: 0xbf }), { maxLength: 40 }), (input) => {
        expect(Buffer.from(decode(Uint8Array.from(input)), 'latin1')).to.deep.equal(Buffer.from(input));
      }),
    );
  });
});
