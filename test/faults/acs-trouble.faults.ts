import { expect } from 'chai';
import dns from 'node:dns';
import { acsEnvelope, eventCodes, informResponse, ScriptedAcs } from '../support/scripted-acs.ts';
import { waitFor } from '../support/wait-for.ts';
import { EndpointFixture } from '../unit/cwmp/endpoint-fixture.ts';

const WATCHED = 'Device.DeviceInfo.SoftwareVersion';
const LONGEST_WAIT_MS = 5120_000;

/** The windows of the waits before each retry, seconds [TR-069 3.2.1.1]. */
function retryWindow(retry: number): readonly [number, number] {
  const from = 5 * 2 ** (Math.min(retry, 10) - 1);
  return [from, 2 * from];
}

describe('an ACS in trouble', () => {
  let acs: ScriptedAcs;
  let fixture: EndpointFixture;

  beforeEach(async () => {
    acs = await ScriptedAcs.start();
  });
  afterEach(async () => {
    await fixture.endpoint.stop();
    await acs.stop();
  });

  const retryCounts = (): number[] =>
    acs.informs.map(({ body }) => Number(/<RetryCount>(\d+)</.exec(body)?.[1]));
  const isOver = (): boolean => !fixture.endpoint.status().inSession;
  /** Lets the wait for the next retry pass, and says how long it was, in seconds. */
  const retryOnce = async (): Promise<number> => {
    const before = acs.informs.length;
    await waitFor(isOver, 'the end of the session');
    const waited = (fixture.clock.nextDelayMs ?? NaN) / 1000;
    fixture.clock.advance(fixture.clock.nextDelayMs ?? LONGEST_WAIT_MS);
    await waitFor(() => acs.informs.length > before, 'the next attempt');
    return waited;
  };

  for (const status of [500, 502, 503, 504]) {
    it(`answers ${status} for hours: the waits grow as the standard says, and then everything is told`, async () => {
      fixture = new EndpointFixture(acs.url);
      acs.script = () => ({ status, body: 'down', headers: { 'Retry-After': '1' } });
      await fixture.endpoint.start();
      await waitFor(() => acs.informs.length === 1, 'the first attempt');
      for (let retry = 1; retry <= 12; retry += 1) {
        const waited = await retryOnce();
        const [from, to] = retryWindow(retry);
        expect(waited, `wait ${retry}`).to.be.within(from, to);
      }
      expect(retryCounts()).to.deep.equal(Array.from({ length: 13 }, (_, index) => index));
      await waitFor(isOver, 'the end of the session');
      // What changed in those hours is told, too, and at once.
      acs.script = (request) => (request.message === 'Inform' ? { body: informResponse(request) } : {});
      fixture.change(WATCHED, '2.0');
      await waitFor(() => fixture.endpoint.status().lastInform?.result === 'succeeded', 'a session');
      const last = acs.informs.at(-1);
      if (last === undefined) throw new Error('no Inform');
      expect(eventCodes(last)).to.deep.equal(['0 BOOTSTRAP', '1 BOOT', '4 VALUE CHANGE']);
      expect(last.body).to.contain('<RetryCount>13</RetryCount>').and.contain('>2.0</Value>');
      expect(fixture.endpoint.status()).to.deep.include({ retryCount: 0, pendingEvents: [] });
    });
  }

  it('fails again and again in the middle of sessions: what was delivered is not told twice', async () => {
    fixture = new EndpointFixture(acs.url);
    const GRM = '<cwmp:GetRPCMethods/>';
    let broken = 5;
    acs.script = (request) => {
      if (request.message === 'Inform') return { body: informResponse(request) };
      if (request.message === '') return { body: acsEnvelope(GRM, 'x') };
      broken -= 1;
      return broken < 0 ? {} : { status: 500, body: 'oops' };
    };
    await fixture.endpoint.start();
    await waitFor(() => acs.informs.length === 1 && isOver(), 'the first attempt');
    for (let index = 0; index < 3; index += 1) {
      await fixture.endpoint.enqueueEvent('M Reboot', `key${index}`);
      await waitFor(() => isOver() && acs.informs.length >= index + 2, 'another attempt');
    }
    const told = acs.informs.flatMap(eventCodes);
    expect(told.filter((code) => code === '0 BOOTSTRAP')).to.have.length(1);
    expect(told.filter((code) => code === 'M Reboot')).to.have.length(3);
  });

  describe('whose name cannot be resolved', () => {
    const { lookup } = dns;
    afterEach(() => {
      dns.lookup = lookup;
    });

    it('is found again when the name is back', async () => {
      let isGone = true;
      const port = new URL(acs.url).port;
      // The system's resolver is no part of what is tested: it is told what to say of one name.
      const resolver = (name: string, options: unknown, callback: unknown): void => {
        const answer = (typeof options === 'function' ? options : callback) as (...result: unknown[]) => void;
        if (name !== 'acs.invalid')
          return void (lookup as (...all: unknown[]) => void)(name, options, callback);
        if (isGone)
          answer(Object.assign(new Error('getaddrinfo ENOTFOUND acs.invalid'), { code: 'ENOTFOUND' }));
        else if (typeof options === 'object' && options !== null && 'all' in options && options.all === true)
          answer(null, [{ address: '127.0.0.1', family: 4 }]);
        else answer(null, '127.0.0.1', 4);
      };
      dns.lookup = resolver as typeof dns.lookup;
      fixture = new EndpointFixture(`http://acs.invalid:${port}/`);
      await fixture.endpoint.start();
      for (let retry = 1; retry <= 3; retry += 1) {
        await waitFor(() => isOver() && fixture.endpoint.status().retryCount === retry, `failure ${retry}`);
        expect(fixture.endpoint.status().lastInform?.error).to.contain('acs.invalid');
        expect(acs.informs).to.deep.equal([]);
        isGone = retry < 3;
        fixture.clock.advance(fixture.clock.nextDelayMs ?? NaN);
      }
      await waitFor(() => fixture.endpoint.status().lastInform?.result === 'succeeded', 'a session');
      expect(retryCounts()).to.deep.equal([3]);
    });
  });
});
