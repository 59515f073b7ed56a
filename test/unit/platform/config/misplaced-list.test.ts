import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';

import { loadConfig } from '../../../../src/platform/config/load-config.ts';

const MINIMAL = 'acs:\n  url: https://acs.example/\nlan:\n  interfaces: [lo]\n';
const STATUS = 'a list is not allowed; allowed: the keys host, port';
const MATCH =
  'a list is not allowed; allowed: one or more of manufacturerOui, productClass, serialNumber, modelName, deviceType, udn, address';

describe('config: a list where keys belong', () => {
  let folder: string;
  let file: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'config-list-'));
    file = join(folder, 'home.yaml');
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  /** The error's text, with the file named FILE; `accepted` when there is none. */
  const refusal = async (text: string, overrides: readonly string[] = []): Promise<string> => {
    await writeFile(file, text);
    return loadConfig(file, overrides).then(
      () => 'accepted',
      (error: Error) => error.message.replaceAll(file, 'FILE'),
    );
  };

  const wrong: readonly (readonly [yaml: string, line: string])[] = [
    ['log: [info]', 'FILE:5: log: a list is not allowed; allowed: the keys level, format'],
    ['status: [1, 2]', `FILE:5: status: ${STATUS}`],
    ['status: []', `FILE:5: status: ${STATUS}`],
    ['devices: { rules: [{ match: [a], mechanism: virtual }] }', `FILE:5: devices.rules.0.match: ${MATCH}`],
    ['devices: { rules: [{ match: [], mechanism: virtual }] }', `FILE:5: devices.rules.0.match: ${MATCH}`],
    [
      'devices: { rules: [[virtual]] }',
      'FILE:5: devices.rules.0: a list is not allowed; allowed: a rule with match and mechanism',
    ],
  ];
  for (const [yaml, line] of wrong) {
    it(`is refused with place and remedy: ${yaml}`, async () => {
      expect(await refusal(MINIMAL + yaml)).to.equal(line);
    });
  }

  it('is refused from the command line', async () => {
    const line = '--set: log: a list is not allowed; allowed: the keys level, format';
    expect(await refusal(MINIMAL, ['log=[1]'])).to.equal(line);
    expect(await refusal(MINIMAL, ['log=[]'])).to.equal(line);
  });

  it('is the only line about a section that must be there', async () => {
    const acs = 'acs: [{ url: https://acs.example/, password: hunter2 }]\nlan: [lo]\n';
    expect((await refusal(acs)).split('\n')).to.deep.equal([
      'FILE:1: acs: a list is not allowed; allowed: the keys url, username, password, passwordFile, tls, periodicInformIntervalSeconds, enableCwmpAtStart',
      'FILE:2: lan: a list is not allowed; allowed: the keys interfaces',
    ]);
    expect(await refusal('- acs\n- lan\n')).to.match(/^FILE: a list is not allowed; allowed: the keys acs, /);
  });
});
