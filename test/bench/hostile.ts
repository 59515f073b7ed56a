import { DataModel } from '../../src/datamodel/data-model.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { DeviceModel } from '../../src/proxy/device-model.ts';
import { planMounts } from '../../src/proxy/mapping/mounts.ts';
import { createControlPoint } from '../../src/upnp/control-point.ts';
import type { RootDevice } from '../../src/upnp/types.ts';
import { createCmsClient } from '../../src/upnp-dm/cms-client.ts';
import type { CmsTree } from '../../src/upnp-dm/walk.ts';
import {
  description,
  escaped,
  HostileHost,
  hostileAnswers,
  hostileDescriptions,
  ok,
  parameterList,
  soap,
} from '../support/hostile-host.ts';
import { watchTurns } from '../support/turn-watch.ts';
import { waitFor } from '../support/wait-for.ts';
import { median, print, row } from './figures.ts';

const SUB_TREES = [{ uri: 'urn:broadband-forum-org:tr-181-2-11-0', location: '/BBF/' }];
const WIDTHS = [46, 9, 9];

/** The longest turn of the event loop for each hostile document, and for good ones of the same run. */
export async function hostileTurns(rounds: number): Promise<void> {
  const host = new HostileHost();
  await host.start();
  const answered = new Map<string, RootDevice | 'refused'>();
  const controlPoint = createControlPoint({
    interfaces: ['lo'],
    // Each round is another device of the same host.
    limits: { maxDevicesPerHost: 10_000 },
    clock: systemClock,
    logger: silentLogger,
    listener: {
      deviceAppeared: (device) => void answered.set(device.announcement.udn, device),
      deviceLost: () => undefined,
      deviceUnusable: ({ udn }) => void answered.set(udn, 'refused'),
    },
  });
  await controlPoint.start();
  let count = 0;
  const describe = async (reply: (udn: string) => (typeof hostileDescriptions)[string]) => {
    count += 1;
    const udn = `uuid:turns-${process.pid}-${count}`;
    host.replies.set(`/${udn}`, reply(udn));
    await host.announce(udn, host.url(`/${udn}`));
    return waitFor(() => answered.get(udn), udn, 15_000);
  };
  const good = await describe((udn) => ok(description(udn)));
  if (good === 'refused') throw new Error('the good device was refused');
  const getValues = async (reply: (typeof hostileAnswers)[string]) => {
    const service = good.description.services[0];
    if (service === undefined) throw new Error('no service');
    host.replies.set('/control', reply);
    const client = createCmsClient({ controlPoint, device: good, service, clock: systemClock });
    await client.getValues(['/']).catch(() => undefined);
  };
  const hugeTree = treeOf(50_000);
  const cases: [string, () => Promise<unknown>][] = [
    ['floor: a good description', () => describe((udn) => ok(description(udn)))],
    [
      'a datagram of 60 000 spaces',
      async () => {
        await host.send(`${' '.repeat(60_000)}\r\n\r\n`);
        await describe((udn) => ok(description(udn)));
      },
    ],
    ...Object.entries(hostileDescriptions).map(([name, reply]): [string, () => Promise<unknown>] => [
      `description: ${name}`,
      () => describe(() => reply),
    ]),
    ...Object.entries(hostileAnswers).map(([name, reply]): [string, () => Promise<unknown>] => [
      `answer: ${name}`,
      () => getValues(reply),
    ]),
    ['description of a device with 50 000 leaves', () => describeHuge(hugeTree)],
    ['answer: 20 000 parameters', () => getValues(list(escaped(parameterList(20_000))))],
    ['answer: 20 000 parameters, inline', () => getValues(list(parameterList(20_000)))],
  ];
  print();
  print(`Longest turn of the event loop, ms (${rounds} rounds; to reach: 50)`);
  print(row(['', 'median', 'longest'], WIDTHS));
  for (const [name, run] of cases) {
    const longest: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const stopWatch = watchTurns();
      await run();
      longest.push(stopWatch().longestMs);
    }
    print(row([name, median(longest).toFixed(1), Math.max(...longest).toFixed(1)], WIDTHS));
  }
  await controlPoint.stop();
  await host.stop();
}

/** Leaves in rows of ten. */
function treeOf(leafCount: number): CmsTree {
  const instances = Array.from({ length: leafCount / 10 }, (_, row) => `/BBF/T/${row}/`);
  const names = Array.from({ length: 10 }, (_, index) => `Value${index}`);
  const leaves = instances.flatMap((row) => names.map((name) => row + name));
  return {
    subTrees: SUB_TREES,
    structure: names.map((name) => `/BBF/T/#/${name}`),
    instances,
    attributes: new Map(leaves.map((leaf) => [leaf, { access: 'readWrite', eventOnChange: true }])),
    values: new Map(leaves.map((leaf) => [leaf, 'a value'])),
  };
}

async function describeHuge(tree: CmsTree): Promise<void> {
  const deviceModel = new DeviceModel({
    model: new DataModel('Device'),
    plan: () => planMounts(SUB_TREES, tree.structure, '0011AA'),
    logger: silentLogger,
    onStructureDoubtful: () => undefined,
  });
  await deviceModel.describe(tree, { setValues: true, createInstance: true, deleteInstance: true }, 0);
}

function list(parameters: string): string {
  return ok(soap(`<ParameterValueList>${parameters}</ParameterValueList>`));
}
