import { expect } from 'chai';

import type { Output } from '../../../src/cli/output.ts';
import { printable } from '../../../src/cli/output.ts';
import { runProgram } from '../../../src/cli/program.ts';
import { BEHAVIOURS, EVENT_FAULTS } from '../../../src/lab/device/device-fault.ts';
import { DEVICE_VERBS } from '../../../src/lab/device/device-commands.ts';
import { DEMO_DEVICES } from '../../../src/lab/demo/demo-devices.ts';
import { formatTable } from '../../../src/cli/table.ts';
import { listTreeNodes } from '../../../src/cli/tree-nodes.ts';

async function run(...commandLine: string[]): Promise<{ code: number; out: string; err: string }> {
  const result = { out: '', err: '' };
  const output: Output = {
    write: (text) => void (result.out += text),
    message: (line) => void (result.err += `${line}\n`),
    progress: () => undefined,
    columns: undefined,
  };
  return { code: await runProgram(commandLine, output), ...result };
}

describe('command line', () => {
  for (const command of [
    ['run'],
    ['check-config'],
    ['discover'],
    ['tree'],
    ['lab', 'device'],
    ['lab', 'acs'],
    ['lab', 'demo'],
  ]) {
    it(`has help with exit codes and examples for ${command.join(' ')}`, async () => {
      const { code, out, err } = await run(...command, '--help');
      expect([code, err]).to.deep.equal([0, '']);
      expect(out)
        .to.contain(`Usage: cwmp-proxier ${command.join(' ')}`)
        .and.match(/Exit codes: 0 /)
        .and.match(/Examples?:\n {2}cwmp-proxier/);
    });
  }

  it('tells in the help of lab what its devices understand, and how many there are', async () => {
    const device = await run('lab', 'device', '--help');
    for (const verb of DEVICE_VERBS) expect(device.out).to.match(new RegExp(`^ +${verb}\\b`, 'm'));
    for (const fault of [...BEHAVIOURS, ...EVENT_FAULTS]) expect(device.out).to.contain(fault);
    // Those of the story, one that is embedded and one without Device Management.
    expect(DEMO_DEVICES).to.have.length(4);
    for (const command of [['demo'], []]) {
      const { out } = await run('lab', ...command, '--help');
      expect(out)
        .to.match(/\bsix (simulated )?devices/)
        .and.not.match(/\bfour (simulated )?devices/);
    }
  });

  it('lists the commands and its version', async () => {
    const { code, out } = await run('--help');
    expect(code).to.equal(0);
    for (const name of ['run', 'check-config', 'discover', 'tree', 'lab'])
      expect(out).to.match(new RegExp(`^ +${name} `, 'm'));
    expect(await run('--version')).to.deep.include({ code: 0, err: '' });
    expect((await run('--version')).out).to.match(/^\d+\.\d+\.\d+\n$/);
  });

  const wrong: readonly (readonly [commandLine: readonly string[], message: RegExp])[] = [
    [['discov'], /unknown command 'discov'[^]*Did you mean discover\?/],
    [['discover', '--timeout', '0'], /allowed: a whole number, 1 to 300/],
    [['discover', '--jsn'], /unknown option '--jsn'[^]*Did you mean --json\?/],
    [['discover', 'extra'], /too many arguments/],
    [['tree'], /missing required argument 'device'/],
    [['lab', 'device'], /required option '-p, --profile <name>' not specified/],
    [
      ['lab', 'device', '--profile', 'bogus'],
      /^cwmp-proxier: profile "bogus" cannot be read: ENOENT; allowed: voip, nas, wifi, sensor, or [^\n]*\n$/,
    ],
    [['lab', 'device', '--profile', 'package.json'], /^cwmp-proxier: package\.json: unknown key [^\n]*\n$/],
    [['lab', 'acs', '--port', '65536'], /allowed: a whole number, 0 to 65535/],
    [['check-config', '--config', '/nonexistent/x.yaml'], /^\/nonexistent\/x\.yaml: cannot be read: ENOENT/],
    [
      ['run', '--config', 'config/default.yaml', '--set', 'log.level=loud'],
      /^--set: log\.level: "loud" is not allowed/,
    ],
  ];
  for (const [commandLine, message] of wrong) {
    it(`answers 2 and a remedy to: ${commandLine.join(' ')}`, async () => {
      const { code, out, err } = await run(...commandLine);
      expect([code, out]).to.deep.equal([2, '']);
      expect(err).to.match(message);
    });
  }

  it('prints a checked configuration as data and its warnings apart', async () => {
    const { code, out, err } = await run(
      ...['check-config', '--config', 'config/default.yaml'],
      ...['--set', 'acs.password=hunter2', '--set', 'acs.url=http://acs.example/'],
    );
    expect(code).to.equal(0);
    expect(out).to.contain('password: (set)').and.not.contain('hunter2');
    expect(err).to.match(/^warning: acs\.url: /);
  });

  it('makes text from the network harmless for a terminal', () => {
    expect(printable('a\u001b[2J\nb\u202e')).to.equal('a·[2J·b·');
    expect(formatTable(['A', 'B'], [['long', 'x\ty']], 8)).to.equal('A     B\nlong  x…\n');
  });

  it('lists parameters, tables and rows with what the device tells', () => {
    const nodes = listTreeNodes({
      subTrees: [],
      structure: ['/A/T/#/', '/A/T/#/Name', '/A/P', '/A/Empty/#/', '/A/Empty/#/X'],
      instances: ['/A/T/10/', '/A/T/2/'],
      attributes: new Map([
        ['/A/T/#/Name', { type: 'string', access: 'readWrite', eventOnChange: true }],
        ['/A/T/2/Name', { type: 'string', access: 'readOnly' }],
      ]),
      values: new Map([
        ['/A/P', '1'],
        ['/A/T/2/Name', 'two'],
        ['/A/T/10/Name', 'ten'],
      ]),
    });
    expect(nodes).to.deep.equal([
      { path: '/A/Empty/', kind: 'table' },
      { path: '/A/P', kind: 'parameter', value: '1' },
      { path: '/A/T/', kind: 'table' },
      { path: '/A/T/2/', kind: 'row' },
      { path: '/A/T/2/Name', kind: 'parameter', type: 'string', access: 'readOnly', value: 'two' },
      { path: '/A/T/10/', kind: 'row' },
      {
        path: '/A/T/10/Name',
        kind: 'parameter',
        type: 'string',
        access: 'readWrite',
        eventOnChange: true,
        value: 'ten',
      },
    ]);
  });
});
