import { execFile, spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { promisify } from 'node:util';
import { expect } from 'chai';

import { LabAcs } from '../../src/lab/acs/lab-acs.ts';
import { createLabDevice } from '../../src/lab/device/lab-device.ts';
import { waitFor } from '../support/wait-for.ts';

const LONGEST_STOP_MS = 5000;
const MAIN = new URL('../../src/main.ts', import.meta.url).pathname;

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

interface Running {
  readonly child: Child;
  readonly output: { out: string; err: string };
  exitCode(): Promise<number | null>;
}

describe('cwmp-proxier as a process', () => {
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

  it('prints of each parameter of a large tree whether it has events', async () => {
    const device = start('lab', 'device', '--profile', 'nas', '--parameters', '2500');
    await waitFor(() => device.output.out.includes('\n'), 'device ready', 20_000);
    const udn = /uuid:[0-9a-f-]{36}/.exec(device.output.out)?.[0] ?? '';
    const tree = await run('tree', udn, '/X_LAB_Bench/', '--interface', 'lo', '--json');
    const { nodes } = JSON.parse(tree.out) as { nodes: { kind: string; eventOnChange?: boolean }[] };
    const parameters = nodes.filter(({ kind }) => kind === 'parameter');
    expect(parameters).to.have.length(2500);
    expect(parameters.filter(({ eventOnChange }) => eventOnChange !== true)).to.deep.equal([]);
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

  it('moves a device to the other side on SIGHUP, and nobody else’s session or URL', async () => {
    const [PROXIER, NAS, VOIP] = ['0011AA-Proxier-RELOAD', '0090D5-HS2-RELOAD', '0090D5-VA2-RELOAD'];
    const acs = new LabAcs();
    await acs.start();
    const devices = ['nas', 'voip'].map((profile) =>
      createLabDevice({ profile, drift: false, identity: { serialNumber: 'RELOAD' } }),
    );
    try {
      const [nas, voip] = await Promise.all(devices.map((device) => device.start()));
      const file = join(directory, 'home.yaml');
      const configure = (mechanism: string): Promise<void> =>
        writeFile(
          file,
          // JSON is YAML.
          JSON.stringify({
            acs: { url: acs.url },
            proxier: { manufacturerOui: '0011AA', productClass: 'Proxier', serialNumber: 'RELOAD' },
            lan: { interfaces: ['lo'] },
            connectionRequest: { host: '127.0.0.1', port: 0 },
            status: { port: 0 },
            state: { directory: join(directory, 'state') },
            devices: {
              default: 'ignore',
              rules: [
                { match: { udn: nas?.udn }, mechanism },
                { match: { udn: voip?.udn }, mechanism: 'virtual' },
              ],
            },
          }),
        );
      await configure('virtual');
      const daemon = start('run', '--config', file);
      for (const id of [PROXIER, NAS, VOIP]) {
        await acs.waitForInform(id, undefined, 20_000);
        await acs.waitForIdle(id);
      }
      const urls = [PROXIER, VOIP].map((id) => acs.devices.get(id)?.connectionRequestUrl);
      const count = (table: string): Promise<string | undefined> =>
        acs
          .cpe(PROXIER)
          .getParameterValues([`Device.ManagementServer.${table}NumberOfEntries`])
          .then(([parameter]) => parameter?.value);
      expect(await count('EmbeddedDevice')).to.equal('0');
      const before = acs.informCount;

      const name = 'Device.DeviceInfo.ModelName';
      await acs.perform(VOIP, async (session) => {
        await session.getParameterValues([name]);
        await configure('embedded');
        daemon.child.kill('SIGHUP');
        await waitFor(() => daemon.output.out.includes('reloaded'), 'reload', 20_000);
        await session.getParameterValues([name]);
      });
      await waitFor(async () => (await count('EmbeddedDevice')) === '1', 'the embedding', 20_000);
      expect(await count('VirtualDevice')).to.equal('1');
      expect((await acs.connectionRequest(NAS)).accepted, 'its own endpoint is gone').to.equal(false);

      const informs = acs.devices.get(VOIP)?.informs.filter(({ sequence }) => sequence > before) ?? [];
      expect(informs.map(({ events }) => events.map(({ code }) => code))).to.deep.equal([
        ['6 CONNECTION REQUEST'],
      ]);
      const asked = acs.informCount;
      expect((await acs.connectionRequest(VOIP)).accepted).to.equal(true);
      await acs.waitForInform(VOIP, undefined, 20_000, asked);
      expect([PROXIER, VOIP].map((id) => acs.devices.get(id)?.connectionRequestUrl)).to.deep.equal(urls);
      expect(daemon.output.err).to.equal('');
      daemon.child.kill('SIGTERM');
      expect(await daemon.exitCode()).to.equal(0);
    } finally {
      await Promise.all(devices.map((device) => device.stop()));
      await acs.stop();
    }
  });

  describe('a SIGHUP', () => {
    let file: string;
    const state = (): string => join(directory, 'state');
    const configure = (change: object = {}): Promise<void> =>
      writeFile(
        file,
        // JSON is YAML.
        JSON.stringify({
          acs: { url: 'http://127.0.0.1:9/' },
          lan: { interfaces: ['lo'] },
          connectionRequest: { host: '127.0.0.1', port: 0 },
          status: { port: 0 },
          state: { directory: state() },
          ...change,
        }),
      );
    const running = async (change: object = {}): Promise<Running> => {
      await configure(change);
      const daemon = start('run', '--config', file);
      await waitFor(() => daemon.output.out.includes('ready'), 'daemon ready', 20_000);
      return daemon;
    };
    const healthOf = async ({ output }: Running): Promise<number> => {
      const address = [...output.out.matchAll(/status=(\S+:\d+)/g)].at(-1)?.[1];
      return (await fetch(`http://${address}/healthz`)).status;
    };

    beforeEach(() => {
      file = join(directory, 'home.yaml');
    });

    it('with a mistake in the file is refused with the line of the mistake, and the old configuration stays', async () => {
      const daemon = await running();
      await writeFile(
        file,
        'acs:\n  url: http://127.0.0.1:9/\n  tls: { minVersion: TLSv1.0 }\nlan: { interfaces: [lo] }\n',
      );
      daemon.child.kill('SIGHUP');
      await waitFor(() => daemon.output.out.includes('reload failed'), 'the refusal', 20_000);
      const line = daemon.output.out.split('\n').find((text) => text.includes('reload failed'));
      expect(line).to.match(/home\.yaml:3.*acs\.tls\.minVersion.*TLSv1\.2, TLSv1\.3/);
      expect(await healthOf(daemon)).to.equal(200);
      // Nothing was restarted.
      expect(daemon.output.out.match(/connectionRequest=/g)).to.have.length(1);
      await configure({ log: { level: 'debug' } });
      daemon.child.kill('SIGHUP');
      await waitFor(() => daemon.output.out.includes('reloaded'), 'the reload', 20_000);
      expect(daemon.output.out).to.match(/configuration changed.*log\.level/);
      daemon.child.kill('SIGTERM');
      expect(await daemon.exitCode()).to.equal(0);
    });

    it('for which all parts would have to restart, and that cannot work, stops none of them', async () => {
      const daemon = await running();
      await configure({ proxier: { productClass: 'Other' }, lan: { interfaces: ['lo', 'nosuch0'] } });
      daemon.child.kill('SIGHUP');
      await waitFor(() => daemon.output.out.includes('reload failed'), 'the refusal', 20_000);
      expect(daemon.output.out).to.match(/reload failed.*nosuch0/);
      expect(daemon.output.out).not.to.contain('restarting all parts');
      expect(daemon.output.out.match(/connectionRequest=/g)).to.have.length(1);
      expect(await healthOf(daemon)).to.equal(200);
      daemon.child.kill('SIGTERM');
      expect(await daemon.exitCode()).to.equal(0);
    });

    /** Nothing tells before it is opened that this state directory cannot be used. */
    const configureUnusableState = async (): Promise<void> => {
      const file = join(directory, 'no directory');
      await writeFile(file, '');
      await configure({ state: { directory: file } });
    };

    it('for which all parts have to restart says why, and goes back to the old configuration if that fails', async () => {
      const daemon = await running();
      await configureUnusableState();
      daemon.child.kill('SIGHUP');
      await waitFor(() => daemon.output.out.includes('reload failed'), 'the failure', 20_000);
      expect(daemon.output.out).to.match(/restarting all parts.*state\.directory/);
      expect(await healthOf(daemon)).to.equal(200);
      daemon.child.kill('SIGTERM');
      expect(await daemon.exitCode()).to.equal(0);
    });

    it('that waits for something keeps no stop waiting', async () => {
      const daemon = await running();
      await rm(file);
      // Whoever opens it waits until somebody else has.
      await promisify(execFile)('mkfifo', [file]);
      daemon.child.kill('SIGHUP');
      await waitFor(() => daemon.output.out.includes('reloading'), 'the reload', 20_000);
      daemon.child.kill('SIGTERM');
      const isDown = async (): Promise<boolean> =>
        healthOf(daemon).then(
          () => false,
          () => true,
        );
      await waitFor(isDown, 'the stop', LONGEST_STOP_MS).finally(async () => {
        await (await open(file, 'r+')).close();
      });
      expect(await daemon.exitCode()).to.equal(0);
      expect(daemon.output.out).not.to.contain('stop took too long');
    });

    it('for which all parts restart gives way to a stop', async () => {
      // It never answers: its session holds the restart up for as long as a stop lets it.
      const silentAcs = createServer().listen(0, '127.0.0.1');
      const called = once(silentAcs, 'request');
      await once(silentAcs, 'listening');
      const { port } = silentAcs.address() as AddressInfo;
      try {
        const daemon = await running({ acs: { url: `http://127.0.0.1:${port}/` } });
        await called;
        await configure({ proxier: { productClass: 'Other' } });
        daemon.child.kill('SIGHUP');
        await waitFor(() => daemon.output.out.includes('restarting all parts'), 'the restart', 20_000);
        daemon.child.kill('SIGTERM');
        expect(await daemon.exitCode()).to.equal(0);
        expect(daemon.output.out).not.to.match(/reloaded|stop took too long/);
        expect(daemon.output.out.match(/connectionRequest=/g), 'starts').to.have.length(1);
        expect(daemon.output.err).to.equal('');
      } finally {
        silentAcs.close();
      }
    });

    it('after which neither configuration works ends the process with code 1', async () => {
      const daemon = await running();
      await rm(state(), { recursive: true });
      await writeFile(state(), 'no directory');
      await configureUnusableState();
      daemon.child.kill('SIGHUP');
      expect(await daemon.exitCode()).to.equal(1);
      expect(daemon.output.out).to.contain('neither the new nor the old configuration works');
    });
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
