import { expect } from 'chai';

import type { AcsRequest, CpeResponse, Fault } from '../../../../src/cwmp/codec/messages.ts';
import { Addressing } from '../../../../src/cwmp/rpc/addressing.ts';
import { executeRpc } from '../../../../src/cwmp/rpc/execute-rpc.ts';
import { standardRpcs } from '../../../../src/cwmp/rpc/standard-rpcs.ts';
import { AttributeStore } from '../../../../src/datamodel/attributes.ts';
import { silentLogger } from '../../../../src/platform/logger.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { EndpointFixture, SETTINGS } from '../endpoint-fixture.ts';

describe('cwmp/rpc', () => {
  let fixture: EndpointFixture;
  let attributes: AttributeStore;
  let key: string;

  const execute = (request: Parameters<typeof executeRpc>[0]): Promise<CpeResponse | Fault> =>
    executeRpc(request, {
      registry: standardRpcs(),
      context: {
        model: fixture.model,
        addressing: new Addressing({ model: fixture.model, settings: () => SETTINGS, enabled: false }),
        attributes,
        hasLightweightNotification: false,
        setParameterKey: (next) => {
          key = next;
          return Promise.resolve();
        },
        changeAttributes: async (change) => {
          const changed = attributes.copy();
          if (change(changed)) attributes = changed;
          return Promise.resolve();
        },
        acsWrites: () => () => Promise.resolve(),
        acsChangedRows: () => undefined,
        scheduleInform: () => Promise.resolve(),
        afterSession: () => undefined,
      },
      deadlineMs: 20_000,
      signal: new AbortController().signal,
      clock: new ManualClock(),
      logger: silentLogger,
    });
  const code = async (request: AcsRequest): Promise<number | string> => {
    const answer = await execute(request);
    return answer.kind === 'Fault' ? (answer.detail?.FaultCode ?? 'plain') : answer.kind;
  };
  const names = async (path: string, next: boolean): Promise<readonly string[] | number | undefined> => {
    const answer = await execute({ kind: 'GetParameterNames', ParameterPath: path, NextLevel: next });
    if (answer.kind === 'Fault') return answer.detail?.FaultCode;
    return answer.kind === 'GetParameterNamesResponse' ? answer.ParameterList.map(({ Name }) => Name) : [];
  };
  const spv = (list: readonly [string, string][], parameterKey = 'k'): AcsRequest => ({
    kind: 'SetParameterValues',
    ParameterList: list.map(([Name, Value]) => ({ Name, Value, Type: undefined })),
    ParameterKey: parameterKey,
  });
  const spa = (name: string, notification: number, accessList?: string[]): AcsRequest => ({
    kind: 'SetParameterAttributes',
    ParameterList: [
      {
        Name: name,
        NotificationChange: accessList === undefined,
        Notification: notification,
        AccessListChange: accessList !== undefined,
        AccessList: accessList ?? [],
      },
    ],
  });

  beforeEach(() => {
    fixture = new EndpointFixture('http://acs.test/');
    attributes = new AttributeStore();
    key = 'before';
  });

  it('lists exactly what it executes', async () => {
    const answer = await execute({ kind: 'GetRPCMethods' });
    expect(answer).to.deep.include({ kind: 'GetRPCMethodsResponse' });
    expect(answer.kind === 'GetRPCMethodsResponse' && answer.MethodList).to.have.members([
      'GetRPCMethods',
      'SetParameterValues',
      'GetParameterValues',
      'GetParameterNames',
      'SetParameterAttributes',
      'GetParameterAttributes',
      'AddObject',
      'DeleteObject',
      'ScheduleInform',
    ]);
    expect(await code({ kind: 'FactoryReset' })).to.equal(9000);
    expect(await execute({ kind: 'UnknownMethod', name: 'X_Do' })).to.have.nested.property(
      'detail.FaultCode',
      9000,
    );
    expect(
      await execute({ kind: 'InvalidArguments', method: 'ScheduleInform', reason: 'DelaySeconds' }),
    ).to.have.nested.property('detail.FaultCode', 9003);
  });

  it('GetParameterNames: every case of NextLevel', async () => {
    expect(await names('', true)).to.deep.equal(['Device.']);
    expect(await names('Device.', true)).to.deep.equal([
      'Device.DeviceInfo.',
      'Device.ManagementServer.',
      'Device.Time.',
      'Device.Far.',
      'Device.Rows.',
    ]);
    expect(await names('Device.Time.', false)).to.deep.equal(['Device.Time.', 'Device.Time.Enable']);
    expect(await names('', false)).to.include.members(['Device.', 'Device.Far.Value', 'Device.Rows.']);
    expect(await names('Device.Rows.', true)).to.deep.equal([]);
    expect(await names('Device.Time.Enable', false)).to.deep.equal(['Device.Time.Enable']);
    expect(await names('Device.Time.Enable', true)).to.equal(9003);
    for (const path of ['Device.Nope.', 'Device.Time', 'Nope.'])
      expect(await names(path, false)).to.equal(9005);
  });

  it('GetParameterValues: names, partial paths, each once; hidden ones empty', async () => {
    fixture.provider.values.set('Device.ManagementServer.Password', 'secret');
    const get = (...list: string[]): Promise<CpeResponse | Fault> =>
      execute({ kind: 'GetParameterValues', ParameterNames: list });
    const answer = await get('Device.ManagementServer.', 'Device.ManagementServer.Password');
    expect(
      answer.kind === 'GetParameterValuesResponse' && answer.ParameterList.map(({ Value }) => Value),
    ).to.deep.equal(['', '', '']);
    expect(await get('Device.Rows.')).to.deep.equal({
      kind: 'GetParameterValuesResponse',
      ParameterList: [],
    });
    expect(await get('Device.Time.Enable', 'Device.Time')).to.have.nested.property('detail.FaultCode', 9005);
  });

  it('GetParameterValues: of a hidden parameter that is no text, the null value of its type', async () => {
    const { model, provider } = fixture;
    const types = ['string', 'unsignedInt', 'long', 'boolean', 'dateTime', 'base64', 'hexBinary'] as const;
    for (const type of types) model.addParameter(`Device.Secret.${type}`, { provider, type, hidden: true });
    const answer = await execute({ kind: 'GetParameterValues', ParameterNames: ['Device.Secret.'] });
    expect(
      answer.kind === 'GetParameterValuesResponse' &&
        answer.ParameterList.map((item) => [item.Type, item.Value]),
    ).to.deep.equal([
      ['string', ''],
      ['unsignedInt', '0'],
      ['long', '0'],
      ['boolean', 'false'],
      ['dateTime', '0001-01-01T00:00:00Z'],
      ['base64', ''],
      ['hexBinary', ''],
    ]);
  });

  it('SetParameterValues: one fault per bad parameter and nothing applied', async () => {
    const answer = await execute(
      spv([
        ['Device.Time.Enable', '1'],
        ['Device.Time.Nope', '1'],
        ['Device.DeviceInfo.SoftwareVersion', '1'],
        ['Device.Far.Value', 'x'],
      ]),
    );
    expect(answer).to.have.nested.property('detail.FaultCode', 9003);
    const faults = answer.kind === 'Fault' ? (answer.detail?.SetParameterValuesFault ?? []) : [];
    expect(faults.map(({ FaultCode }) => FaultCode)).to.deep.equal([9005, 9008, 9006]);
    expect(fixture.provider.values.has('Device.Time.Enable')).to.equal(false);
    expect(key).to.equal('before');
    expect(
      await code(
        spv([
          ['Device.Time.Enable', '1'],
          ['Device.Time.Enable', '0'],
        ]),
      ),
    ).to.equal(9003);
    expect(await code(spv([['Device.Time.Enable', '1']], 'x'.repeat(33)))).to.equal(9003);
    expect(await code(spv([['Device.Time.Enable', '1']]))).to.equal('SetParameterValuesResponse');
    expect(key).to.equal('k');
  });

  it('SetParameterAttributes: all or nothing, forced ones stay, Subscriber only', async () => {
    expect(await code(spa('Device.Time.', 1))).to.equal('SetParameterAttributesResponse');
    const of = async (name: string): Promise<unknown> => {
      const answer = await execute({ kind: 'GetParameterAttributes', ParameterNames: [name] });
      return answer.kind === 'GetParameterAttributesResponse' ? answer.ParameterList[0] : answer;
    };
    expect(await of('Device.Time.Enable')).to.deep.equal({
      Name: 'Device.Time.Enable',
      Notification: 1,
      AccessList: ['Subscriber'],
    });
    expect(await code(spa('Device.DeviceInfo.', 0))).to.equal(9009);
    expect(await of('Device.DeviceInfo.ProvisioningCode')).to.include({ Notification: 0 });
    expect(await code(spa('Device.Time.Enable', 4))).to.equal(9009);
    expect(await code(spa('Device.Time.Enable', 7))).to.equal(9003);
    expect(await code(spa('Device.Time.Enable', 0, ['Everybody']))).to.equal(9003);
    expect(await code(spa('Device.Nope', 1))).to.equal(9005);
    expect(await code(spa('Device.Time.Enable', 0, []))).to.equal('SetParameterAttributesResponse');
    expect(await of('Device.Time.Enable')).to.deep.include({ Notification: 1, AccessList: [] });
  });

  it('AddObject, DeleteObject, ScheduleInform: bad arguments', async () => {
    const add = (ObjectName: string): AcsRequest => ({ kind: 'AddObject', ObjectName, ParameterKey: '' });
    expect(await code(add('Device.Rows'))).to.equal(9003);
    expect(await code(add('Device.Time.'))).to.equal(9005);
    expect(await code({ kind: 'DeleteObject', ObjectName: 'Device.Rows.1.', ParameterKey: '' })).to.equal(
      9005,
    );
    const inform = (DelaySeconds: number): AcsRequest => ({
      kind: 'ScheduleInform',
      DelaySeconds,
      CommandKey: 'a',
    });
    expect(await code(inform(0))).to.equal(9003);
    expect(await code(inform(2 ** 32))).to.equal(9003);
    expect(await code(inform(1))).to.equal('ScheduleInformResponse');
  });
});
