import { expect } from 'chai';
import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { NetworkNamespaces } from '../support/network-namespaces.ts';
import { waitFor } from '../support/wait-for.ts';

const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const WATCHED = 'Device.X_0011AA_UPnPDM.X_ACME_Sensor.Temperature';

interface Report {
  readonly events?: readonly string[];
  readonly parameters?: readonly { readonly name: string; readonly value: string }[];
  readonly watching?: boolean;
  readonly state?: string;
  readonly address?: string;
}

/** A program of ours on one of two hosts. */
class RemoteProcess {
  readonly lines: string[] = [];
  readonly #child: ChildProcess;

  constructor(namespace: string, args: readonly string[]) {
    this.#child = spawn('ip', ['netns', 'exec', namespace, process.execPath, '--import', 'tsx', ...args], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    let rest = '';
    this.#child.stdout?.on('data', (chunk: Buffer) => {
      const pieces = (rest + chunk.toString('utf8')).split('\n');
      rest = pieces.pop() ?? '';
      this.lines.push(...pieces);
    });
  }

  get reports(): Report[] {
    return this.lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Report);
  }

  tell(line: string): void {
    this.#child.stdin?.write(`${line}\n`);
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGTERM');
    await ended;
  }
}

describe('a real network interface', () => {
  const missing = NetworkNamespaces.missing();
  if (missing !== undefined) {
    it.skip(`carries everything between two hosts (skipped: ${missing})`);
    return;
  }
  const hosts = new NetworkNamespaces();
  const processes: RemoteProcess[] = [];

  before(() => {
    hosts.create();
  });

  after(async () => {
    await Promise.all(processes.map((each) => each.stop()));
    hosts.delete();
  });

  it('carries discovery, events and loss between two hosts', async () => {
    const { left, right } = hosts;
    const house = new RemoteProcess(left.name, [
      file('../support/house-process.ts'),
      left.interface,
      WATCHED,
    ]);
    const device = new RemoteProcess(right.name, [
      file('../../src/main.ts'),
      'lab',
      'device',
      '--profile',
      'sensor',
      '--interface',
      right.interface,
    ]);
    processes.push(house, device);
    await waitFor(
      () => house.reports.some(({ events }) => events?.includes('0 BOOTSTRAP')),
      'the BOOTSTRAP',
      30_000,
    );
    const shown = await waitFor(
      () => house.reports.find(({ address }) => address !== undefined),
      'the status',
    );
    expect(shown.address).to.equal(right.address);
    await waitFor(() => house.reports.some(({ watching }) => watching), 'active notification');

    device.tell('set /X_ACME_Sensor/Temperature 199');
    const changed = await waitFor(
      () =>
        house.reports.find(
          ({ events, parameters }) =>
            events?.includes('4 VALUE CHANGE') &&
            parameters?.some(({ name, value }) => name === WATCHED && value === '199'),
        ),
      'the VALUE CHANGE',
      10_000,
    );
    expect(changed.events).to.deep.equal(['4 VALUE CHANGE']);

    await device.stop();
    await waitFor(() => house.reports.at(-1)?.state === 'offline', 'the loss after the byebye');
  });
});
