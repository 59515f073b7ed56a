import { expect } from 'chai';
import { setFlagsFromString } from 'node:v8';
import { runInThisContext } from 'node:vm';
import { SaxesParser } from 'saxes';
import { XmlError, XmlParser } from '../../../../src/platform/xml/xml-parser.ts';
import type { XmlHandler, XmlLimits } from '../../../../src/platform/xml/xml-parser.ts';
import { childOf, parseXmlTree } from '../../../../src/platform/xml/xml-tree.ts';

const NOTHING: XmlHandler = { open: () => {}, text: () => {}, close: () => {} };

function errorOf(document: string | Uint8Array, limits?: XmlLimits): XmlError {
  try {
    const parser = new XmlParser(NOTHING, limits);
    parser.write(document);
    parser.close();
  } catch (error) {
    if (error instanceof XmlError) return error;
    throw error;
  }
  throw new Error('no XmlError');
}

describe('XmlParser', () => {
  it('reports elements, attributes, text and CDATA, with namespaces resolved', () => {
    const events: unknown[] = [];
    const parser = new XmlParser({
      open: (uri, local, attributes, resolve) => {
        events.push([uri, local, attributes.map((a) => [a.uri, a.prefix, a.local, a.value]), resolve('p')]);
      },
      text: (text) => {
        events.push(text);
      },
      close: (uri, local) => {
        events.push(['/', uri, local]);
      },
    });
    parser.write(
      '<?xml version="1.0"?>\n<a xmlns="urn:a" x="1" xmlns:p="urn:p"><p:b p:y="&#65;"/>t&amp;<![CDATA[<]]></a>\n',
    );
    parser.close();
    expect(events).to.deep.equal([
      ['urn:a', 'a', [['', '', 'x', '1']], 'urn:p'],
      ['urn:p', 'b', [['urn:p', 'p', 'y', 'A']], 'urn:p'],
      ['/', 'urn:p', 'b'],
      't&',
      '<',
      ['/', 'urn:a', 'a'],
    ]);
  });

  it('reads bytes in any chunks, with BOM, leading lines and declared encodings', () => {
    const read = (bytes: Uint8Array, size: number): string => {
      let text = '';
      const parser = new XmlParser({ ...NOTHING, text: (part) => (text += part) });
      for (let start = 0; start < bytes.length; start += size)
        parser.write(bytes.subarray(start, start + size));
      parser.close();
      return text;
    };
    const documents: [string, BufferEncoding][] = [
      ['<a>é😀</a>', 'utf8'],
      ['\ufeff<?xml version="1.0" encoding="UTF-8"?><a>é😀</a>', 'utf8'],
      ['\r\n <?xml version="1.1" encoding="us-ascii"?><a>é😀</a>', 'utf8'],
      ["<?xml version='1.0' encoding='ISO-8859-1'?><a>é</a>", 'latin1'],
    ];
    for (const [document, encoding] of documents) {
      for (const size of [1, 7, 1000]) {
        expect(read(Buffer.from(document, encoding), size)).to.equal(/>([é😀]+)</u.exec(document)?.[1]);
      }
    }
  });

  for (const [what, document, reason] of [
    ['a DOCTYPE', '<!DOCTYPE a><a/>', /DOCTYPE/],
    ['an entity', '<a>&nbsp;</a>', /undefined entity/],
    ['mismatched tags', '<a>\n<b></a>', /line 2, column 7: unexpected close tag/],
    ['an unfinished document', '<a>', /unclosed tag/],
    ['an empty document', '  ', /root element/],
    ['two roots', '<a/><b/>', /./],
    ['text after the root', '<a/>x', /./],
    ['an undeclared prefix', '<p:a/>', /unbound namespace prefix/],
    ['an undeclared attribute prefix', '<a p:b=""/>', /unbound namespace prefix/],
    ['a name with two colons', '<a xmlns:p="u"><p:b:c/></a>', /malformed name/],
    ['a duplicate attribute', '<a b="" b=""/>', /duplicate/],
    ['a control character', '<a>\u0001</a>', /disallowed/],
    ['bad UTF-8', Uint8Array.of(0x3c, 0x61, 0x3e, 0xc3, 0x28), /UTF-8/],
    ['UTF-8 cut short', Uint8Array.of(0x3c, 0x61, 0x3e, 0xc3), /UTF-8/],
    [
      'an encoding that is not supported',
      Buffer.from('<?xml version="1.0" encoding="utf-16"?><a/>'),
      /utf-16/,
    ],
  ] as const) {
    it(`refuses ${what}`, () => {
      expect(errorOf(document).message).to.match(reason);
    });
  }

  it('accepts undeclared prefixes and several colons on request', () => {
    const root = parseXmlTree('<s:a q:b="1"><s:c:d/></s:a>', { undeclaredPrefixes: 'accept' });
    expect(root).to.deep.include({ uri: 'undeclared:s', local: 'a', attributes: new Map([['b', '1']]) });
    expect(root.children[0]?.local).to.equal('c:d');
  });

  it('caps depth, elements, text and start tags before they cost', () => {
    const depth = errorOf('<a>'.repeat(100_000));
    expect(depth.message).to.contain('more than 64 elements deep');
    expect(depth).to.include({ line: 1, column: 65 * 3 });
    expect(errorOf(`<a>${'<b/>'.repeat(20)}</a>`, { maxElements: 10 }).message).to.contain(
      'more than 10 elements',
    );
    expect(errorOf('<a>12345</a>', { maxTextLength: 4 }).message).to.contain('text too long');
    expect(errorOf(`<a b="${'x'.repeat(2e6)}"/>`).message).to.contain('start tag too long');
    expect(errorOf(`<a><!--${'x'.repeat(2e5)}`, { maxTextLength: 10 }).message).to.contain('text too long');
    // A long document of short parts is none of that.
    const long = `<a>${'<b c="1">text</b>'.repeat(50_000)}</a>`;
    const parser = new XmlParser(NOTHING, { maxTextLength: 10 });
    parser.write(long);
    parser.close();
  });

  it('passes on what the handler throws, and is spent then', () => {
    const failure = new Error('handler');
    const parser = new XmlParser({
      ...NOTHING,
      open: () => {
        throw failure;
      },
    });
    expect(() => {
      parser.write('<a/>');
    }).to.throw(failure.message);
    expect(() => {
      parser.close();
    }).to.throw(XmlError, 'already ended');
  });

  it('keeps saxes in its fast form: six handlers make it, a seventh would not', () => {
    const prototype = SaxesParser.prototype;
    const original = Object.getOwnPropertyDescriptor(prototype, 'on');
    const parsers: object[] = [];
    prototype.on = function (this: object, ...args: unknown[]): void {
      parsers.push(this);
      Reflect.apply(original?.value as () => void, this, args);
    };
    try {
      new XmlParser(NOTHING).write('<a/>');
    } finally {
      if (original !== undefined) Object.defineProperty(prototype, 'on', original);
    }
    expect(parsers).to.have.length.within(1, 6);
    setFlagsFromString('--allow-natives-syntax');
    const hasFastProperties = runInThisContext('(object) => %HasFastProperties(object)') as (
      o: unknown,
    ) => boolean;
    expect(hasFastProperties(parsers[0])).to.equal(true);
    setFlagsFromString('--no-allow-natives-syntax');
  });
});

describe('parseXmlTree', () => {
  it('builds the tree', () => {
    const root = parseXmlTree('<r a="1"> x <c>1</c>y<d/><c>2</c></r>');
    expect(root.text).to.equal(' x y');
    expect(root.children.map((child) => child.local)).to.deep.equal(['c', 'd', 'c']);
    expect(childOf(root, 'c')?.text).to.equal('1');
    expect(childOf(root, 'e')).to.equal(undefined);
  });
});
