import { validateEmitted } from './emitted-envelopes.ts';

/** What mocha does once for all test files of a run. */
export const mochaHooks: Mocha.RootHookObject = {
  afterAll: function envelopesAgainstSchemas(this: Mocha.Context) {
    this.timeout(120_000);
    validateEmitted();
  },
};
