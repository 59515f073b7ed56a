import { expect } from 'chai';
import { fileURLToPath } from 'node:url';
import { NetworkNamespaces } from '../support/network-namespaces.ts';
import { RemoteProcess } from '../support/remote-process.ts';
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

const reportsOf = ({ lines }: RemoteProcess): Report[] =>
  lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Report);

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
      () => reportsOf(house).some(({ events }) => events?.includes('0 BOOTSTRAP')),
      'the BOOTSTRAP',
      30_000,
    );
    const shown = await waitFor(
      () => reportsOf(house).find(({ address }) => address !== undefined),
      'the status',
    );
    expect(shown.address).to.equal(right.address);
    await waitFor(() => reportsOf(house).some(({ watching }) => watching), 'active notification');

    device.tell('set /X_ACME_Sensor/Temperature 199');
    const changed = await waitFor(
      () =>
        reportsOf(house).find(
          ({ events, parameters }) =>
            events?.includes('4 VALUE CHANGE') &&
            parameters?.some(({ name, value }) => name === WATCHED && value === '199'),
        ),
      'the VALUE CHANGE',
      10_000,
    );
    expect(changed.events).to.deep.equal(['4 VALUE CHANGE']);

    await device.stop();
    await waitFor(() => reportsOf(house).at(-1)?.state === 'offline', 'the loss after the byebye');
  });
});
