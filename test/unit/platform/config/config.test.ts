import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';

import { chooseMechanism } from '../../../../src/platform/config/config.ts';
import type { Config } from '../../../../src/platform/config/config.ts';
import { ConfigError } from '../../../../src/platform/config/config-error.ts';
import { formatConfig } from '../../../../src/platform/config/format-config.ts';
import { loadConfig } from '../../../../src/platform/config/load-config.ts';
import { describeKey } from '../../../../src/platform/config/schema.ts';
import { parseYamlSource } from '../../../../src/platform/config/yaml-source.ts';

const ROOT = new URL('../../../../', import.meta.url).pathname;
const MINIMAL = 'acs:\n  url: https://acs.example/\nlan:\n  interfaces: [lo]\n';
const OWN_OUI = 'proxier.manufacturerOui=00D09E';

describe('config', () => {
  let folder: string;
  let file: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'config-test-'));
    file = join(folder, 'home.yaml');
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const load = async (text: string, overrides: readonly string[] = []): Promise<Config> => {
    await writeFile(file, text);
    return loadConfig(file, overrides);
  };
  /** The error's lines, with the file named FILE. */
  const errors = async (text: string, overrides: readonly string[] = []): Promise<string[]> => {
    try {
      await load(text, overrides);
    } catch (error) {
      if (error instanceof ConfigError) return error.message.replaceAll(file, 'FILE').split('\n');
      throw error;
    }
    throw new Error('should have been refused');
  };

  it('needs an ACS and an interface only', async () => {
    const config = await load(MINIMAL);
    expect(config.connectionRequest).to.deep.equal({ host: '0.0.0.0', port: 7547 });
    expect(config.status).to.deep.equal({ host: '127.0.0.1', port: 7580 });
    expect(config.state.directory).to.equal('/var/lib/cwmp-proxier');
    expect(config.acs.periodicInformIntervalSeconds).to.equal(3600);
    expect(config.acs.tls).to.deep.equal({ minVersion: 'TLSv1.2' });
    expect(config.devices).to.deep.equal({
      default: 'virtual',
      rules: [],
      pollIntervalSeconds: 60,
      alarms: false,
      maxDevices: 128,
      forgetAfterSeconds: 2_592_000,
    });
    expect(config.proxier).to.not.have.property('serialNumber');
    expect(config.warnings).to.deep.equal([
      "proxier.manufacturerOui: 000000 is nobody's; use the OUI of the maker of this gateway",
    ]);
    expect((await load(MINIMAL, [OWN_OUI])).warnings).to.deep.equal([]);
  });

  const wrong: readonly (readonly [name: string, yaml: string, lines: readonly string[]])[] = [
    [
      'an unknown key',
      `${MINIMAL}status:\n  prot: 1\n`,
      ['FILE:6: status.prot: unknown key, did you mean port?; allowed: host, port'],
    ],
    [
      'a wrong type',
      `${MINIMAL}status:\n  port: "80"\n`,
      ['FILE:6: status.port: "80" is not allowed; allowed: a port number, 0 (any free one) to 65535'],
    ],
    [
      'a value out of range',
      MINIMAL.replace('lan:', '  periodicInformIntervalSeconds: 0\nlan:'),
      [
        'FILE:3: acs.periodicInformIntervalSeconds: 0 is not allowed; allowed: a whole number of seconds, 1 to 4294967295',
      ],
    ],
    [
      'what is missing',
      'acs: {}\n',
      [
        'FILE:1: acs.url: is missing; allowed: an http:// or https:// URL of at most 256 characters, without user name (see acs.username)',
        'FILE: lan: is missing; allowed: the keys interfaces',
      ],
    ],
    [
      'an empty file',
      '',
      [
        'FILE: acs: is missing; allowed: the keys url, username, password, passwordFile, tls, periodicInformIntervalSeconds, enableCwmpAtStart',
        'FILE: lan: is missing; allowed: the keys interfaces',
      ],
    ],
    ['a key that is there twice', `${MINIMAL}lan: {}\n`, ['FILE:5: the key is there twice; allowed: once']],
    [
      'an alias',
      `${MINIMAL}log: &a {}\nstatus: *a\n`,
      ['FILE:6: aliases (*name) are not supported; allowed: plain keys, lists and values'],
    ],
    [
      'a second document',
      `${MINIMAL}---\na: 1\n`,
      ['FILE:5: a second document (---) begins here; allowed: one document'],
    ],
    [
      'a rule',
      `${MINIMAL}devices:\n  rules:\n    - match: { udn: x }\n      mechanism: hide\n    - { match: {}, mechanism: ignore }\n`,
      [
        'FILE:8: devices.rules.0.mechanism: "hide" is not allowed; allowed: virtual, embedded, ignore',
        'FILE:9: devices.rules.1.match: {} is not allowed; allowed: one or more of manufacturerOui, productClass, serialNumber, modelName, deviceType, udn, address',
      ],
    ],
    [
      'user information in the URL',
      MINIMAL.replace('acs.example', 'me:pw@acs.example'),
      [
        'FILE:2: acs.url: "https://***@acs.example/" is not allowed; allowed: an http:// or https:// URL of at most 256 characters, without user name (see acs.username)',
      ],
    ],
  ];
  for (const [name, yaml, lines] of wrong) {
    it(`names place and remedy of ${name}`, async () => {
      expect(await errors(yaml)).to.deep.equal(lines);
    });
  }

  it('survives an alias bomb, prototype keys and text that is no YAML', async () => {
    const bomb = Array.from(
      { length: 30 },
      (_, i) => `k${i}: &a${i} [${`*a${i - 1},`.repeat(i === 0 ? 0 : 9)}]`,
    );
    expect(await errors(bomb.join('\n'))).to.have.length(1);
    expect((await errors(`${MINIMAL}__proto__: {a: 1}\n`))[0]).to.match(/^FILE:5: __proto__: unknown key/);
    expect((await errors('acs: [\n'))[0]).to.match(/^FILE:\d+: not valid YAML: /);
    expect((await errors('%TAG x\n\u0000'))[0]).to.match(/^FILE:\d+: /);
  });

  it('says when the file cannot be read', async () => {
    const failure = await loadConfig(join(folder, 'none.yaml'), []).catch((error: unknown) => error);
    expect(String(failure)).to.contain('none.yaml: cannot be read: ENOENT');
    expect(String(await loadConfig(folder, []).catch((error: unknown) => error))).to.contain(
      'not a regular file',
    );
  });

  it('is overridden by --set, JSON or text', async () => {
    const config = await load(MINIMAL, [
      'lan.interfaces=["eth0","lo"]',
      'log.level=debug',
      'status.port=0',
      'acs.username=a=b',
    ]);
    expect(config.lan.interfaces).to.deep.equal(['eth0', 'lo']);
    expect([config.log.level, config.status.port, config.acs.username]).to.deep.equal(['debug', 0, 'a=b']);
  });

  it('names --set where that is wrong, and repeats no value that may be secret', async () => {
    expect(await errors(MINIMAL, ['log.level=loud', 'stat.port=1', 'acs.password=[1]'])).to.deep.equal([
      '--set: stat: unknown key, did you mean state?; allowed: acs, proxier, lan, connectionRequest, status, state, devices, embedded, inventory, log',
      '--set: acs.password: a object of this form is not allowed; allowed: text of at most 256 characters, none of them a control character',
      '--set: log.level: "loud" is not allowed; allowed: error, warn, info, debug',
    ]);
    expect(await errors(MINIMAL, ['acs.pass word=hunter2', '__proto__.x=1'])).to.deep.equal([
      '--set: "acs.pass word" is not a key; allowed: KEY=VALUE with a dotted key, e.g. log.level=debug',
      '--set: "__proto__.x" is not a key; allowed: KEY=VALUE with a dotted key, e.g. log.level=debug',
    ]);
  });

  it('reads the password from a file beside the config', async () => {
    const withFile = MINIMAL.replace('lan:', '  passwordFile: secret\nlan:');
    expect((await errors(withFile))[0]).to.match(
      /^FILE:3: acs\.passwordFile: .*secret cannot be read: ENOENT/,
    );
    await writeFile(join(folder, 'secret'), 'pa ss \n', { mode: 0o600 });
    const config = await load(withFile, [OWN_OUI]);
    expect(config.acs.password).to.equal('pa ss ');
    expect(config.warnings).to.deep.equal([]);
    expect(await errors(withFile.replace('lan:', '  password: x\nlan:'))).to.deep.equal([
      'FILE:3: acs.passwordFile: is given together with acs.password; allowed: one of them',
    ]);
    expect((await load(withFile, ['acs.password=other'])).acs.password).to.equal('other');
    await writeFile(join(folder, 'open'), 'x', { mode: 0o644 });
    expect((await load(withFile, ['acs.passwordFile=open'])).warnings[0]).to.contain('mode 0600');
  });

  it('refuses a certificate file that holds none, and half a pair', async () => {
    await writeFile(join(folder, 'ca.pem'), 'nonsense');
    const lines = await errors(
      MINIMAL.replace('lan:', '  tls:\n    caFile: ca.pem\n    keyFile: none.pem\nlan:'),
    );
    expect(lines[0]).to.match(/^FILE:4: acs\.tls\.caFile: .*ca\.pem cannot be used: /);
    expect(lines[1]).to.match(/^FILE:5: acs\.tls\.keyFile: .*ENOENT/);
    expect(lines[2]).to.match(/^FILE:3: acs\.tls\.certificateFile: is missing/);
  });

  it('warns about an ACS without encryption', async () => {
    const { warnings } = await load(MINIMAL, ['acs.url=http://acs.example/', OWN_OUI]);
    expect(warnings).to.have.length(1);
    expect(warnings[0]).to.contain('not encrypted');
  });

  it('takes a poll interval of a day at most, and 0 for none', async () => {
    const loadWith = (seconds: string): Promise<Config> =>
      load(MINIMAL, [`devices.pollIntervalSeconds=${seconds}`]);
    expect((await loadWith('0')).devices.pollIntervalSeconds).to.equal(0);
    expect((await loadWith('86400')).devices.pollIntervalSeconds).to.equal(86_400);
    expect(await errors(MINIMAL, ['devices.pollIntervalSeconds=-1'])).to.deep.equal([
      '--set: devices.pollIntervalSeconds: -1 is not allowed; allowed: a whole number of seconds, 0 to 86400',
    ]);
  });

  it('refuses Embedded Objects where the proxier has no endpoint', async () => {
    const rules = 'devices: { default: embedded, rules: [{ match: { udn: "*" }, mechanism: embedded }] }\n';
    const allowed =
      'is embedded, but proxier.endpoint is false; allowed: virtual or ignore, or proxier.endpoint: true';
    expect(await errors(`${MINIMAL}${rules}`, ['proxier.endpoint=false'])).to.deep.equal([
      `FILE:5: devices.default: ${allowed}`,
      `FILE:5: devices.rules.0.mechanism: ${allowed}`,
    ]);
    expect((await load(`${MINIMAL}${rules}`)).devices.default).to.equal('embedded');
  });

  it('prints itself with secrets masked', async () => {
    const text = formatConfig(await load(MINIMAL, ['acs.password=hunter2']));
    expect(text).to.contain('password: (set)').and.not.contain('hunter2');
    expect(text).to.contain('url: https://acs.example/').and.contain('port: 7547');
  });

  it('prints every key that there is, and no file contents', async () => {
    const pattern = { manufacturerOui: 'A', productClass: 'B', serialNumber: 'C', modelName: 'D' };
    const rules = [
      { match: { ...pattern, deviceType: 'E', udn: 'F', address: 'G' }, mechanism: 'ignore' as const },
    ];
    const config = await load(MINIMAL, ['connectionRequest.publicUrl=http://192.0.2.1:7547']);
    const files = { caFile: '/ca', certificateFile: '/cert', keyFile: '/key' };
    const text = formatConfig({
      ...config,
      acs: {
        ...config.acs,
        passwordFile: '/password',
        tls: { ...config.acs.tls, ...files, ca: 'PEM-1', certificate: 'PEM-2', key: 'PEM-3' },
      },
      devices: { ...config.devices, rules },
      warnings: ['WARNING'],
    });
    const printed: unknown = parseYamlSource('printed', text).data;
    for (const path of leafKeys([])) {
      const value = path.reduce(
        (at: unknown, key) => (at as Record<string, unknown> | undefined)?.[key],
        printed,
      );
      expect(value, path.join('.')).not.to.equal(undefined);
    }
    expect(text).not.to.match(/PEM|WARNING/);
  });

  it('chooses the mechanism by the first rule that matches', () => {
    const devices = {
      default: 'virtual',
      rules: [
        { match: { modelName: '*cam*v?', address: '10.*' }, mechanism: 'ignore' },
        { match: { productClass: 'nas' }, mechanism: 'ignore' },
        { match: { udn: '*' }, mechanism: 'embedded' },
      ],
    } as const;
    expect(chooseMechanism(devices, { modelName: 'WebCam xv?', address: '10.0.0.1', udn: 'u' })).to.equal(
      'ignore',
    );
    expect(chooseMechanism(devices, { modelName: 'WebCam xv?', address: '11.0.0.1', udn: 'u' })).to.equal(
      'embedded',
    );
    expect(chooseMechanism(devices, { productClass: 'NAS' })).to.equal('ignore');
    expect(chooseMechanism({ ...devices, rules: [] }, {})).to.equal('virtual');
    const overlap = {
      default: 'virtual',
      rules: [{ match: { udn: 'ab*ba' }, mechanism: 'ignore' }],
    } as const;
    expect(chooseMechanism(overlap, { udn: 'aba' })).to.equal('virtual');
  });

  it('documents every key in config/default.yaml with its default', async () => {
    const name = join(ROOT, 'config/default.yaml');
    const text = await readFile(name, 'utf8');
    for (const key of leafKeys([])) expect(text, key.join('.')).to.match(new RegExp(`\\b${key.at(-1)}:`));
    const documented = await loadConfig(name, []);
    const defaults = await load(MINIMAL, ['acs.url=http://127.0.0.1:7557/']);
    expect(documented).to.deep.equal(defaults);
  });

  it('has an example for an ISP gateway whose only fault is that its files are elsewhere', async () => {
    await writeFile(join(folder, 'secret'), 'x', { mode: 0o600 });
    const failure: unknown = await loadConfig(join(ROOT, 'config/isp-gateway.yaml'), [
      `acs.passwordFile=${join(folder, 'secret')}`,
    ]).catch((error: unknown) => error);
    expect(failure).to.be.instanceOf(ConfigError);
    if (failure instanceof ConfigError) {
      expect(failure.problems.map(({ path }) => path)).to.deep.equal(['acs.tls.caFile']);
    }
  });
});

function leafKeys(path: readonly string[]): string[][] {
  const keys = describeKey(path)?.keys;
  if (keys !== undefined) return keys.flatMap((key) => leafKeys([...path, key]));
  const inList = describeKey([...path, '0'])?.keys;
  return inList === undefined ? [[...path]] : [[...path], ...leafKeys([...path, '0'])];
}
