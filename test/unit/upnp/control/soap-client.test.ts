import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { expect } from 'chai';
import { invokeAction } from '../../../../src/upnp/control/soap-client.ts';
import type { OutArguments } from '../../../../src/upnp/types.ts';
import { decodeParameterValueList } from '../../../../src/upnp-dm/documents.ts';
import { httpResponse } from '../../../support/fake-upnp-device.ts';
import { shareOfLongestTurn, SLICED } from '../../../support/growth.ts';

const ENVELOPE = 's:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"';

function invokeAt(server: Server): Promise<OutArguments> {
  const { port } = server.address() as AddressInfo;
  return invokeAction({
    controlUrl: `http://127.0.0.1:${port}/c`,
    localAddress: '127.0.0.1',
    serviceType: 'urn:x:1',
    action: 'Get',
    inArguments: [],
    timeoutMs: 10_000,
  });
}

describe('SOAP control', () => {
  let server: Server;
  let reply: string | Buffer = '';

  before(async () => {
    server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => socket.end(reply));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  after(() => {
    server.close();
  });

  const invoke = (body: string): Promise<OutArguments> => {
    reply = httpResponse(200, `<${ENVELOPE}><s:Body>${body}</s:Body></s:Envelope>`);
    return invokeAt(server);
  };

  const cases: readonly (readonly [string, string, Readonly<Record<string, string>>])[] = [
    ['escaped document', '<u:R xmlns:u="x"><A>&lt;L/&gt;</A><B/></u:R>', { A: '<L/>', B: '' }],
    [
      'inline document in its argument, prefix undeclared',
      '<c:R><Result>\n <c:L><P a="1">/x &amp; y</P><P>z</P></c:L></Result></c:R>',
      {
        Result: '<L><P a="1">/x &amp; y</P><P>z</P></L>',
        '': '<Result><L><P a="1">/x &amp; y</P><P>z</P></L></Result>',
      },
    ],
    [
      'document root in place of the argument',
      '<u:R xmlns:u="x"><c:L xmlns:c="y"><P>1</P><P>2</P></c:L></u:R>',
      { '': '<L><P>1</P><P>2</P></L>' },
    ],
    ['no out arguments', '<u:R xmlns:u="x"/>', {}],
  ];
  for (const [name, body, expected] of cases) {
    it(`reads an answer: ${name}`, async () => {
      expect(Object.fromEntries(await invoke(body))).to.deep.equal(expected);
    });
  }

  it('reads an SSID that is no UTF-8 beside a name that is', async () => {
    const body = readFileSync(
      new URL('../../../fixtures/cms/raw-ssid-getvalues-response.xml', import.meta.url),
    );
    reply = Buffer.concat([
      Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\nContent-Type: text/xml\r\n\r\n`),
      body,
    ]);
    const list = (await invokeAt(server)).get('ParameterValueList');
    expect([...(await decodeParameterValueList(list ?? '', () => undefined))]).to.deep.equal([
      ['/BBF/WiFi/SSID/0/SSID', 'Café Müller'],
      ['/UPnP/DM/DeviceInfo/FriendlyName', 'Zugang für Gäste €'],
    ]);
  });

  it('reads ten megabytes without holding up the rest', async () => {
    const one = '<Parameter><Value>12345678</Value></Parameter>';
    const text = one.replace(/</g, '&lt;').replace(/>/g, '&gt;').repeat(130_000);
    const read = () => invoke(`<u:R xmlns:u="x"><A>${text}</A></u:R>`);
    expect((await read()).get('A')).to.have.length(130_000 * one.length);
    expect(await shareOfLongestTurn(read)).to.be.below(SLICED);
  });
});
