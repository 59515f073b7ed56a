import { expect } from 'chai';

import { setNotification } from '../../support/acs-calls.ts';
import { ControlledStore } from '../../support/controlled-store.ts';
import { callingSession } from '../../support/scripted-acs.ts';
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
    suite.acs.script = callingSession([setNotification('Device.Far.', 2)]);
    await fixture.endpoint.start();
    await suite.idle(fixture, 1);
    expect(watched(fixture)).to.include('Device.Far.Value');

    store.holds = (key) => key.endsWith('/attributes');
    suite.acs.script = callingSession([setNotification('Device.Time.Enable', 1)]);
    fixture.listener.call();
    await waitFor(() => store.heldCount > 0, 'the write of the attributes');
    fixture.model.remove('Device.Far.Value');
    await new Promise((resolve) => setImmediate(resolve));
    store.release();
    await suite.idle(fixture, 2);
    await waitFor(
      () => JSON.stringify(store.get('endpoint/1/attributes')).indexOf('Device.Far.Value') < 0,
      'the attributes of the row to be forgotten',
    );
    expect(watched(fixture)).to.include('Device.Time.Enable');
    expect(watched(suite.make({ store })))
      .to.include('Device.Time.Enable')
      .and.not.include('Device.Far.Value');
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
});
