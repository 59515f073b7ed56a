import { Crowd } from './crowd.ts';
import { print } from './figures.ts';
import { openBenchHouse, PROXIER_SERIAL, rpc } from './think-time.ts';

const FEW = 20;
const MANY = 200;
const COUNT = 'Device.UPnP.Discovery.RootDeviceNumberOfEntries';
const MOST_LOOKS = 50;

interface Memory {
  /** MiB when all devices are in the inventory. */
  readonly found: number;
  /** MiB after the ACS has read everything that the proxier has. */
  readonly read: number;
  /** kB of that answer. */
  readonly answer: number;
}

/** What plain UPnP devices cost that are in the inventory only. */
export async function inventoryMemory(): Promise<void> {
  const few = await memoryWith(FEW);
  const many = await memoryWith(MANY);
  print();
  print(`Plain UPnP devices in the inventory (to reach: ${MANY} within 40 MiB of ${FEW})`);
  for (const [count, { found, read, answer }] of [
    [FEW, few],
    [MANY, many],
  ] as const) {
    print(
      `  ${String(count).padStart(3)} devices: RSS ${found.toFixed(0)} MiB when all are found, ` +
        `${read.toFixed(0)} MiB after the ACS has read everything (${answer.toFixed(0)} kB)`,
    );
  }
  print(
    `  difference: ${(many.found - few.found).toFixed(0)} MiB, ${(many.read - few.read).toFixed(0)} MiB after reading`,
  );
}

async function memoryWith(count: number): Promise<Memory> {
  const crowd = new Crowd(count);
  await crowd.start();
  const house = await openBenchHouse(0, 0, 0);
  const ask = async (label: string, ...paths: string[]): Promise<Buffer> => {
    await house.session(PROXIER_SERIAL, [{ label, rpc: rpc.values(...paths) }]);
    return house.acs.samples.findLast((sample) => sample.label === label)?.body ?? Buffer.alloc(0);
  };
  try {
    let found = 0;
    for (let look = 0; look < MOST_LOOKS && found < count; look += 1) {
      await crowd.announce();
      found = Number(/<Value[^>]*>(\d+)</.exec((await ask('count', COUNT)).toString('latin1'))?.[1]);
    }
    if (found < count) throw new Error(`only ${found} of ${count} devices were found`);
    const rss = house.daemon.rssMiB;
    const answer = await ask('all', 'Device.');
    return { found: rss, read: house.daemon.rssMiB, answer: answer.length / 1000 };
  } finally {
    await house.close();
    crowd.stop();
  }
}
