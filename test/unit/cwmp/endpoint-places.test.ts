import { expect } from 'chai';

import { createSessionScheduler } from '../../../src/cwmp/session-scheduler.ts';
import { eventCodes, informResponse } from '../../support/scripted-acs.ts';
import { waitFor } from '../../support/wait-for.ts';
import { EndpointSuite } from './endpoint-suite.ts';

describe('CwmpEndpoint and the places of sessions', () => {
  const suite = new EndpointSuite();

  it('answers a connection request while the ACS keeps the sessions of eight other devices hanging', async () => {
    const scheduler = createSessionScheduler();
    suite.acs.script = () => new Promise(() => undefined);
    for (let device = 0; device < 8; device++) await suite.make({ endpoint: { scheduler } }).endpoint.start();
    await waitFor(() => suite.acs.informs.length === 8, 'eight sessions that hang');
    // It has news of its own, for which there is no place.
    const ninth = suite.make({ endpoint: { scheduler } });
    await ninth.endpoint.start();
    await new Promise((resolve) => setImmediate(resolve));
    expect(suite.acs.informs).to.have.length(8);
    ninth.listener.call();
    await waitFor(() => suite.acs.informs.length === 9, 'the session of the ninth');
    expect(eventCodes(suite.acs.informs[8]!)).to.include('6 CONNECTION REQUEST');
  });

  it('ends a session that lasts too long, and tries again', async () => {
    let isOver = false;
    suite.acs.script = async (request) => {
      if (request.message === 'Inform') return { body: informResponse(request) };
      // Each answer comes within the time that one may take; the session never ends.
      await waitFor(() => isOver, 'the end');
      return {};
    };
    const { endpoint, clock } = suite.make({ endpoint: { acsTimeoutSeconds: 86_400 } });
    await endpoint.start();
    await waitFor(() => suite.acs.requests.length === 2, 'the empty POST');
    clock.advance(15 * 60_000 - 1);
    expect(endpoint.status().inSession).to.equal(true);
    clock.advance(1);
    await waitFor(() => !endpoint.status().inSession, 'the end of the session');
    expect(endpoint.status().lastInform?.error).to.contain('15 minutes');
    expect(endpoint.status().retryCount).to.equal(1);
    isOver = true;
  });
});
