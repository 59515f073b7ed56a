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

/** An ACS that writes one value, behind a connection that breaks, and the CPEs that call it one after the other. */
export class BrokenAcs {
  readonly #acs: ScriptedAcs;
  readonly #proxy: CuttingProxy;
  readonly #isStrict: boolean;
  /** The CPE has answered SetParameterValues. */
  #isAnswered = false;
  /** Requests that were let in. */
  #taken: AcsRecord[] = [];

  private constructor(acs: ScriptedAcs, proxy: CuttingProxy, isStrict: boolean) {
    this.#acs = acs;
    this.#proxy = proxy;
    this.#isStrict = isStrict;
    acs.script = (request) => this.#answer(request);
  }

  /** @param isStrict it wants Digest and, after the Inform, its cookie */
  static async start(isStrict: boolean): Promise<BrokenAcs> {
    const acs = await ScriptedAcs.start();
    return new BrokenAcs(acs, await CuttingProxy.start(Number(new URL(acs.url).port)), isStrict);
  }

  async stop(): Promise<void> {
    await this.#proxy.stop();
    await this.#acs.stop();
  }

  /** Requests of the last session that were refused for want of credentials. */
  get challenges(): number {
    return this.#acs.requests.length - this.#taken.length;
  }

  /** Bytes of an unbroken session. */
  async lengthOf(direction: Direction): Promise<number> {
    const { endpoint } = this.#begin(undefined);
    await endpoint.start();
    await waitFor(() => endpoint.status().lastInform?.result === 'succeeded', 'a session');
    await endpoint.stop();
    return this.#proxy.passed[direction];
  }

  /** A session that breaks at `cut`, and what follows until all is told. @returns problems */
  async breakOnce(cut: Cut | undefined): Promise<string[]> {
    const fixture = this.#begin(cut);
    const { endpoint } = fixture;
    const problems: string[] = [];
    await endpoint.start();
    await this.#waitForTheBreak(fixture, cut);
    if (this.#isAnswered && endpoint.parameterKey !== 'k1')
      problems.push('the answer came before the change was kept');
    this.#proxy.reset(undefined);
    if (endpoint.status().lastInform?.result === 'failed')
      problems.push(...(await this.#retry(fixture, cut)));
    problems.push(...this.#judgeBootstrap());
    if (endpoint.status().pendingEvents.length > 0) problems.push('events are left');
    await endpoint.stop();
    return problems.map((problem) => `${JSON.stringify(cut)}: ${problem}`);
  }

  #begin(cut: Cut | undefined): EndpointFixture {
    this.#acs.requests.length = 0;
    this.#taken = [];
    this.#isAnswered = false;
    this.#proxy.reset(cut);
    return new EndpointFixture(this.#proxy.url);
  }

  async #waitForTheBreak({ endpoint, clock }: EndpointFixture, cut: Cut | undefined): Promise<void> {
    await waitFor(
      () => {
        // Nothing but time ends a session that hangs.
        if (cut?.kind === 'stall') clock.advance(1000);
        return isOver(endpoint);
      },
      `the end of the broken session, ${JSON.stringify(cut)}`,
    );
  }

  async #retry({ endpoint, clock }: EndpointFixture, cut: Cut | undefined): Promise<string[]> {
    const problems: string[] = [];
    const before = this.#informs.length;
    clock.advance(LONGEST_RETRY_MS);
    await waitFor(
      () => this.#informs.length > before && isOver(endpoint),
      `the retry after ${JSON.stringify(cut)}`,
    );
    if (!this.#informs.at(-1)?.body.includes('<RetryCount>1</RetryCount>'))
      problems.push('RetryCount is not 1');
    if (endpoint.status().lastInform?.result !== 'succeeded') problems.push('the retry failed');
    if (!this.#isAnswered || endpoint.parameterKey !== 'k1') problems.push('the write was not carried out');
    return problems;
  }

  #judgeBootstrap(): string[] {
    const told = this.#informs.filter((inform) => eventCodes(inform).includes('0 BOOTSTRAP'));
    const goesOn = this.#taken.findIndex(({ message }) => message !== 'Inform');
    const isLate = goesOn !== -1 && this.#taken.slice(goesOn).some((request) => told.includes(request));
    return [
      ...(told.length === 0 ? ['no BOOTSTRAP'] : []),
      ...(isLate ? ['BOOTSTRAP again though the CPE had the answer'] : []),
    ];
  }

  get #informs(): AcsRecord[] {
    return this.#taken.filter(({ message }) => message === 'Inform');
  }

  #answer(request: AcsRecord): AcsAnswer {
    if (this.#isStrict && request.headers.authorization === undefined) return CHALLENGE;
    const isInform = request.message === 'Inform';
    if (this.#isStrict && !isInform && request.headers.cookie !== SESSION_COOKIE) return { status: 403 };
    this.#taken.push(request);
    if (isInform) return { body: informResponse(request), headers: { 'Set-Cookie': SESSION_COOKIE } };
    if (request.message === 'SetParameterValuesResponse') this.#isAnswered = true;
    return this.#isAnswered ? {} : { body: acsEnvelope(SPV, 'spv') };
  }
}

function isOver(endpoint: EndpointFixture['endpoint']): boolean {
  const { inSession, lastInform } = endpoint.status();
  return !inSession && lastInform !== undefined && lastInform.result !== 'running';
}
