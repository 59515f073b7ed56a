import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { expect } from 'chai';

import { waitFor } from '../support/wait-for.ts';

const MAIN = new URL('../../src/main.ts', import.meta.url).pathname;

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

interface Running {
  readonly child: Child;
  readonly output: { out: string; err: string };
  exitCode(): Promise<number | null>;
}

describe('cwmp-proxier as a process', function () {
  this.timeout(60_000);
  const children: Child[] = [];
  let directory: string;

  const start = (...commandLine: string[]): Running => {
    const child = spawn(process.execPath, ['--import', 'tsx', MAIN, ...commandLine], { stdio: 'pipe' });
    children.push(child);
    const output = { out: '', err: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output.out += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (output.err += text));
    const closed = once(child, 'close');
    return { child, output, exitCode: () => closed.then(() => child.exitCode) };
  };
  const run = async (
    ...commandLine: string[]
  ): Promise<{ code: number | null; out: string; err: string }> => {
    const running = start(...commandLine);
    return { code: await running.exitCode(), ...running.output };
  };

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'cli-test-'));
  });
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    await rm(directory, { recursive: true, force: true });
  });

  it('finds a device on the loopback interface and prints its tree', async () => {
    const device = start('lab', 'device', '--profile', 'sensor');
    await waitFor(() => device.output.out.includes('\n'), 'device ready', 20_000);
    const udn = /uuid:[0-9a-f-]{36}/.exec(device.output.out)?.[0] ?? '';

    const list = await run('discover', '--interface', 'lo', '--timeout', '3', '--json');
    expect(list.code).to.equal(0);
    const devices = JSON.parse(list.out) as { manageable: boolean; management: { udn: string }[] }[];
    // The sensor is embedded in a root device of another kind.
    const found = devices.find(({ management }) => management.some((service) => service.udn === udn));
    expect(found?.manageable).to.equal(true);

    const tree = await run('tree', udn, '/UPnP/DM/DeviceInfo', '--interface', 'lo', '--json');
    expect(tree.err).to.equal('');
    const { nodes } = JSON.parse(tree.out) as { nodes: { path: string; type?: string; value?: string }[] };
    const oui = nodes.find(({ path }) => path.endsWith('/DeviceID/ManufacturerOUI'));
    expect(oui?.value).to.match(/^[0-9A-F]{6}$/);

    const nobody = await run('tree', 'nobody', '--interface', 'lo', '--timeout', '1');
    expect([nobody.code, nobody.out]).to.deep.equal([3, '']);
    device.child.kill('SIGTERM');
    expect(await device.exitCode()).to.equal(0);
  });

  it('runs the daemon until SIGTERM, and refuses a second one on the same state', async () => {
    const options = [
      ...['run', '--config', 'config/default.yaml', '--set', `state.directory=${JSON.stringify(directory)}`],
      ...['--set', 'connectionRequest.port=0', '--set', 'status.port=0'],
    ];
    const daemon = start(...options);
    await waitFor(() => daemon.output.out.includes('ready'), 'daemon ready', 20_000);
    const address = /status=(\S+:\d+)/.exec(daemon.output.out)?.[1];
    const health = await fetch(`http://${address}/healthz`);
    expect([health.status, await health.text()]).to.deep.equal([200, 'ok\n']);

    const second = await run(...options);
    expect(second.code).to.equal(1);
    expect(second.out).to.contain(`in use by process ${daemon.child.pid}`);

    daemon.child.kill('SIGHUP');
    await waitFor(() => daemon.output.out.includes('reloaded'), 'reload', 20_000);
    daemon.child.kill('SIGTERM');
    expect(await daemon.exitCode()).to.equal(0);
    expect(daemon.output.err).to.equal('');
  });

  it('does not pass an interrupted demo off as a success', async () => {
    const demo = start('lab', 'demo', '--once');
    await waitFor(() => demo.output.out.includes('The daemon is up'), 'the story to begin', 30_000);
    demo.child.kill('SIGTERM');
    expect(await demo.exitCode()).to.equal(1);
    expect(demo.output.out).to.contain('Interrupted');
    expect(demo.output.out).not.to.contain('steps held');
  });

  it('ends quietly when the reader of its output leaves', async () => {
    const child = start('run', '--help');
    child.child.stdout.destroy();
    expect(await child.exitCode()).to.equal(0);
    expect(child.output.err).to.equal('');
  });
});
