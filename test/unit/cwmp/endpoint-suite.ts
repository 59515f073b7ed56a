import { callingSession, emptySession, ScriptedAcs } from '../../support/scripted-acs.ts';
import { waitFor } from '../../support/wait-for.ts';
import { EndpointFixture, stopAtOnce } from './endpoint-fixture.ts';

/** An ACS and the endpoints of one test; registers its own hooks, so call it inside `describe`. */
export class EndpointSuite {
  acs!: ScriptedAcs;
  readonly #fixtures: EndpointFixture[] = [];
  readonly #others: ScriptedAcs[] = [];

  constructor() {
    beforeEach(async () => {
      this.acs = await ScriptedAcs.start();
    });
    afterEach(async () => {
      for (const fixture of this.#fixtures.splice(0)) await stopAtOnce(fixture);
      for (const acs of [this.acs, ...this.#others.splice(0)]) await acs.stop();
    });
  }

  /** An endpoint of this ACS, not started yet. */
  make(options: ConstructorParameters<typeof EndpointFixture>[1] = {}): EndpointFixture {
    const fixture = new EndpointFixture(this.acs.url, options);
    this.#fixtures.push(fixture);
    return fixture;
  }

  /** An endpoint whose first session, with these calls of the ACS, is over and forgotten. */
  async ready(calls: readonly string[], fixture = this.make()): Promise<EndpointFixture> {
    this.acs.script = callingSession(calls);
    await fixture.endpoint.start();
    await this.idle(fixture, 1);
    this.acs.script = emptySession();
    this.acs.requests.length = 0;
    return fixture;
  }

  /** The daemon is started anew: what is on the disk is all that is left. */
  async restart(
    before: EndpointFixture,
    prepare: (fixture: EndpointFixture) => void = () => undefined,
  ): Promise<EndpointFixture> {
    await before.endpoint.stop();
    const after = this.make({ store: before.store });
    for (const [path, value] of before.provider.values) after.provider.values.set(path, value);
    for (const [path, value] of before.remote.values) after.remote.values.set(path, value);
    prepare(after);
    await after.endpoint.start();
    return after;
  }

  async anotherAcs(): Promise<ScriptedAcs> {
    const acs = await ScriptedAcs.start();
    this.#others.push(acs);
    return acs;
  }

  /** Waits until the ACS has got `sessions` Informs and the endpoint is in no session. */
  async idle(fixture: EndpointFixture, sessions: number): Promise<void> {
    await waitFor(
      () => this.acs.informs.length >= sessions && !fixture.endpoint.status().inSession,
      `${sessions} sessions to be over`,
    );
  }
}
