import { expect } from 'chai';
import { createHmac } from 'node:crypto';
import {
  formatNotification,
  frameNotification,
  splitParameters,
  type NotifiedParameter,
} from '../../../../src/cwmp/lightweight/notification-message.ts';
import type { ValueType } from '../../../../src/datamodel/value.ts';
import { schemaSkipReason, validateDocuments } from '../../../support/schema.ts';

const identity = { manufacturer: 'Example', oui: '0011AA', productClass: 'Nas & <more>', serialNumber: 'S1' };
const head = { identity, username: 'cpe "1"', time: 1_767_225_600_999, cnonce: 'c0ffee' };
const EXAMPLES: Readonly<Record<ValueType, string>> = {
  string: 'a < b & "c"',
  int: '-1',
  long: '-9007199254740993',
  unsignedInt: '4294967295',
  unsignedLong: '18446744073709551615',
  boolean: 'true',
  dateTime: '2026-01-01T00:00:00Z',
  base64: 'AAEC',
  hexBinary: '00FF',
};

describe('a Lightweight Notification message', () => {
  const reason = schemaSkipReason();
  it(`is valid against the published schema${reason === undefined ? '' : ` (skipped: ${reason})`}`, function () {
    if (reason !== undefined) this.skip();
    const parameters = Object.entries(EXAMPLES).map(([type, value]) => ({
      name: `Device.X.${type}`,
      type: type as ValueType,
      value,
    }));
    const document = formatNotification({ ...head, parameters });
    expect(validateDocuments([document], 'cwmp-UDPLightweightNotification-1-0.xsd')).to.deep.equal([]);
    const broken = document.replace('<CN>', '<XN>').replace('</CN>', '</XN>');
    expect(validateDocuments([broken], 'cwmp-UDPLightweightNotification-1-0.xsd')).to.not.deep.equal([]);
  });

  it('says who tells what, and when', () => {
    const document = formatNotification({
      ...head,
      parameters: [{ name: 'Device.A', type: 'string', value: 'x < y' }],
    });
    expect(document).to.contain('<TS>1767225600</TS><UN>cpe "1"</UN><CN>c0ffee</CN><OUI>0011AA</OUI>');
    expect(document).to.contain(
      '<ProductClass>Nas &amp; &lt;more&gt;</ProductClass><SerialNumber>S1</SerialNumber>',
    );
    expect(document).to.contain('<Name>Device.A</Name><Value xsi:type="xsd:string">x &lt; y</Value>');
    const sloppy = formatNotification({
      ...head,
      parameters: [{ name: 'Device.B', type: 'unsignedInt', value: 'n/a' }],
    });
    expect(sloppy, 'no literal of its type').to.contain('<Value xsi:type="xsd:string">n/a</Value>');
  });

  it('is signed with the password of the ACS, which it does not show', () => {
    const datagram = frameNotification('<ü/>', 'acs.example', 7547, 'secret').toString();
    const signature = createHmac('sha1', 'secret').update('<ü/>').digest('hex').toUpperCase();
    expect(datagram.split('\r\n')).to.deep.equal([
      'POST / HTTP/1.1',
      'Host: acs.example:7547',
      'Content-Type: text/xml; charset="utf-8"',
      'Content-Length: 5',
      `Signature: ${signature}`,
      '',
      '<ü/>',
    ]);
    expect(datagram).to.not.contain('secret');
  });

  it('is spread over datagrams that need no fragments', () => {
    const parameters: NotifiedParameter[] = Array.from({ length: 100 }, (_, index) => ({
      name: `Device.Table.${index}.Name`,
      type: 'string',
      value: 'v'.repeat(index === 50 ? 5000 : 40),
    }));
    const messages = splitParameters(head, parameters);
    expect(messages.flat()).to.deep.equal(parameters);
    for (const part of messages) {
      const bytes = Buffer.byteLength(formatNotification({ ...head, parameters: part }));
      const isOne = part.length === 1 && part[0]?.name === 'Device.Table.50.Name';
      expect(bytes).to.satisfy((length: number) => length <= 1200 || isOne);
    }
    expect(messages.length).to.be.lessThan(20);
  });
});
