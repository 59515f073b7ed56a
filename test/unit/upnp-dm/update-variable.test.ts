import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { parseXmlTree } from '../../../src/platform/xml/xml-tree.ts';
import { parseUpdateVariable } from '../../../src/upnp-dm/update-variable.ts';
import { growthOfTime, LINEAR } from '../../support/growth.ts';

const alarms = (value: string): string =>
  '<cms:ParameterValueList xmlns:cms="urn:schemas-upnp-org:dm:cms"><Parameter><ParameterPath>/A/B</ParameterPath>' +
  `<Value>${value}</Value></Parameter></cms:ParameterValueList>`;

describe('upnp-dm/update-variable', () => {
  it('reads counter and timestamp', () => {
    expect(parseUpdateVariable('19,2015-07-27T19:22:51')).to.deep.equal({
      counter: 19,
      timestamp: '2015-07-27T19:22:51',
    });
    expect(parseUpdateVariable(' 0 ')).to.deep.equal({ counter: 0, timestamp: '' });
    expect(parseUpdateVariable('4294967295,t,')).to.deep.equal({ counter: 4294967295, timestamp: 't' });
  });

  for (const text of ['', 'x,y', '-1,t', '4294967296,t', '1.5,t', '99999999999,t']) {
    it(`has no answer for "${text}"`, () => expect(parseUpdateVariable(text)).to.equal(undefined));
  }

  it('reads the recorded alarm of a device', () => {
    const notify = parseXmlTree(
      readFileSync(new URL('../../fixtures/cms/b2bua-alarm-notify.xml', import.meta.url)),
    );
    const update = parseUpdateVariable(notify.children[0]?.children[0]?.text ?? '');
    expect(update?.counter).to.equal(21);
    expect(update?.timestamp).to.equal('2015-07-27T19:23:51');
    expect([...(update?.alarms ?? [])]).to.deep.equal([['/BBF/VoiceService/0/SIP/Network/0/Status', 'Up']]);
  });

  const values: readonly (readonly [string, string, string])[] = [
    ['commas that are not escaped', 'a,b\\c', 'a,b\\c'],
    ['escaped commas and backslashes', 'a\\,b\\\\c', 'a,b\\c'],
    ['a lone backslash', 'C:\\x', 'C:\\x'],
    ['neither', 'Up', 'Up'],
  ];
  for (const [what, sent, meant] of values) {
    it(`reads a document with ${what}`, () => {
      expect(parseUpdateVariable(`1,t,${alarms(sent)}`)?.alarms?.get('/A/B')).to.equal(meant);
    });
  }

  it('leaves out a third element that is no document', () => {
    expect(parseUpdateVariable('1,t,nonsense')).to.deep.equal({ counter: 1, timestamp: 't' });
    expect(parseUpdateVariable('1,t,<cms:ParameterValueList>')).to.deep.equal({ counter: 1, timestamp: 't' });
  });

  it('takes no more than linear time for a long hostile text', async () => {
    const hostile = [
      (size: number) => `1,t,${'\\,'.repeat(size)}x,`,
      (size: number) => `${' '.repeat(size)}x`,
    ];
    for (const make of hostile) {
      expect(await growthOfTime((size) => parseUpdateVariable(make(size)), 12_500)).to.be.below(LINEAR);
    }
  });
});
