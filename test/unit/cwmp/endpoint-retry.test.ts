import { expect } from 'chai';

import { scheduleInform, setNotification, setParameterValues } from '../../support/acs-calls.ts';
import {
  acsFault,
  callingSession,
  emptySession,
  eventCodes,
  informResponse,
} from '../../support/scripted-acs.ts';
import { waitFor } from '../../support/wait-for.ts';
import { EndpointSuite } from './endpoint-suite.ts';

/** Settles what a single turn of the event loop would start, and shows that nothing more was. */
async function quiet(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

describe('CwmpEndpoint after a failed session', () => {
  const suite = new EndpointSuite();

  it('does not let a connection request wait that was accepted while the session ran', async () => {
    const fixture = suite.make();
    let fail = (): void => undefined;
    const gate = new Promise<void>((resolve) => (fail = resolve));
    suite.acs.script = async (request) => {
      if (request.message === 'Inform') return { body: informResponse(request) };
      await gate;
      return { status: 400 };
    };
    await fixture.endpoint.start();
    await waitFor(() => suite.acs.requests.length === 2, 'the empty POST');
    expect(fixture.listener.call()).to.equal('accepted');
    suite.acs.script = emptySession();
    fail();
    await suite.idle(fixture, 2);
    expect(eventCodes(suite.acs.informs[1]!)).to.deep.equal(['6 CONNECTION REQUEST']);
    expect(suite.acs.informs[1]!.body).to.contain('<RetryCount>1</RetryCount>');
  });

  it('does not repeat a session that was only for a connection request [TR-069 3.7.1.5: do not retry]', async () => {
    const fixture = suite.make();
    await fixture.endpoint.start();
    await suite.idle(fixture, 1);
    suite.acs.script = () => ({ status: 503 });
    fixture.listener.call();
    await suite.idle(fixture, 2);
    await waitFor(() => fixture.clock.pendingCount === 0, 'all timers to be over');
    expect(fixture.endpoint.status()).to.deep.include({ retryCount: 1, pendingEvents: [] });
    suite.acs.script = emptySession();
    fixture.listener.call();
    await suite.idle(fixture, 3);
    // [TR-069 A.3.3.1] Zero only after a session that succeeded.
    expect(suite.acs.informs[2]!.body).to.contain('<RetryCount>1</RetryCount>');
    expect(fixture.endpoint.status().retryCount).to.equal(0);
  });

  it('repeats it at once when the machine has slept through the wait, and later by no more than was left', async () => {
    const fixture = suite.make();
    suite.acs.script = () => ({ status: 503 });
    await fixture.endpoint.start();
    await suite.idle(fixture, 1);
    const waitMs = fixture.clock.nextDelayMs ?? 0;
    expect(waitMs).to.be.within(5000, 10_000);
    fixture.clock.suspend(1000);
    fixture.endpoint.resumed(1000);
    expect(fixture.clock.nextDelayMs).to.equal(waitMs - 1000);
    fixture.clock.suspend(60_000);
    fixture.endpoint.resumed(60_000);
    fixture.clock.advance(0);
    await suite.idle(fixture, 2);
  });

  it('does not throttle notifications for a time that the machine has slept', async () => {
    const fixture = suite.make({ settings: { defaultActiveNotificationThrottle: 3600 } });
    const { clock, endpoint } = fixture;
    await endpoint.start();
    await suite.idle(fixture, 1);
    fixture.change('Device.DeviceInfo.SoftwareVersion', '2.0');
    await quiet();
    expect(suite.acs.informs).to.have.length(1);
    clock.suspend(3_600_000);
    endpoint.resumed(3_600_000);
    await suite.idle(fixture, 2);
    expect(eventCodes(suite.acs.informs[1]!)).to.deep.equal(['4 VALUE CHANGE']);
  });

  it('repeats a session that broke after the Inform was taken: without events, as none is undelivered', async () => {
    const fixture = suite.make();
    suite.acs.script = (request) =>
      request.message === 'Inform' ? { body: informResponse(request) } : { status: 400 };
    await fixture.endpoint.start();
    await suite.idle(fixture, 1);
    suite.acs.script = emptySession();
    fixture.clock.advance(5000);
    await suite.idle(fixture, 2);
    expect(eventCodes(suite.acs.informs[1]!)).to.deep.equal([]);
    expect(suite.acs.informs[1]!.body).to.contain('EventStruct[0]').and.contain('<RetryCount>1</RetryCount>');
    expect(fixture.endpoint.status().retryCount).to.equal(0);
  });

  it('repeats a session whose passive value changes were not delivered', async () => {
    const fixture = suite.make();
    suite.acs.script = callingSession([setNotification('Device.Time.Enable', 1)]);
    await fixture.endpoint.start();
    await suite.idle(fixture, 1);
    fixture.change('Device.Time.Enable', 'true');
    suite.acs.script = () => ({ status: 503 });
    fixture.listener.call();
    await suite.idle(fixture, 2);
    suite.acs.script = emptySession();
    fixture.clock.advance(5000);
    await suite.idle(fixture, 3);
    expect(eventCodes(suite.acs.informs[2]!)).to.deep.equal(['4 VALUE CHANGE']);
  });

  it('begins anew with an ACS at another URL: RetryCount 0, in the newest version', async () => {
    const fixture = suite.make();
    suite.acs.script = (request) => ({ body: acsFault(request, 8006) });
    await fixture.endpoint.start();
    await suite.idle(fixture, 1);
    expect(fixture.endpoint.status().retryCount).to.equal(1);
    const other = await suite.anotherAcs();
    await fixture.settings.update({ url: other.url });
    await waitFor(() => other.requests.length === 2, 'the session with the other ACS');
    expect(other.informs[0]!.body).to.contain('cwmp-1-2').and.contain('<RetryCount>0</RetryCount>');
  });

  it('counts no failure against the new ACS when the session that changed the URL fails', async () => {
    const fixture = suite.make();
    const other = await suite.anotherAcs();
    const change = callingSession([setParameterValues({ 'Device.ManagementServer.URL': other.url })]);
    suite.acs.script = (request, all) =>
      request.message === 'SetParameterValuesResponse' ? { status: 400 } : change(request, all);
    await fixture.endpoint.start();
    await waitFor(() => other.requests.length === 2, 'the session with the other ACS');
    expect(eventCodes(other.informs[0]!)).to.deep.equal(['0 BOOTSTRAP']);
    expect(other.informs[0]!.body).to.contain('<RetryCount>0</RetryCount>');
  });

  it('introduces itself to no ACS that knows it, whatever the URL was in its session', async () => {
    const fixture = suite.make();
    const other = await suite.anotherAcs();
    suite.acs.script = callingSession([
      setParameterValues({ 'Device.ManagementServer.URL': other.url }),
      setParameterValues({ 'Device.ManagementServer.URL': suite.acs.url }),
    ]);
    await fixture.endpoint.start();
    await suite.idle(fixture, 1);
    await quiet();
    expect(fixture.endpoint.status().pendingEvents).to.deep.equal([]);
    expect([suite.acs.informs.length, other.informs.length]).to.deep.equal([1, 0]);
  });

  it('begins anew with the ACS it had, when the URL was another one outside a session: what was due is void', async () => {
    const fixture = suite.make();
    const other = await suite.anotherAcs();
    suite.acs.script = callingSession([scheduleInform(300, 'k')]);
    await fixture.endpoint.start();
    await suite.idle(fixture, 1);
    suite.acs.script = callingSession([]);
    other.script = () => 'drop';
    await fixture.settings.update({ url: other.url });
    await waitFor(() => fixture.endpoint.status().retryCount === 1, 'the failure');
    await fixture.settings.update({ url: suite.acs.url });
    await suite.idle(fixture, 2);
    expect(eventCodes(suite.acs.informs[1]!)).to.deep.equal(['0 BOOTSTRAP']);
    await quiet();
    expect(fixture.endpoint.status().pendingEvents).to.deep.equal([]);
    expect(suite.acs.informs).to.have.length(2);
  });
});
