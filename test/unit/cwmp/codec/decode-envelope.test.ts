import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { EnvelopeDecoder, decodeEnvelope } from '../../../../src/cwmp/codec/decode-envelope.ts';
import { encodeEnvelope } from '../../../../src/cwmp/codec/encode-envelope.ts';
import { EnvelopeError } from '../../../../src/cwmp/codec/envelope-error.ts';
import type { CwmpMessage } from '../../../../src/cwmp/codec/messages.ts';

function fixture(name: string): Buffer {
  return readFileSync(new URL(`../../../fixtures/cwmp/${name}.xml`, import.meta.url));
}

/** An envelope around `body` as a careful ACS writes it. */
function envelope(body: string, header = ''): string {
  return (
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:c="urn:dslforum-org:cwmp-1-2" ' +
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">' +
    `<s:Header><c:ID s:mustUnderstand="1">42</c:ID>${header}</s:Header><s:Body>${body}</s:Body></s:Envelope>`
  );
}

function bodyOf(body: string): CwmpMessage {
  return decodeEnvelope(envelope(body)).body;
}

function errorOf(document: string | Uint8Array): EnvelopeError {
  try {
    decodeEnvelope(document);
  } catch (error) {
    if (error instanceof EnvelopeError) return error;
    throw error;
  }
  throw new Error('no EnvelopeError');
}

describe('decodeEnvelope', () => {
  describe('forgives the form', () => {
    it('of perl-cwmp: undeclared prefixes, no namespace, missing arguments', () => {
      expect(decodeEnvelope(fixture('perl-cwmp-reboot'))).to.deep.equal({
        header: { id: '1_THOM_TR69_ID' },
        namespace: 'urn:dslforum-org:cwmp-1-0',
        body: { kind: 'Reboot', CommandKey: '' },
      });
      expect(decodeEnvelope(fixture('perl-cwmp-get-parameter-values'))).to.deep.include({
        header: { id: '2' },
        body: {
          kind: 'GetParameterValues',
          ParameterNames: ['Device.DeviceInfo.', 'Device.ManagementServer.URL'],
        },
      });
    });

    it('of GenieACS: cwmp-1-3, empty Notification, Body:Fault', () => {
      const attributes = decodeEnvelope(fixture('genieacs-set-parameter-attributes'));
      expect(attributes.namespace).to.equal('urn:dslforum-org:cwmp-1-3');
      expect(attributes.body).to.deep.equal({
        kind: 'SetParameterAttributes',
        ParameterList: [
          {
            Name: 'Device.A',
            NotificationChange: false,
            Notification: 0,
            AccessListChange: true,
            AccessList: ['Subscriber'],
          },
          {
            Name: 'Device.B',
            NotificationChange: true,
            Notification: 2,
            AccessListChange: false,
            AccessList: [],
          },
        ],
      });
      expect(decodeEnvelope(fixture('genieacs-body-fault')).body).to.deep.equal({
        kind: 'Fault',
        faultCode: 'Server',
        faultString: 'CWMP fault',
        detail: { FaultCode: 8000, FaultString: 'Method not supported', SetParameterValuesFault: [] },
      });
    });

    it('of prefixes, order, CDATA, comments, white space and missing types', () => {
      const expected = {
        header: { id: '9' },
        namespace: 'urn:dslforum-org:cwmp-1-2',
        body: {
          kind: 'SetParameterValues',
          ParameterKey: 'key',
          ParameterList: [
            { Name: 'Device.A', Value: 'TRUE', Type: 'boolean' },
            { Name: 'Device.B', Value: 'AAEC', Type: 'base64' },
            { Name: 'Device.C', Value: ' <raw> & 😀', Type: undefined },
            { Name: 'Device.D', Value: '', Type: 'string' },
            { Name: 'Device.E', Value: 'red', Type: undefined },
          ],
        },
      };
      const document = fixture('odd-set-parameter-values');
      expect(decodeEnvelope(document)).to.deep.equal(expected);
      const withBom = Buffer.concat([Buffer.from('\ufeff\r\n'), document]);
      expect(decodeEnvelope(withBom)).to.deep.equal(expected);
      const decoder = new EnvelopeDecoder();
      for (const byte of document) decoder.write(Uint8Array.of(byte));
      expect(decoder.end()).to.deep.equal(expected);
    });

    it('of operations in either order', () => {
      expect(decodeEnvelope(fixture('change-du-state-key-first')).body).to.deep.include({
        CommandKey: 'du',
        Operations: [
          { type: 'Uninstall', UUID: 'u1', Version: '', ExecutionEnvRef: '' },
          {
            type: 'Install',
            URL: 'http://192.0.2.9/a',
            UUID: '',
            Username: '',
            Password: '',
            ExecutionEnvRef: '',
          },
        ],
      });
    });

    for (const [written, value] of [
      ['1', true],
      [' true\n', true],
      ['True', true],
      ['0', false],
      ['FALSE', false],
    ] as const) {
      it(`of the boolean ${JSON.stringify(written)}`, () => {
        const body = `<c:GetParameterNames><ParameterPath/><NextLevel>${written}</NextLevel></c:GetParameterNames>`;
        expect(bodyOf(body)).to.deep.equal({
          kind: 'GetParameterNames',
          ParameterPath: '',
          NextLevel: value,
        });
      });
    }

    it('of headers it does not know or cannot read, and of an envelope without any', () => {
      const header =
        '<o:X xmlns:o="urn:o" s:mustUnderstand="0"/><o:Y xmlns:o="urn:o" s:mustUnderstand="1" s:actor="urn:else"/>' +
        '<c:HoldRequests s:mustUnderstand="1"> maybe </c:HoldRequests><c:SessionTimeout>soon</c:SessionTimeout>' +
        '<c:UseCWMPVersion s:mustUnderstand="1"> 1.2 </c:UseCWMPVersion>';
      expect(decodeEnvelope(envelope('<c:FactoryReset/>', header)).header).to.deep.equal({
        id: '42',
        holdRequests: false,
        useCwmpVersion: '1.2',
      });
      const bare =
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><FactoryReset/></s:Body></s:Envelope>';
      expect(decodeEnvelope(bare)).to.deep.equal({
        header: { id: undefined },
        namespace: undefined,
        body: { kind: 'FactoryReset' },
      });
    });

    it('of faults without CWMP detail', () => {
      expect(
        bodyOf(
          '<s:Fault><faultcode>s:Client.Auth</faultcode><faultstring>no</faultstring><detail><x/></detail></s:Fault>',
        ),
      ).to.deep.equal({ kind: 'Fault', faultCode: 'Client', faultString: 'no', detail: undefined });
      expect(bodyOf('<s:Fault/>')).to.deep.equal({
        kind: 'Fault',
        faultCode: 'Server',
        faultString: '',
        detail: undefined,
      });
    });
  });

  describe('says which method cannot be served', () => {
    for (const [name, body] of [
      ['X_0011AA_Dance', '<c:X_0011AA_Dance><Style>1</Style></c:X_0011AA_Dance>'],
      ['Reboot', '<o:Reboot xmlns:o="urn:other"/>'],
      ['constructor', '<c:constructor/>'],
      ['__proto__', '<c:__proto__/>'],
    ] as const) {
      it(body, () => {
        expect(bodyOf(body)).to.deep.equal({ kind: 'UnknownMethod', name });
      });
    }
  });

  describe('says which arguments cannot be read', () => {
    const list = (content: string): string =>
      `<c:SetParameterValues><ParameterList>${content}</ParameterList></c:SetParameterValues>`;
    for (const [method, body, reason] of [
      ['GetParameterValues', '<c:GetParameterValues/>', 'GetParameterValues has no ParameterNames'],
      ['AddObject', '<c:AddObject><ParameterKey/></c:AddObject>', 'AddObject has no ObjectName'],
      [
        'ScheduleInform',
        '<c:ScheduleInform><DelaySeconds>soon</DelaySeconds></c:ScheduleInform>',
        'DelaySeconds is not a number from 0 to 4294967295',
      ],
      [
        'ScheduleInform',
        '<c:ScheduleInform><DelaySeconds>-1</DelaySeconds></c:ScheduleInform>',
        'DelaySeconds is not a number from 0 to 4294967295',
      ],
      [
        'GetParameterNames',
        '<c:GetParameterNames><ParameterPath/><NextLevel/></c:GetParameterNames>',
        'NextLevel is not a boolean',
      ],
      [
        'SetParameterValues',
        list('<ParameterValueStruct><Value>1</Value></ParameterValueStruct>'),
        'ParameterValueStruct has no Name',
      ],
      [
        'SetParameterValues',
        list('<ParameterValueStruct><Name>a</Name><Value>a<b/>c</Value></ParameterValueStruct>'),
        'Value has child elements',
      ],
      [
        'SetParameterAttributes',
        '<c:SetParameterAttributes><ParameterList><S><Name>a</Name><NotificationChange>1</NotificationChange>' +
          '<Notification/></S></ParameterList></c:SetParameterAttributes>',
        'SetParameterAttributesStruct changes Notification without giving it',
      ],
      [
        'ChangeDUState',
        '<c:ChangeDUState><Operations><URL>u</URL></Operations></c:ChangeDUState>',
        'Operations has no xsi:type of an operation',
      ],
    ] as const) {
      it(`${method}: ${reason}`, () => {
        expect(decodeEnvelope(envelope(body))).to.deep.equal({
          header: { id: '42' },
          namespace: 'urn:dslforum-org:cwmp-1-2',
          body: { kind: 'InvalidArguments', method, reason },
        });
      });
    }
  });

  describe('refuses what is no message, with the ID if it was read', () => {
    it('a header that must be understood and is not', () => {
      const error = errorOf(
        envelope('<c:Reboot/>', '<o:Pay xmlns:o="urn:o" s:mustUnderstand="1">now</o:Pay>'),
      );
      expect(error).to.include({ fault: 'MustUnderstand', requestId: '42' });
      expect(error.message).to.contain('Pay');
    });

    it('another SOAP version', () => {
      const soap12 = envelope('<c:Reboot/>').replace(
        'http://schemas.xmlsoap.org/soap/envelope/',
        'http://www.w3.org/2003/05/soap-envelope',
      );
      expect(errorOf(soap12)).to.include({ fault: 'VersionMismatch' });
    });

    it('an empty body, another document, broken XML, a fault that cannot be read', () => {
      expect(errorOf(envelope(''))).to.include({ fault: 'Client', requestId: '42' });
      expect(errorOf('<html/>')).to.include({ fault: 'Client', requestId: undefined });
      expect(errorOf(envelope('<c:Reboot>'))).to.include({ fault: 'Client', requestId: '42' });
      expect(errorOf('')).to.include({ fault: 'Client' });
      expect(errorOf(Uint8Array.of(0x3c, 0xff))).to.include({ fault: 'Client' });
      const fault = '<s:Fault><detail><c:Fault><FaultCode>bad</FaultCode></c:Fault></detail></s:Fault>';
      expect(errorOf(envelope(fault))).to.include({ fault: 'Client', requestId: '42' });
    });

    it('depth, size and DOCTYPE', () => {
      const names = '<string>x</string>'.repeat(100);
      expect(() =>
        decodeEnvelope(
          envelope(`<c:GetParameterValues><ParameterNames>${names}</ParameterNames></c:GetParameterValues>`),
          {
            maxElements: 50,
          },
        ),
      ).to.throw(EnvelopeError, 'more than 50 elements');
      expect(errorOf(envelope(`<c:Reboot>${'<a>'.repeat(100_000)}`)).message).to.contain('elements deep');
      expect(errorOf(envelope(`<c:Reboot><CommandKey>${'x'.repeat(4e6)}`)).message).to.contain('too long');
      const bomb = `<!DOCTYPE x [<!ENTITY a "aaaa">]>${envelope('<c:Reboot/>')}`;
      expect(errorOf(bomb).message).to.contain('DOCTYPE');
    });
  });

  it('reads and writes 10 000 parameters', () => {
    const ParameterList = Array.from({ length: 10_000 }, (_, index) => ({
      Name: `Device.A.${index}.B`,
      Value: `<${index}>`,
      Type: 'string' as const,
    }));
    const message = { kind: 'GetParameterValuesResponse', ParameterList } as const;
    const text = encodeEnvelope('urn:dslforum-org:cwmp-1-2', { id: '1' }, message).toString();
    expect(decodeEnvelope(Buffer.from(text)).body).to.deep.equal(message);
  });
});
