import { expect } from 'chai';

import type {
  CpeRequest,
  CwmpMessage,
  EnvelopeHeader,
  Fault,
  Inform,
} from '../../../../src/cwmp/codec/messages.ts';
import { newSession, stepSession } from '../../../../src/cwmp/session/machine.ts';
import type { SessionInput } from '../../../../src/cwmp/session/machine.ts';
import { namespaceAfterInform, olderNamespace } from '../../../../src/cwmp/session/versions.ts';

const inform: Inform = {
  kind: 'Inform',
  DeviceId: { Manufacturer: 'A', OUI: '0011AA', ProductClass: '', SerialNumber: '1' },
  Event: [],
  MaxEnvelopes: 1,
  CurrentTime: '2026-01-01T00:00:00Z',
  RetryCount: 0,
  ParameterList: [],
};
const transfer: CpeRequest = {
  kind: 'TransferComplete',
  CommandKey: '',
  FaultStruct: { FaultCode: 0, FaultString: '' },
  StartTime: '',
  CompleteTime: '',
};
const start: SessionInput = { type: 'started', inform };
const empty: SessionInput = { type: 'receivedEmpty' };
const got = (body: CwmpMessage, header: Partial<EnvelopeHeader> = {}): SessionInput => ({
  type: 'received',
  envelope: { header: { id: '1', ...header }, namespace: 'urn:dslforum-org:cwmp-1-2', body },
});
const accepted = { kind: 'InformResponse', MaxEnvelopes: 1 } as const;
const fault = (code: number): Fault => ({
  kind: 'Fault',
  faultCode: 'Server',
  faultString: 'CWMP fault',
  detail: { FaultCode: code, FaultString: 'x', SetParameterValuesFault: [] },
});
const methods = { kind: 'GetRPCMethods' } as const;
const answer: SessionInput = {
  type: 'executed',
  response: { kind: 'GetRPCMethodsResponse', MethodList: [] },
};

/** The effects of all inputs in short form. */
function run(inputs: readonly SessionInput[], requests: readonly CpeRequest[] = []): string[] {
  let state = newSession({ namespace: 'urn:dslforum-org:cwmp-1-2', supportedVersions: ['1.0'], requests });
  const effects: string[] = [];
  for (const input of inputs) {
    const step = stepSession(state, input);
    state = step.state;
    for (const effect of step.effects) {
      if (effect.type === 'send')
        effects.push(`${effect.envelope.body.kind}#${effect.envelope.header.id ?? '-'}`);
      else if (effect.type === 'finish') effects.push(effect.result);
      else effects.push(effect.type);
    }
  }
  return effects;
}

const CASES: readonly [string, readonly SessionInput[], readonly CpeRequest[], readonly string[]][] = [
  [
    'nothing to say',
    [start, got(accepted), empty],
    [],
    ['Inform#1', 'informDelivered', 'sendEmpty', 'succeeded'],
  ],
  [
    'a call, answered with its ID',
    [start, got(accepted), got(methods, { id: 'q7' }), answer, empty],
    [],
    ['Inform#1', 'informDelivered', 'sendEmpty', 'execute', 'GetRPCMethodsResponse#q7', 'succeeded'],
  ],
  [
    'a call without ID, answered without',
    [start, got(accepted), got(methods, { id: undefined }), answer],
    [],
    ['Inform#1', 'informDelivered', 'sendEmpty', 'execute', 'GetRPCMethodsResponse#-'],
  ],
  [
    'requests of the CPE before the first empty POST',
    [start, got(accepted), got({ kind: 'TransferCompleteResponse' }), empty],
    [transfer],
    ['Inform#1', 'informDelivered', 'TransferComplete#2', 'requestAnswered', 'sendEmpty', 'succeeded'],
  ],
  [
    'a request held back, then released',
    [
      start,
      got(accepted, { holdRequests: true }),
      got(methods, { holdRequests: false }),
      answer,
      empty,
      got({ kind: 'TransferCompleteResponse' }),
      empty,
    ],
    [transfer],
    [
      'Inform#1',
      'informDelivered',
      'sendEmpty',
      'execute',
      'GetRPCMethodsResponse#1',
      'TransferComplete#2',
      'requestAnswered',
      'sendEmpty',
      'succeeded',
    ],
  ],
  [
    'a request held back to the end',
    [start, got(accepted, { holdRequests: true }), empty],
    [transfer],
    ['Inform#1', 'informDelivered', 'sendEmpty', 'succeeded'],
  ],
  [
    '8005 to Inform',
    [start, got(fault(8005)), got(accepted)],
    [],
    ['Inform#1', 'Inform#2', 'informDelivered', 'sendEmpty'],
  ],
  [
    '8005 for ever',
    [start, ...Array.from({ length: 6 }, () => got(fault(8005)))],
    [],
    ['Inform#1', 'Inform#2', 'Inform#3', 'Inform#4', 'Inform#5', 'Inform#6', 'failed'],
  ],
  ['another fault to Inform', [start, got(fault(8001))], [], ['Inform#1', 'failed']],
  ['8006', [start, got(fault(8006))], [], ['Inform#1', 'versionRefused', 'failed']],
  [
    'a fault to a request of the CPE',
    [start, got(accepted), got(fault(8002)), empty],
    [transfer],
    ['Inform#1', 'informDelivered', 'TransferComplete#2', 'requestAnswered', 'sendEmpty', 'succeeded'],
  ],
  ['an empty answer to Inform', [start, empty], [], ['Inform#1', 'failed']],
  ['a request in place of InformResponse', [start, got(methods)], [], ['Inform#1', 'failed']],
  [
    'a response nobody waits for',
    [start, got(accepted), got(accepted)],
    [],
    ['Inform#1', 'informDelivered', 'sendEmpty', 'failed'],
  ],
  ['a broken connection', [start, { type: 'broke', reason: 'x' }, empty], [], ['Inform#1', 'failed']],
];

describe('cwmp/session/machine', () => {
  for (const [name, inputs, requests, effects] of CASES) {
    it(name, () => expect(run(inputs, requests)).to.deep.equal(effects));
  }

  it('negotiates the version', () => {
    const offered = 'urn:dslforum-org:cwmp-1-2';
    const table: readonly [string | undefined, string | undefined, string][] = [
      [offered, '1.4', 'cwmp-1-2'],
      [offered, '1.1', 'cwmp-1-1'],
      ['urn:dslforum-org:cwmp-1-0', undefined, 'cwmp-1-0'],
      ['urn:dslforum-org:cwmp-1-3', undefined, 'cwmp-1-2'],
      [undefined, undefined, 'cwmp-1-2'],
      ['urn:other', 'x', 'cwmp-1-2'],
    ];
    for (const [answered, use, expected] of table) {
      expect(namespaceAfterInform(offered, answered, use)).to.equal(`urn:dslforum-org:${expected}`);
    }
    expect(namespaceAfterInform('urn:dslforum-org:cwmp-1-0', offered, '1.4')).to.contain('cwmp-1-0');
    expect(olderNamespace('urn:dslforum-org:cwmp-1-0')).to.equal(offered);
  });

  it('ends a session in which the ACS never stops calling', () => {
    const calls = Array.from({ length: 20_000 }, () => [got(methods), answer]).flat();
    const effects = run([start, got(accepted), ...calls]);
    expect(effects.at(-1)).to.equal('failed');
    expect(effects.filter((effect) => effect === 'execute')).to.have.length(10_000);
  });
});
