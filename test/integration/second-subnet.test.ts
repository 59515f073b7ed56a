import { expect } from 'chai';
import { fileURLToPath } from 'node:url';
import { NetworkNamespaces } from '../support/network-namespaces.ts';
import { RemoteProcess } from '../support/remote-process.ts';
import { waitFor } from '../support/wait-for.ts';

const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const [OURS, THEIRS] = ['198.51.100.1', '198.51.100.2'];

describe('an interface with two subnets', () => {
  const missing = NetworkNamespaces.missing();
  if (missing !== undefined) {
    it.skip(`shows the devices of both (skipped: ${missing})`);
    return;
  }
  let hosts: NetworkNamespaces;
  let processes: RemoteProcess[];

  beforeEach(() => {
    [hosts, processes] = [new NetworkNamespaces(), []];
    hosts.create();
    hosts.addAddress(hosts.right, THEIRS);
  });
  afterEach(async () => {
    await Promise.all(processes.map((each) => each.stop()));
    hosts.delete();
  });

  const run = (side: { readonly name: string }, ...args: string[]): RemoteProcess => {
    const started = new RemoteProcess(side.name, args);
    processes.push(started);
    return started;
  };
  const startDevice = async (profile: string, address: string): Promise<void> => {
    const { right } = hosts;
    const where = ['--interface', right.interface, '--host', address];
    const device = run(right, file('../../src/main.ts'), 'lab', 'device', '--profile', profile, ...where);
    await waitFor(() => device.lines.length > 0, `the device at ${address}`, 30_000);
  };
  const startControlPoint = (): RemoteProcess =>
    run(hosts.left, file('../support/discovery-process.ts'), hosts.left.interface);
  const waitForLine = (process: RemoteProcess, line: string): Promise<unknown> =>
    waitFor(() => process.lines.includes(line), line, 30_000);

  it('shows the devices of the second and speaks to them from its address there', async () => {
    // Whoever is spoken to from the first subnet could not answer.
    hosts.deleteAddress(hosts.right, hosts.right.address);
    hosts.addAddress(hosts.left, OURS);
    await startDevice('voip', THEIRS);
    await waitForLine(startControlPoint(), `appeared ${THEIRS} from ${OURS}`);
  });

  it('shows them as soon as the second comes, and forgets them alone when it goes', async () => {
    const { left, right } = hosts;
    await startDevice('sensor', right.address);
    const controlPoint = startControlPoint();
    const first = `appeared ${right.address} from ${left.address}`;
    await waitForLine(controlPoint, first);
    await startDevice('voip', THEIRS);
    hosts.addAddress(left, OURS);
    await waitForLine(controlPoint, `appeared ${THEIRS} from ${OURS}`);
    hosts.deleteAddress(left, OURS);
    await waitForLine(controlPoint, `lost (expired) ${THEIRS} from ${OURS}`);
    expect(controlPoint.lines).to.deep.equal([
      'started',
      first,
      `appeared ${THEIRS} from ${OURS}`,
      `lost (expired) ${THEIRS} from ${OURS}`,
    ]);
  });
});
