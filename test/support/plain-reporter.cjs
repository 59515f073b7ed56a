'use strict';
// Mocha's own spec reporter, closed by one line that a script can read: `N passed, N failed, N skipped`.
const Mocha = require('mocha');

module.exports = class PlainReporter extends Mocha.reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    runner.once('end', () => {
      const { passes = 0, failures = 0, pending = 0 } = this.stats;
      process.stdout.write(`${passes} passed, ${failures} failed, ${pending} skipped\n`);
    });
  }
};
