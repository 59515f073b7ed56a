import { expect } from 'chai';
import { silentLogger } from '../../../src/platform/logger.ts';
import type { LogFields } from '../../../src/platform/logger.ts';
import { ActionError } from '../../../src/upnp/types.ts';
import { encodeParameterValueList, encodePathList } from '../../../src/upnp-dm/documents.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { waitFor } from '../../support/wait-for.ts';
import { fakeClient, scpdOf, upnpError } from './fake-device.ts';

async function errorOf(work: Promise<unknown>): Promise<ActionError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof ActionError) return error;
    throw error;
  }
  throw new Error('it was not refused');
}

/** The paths in a list document that the client wrote. */
function pathsIn(document: string | undefined): string[] {
  return Array.from(
    (document ?? '').matchAll(/<(?:Content|NodeAttribute)Path>([^<]*)</g),
    (match) => match[1] ?? '',
  );
}

describe('upnp-dm/cms-client', () => {
  it('calls all nineteen actions with their arguments in wire order', async () => {
    const { client, calls } = fakeClient((action) => {
      if (action === 'CreateInstance') return { InstanceIdentifier: '/A/T/3/', Status: 'ChangesCommitted' };
      if (action.endsWith('Update')) return { StateVariableValue: '7,2026-01-01T00:00:00Z' };
      if (action === 'GetCurrentConfigurationVersion') return { StateVariableValue: '7' };
      if (action.startsWith('GetInc') || action === 'GetAlarmsEnabled') return { StateVariableValue: '1' };
      return {};
    });
    await client.getSupportedDataModels();
    await client.getSupportedParameters('/', 0);
    await client.getInstances('/', 2);
    await client.getValues(['/A/B']);
    await client.getSelectedValues('/', 'Version = 3');
    await client.setValues(new Map([['/A/B', '1']]));
    expect(await client.createInstance('/A/T/', new Map([['B', '1']]))).to.deep.equal({
      instancePath: '/A/T/3/',
      status: 'ChangesCommitted',
    });
    await client.deleteInstance('/A/T/3/');
    await client.getAttributes(['/A/B']);
    await client.setAttributes(new Map([['/A/B', { eventOnChange: true }]]));
    expect(await client.getConfigurationUpdate()).to.deep.equal({
      counter: 7,
      timestamp: '2026-01-01T00:00:00Z',
    });
    expect(await client.getCurrentConfigurationVersion()).to.equal(7);
    await client.getSupportedDataModelsUpdate();
    await client.getSupportedParametersUpdate();
    await client.getAttributeValuesUpdate();
    expect(await client.getInconsistentStatus()).to.equal(true);
    expect(await client.getAlarmsEnabled()).to.equal(true);
    await client.setAlarmsEnabled(false);
    await client.getAclData(['/A/']);
    expect(
      calls.map(({ action, inArguments }) => `${action}(${inArguments.map(([name]) => name).join()})`),
    ).to.deep.equal([
      'GetSupportedDataModels()',
      'GetSupportedParameters(StartingNode,SearchDepth)',
      'GetInstances(StartingNode,SearchDepth)',
      'GetValues(Parameters)',
      'GetSelectedValues(StartingNode,Filter)',
      'SetValues(ParameterValueList)',
      'CreateInstance(MultiInstanceName,ChildrenInitialization)',
      'DeleteInstance(InstanceIdentifier)',
      'GetAttributes(Parameters)',
      'SetAttributes(NodeAttributeValueList)',
      'GetConfigurationUpdate()',
      'GetCurrentConfigurationVersion()',
      'GetSupportedDataModelsUpdate()',
      'GetSupportedParametersUpdate()',
      'GetAttributeValuesUpdate()',
      'GetInconsistentStatus()',
      'GetAlarmsEnabled()',
      'SetAlarmsEnabled(StateVariableValue)',
      'GetACLData(StartingNodes)',
    ]);
    expect(client.version).to.equal(2);
    expect(client.actions).to.equal(undefined);
  });

  it('finds an out argument by name, by the name in the SCPD, alone, or without a name', async () => {
    const list = encodeParameterValueList(new Map([['/A/B', '1']]));
    const scpd = scpdOf({ GetValues: ['>Parameters', '<Values'] });
    for (const answer of [
      { ParameterValueList: list },
      { Values: list, Other: 'x' },
      { Result: list },
      list,
    ]) {
      const { client } = fakeClient(() => answer, { scpd });
      expect((await client.getValues(['/A/B'])).get('/A/B')).to.equal('1');
    }
  });

  it('uses the argument names and the order of the SCPD', async () => {
    const renamed = fakeClient(() => ({}), {
      scpd: scpdOf({ GetInstances: ['>Start', '>Depth', '<Result'] }),
    });
    await renamed.client.getInstances('/A/', 2);
    expect(renamed.calls[0]?.inArguments).to.deep.equal([
      ['Start', '/A/'],
      ['Depth', '2'],
    ]);
    const reordered = fakeClient(() => ({}), {
      scpd: scpdOf({ GetInstances: ['>SearchDepth', '>StartingNode', '<Result'] }),
    });
    await reordered.client.getInstances('/A/', 2);
    expect(reordered.calls[0]?.inArguments).to.deep.equal([
      ['SearchDepth', '2'],
      ['StartingNode', '/A/'],
    ]);
    const senseless = fakeClient(() => ({}), { scpd: scpdOf({ GetInstances: ['>X', '<Result'] }) });
    await senseless.client.getInstances('/A/', 2);
    expect(senseless.calls[0]?.inArguments).to.deep.equal([
      ['StartingNode', '/A/'],
      ['SearchDepth', '2'],
    ]);
  });

  it('does not try an optional action that the SCPD lacks, but does try a required one', async () => {
    const { client, calls } = fakeClient(() => ({}), { scpd: scpdOf({ GetInstances: [] }) });
    const error = await errorOf(client.setValues(new Map([['/A/B', '1']])));
    expect([error.source, error.code, error.action]).to.deep.equal(['upnp', 602, 'SetValues']);
    await client.getValues(['/A/B']);
    expect(calls.map(({ action }) => action)).to.deep.equal(['GetValues']);
  });

  it('cuts a long list of paths and merges the answers', async () => {
    const paths = Array.from({ length: 2500 }, (_, index) => `/A/B/${index}/C`);
    const { client, calls } = fakeClient((_action, inputs) => ({
      ParameterValueList: encodeParameterValueList(
        new Map(pathsIn(inputs.get('Parameters')).map((path) => [path, 'v'])),
      ),
    }));
    expect([...(await client.getValues(paths)).keys()]).to.deep.equal(paths);
    expect(calls).to.have.length(3);
    const long = Array.from({ length: 300 }, (_, index) => `/A/${'B'.repeat(900)}/${index}/C`);
    calls.length = 0;
    expect((await client.getValues(long)).size).to.equal(300);
    expect(calls.length).to.be.within(3, 4);
    for (const { inArguments } of calls) expect(inArguments[0]?.[1].length).to.be.below(129 * 1024);
  });

  it('does nothing when no path is asked for', async () => {
    const { client, calls } = fakeClient(() => ({}));
    expect((await client.getValues([])).size).to.equal(0);
    expect(calls).to.have.length(0);
  });

  it('comes back after 708, a bounded number of times', async () => {
    const clock = new ManualClock();
    const twice = fakeClient(
      (_action, _inputs, attempt) => {
        if (attempt < 3) throw upnpError(708);
        return { Status: 'ChangesApplied' };
      },
      { clock },
    );
    const done = twice.client.setValues(new Map([['/A/B', '1']]));
    for (let wait = 0; wait < 2; wait += 1) {
      await waitFor(() => clock.pendingCount === 1, 'a retry');
      clock.advance(clock.nextDelayMs ?? 0);
    }
    expect(await done).to.equal('ChangesApplied');

    const always = fakeClient(
      () => {
        throw upnpError(708);
      },
      { clock },
    );
    const refused = errorOf(always.client.getValues(['/A/B']));
    for (let wait = 0; wait < 4; wait += 1) {
      await waitFor(() => clock.pendingCount === 1, 'a retry');
      clock.advance(clock.nextDelayMs ?? 0);
    }
    expect((await refused).code).to.equal(708);
    expect(always.calls).to.have.length(5);
  });

  it('reports 708 when the caller has no more time', async () => {
    const clock = new ManualClock();
    const abort = new AbortController();
    const { client, calls } = fakeClient(
      () => {
        throw upnpError(708);
      },
      { clock },
    );
    const refused = errorOf(client.getValues(['/A/B'], abort.signal));
    await waitFor(() => clock.pendingCount === 1, 'a retry');
    abort.abort();
    expect((await refused).code).to.equal(708);
    expect(calls).to.have.length(1);
    expect(clock.pendingCount).to.equal(0);
  });

  it('does not repeat what failed otherwise', async () => {
    const { client, calls } = fakeClient(() => {
      throw upnpError(703);
    });
    expect((await errorOf(client.getValues(['/A/B']))).code).to.equal(703);
    expect(calls).to.have.length(1);
  });

  it('turns an answer that cannot be read into an ActionError', async () => {
    const { client } = fakeClient(() => 'Internal Error');
    for (const work of [
      () => client.getValues(['/A/B']),
      () => client.getConfigurationUpdate(),
      () => client.getCurrentConfigurationVersion(),
      () => client.getInconsistentStatus(),
      () => client.createInstance('/A/T/', new Map()),
    ]) {
      const error = await errorOf(work());
      expect([error.source, error.code]).to.deep.equal(['transport', 0]);
    }
  });

  it('gives no list at all to a device that refuses the empty one', async () => {
    const { client, calls } = fakeClient((_action, inputs) => {
      if (inputs.get('ChildrenInitialization') !== '') throw upnpError(702);
      return { InstanceIdentifier: ' /A/T/5 ', Status: 'ChangesApplied' };
    });
    expect((await client.createInstance('/A/T/', new Map())).instancePath).to.equal('/A/T/5/');
    expect(calls).to.have.length(2);
    expect((await errorOf(client.createInstance('/A/T/', new Map([['B', '1']])))).code).to.equal(702);
  });

  for (const [answer, expected] of [
    ['/A/T/5/', '/A/T/5/'],
    ['A/T/5', '/A/T/5/'],
    ['5', '/A/T/5/'],
    ['/A/U/5/', undefined],
    ['/A/T/5/B/', undefined],
    ['', undefined],
  ] as const) {
    it(`reads the new instance "${answer}" as ${expected ?? 'an error'}`, async () => {
      const { client } = fakeClient(() => ({ InstanceIdentifier: answer }));
      const created = client.createInstance('/A/T/', new Map([['B', '1']]));
      if (expected === undefined) expect((await errorOf(created)).source).to.equal('transport');
      else expect((await created).instancePath).to.equal(expected);
    });
  }

  it('logs how many bad paths it left out', async () => {
    const warnings: LogFields[] = [];
    const logger = {
      ...silentLogger,
      warn: (_message: string, fields: LogFields = {}) => void warnings.push(fields),
    };
    const { client } = fakeClient(
      () => ({ Result: encodePathList('InstancePathList', ['/A/0/', '/A/../', '/../']) }),
      {
        logger,
      },
    );
    expect(await client.getInstances('/', 0)).to.deep.equal(['/A/0/']);
    expect(warnings.map(({ action, count }) => [action, count])).to.deep.equal([['GetInstances', 2]]);
  });
});
