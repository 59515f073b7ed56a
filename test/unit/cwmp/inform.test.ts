import { expect } from 'chai';
import { buildInform } from '../../../src/cwmp/inform.ts';
import { Addressing } from '../../../src/cwmp/rpc/addressing.ts';
import type { EndpointEvent } from '../../../src/cwmp/types.ts';
import { DataModel } from '../../../src/datamodel/data-model.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { MapProvider } from './endpoint-fixture.ts';

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
    const building = buildInform({
      identity: { manufacturer: 'x', oui: '0011AA', productClass: 'P', serialNumber: '1' },
      model,
      addressing: new Addressing({
        model,
        settings: () => ({ instanceMode: 'InstanceNumber', autoCreateInstances: false }),
        enabled: true,
      }),
      informParameters: (codes) =>
        codes.map((code) => (code === '2 PERIODIC' ? 'Device.Periodic' : 'Device.Requested')),
      pendingEvents: () => events.map(({ code }) => code),
      takeEvents: () => events,
      changes: [],
      lastTold: () => undefined,
      retryCount: 0,
      clock: new ManualClock(),
      signal: new AbortController().signal,
    });
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
});
