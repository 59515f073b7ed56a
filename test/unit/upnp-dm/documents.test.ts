import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { parseXmlTree } from '../../../src/platform/xml/xml-tree.ts';
import type { XmlElement } from '../../../src/platform/xml/xml-tree.ts';
import {
  decodeAcl,
  decodeNodeAttributeValueList,
  decodeParameterValueList,
  decodePathList,
  decodeSupportedDataModels,
  DocumentError,
  encodeNodeAttributeValueList,
  encodeParameterInitialValueList,
  encodeParameterValueList,
  encodePathList,
} from '../../../src/upnp-dm/documents.ts';
import { growthOfTime, LINEAR, shareOfLongestTurn, SLICED } from '../../support/growth.ts';

const NS = 'xmlns:cms="urn:schemas-upnp-org:dm:cms"';

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
  } catch (error) {
    return error;
  }
  return undefined;
}

/** The text of an argument in a recorded SOAP message. */
function recordedArgument(file: string, name: string): string {
  const document = readFileSync(new URL(`../../fixtures/cms/${file}`, import.meta.url));
  const search = (element: XmlElement): string | undefined => {
    if (element.local === name) return element.text;
    for (const child of element.children) {
      const text = search(child);
      if (text !== undefined) return text;
    }
    return undefined;
  };
  const text = search(parseXmlTree(document));
  if (text === undefined) throw new Error(`${file} has no ${name}`);
  return text;
}

describe('upnp-dm/documents', () => {
  describe('written in standard form', () => {
    it('path lists', () => {
      expect(encodePathList('StructurePathList', ['/BBF/WiFi/Radio/#/Channel'])).to.equal(
        `<cms:StructurePathList ${NS}><StructurePath>/BBF/WiFi/Radio/#/Channel</StructurePath></cms:StructurePathList>`,
      );
      expect(
        encodePathList('ContentPathList', ['/UPnP/DM/DeviceInfo/', '/BBF/WiFi/Radio/0/Channel']),
      ).to.equal(
        `<cms:ContentPathList ${NS}><ContentPath>/UPnP/DM/DeviceInfo/</ContentPath>` +
          '<ContentPath>/BBF/WiFi/Radio/0/Channel</ContentPath></cms:ContentPathList>',
      );
      expect(encodePathList('InstancePathList', [])).to.equal(
        `<cms:InstancePathList ${NS}></cms:InstancePathList>`,
      );
      expect(encodePathList('NodeAttributePathList', ['/A/'])).to.equal(
        `<cms:NodeAttributePathList ${NS}><NodeAttributePath>/A/</NodeAttributePath></cms:NodeAttributePathList>`,
      );
      expect(encodePathList('ACLDataPathList', ['/A/'])).to.equal(
        `<cms:ACLDataPathList ${NS}><ACLDataPath>/A/</ACLDataPath></cms:ACLDataPathList>`,
      );
    });

    it('value lists, with markup escaped', () => {
      expect(encodeParameterValueList(new Map([['/A/B', 'a<b & "c"']]))).to.equal(
        `<cms:ParameterValueList ${NS}><Parameter><ParameterPath>/A/B</ParameterPath>` +
          '<Value>a&lt;b &amp; "c"</Value></Parameter></cms:ParameterValueList>',
      );
      expect(encodeParameterInitialValueList(new Map([['Security/Mode', 'WPA2']]))).to.equal(
        `<cms:ParameterInitialValueList ${NS}><Node><ParameterInitializationPath>Security/Mode` +
          '</ParameterInitializationPath><Value>WPA2</Value></Node></cms:ParameterInitialValueList>',
      );
    });

    it('attribute lists with the writable attributes only, in schema order', () => {
      expect(
        encodeNodeAttributeValueList(
          new Map([
            ['/A/B', { eventOnChange: true, alarmOnChange: false }],
            ['/A/C', { eventOnChange: false }],
          ]),
        ),
      ).to.equal(
        `<cms:NodeAttributeValueList ${NS}><Node><NodeAttributePath>/A/B</NodeAttributePath><EventOnChange>1</EventOnChange>` +
          '<AlarmOnChange>0</AlarmOnChange></Node><Node><NodeAttributePath>/A/C</NodeAttributePath>' +
          '<EventOnChange>0</EventOnChange></Node></cms:NodeAttributeValueList>',
      );
    });
  });

  describe('reads a recorded', () => {
    it('ParameterValueList of a device', async () => {
      const text = recordedArgument('b2bua-getvalues-response.xml', 'ParameterValueList');
      expect([...(await decodeParameterValueList(text))]).to.deep.equal([
        ['/BBF/VoiceService/0/SIP/Network/0/ProxyServer', '192.168.9.133'],
      ]);
    });

    it('ParameterValueList with an undeclared prefix and a foreign namespace', async () => {
      const text = recordedArgument('b2bua-setvalues-request.xml', 'ParameterValueList');
      expect(
        (await decodeParameterValueList(text)).get('/BBF/VoiceService/0/SIP/Network/0/ProxyServer'),
      ).to.equal('192.168.9.133');
    });

    it('ContentPathList with an undeclared prefix and a foreign namespace', async () => {
      const text = recordedArgument('b2bua-getvalues-request.xml', 'Parameters');
      expect(await decodePathList('ContentPathList', text)).to.deep.equal([
        '/BBF/VoiceService/0/SIP/Network/0/ProxyServer',
      ]);
    });
  });

  const parameter = '<Parameter><ParameterPath>/A/B</ParameterPath><Value>8</Value></Parameter>';
  const forms: readonly (readonly [string, string])[] = [
    ['in standard form', `<cms:ParameterValueList ${NS}>${parameter}</cms:ParameterValueList>`],
    [
      'with a prolog',
      `<?xml version="1.0" encoding="UTF-8"?>\n<x:ParameterValueList xmlns:x="urn:y">${parameter}</x:ParameterValueList>`,
    ],
    [
      'with a prolog of UTF-16',
      `<?xml version="1.0" encoding="UTF-16"?><ParameterValueList>${parameter}</ParameterValueList>`,
    ],
    [
      'with a byte order mark',
      `\uFEFF<?xml version="1.0"?><ParameterValueList>${parameter}</ParameterValueList>`,
    ],
    [
      'with a default namespace',
      `<ParameterValueList xmlns="urn:schemas-upnp-org:dm:cms">${parameter}</ParameterValueList>`,
    ],
    [
      'with qualified children',
      `<cms:ParameterValueList ${NS}>${parameter.replace(/<(\/?)/g, '<$1cms:')}</cms:ParameterValueList>`,
    ],
    ['with an undeclared prefix', `<zzz:ParameterValueList>${parameter}</zzz:ParameterValueList>`],
    [
      'inside Result',
      `<cms:Result><cms:ParameterValueList>${parameter}</cms:ParameterValueList></cms:Result>`,
    ],
    ['without its root', `\n ${parameter}\n`],
    [
      'escaped twice',
      `<cms:ParameterValueList ${NS}>${parameter}</cms:ParameterValueList>`
        .replace(/&/g, '&amp;')
        .replace(/</g, '&lt;')
        .replace(/>/g, '&gt;')
        .replace(/"/g, '&quot;'),
    ],
    [
      'with comments, instructions and unknown elements',
      `<!-- a --><ParameterValueList><?b c?><!-- d --><X><Value>9</Value></X>${parameter.replace('<Value>', '<!-- e --><Y z="1">9</Y><Value>')}</ParameterValueList>`,
    ],
    [
      'with xsi:type',
      `<cms:ParameterValueList ${NS}>${parameter.replace('<Value>', '<Value xsi:type="xsd:unsignedInt">')}</cms:ParameterValueList>`,
    ],
    [
      'with CDATA',
      `<cms:ParameterValueList ${NS}>${parameter.replace('8', '<![CDATA[8]]>')}</cms:ParameterValueList>`,
    ],
    [
      'with padded paths',
      `<cms:ParameterValueList ${NS}>${parameter.replace('/A/B', '\n   /A/B\n  ')}</cms:ParameterValueList>`,
    ],
    [
      'without the leading slash',
      `<cms:ParameterValueList ${NS}>${parameter.replace('/A/B', 'A/B')}</cms:ParameterValueList>`,
    ],
  ];
  for (const [form, text] of forms) {
    it(`reads a ParameterValueList ${form}`, async () => {
      expect([...(await decodeParameterValueList(text))]).to.deep.equal([['/A/B', '8']]);
    });
  }

  it('keeps values as sent: only who knows the type may trim', async () => {
    const text = `<ParameterValueList>${parameter.replace('8', ' 8 ')}</ParameterValueList>`;
    expect((await decodeParameterValueList(text)).get('/A/B')).to.equal(' 8 ');
  });

  it('reads an element without Value as the empty string', async () => {
    const text =
      '<ParameterValueList><Parameter><ParameterPath>/A/B</ParameterPath></Parameter></ParameterValueList>';
    expect((await decodeParameterValueList(text)).get('/A/B')).to.equal('');
  });

  for (const empty of ['', '  \n', `<cms:ParameterValueList ${NS}/>`, `<?xml version="1.0"?>`, '<Result/>']) {
    it(`reads ${JSON.stringify(empty)} as an empty list`, async () => {
      expect((await decodeParameterValueList(empty)).size).to.equal(0);
    });
  }

  const refused: readonly (readonly [string, string])[] = [
    ['text', 'Internal Error'],
    ['another document', '<html><body/></html>'],
    ['broken XML', `<ParameterValueList>${parameter}`],
    ['a doctype', `<!DOCTYPE x [<!ENTITY a "b">]><ParameterValueList>${parameter}</ParameterValueList>`],
    [
      'an unknown entity',
      '<ParameterValueList><Parameter><ParameterPath>/A&b;</ParameterPath></Parameter></ParameterValueList>',
    ],
    ['more than 16 levels', '<ParameterValueList>'.repeat(17) + '</ParameterValueList>'.repeat(17)],
    ['an early end of our wrapper', '</document><document>'],
  ];
  for (const [what, text] of refused) {
    it(`refuses ${what}`, async () => {
      expect(await failureOf(decodeParameterValueList(text))).to.be.instanceOf(DocumentError);
    });
  }

  it('leaves bad paths out, tells why, and keeps the rest', async () => {
    const rejected: string[] = [];
    const item = (path: string): string =>
      `<Parameter><ParameterPath>${path}</ParameterPath><Value>1</Value></Parameter>`;
    const values = await decodeParameterValueList(
      `<ParameterValueList>${['/A/../B', '/A/B', '', '/A/01/B', '/A//B', '/A/4294967295/B'].map(item).join('')}</ParameterValueList>`,
      (entry, reason) => rejected.push(`${entry}: ${reason}`),
    );
    expect([...values.keys()]).to.deep.equal(['/A/B']);
    expect(rejected).to.deep.equal([
      '/A/../B: has the bad name ".."',
      ': has no path',
      '/A/01/B: has the bad name "01"',
      '/A//B: has the bad name ""',
      '/A/4294967295/B: has the bad name "4294967295"',
    ]);
  });

  it('repairs structure paths', async () => {
    const paths = [
      '/BBF/Line/0/Status',
      '/BBF/Line/1/Status',
      '/UPnP/EU/#',
      'UPnP/DM/X',
      '/UPnP/DM',
      '/A/B/#/C/3/',
    ];
    const text = encodePathList('StructurePathList', paths);
    expect(await decodePathList('StructurePathList', text)).to.deep.equal([
      '/BBF/Line/#/Status',
      '/UPnP/EU/#/',
      '/UPnP/DM/X',
      '/UPnP/DM/',
      '/A/B/#/C/#/',
    ]);
  });

  it('repairs instance paths', async () => {
    const text = encodePathList('InstancePathList', ['/A/0', ' /A/1/ ']);
    expect(await decodePathList('InstancePathList', text)).to.deep.equal(['/A/0/', '/A/1/']);
  });

  it('reads attributes in every spelling', async () => {
    const text =
      '<cms:NodeAttributeValueList><Node><NodeAttributePath>/A/B</NodeAttributePath><Type> string(64) </Type>' +
      '<Access>ReadWrite</Access><Version>7</Version><EventOnChange>true</EventOnChange><MIMEType>text/plain</MIMEType>' +
      '<AlarmOnChange>0</AlarmOnChange></Node><Node><NodeAttributePath>/A/</NodeAttributePath><Type>MultiInstance</Type>' +
      '<Access>no idea</Access></Node></cms:NodeAttributeValueList>';
    expect([...(await decodeNodeAttributeValueList(text))]).to.deep.equal([
      [
        '/A/B',
        {
          type: 'string(64)',
          access: 'readWrite',
          version: 7,
          eventOnChange: true,
          mimeType: 'text/plain',
          alarmOnChange: false,
        },
      ],
      ['/A/', { type: 'MultiInstance' }],
    ]);
  });

  it('reads data models; a Location ends with a slash', async () => {
    const text =
      `<cms:SupportedDataModels ${NS}><SubTree><URI> urn:broadband-forum-org:tr-181-2-11-0 </URI><Location>/BBF</Location>` +
      '<Description>Device:2</Description></SubTree><SubTree><Location>/</Location></SubTree>' +
      '<SubTree><URI>urn:x</URI></SubTree></cms:SupportedDataModels>';
    expect(await decodeSupportedDataModels(text)).to.deep.equal([
      { uri: 'urn:broadband-forum-org:tr-181-2-11-0', location: '/BBF/', description: 'Device:2' },
      { uri: '', location: '/' },
    ]);
  });

  it('reads access control lists', async () => {
    const text =
      '<cms:ACL xmlns="urn:schemas-upnp-org:dm:ConfigurationManagement"><ACLEntry><ACLDataPath>/A/</ACLDataPath>' +
      '<List factorized="1">Public  Basic</List><Write>Admin</Write></ACLEntry></cms:ACL>';
    expect(await decodeAcl(text)).to.deep.equal([{ path: '/A/', list: 'Public Basic', write: 'Admin' }]);
  });

  it('reads 50 000 parameters in linear time and without blocking the event loop', async () => {
    const listOf = (count: number): string =>
      encodeParameterValueList(
        new Map(Array.from({ length: count }, (_, index) => [`/A/B/${index}/Name`, `value ${index} & more`])),
      );
    const texts = new Map([6250, 50_000].map((count) => [count, listOf(count)]));
    const read = (count: number) => decodeParameterValueList(texts.get(count) ?? '');
    expect(await growthOfTime(read, 6250)).to.be.below(LINEAR);
    expect(await shareOfLongestTurn(() => read(50_000))).to.be.below(SLICED);
  });

  const list = (path: string, value: string): string =>
    `<ParameterValueList><Parameter><ParameterPath>${path}</ParameterPath><Value>${value}</Value></Parameter></ParameterValueList>`;
  const costly: Readonly<Record<string, string>> = {
    'a long path of white space': list(' a'.repeat(1 << 20), '1'),
    'a value of entities': list('/A/B', '&lt;'.repeat(1 << 20)),
  };
  for (const [what, text] of Object.entries(costly)) {
    it(`does not hold the event loop for ${what}`, async () => {
      const share = await shareOfLongestTurn(() => decodeParameterValueList(text).catch(() => undefined));
      expect(share).to.be.below(SLICED);
    });
  }

  const cutOff: Readonly<Record<string, (size: number) => string>> = {
    'a tag of namespaces': (size) =>
      `<a ${Array.from({ length: size }, (_, i) => `xmlns:n${i}="u"`).join(' ')}/>`,
    'a document of entities escaped twice': (size) => '&lt;'.repeat(16 * size),
    angles: (size) => '<'.repeat(16 * size),
  };
  for (const [what, make] of Object.entries(cutOff)) {
    it(`takes no more than linear time to refuse ${what}`, async () => {
      const texts = new Map([8192, 65_536].map((size) => [size, make(size)]));
      const read = (size: number) => decodeParameterValueList(texts.get(size) ?? '').catch(() => undefined);
      expect(await growthOfTime(read, 8192)).to.be.below(LINEAR);
    });
  }

  it('reads a long document that is escaped twice', async () => {
    const values = new Map(
      Array.from({ length: 2000 }, (_, index) => [`/A/${index}/B`, `<${index}> & "more"`]),
    );
    const twice = encodeParameterValueList(values)
      .replace(/&/g, '&amp;')
      .replace(/</g, '&lt;')
      .replace(/>/g, '&gt;');
    expect([...(await decodeParameterValueList(twice))]).to.deep.equal([...values]);
  });
});
