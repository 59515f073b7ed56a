import { expect } from 'chai';
import type { PendingChange } from '../../../src/cwmp/events/value-changes.ts';
import { buildInform, type InformInput } from '../../../src/cwmp/inform.ts';
import { Addressing } from '../../../src/cwmp/rpc/addressing.ts';
import type { EndpointEvent } from '../../../src/cwmp/types.ts';
import { DataModel } from '../../../src/datamodel/data-model.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { MapProvider } from './endpoint-fixture.ts';

function inputOf(model: DataModel, more: Partial<InformInput>): InformInput {
  return {
    identity: { manufacturer: 'x', oui: '0011AA', productClass: 'P', serialNumber: '1' },
    model,
    addressing: new Addressing({
      model,
      settings: () => ({ instanceMode: 'InstanceNumber', autoCreateInstances: false }),
      enabled: true,
    }),
    informParameters: () => [],
    pendingEvents: () => [],
    takeEvents: () => [],
    changes: [],
    lastTold: () => undefined,
    retryCount: 0,
    clock: new ManualClock(),
    signal: new AbortController().signal,
    ...more,
  };
}

describe('the Inform of a session', () => {
  it('carries what the ACS wants to know with an event that comes while values are read', async () => {
    const model = new DataModel('Device');
    const provider = new MapProvider(true);
    for (const [name, forced] of [
      ['Forced', true],
      ['Periodic', false],
      ['Requested', false],
    ] as const) {
      provider.values.set(`Device.${name}`, name);
      model.addParameter(`Device.${name}`, {
        provider,
        type: 'string',
        ...(forced && { notification: 'forced' as const, forcedInform: true }),
      });
    }
    provider.hang = true;
    const events: EndpointEvent[] = [{ code: '2 PERIODIC', commandKey: '' }];
    const building = buildInform(
      inputOf(model, {
        informParameters: (codes) =>
          codes.map((code) => (code === '2 PERIODIC' ? 'Device.Periodic' : 'Device.Requested')),
        pendingEvents: () => events.map(({ code }) => code),
        takeEvents: () => events,
      }),
    );
    await new Promise((resolve) => setImmediate(resolve));
    events.push({ code: '6 CONNECTION REQUEST', commandKey: '' });
    provider.release();
    const { inform } = await building;
    expect(inform.Event.map(({ EventCode }) => EventCode)).to.deep.equal([
      '2 PERIODIC',
      '6 CONNECTION REQUEST',
    ]);
    expect(inform.ParameterList.map(({ Value }) => Value)).to.deep.equal(['Forced', 'Periodic', 'Requested']);
    expect(provider.readCount, 'one for what was known before, one for the rest').to.equal(2);
  });

  it('carries what is forced, but not more of it than 32 of the rows of a device', async () => {
    const model = new DataModel('InternetGatewayDevice');
    const provider = new MapProvider(true);
    const flags = { provider, type: 'string', forcedInform: true } as const;
    const table = 'InternetGatewayDevice.WANDevice.1.WANConnectionDevice.1.WANIPConnection.';
    for (let row = 1; row <= 100; row += 1) model.addParameter(`${table}${row}.ExternalIPAddress`, flags);
    model.addParameter('InternetGatewayDevice.DeviceInfo.SoftwareVersion', flags);
    const { inform, forced } = await buildInform(inputOf(model, {}));
    const names = inform.ParameterList.map(({ Name }) => Name);
    expect(names).to.have.length(33);
    expect(names.at(0)).to.equal(`${table}1.ExternalIPAddress`);
    expect(names.at(-1)).to.equal('InternetGatewayDevice.DeviceInfo.SoftwareVersion');
    expect([...forced.keys()]).to.deep.equal(names);
  });

  it('tells of a changed secret that is no text only its type', async () => {
    const model = new DataModel('Device');
    const provider = new MapProvider(true);
    provider.values.set('Device.Pin', '4711');
    model.addParameter('Device.Pin', { provider, type: 'unsignedInt', hidden: true });
    const change: PendingChange = { path: 'Device.Pin', active: true, value: '' };
    const { inform, told } = await buildInform(inputOf(model, { changes: [change] }));
    expect(inform.ParameterList).to.deep.equal([{ Name: 'Device.Pin', Value: '0', Type: 'unsignedInt' }]);
    expect(told).to.deep.equal([change]);
  });
});
