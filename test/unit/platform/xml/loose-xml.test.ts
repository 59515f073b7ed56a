import { expect } from 'chai';
import { parseLooseXml } from '../../../../src/platform/xml/loose-xml.ts';
import { XmlError } from '../../../../src/platform/xml/xml-error.ts';

async function errorOf(document: string | Uint8Array): Promise<XmlError> {
  try {
    await parseLooseXml(Buffer.from(document));
  } catch (error) {
    if (error instanceof XmlError) return error;
    throw error;
  }
  throw new Error('no XmlError');
}

describe('parseLooseXml', () => {
  it('reads elements in order, attributes, CDATA, and drops prefixes', async () => {
    const root = await parseLooseXml(
      Buffer.from(
        '\ufeff\n<?xml version="1.0"?><u:r xmlns:u="urn:u" q:at="1&2"><c>1</c><d/><q:c> 2 <![CDATA[<&]]></q:c>\n</u:r>',
      ),
    );
    expect(root).to.deep.include({ uri: '', local: 'r', text: '', attributes: new Map([['at', '1&2']]) });
    expect(root.children.map(({ local, text }) => [local, text])).to.deep.equal([
      ['c', '1'],
      ['d', ''],
      ['c', ' 2 <&'],
    ]);
  });

  it('takes a bare ampersand as text and leaves references alone', async () => {
    const root = await parseLooseXml(Buffer.from('<u>/a?b=1&c=2&amp;d&lt;&#65;&copy;&<!-- & --></u>'));
    expect(root.text).to.equal('/a?b=1&c=2&d<A&copy;&');
  });

  it('reads bad UTF-8 as iso-8859-1', async () => {
    expect((await parseLooseXml(Buffer.from('<a>caf\u00e9</a>', 'latin1'))).text).to.equal('café');
  });

  it('is not confused by names of prototypes and of its own parser', async () => {
    const names = ['__proto__', 'constructor', 'toString', '_', 'cdata', 'hasOwnProperty'];
    const document = `<r __proto__="p">${names.map((name) => `<${name}>v</${name}>`).join('')}</r>`;
    const root = await parseLooseXml(Buffer.from(document));
    expect(root.children.map(({ local, text }) => [local, text])).to.deep.equal(
      names.map((name) => [name, 'v']),
    );
    expect(Object.keys(Object.prototype)).to.deep.equal([]);
  });

  it('keeps concurrent documents apart', async () => {
    const roots = await Promise.all(['a', 'b', 'c'].map((name) => parseLooseXml(Buffer.from(`<${name}/>`))));
    expect(roots.map((root) => root.local)).to.deep.equal(['a', 'b', 'c']);
  });

  for (const [what, document, reason] of [
    ['a DOCTYPE', '<?xml version="1.0"?>\n<!DOCTYPE a><a/>', /line 2, column 1: DOCTYPE/],
    ['depth', '<a>'.repeat(80_000), /64 elements deep/],
    ['many elements', `<a>${'<b/>'.repeat(6000)}</a>`, /2000 elements/],
    ['long tags', `<a b="${'x'.repeat(20_000)}"/>`, /tag too long/],
    ['size', `<a>${'x'.repeat(300_000)}</a>`, /over 262144 bytes/],
    ['mismatched tags', '<a>\n<b></a>', /line 2, column \d+: Unexpected close tag/],
    ['an unfinished document', `<a>${'<![CDATA['.repeat(20_000)}`, /./],
    ['an empty document', ' ', /no root element/],
    ['text', 'hello', /./],
  ] as const) {
    it(`refuses ${what}`, async () => {
      expect((await errorOf(document)).message).to.match(reason);
    });
  }
});
