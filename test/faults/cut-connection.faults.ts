import { expect } from 'chai';
import {
  acsEnvelope,
  eventCodes,
  informResponse,
  ScriptedAcs,
  type AcsAnswer,
  type AcsRecord,
} from '../support/scripted-acs.ts';
import { waitFor } from '../support/wait-for.ts';
import { EndpointFixture } from '../unit/cwmp/endpoint-fixture.ts';
import { CuttingProxy, type Cut, type Direction } from './cutting-proxy.ts';

const SPV =
  '<cwmp:SetParameterValues><ParameterList><ParameterValueStruct><Name>Device.DeviceInfo.ProvisioningCode</Name>' +
  '<Value>written</Value></ParameterValueStruct></ParameterList><ParameterKey>k1</ParameterKey></cwmp:SetParameterValues>';
const LONGEST_RETRY_MS = 10 * 60_000;

const CHALLENGE = {
  status: 401,
  headers: { 'WWW-Authenticate': 'Digest realm="ACS", qop="auth", nonce="n1"' },
} as const;
const SESSION_COOKIE = 'session=1';

describe('an ACS whose connection breaks', function () {
  this.timeout(300_000);
  let acs: ScriptedAcs;
  let proxy: CuttingProxy;
  /** The CPE has answered SetParameterValues. */
  let isAnswered = false;
  /** Wants Digest and, after the Inform, its cookie. */
  let isStrict = false;
  /** Requests that were let in. */
  let taken: AcsRecord[] = [];

  const answer = (request: AcsRecord): AcsAnswer => {
    if (isStrict && request.headers.authorization === undefined) return CHALLENGE;
    const isInform = request.message === 'Inform';
    if (isStrict && !isInform && request.headers.cookie !== SESSION_COOKIE) return { status: 403 };
    taken.push(request);
    if (isInform) return { body: informResponse(request), headers: { 'Set-Cookie': SESSION_COOKIE } };
    if (request.message === 'SetParameterValuesResponse') isAnswered = true;
    return isAnswered ? {} : { body: acsEnvelope(SPV, 'spv') };
  };
  const informsTaken = (): AcsRecord[] => taken.filter(({ message }) => message === 'Inform');

  before(async () => {
    acs = await ScriptedAcs.start();
    proxy = await CuttingProxy.start(Number(new URL(acs.url).port));
    acs.script = answer;
  });

  beforeEach(() => {
    isStrict = false;
  });

  after(async () => {
    await proxy.stop();
    await acs.stop();
  });

  /** A session that breaks at `cut`, and what follows until all is told. @returns problems */
  async function breakOnce(cut: Cut | undefined): Promise<string[]> {
    acs.requests.length = 0;
    taken = [];
    isAnswered = false;
    proxy.reset(cut);
    const fixture = new EndpointFixture(proxy.url);
    const { endpoint, clock } = fixture;
    const problems: string[] = [];
    const isOver = (): boolean => {
      const { inSession, lastInform } = endpoint.status();
      return !inSession && lastInform !== undefined && lastInform.result !== 'running';
    };
    await endpoint.start();
    await waitFor(
      () => {
        // Nothing but time ends a session that hangs.
        if (cut?.kind === 'stall') clock.advance(1000);
        return isOver();
      },
      `the end of the broken session, ${JSON.stringify(cut)}`,
    );
    const failed = endpoint.status().lastInform?.result === 'failed';
    if (isAnswered && endpoint.parameterKey !== 'k1')
      problems.push('the answer came before the change was kept');
    proxy.reset(undefined);
    const before = informsTaken().length;
    if (failed) {
      clock.advance(LONGEST_RETRY_MS);
      await waitFor(
        () => informsTaken().length > before && isOver(),
        `the retry after ${JSON.stringify(cut)}`,
      );
      if (!informsTaken().at(-1)?.body.includes('<RetryCount>1</RetryCount>'))
        problems.push('RetryCount is not 1');
      if (endpoint.status().lastInform?.result !== 'succeeded') problems.push('the retry failed');
      if (!isAnswered || endpoint.parameterKey !== 'k1') problems.push('the write was not carried out');
    }
    const told = informsTaken().filter((inform) => eventCodes(inform).includes('0 BOOTSTRAP'));
    const goesOn = taken.findIndex(({ message }) => message !== 'Inform');
    const late = taken.slice(Math.max(0, goesOn)).some((request) => told.includes(request));
    if (told.length === 0) problems.push('no BOOTSTRAP');
    if (goesOn !== -1 && late) problems.push('BOOTSTRAP again though the CPE had the answer');
    if (endpoint.status().pendingEvents.length > 0) problems.push('events are left');
    await endpoint.stop();
    return problems.map((problem) => `${JSON.stringify(cut)}: ${problem}`);
  }

  async function breakEverywhere(direction: Direction, kind: Cut['kind'], step: number): Promise<void> {
    expect(await breakOnce(undefined)).to.deep.equal([]);
    expect(acs.requests.length - taken.length, 'challenges').to.equal(isStrict ? 1 : 0);
    const total = await lengthOf(direction);
    expect(total).to.be.greaterThan(500);
    const problems: string[] = [];
    for (let bytes = 1; bytes <= total; bytes += step) {
      problems.push(...(await breakOnce({ direction, bytes, kind })));
    }
    expect(problems.slice(0, 5)).to.deep.equal([]);
  }

  /** Bytes of an unbroken session. */
  async function lengthOf(direction: Direction): Promise<number> {
    const fixture = new EndpointFixture(proxy.url);
    acs.requests.length = 0;
    isAnswered = false;
    proxy.reset(undefined);
    await fixture.endpoint.start();
    await waitFor(() => fixture.endpoint.status().lastInform?.result === 'succeeded', 'a session');
    await fixture.endpoint.stop();
    return proxy.passed[direction];
  }

  it('is reset at every byte of its answers', () => breakEverywhere('toCpe', 'reset', 1));
  it('ends early at every byte of its answers', () => breakEverywhere('toCpe', 'end', 1));
  it('is reset at any byte of what the CPE says', () => breakEverywhere('toAcs', 'reset', 3));
  it('hangs half-open at any byte of its answers', () => breakEverywhere('toCpe', 'stall', 37));
  it('hangs half-open at any byte of what the CPE says', () => breakEverywhere('toAcs', 'stall', 101));

  describe('and which wants Digest and its cookie', () => {
    beforeEach(() => {
      isStrict = true;
    });

    it('is reset at any byte of its answers', () => breakEverywhere('toCpe', 'reset', 7));
    it('ends early at any byte of its answers', () => breakEverywhere('toCpe', 'end', 7));
    it('is reset at any byte of what the CPE says', () => breakEverywhere('toAcs', 'reset', 23));
    it('hangs half-open at any byte of its answers', () => breakEverywhere('toCpe', 'stall', 131));
  });
});
