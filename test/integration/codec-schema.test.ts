import { expect } from 'chai';
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeEnvelope } from '../../src/cwmp/codec/decode-envelope.ts';
import { encodeEnvelope as encodeBytes } from '../../src/cwmp/codec/encode-envelope.ts';
import { faultText } from '../../src/cwmp/codec/fault-text.ts';
import type { CwmpNamespace, EnvelopeHeader, Fault, RpcMessage } from '../../src/cwmp/codec/messages.ts';
import type { ValueType } from '../../src/datamodel/value.ts';
import { nullValue } from '../../src/datamodel/value-codec.ts';
import { BBF_DIRECTORY, schemaSkipReason, validateEnvelopes } from '../support/schema.ts';
import { faultMessages, rpcMessages } from '../support/cwmp-messages.ts';

const CWMP_1_2 = 'urn:dslforum-org:cwmp-1-2';
const skipReason = schemaSkipReason();
const titleNote = skipReason === undefined ? '' : ` (skipped: ${skipReason})`;

/** Text as XML can carry it; half of it made of what must be escaped. */
const xmlText = fc.oneof(
  fc.string({
    unit: fc.constantFrom('<', '>', '&', '"', "'", ']]>', '\r', '\n', '\t', ' ', 'é', '😀', '{', 'a'),
  }),
  fc
    .string({ unit: 'binary' })
    .filter((value) => !/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/.test(value)),
);

const encodeEnvelope = (...message: Parameters<typeof encodeBytes>): string =>
  encodeBytes(...message).toString();

describe(`CWMP codec against the published schemas${titleNote}`, () => {
  before(function () {
    if (skipReason !== undefined) this.skip();
  });

  it('writes every RPC message so that it validates', () => {
    const header: EnvelopeHeader = { id: '1' };
    const envelopes = rpcMessages.map((message) => encodeEnvelope(CWMP_1_2, header, message));
    expect(validateEnvelopes(envelopes)).to.deep.equal([]);
  });

  it('writes faults and all headers so that they validate', () => {
    const headers: EnvelopeHeader[] = [
      { id: undefined },
      { id: 'a<b&c' },
      { id: '1', holdRequests: true },
      { id: '1', sessionTimeoutSeconds: 60, supportedCwmpVersions: ['1.0', '1.4'] },
      { id: '1', useCwmpVersion: '1.2', holdRequests: false },
    ];
    const envelopes = headers.flatMap((header) =>
      faultMessages.map((fault) => encodeEnvelope(CWMP_1_2, header, fault)),
    );
    expect(validateEnvelopes(envelopes)).to.deep.equal([]);
  });

  it('writes CWMP 1.0 and 1.1 so that they validate', () => {
    const inform = rpcMessages.find((message) => message.kind === 'Inform');
    if (inform === undefined) throw new Error('no Inform among the messages');
    const namespaces: CwmpNamespace[] = ['urn:dslforum-org:cwmp-1-0', 'urn:dslforum-org:cwmp-1-1'];
    const envelopes = namespaces.map((namespace) => encodeEnvelope(namespace, { id: '1' }, inform));
    expect(validateEnvelopes(envelopes)).to.deep.equal([]);
  });

  it('writes any text so that it validates', () => {
    const messages = fc.sample(xmlText, 100).map((value): RpcMessage => ({
      kind: 'GetParameterValuesResponse',
      ParameterList: [{ Name: value.slice(0, 100), Value: value, Type: 'string' }],
    }));
    expect(validateEnvelopes(messages.map((m) => encodeEnvelope(CWMP_1_2, { id: '1' }, m)))).to.deep.equal(
      [],
    );
  });

  it('writes what a sloppy device gives for a value so that it validates, and as the text that it is', () => {
    const sloppy: [ValueType, string][] = [
      ['unsignedInt', ''],
      ['unsignedInt', '-1'],
      ['int', 'n/a'],
      ['long', '3.5'],
      ['boolean', ''],
      ['boolean', 'on'],
      ['dateTime', ''],
      ['dateTime', '2015-07-27 20:47:22'],
      ['hexBinary', '00:90:D5'],
      ['base64', 'a'],
    ];
    const ParameterList = sloppy.map(([Type, Value]) => ({ Name: 'Device.X', Value, Type }));
    const inform = rpcMessages.find((message) => message.kind === 'Inform');
    if (inform === undefined) throw new Error('no Inform among the messages');
    for (const message of [
      { kind: 'GetParameterValuesResponse', ParameterList },
      { ...inform, ParameterList },
    ] as const) {
      const envelope = encodeEnvelope(CWMP_1_2, { id: '1' }, message);
      expect(validateEnvelopes([envelope])).to.deep.equal([]);
      const { body } = decodeEnvelope(Buffer.from(envelope));
      expect(body.kind === message.kind && body.ParameterList).to.deep.equal(
        ParameterList.map((item) => ({ ...item, Type: 'string' })),
      );
    }
  });

  it('writes the null value of every type so that it validates under that type', () => {
    const types = [
      'string',
      'int',
      'unsignedInt',
      'long',
      'unsignedLong',
      'boolean',
      'dateTime',
      'base64',
      'hexBinary',
    ] as const;
    const message: RpcMessage = {
      kind: 'GetParameterValuesResponse',
      ParameterList: types.map((type) => ({ Name: 'Device.X', Value: nullValue(type), Type: type })),
    };
    const envelope = encodeEnvelope(CWMP_1_2, { id: '1' }, message);
    expect(validateEnvelopes([envelope])).to.deep.equal([]);
    expect(decodeEnvelope(Buffer.from(envelope)).body).to.deep.equal(message);
  });

  it('would notice an envelope that does not validate', () => {
    for (const name of ['bad-inform-lowercase-oui', 'bad-inform-no-retrycount']) {
      const sample = readFileSync(join(BBF_DIRECTORY, 'samples', `${name}.xml`), 'utf8');
      expect(validateEnvelopes([sample]), name).to.not.be.empty;
    }
    const unknown = encodeEnvelope(CWMP_1_2, { id: '1' }, { kind: 'FactoryReset' }).replace(
      'cwmp-1-2',
      'cwmp-1-3',
    );
    expect(validateEnvelopes([unknown])).to.deep.equal(['envelope 0: not in a namespace that has a schema']);
  });

  it('reads the samples that come with the schemas, and writes them back valid', () => {
    const kinds = { inform: 'Inform', 'spv-fault': 'Fault', changedustate: 'ChangeDUState' };
    for (const [name, kind] of Object.entries(kinds)) {
      const sample = readFileSync(join(BBF_DIRECTORY, 'samples', `${name}.xml`));
      const { header, body } = decodeEnvelope(sample);
      expect(body.kind).to.equal(kind);
      if (body.kind === 'UnknownMethod' || body.kind === 'InvalidArguments') throw new Error('not read');
      expect(validateEnvelopes([encodeEnvelope(CWMP_1_2, header, body)]), name).to.deep.equal([]);
    }
  });
});

describe('CWMP codec round trip', () => {
  it('reads back every message as it was written', () => {
    for (const message of [...rpcMessages, ...faultMessages]) {
      const envelope = decodeEnvelope(encodeEnvelope(CWMP_1_2, { id: '7' }, message));
      expect(envelope, message.kind).to.deep.equal({
        header: { id: '7' },
        namespace: CWMP_1_2,
        body: message,
      });
    }
  });

  it('keeps any value that XML can carry', () => {
    fc.assert(
      fc.property(xmlText, xmlText, (value, key) => {
        const message: RpcMessage = {
          kind: 'SetParameterValues',
          ParameterList: [{ Name: 'Device.X', Value: value, Type: 'string' }],
          ParameterKey: key,
        };
        const bytes = Buffer.from(encodeEnvelope(CWMP_1_2, { id: key }, message));
        expect(decodeEnvelope(bytes)).to.deep.equal({
          header: { id: key },
          namespace: CWMP_1_2,
          body: message,
        });
      }),
    );
  });

  it('keeps any header', () => {
    const header: EnvelopeHeader = {
      id: ' 1 ',
      holdRequests: true,
      sessionTimeoutSeconds: 60,
      supportedCwmpVersions: ['1.0', '1.4'],
      useCwmpVersion: '1.4',
    };
    expect(decodeEnvelope(encodeEnvelope(CWMP_1_2, header, { kind: 'FactoryReset' })).header).to.deep.equal(
      header,
    );
  });

  it('cuts a FaultString to what the schema allows', () => {
    const fault: Fault = {
      kind: 'Fault',
      faultCode: 'Client',
      faultString: 'CWMP fault',
      detail: { FaultCode: 9002, FaultString: 'x'.repeat(1000), SetParameterValuesFault: [] },
    };
    const { body } = decodeEnvelope(encodeEnvelope(CWMP_1_2, { id: '1' }, fault));
    expect(body).to.have.nested.property('detail.FaultString').with.length(256);
  });

  it('has a text for every fault code of the CPE', () => {
    for (let code = 9000; code <= 9032; code += 1) expect(faultText(code)).to.not.match(/^Fault/);
    expect(faultText(9800)).to.equal('Fault 9800');
  });
});
