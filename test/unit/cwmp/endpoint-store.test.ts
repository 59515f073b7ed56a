import { expect } from 'chai';

import { scheduleInform, setNotification, setParameterValues } from '../../support/acs-calls.ts';
import { ControlledStore } from '../../support/controlled-store.ts';
import { callingSession, eventCodes } from '../../support/scripted-acs.ts';
import { waitFor } from '../../support/wait-for.ts';
import type { EndpointFixture } from './endpoint-fixture.ts';
import { EndpointSuite } from './endpoint-suite.ts';

const watched = ({ endpoint }: EndpointFixture): string[] =>
  endpoint.watchedParameters().map(({ path }) => path);

describe('CwmpEndpoint on a slow or full disk', () => {
  const suite = new EndpointSuite();

  it('keeps attributes that the ACS set while those of a row that is gone are forgotten', async () => {
    const store = new ControlledStore();
    const fixture = suite.make({ store });
    const { model, remote } = fixture;
    model.addObject('Device.Rows.1.', { provider: remote });
    model.addParameter('Device.Rows.1.Value', { provider: remote, type: 'string' });
    suite.acs.script = callingSession([setNotification('Device.Rows.1.', 2)]);
    await fixture.endpoint.start();
    await suite.idle(fixture, 1);
    expect(watched(fixture)).to.include('Device.Rows.1.Value');

    store.holds = (key) => key.endsWith('/attributes');
    suite.acs.script = callingSession([setNotification('Device.Time.Enable', 1)]);
    fixture.listener.call();
    await waitFor(() => store.heldCount > 0, 'the write of the attributes');
    model.remove('Device.Rows.1.');
    await new Promise((resolve) => setImmediate(resolve));
    store.release();
    await suite.idle(fixture, 2);
    await waitFor(
      () => JSON.stringify(store.get('endpoint/1/attributes')).indexOf('Device.Rows.1.Value') < 0,
      'the attributes of the row to be forgotten',
    );
    expect(watched(fixture)).to.include('Device.Time.Enable');
    expect(watched(suite.make({ store })))
      .to.include('Device.Time.Enable')
      .and.not.include('Device.Rows.1.Value');
  });

  it('refuses attributes that cannot be stored, and keeps those of before', async () => {
    const store = new ControlledStore();
    const fixture = suite.make({ store });
    store.fails = (key) => key.endsWith('/attributes');
    suite.acs.script = callingSession([setNotification('Device.Time.Enable', 1)]);
    await fixture.endpoint.start();
    await suite.idle(fixture, 1);
    expect(suite.acs.requests[2]?.body).to.contain('<FaultCode>9002</FaultCode>');
    expect(watched(fixture)).to.not.include('Device.Time.Enable');
  });

  it('informs on and on when nothing can be stored, and refuses only what must be durable', async () => {
    const store = new ControlledStore();
    store.fails = () => true;
    const fixture = suite.make({
      store,
      settings: { periodicInformEnable: true, periodicInformInterval: 300 },
    });
    suite.acs.script = callingSession([
      scheduleInform(60, 'lost'),
      setParameterValues({ 'Device.Time.Enable': 'true' }, 'key'),
      setParameterValues({ 'Device.Time.Enable': 'false' }),
    ]);
    await fixture.endpoint.start();
    await suite.idle(fixture, 1);
    expect(fixture.endpoint.status().lastInform?.result).to.equal('succeeded');
    expect(
      suite.acs.requests.slice(2).map(({ body }) => /<FaultCode>\d+|<Status>\d/.exec(body)?.[0]),
    ).to.deep.equal(['<FaultCode>9002', '<FaultCode>9002', '<Status>0']);
    expect(fixture.endpoint.parameterKey).to.equal('');

    for (let second = 0; second < 300; second += 60) fixture.clock.advance(60_000);
    await suite.idle(fixture, 2);
    // The order was refused, and is not carried out.
    expect(eventCodes(suite.acs.informs[1]!)).to.deep.equal(['2 PERIODIC']);

    fixture.change('Device.DeviceInfo.SoftwareVersion', '2.0');
    await suite.idle(fixture, 3);
    expect(eventCodes(suite.acs.informs[2]!)).to.deep.equal(['4 VALUE CHANGE']);
    await fixture.endpoint.stop();
  });

  it('makes up for what could not be stored as soon as it can', async () => {
    const store = new ControlledStore();
    store.fails = () => true;
    const fixture = suite.make({ store });
    await fixture.endpoint.start();
    await suite.idle(fixture, 1);
    store.fails = () => false;
    await fixture.endpoint.enqueueEvent('8 DIAGNOSTICS COMPLETE');
    await suite.idle(fixture, 2);
    await fixture.endpoint.stop();
    const again = suite.make({ store });
    await again.endpoint.start();
    expect(again.endpoint.status().pendingEvents).to.deep.equal([]);
  });

  it('tells of an event though it cannot be stored, and says so to whom it concerns', async () => {
    const store = new ControlledStore();
    const fixture = suite.make({ store });
    await fixture.endpoint.start();
    await suite.idle(fixture, 1);
    store.fails = () => true;
    const refused = await fixture.endpoint.recordBoot().then(
      () => undefined,
      (error: unknown) => String(error),
    );
    expect(refused).to.contain('ENOSPC');
    await suite.idle(fixture, 2);
    expect(eventCodes(suite.acs.informs[1]!)).to.deep.equal(['1 BOOT']);
  });
});
