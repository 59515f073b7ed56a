import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BenchAcs } from './bench-acs.ts';
import { median, print, quantile, row } from './figures.ts';
import { hostileTurns } from './hostile.ts';
import { inventoryMemory } from './inventory.ts';
import { isolation } from './isolation.ts';
import { MeasuredProcess } from './processes.ts';
import { openBenchHouse, rpc, type BenchHouse } from './think-time.ts';
import { unitEnvironment, unitFlags } from './unit-file.ts';

// Speed and memory of the daemon, each figure beside a floor of the same run: a bare Node client that posts prepared bytes of the
// same size to the same ACS. Medians and ratios; nothing here passes or fails by the clock.
// `--quick` shortens everything; `--soak` runs 10 000 sessions for the growth of memory (default 3 000);
// `--isolation` only looks at what one device's trouble costs another.

const quick = process.argv.includes('--quick');
const soak = process.argv.includes('--soak');
const here = (file: string): string => new URL(file, import.meta.url).pathname;
const spawnTs = (file: string, ...args: string[]): MeasuredProcess =>
  new MeasuredProcess(process.execPath, ['--import', 'tsx', here(file), ...args]);

const BENCH = 'Device.X_0011AA_UPnPDM.X_LAB_Bench.';

async function thinkTimes(parameters: number, rounds: number): Promise<Map<string, number>> {
  const house = await openBenchHouse(1, parameters);
  const medians = new Map<string, number>();
  try {
    const serial = house.serials[0] ?? '';
    await house.session(serial, [
      { label: 'warm-up', rpc: rpc.names('Device.') },
      // What the daemon reads again and again it asks the events of: from then on the shadow serves it.
      ...Array.from({ length: 5 }, () => ({ label: 'warm-up', rpc: rpc.values('Device.') })),
    ]);
    const settings: [string, string, string][] = [
      ['Device.ManagementServer.PeriodicInformInterval', 'unsignedInt', '3600'],
    ];
    const remote: [string, string, string][] = Array.from({ length: 30 }, (_, index) => [
      `${BENCH}Group.${index + 1}.Value1`,
      'string',
      `new ${index}`,
    ]);
    const cases: [string, string][] = [
      ['GetParameterNames', rpc.names(BENCH)],
      ['GetParameterValues, shadow', rpc.values(BENCH)],
      ['GetParameterValues, LAN hop', rpc.values(BENCH, 'Device.DeviceInfo.UpTime')],
      ['SetParameterValues, 1 local', rpc.set(settings)],
      ['SetParameterValues, 30 LAN hop', rpc.set(remote)],
    ];
    print();
    print(
      `Think time, ${parameters} parameters, 1 device (${rounds} rounds; ms from request to last byte of the answer)`,
    );
    print(row(['', 'p50', 'p99', 'floor p50', 'ratio', 'kB'], WIDTHS));
    for (const [label, body] of cases) {
      const count = label.startsWith('Set') ? Math.min(rounds, 40) : rounds;
      await house.session(
        serial,
        Array.from({ length: count }, () => ({ label, rpc: body })),
      );
      medians.set(label, await printThinkTime(house, label, count));
    }
  } finally {
    await house.close();
  }
  return medians;
}

const WIDTHS = [34, 9, 9, 10, 8, 8];

async function printThinkTime(house: BenchHouse, label: string, rounds: number): Promise<number> {
  const samples = house.acs.samples.filter((sample) => sample.label === label).slice(Math.floor(rounds / 5));
  const times = samples.map(({ milliseconds }) => milliseconds);
  const answer = samples.at(-1)?.body ?? Buffer.alloc(0);
  const floor = await floorThinkTime(house.acs, house.acsUrl, answer, rounds);
  const p50 = median(times);
  print(
    row(
      [
        label,
        p50.toFixed(2),
        quantile(times, 0.99).toFixed(2),
        floor.toFixed(2),
        `${(p50 / floor).toFixed(1)} x`,
        (answer.length / 1000).toFixed(0),
      ],
      WIDTHS,
    ),
  );
  return p50;
}

async function floorThinkTime(acs: BenchAcs, url: string, answer: Buffer, rounds: number): Promise<number> {
  const floor = spawnTs('floor-process.ts');
  const inform = Buffer.from('<Inform><SerialNumber>FLOOR</SerialNumber></Inform>');
  const label = `floor ${performance.now()}`;
  acs.give(
    'FLOOR',
    Array.from({ length: rounds }, () => ({ label, rpc: '<x/>' })),
  );
  floor.tell(
    JSON.stringify({
      url,
      inform: inform.toString('base64'),
      answer: answer.toString('base64'),
      sessions: 1,
    }),
  );
  await floor.line();
  await floor.stop();
  const times = acs.samples
    .filter((sample) => sample.label === label)
    .map(({ milliseconds }) => milliseconds);
  return median(times.slice(Math.floor(rounds / 5)));
}

async function sessionRate(endpoints: number, sessionsEach: number): Promise<void> {
  const acs = new BenchAcs();
  const url = await acs.start();
  const directory = await mkdtemp(join(tmpdir(), 'cwmp-proxier-bench-'));
  const child = new MeasuredProcess(
    process.execPath,
    [...unitFlags, '--import', 'tsx', here('session-process.ts'), url, String(endpoints), directory],
    unitEnvironment,
  );
  const floor = spawnTs('floor-process.ts');
  try {
    await child.lineMatching(/^ready/);
    const rates: number[] = [];
    const cpu: number[] = [];
    const rss: number[] = [];
    const batches = 10;
    for (let batch = 0; batch < batches; batch += 1) {
      const before = { time: performance.now(), cpu: child.cpuSeconds, sessions: acs.sessionCount };
      child.tell(String(Math.ceil(sessionsEach / batches)));
      await child.lineMatching(/^done/);
      const sessions = acs.sessionCount - before.sessions;
      rates.push((sessions / (performance.now() - before.time)) * 1000);
      cpu.push(((child.cpuSeconds - before.cpu) / sessions) * 1000);
      rss.push(child.rssMiB);
    }
    const inform = Buffer.alloc(2600, '<Inform><SerialNumber>FLOOR</SerialNumber></Inform> ').toString(
      'base64',
    );
    floor.tell(JSON.stringify({ url, inform, answer: '', sessions: 100 }));
    await floor.line();
    const floorCount = Math.min(1000, sessionsEach * endpoints);
    const since = performance.now();
    floor.tell(JSON.stringify({ url, inform, answer: '', sessions: floorCount }));
    await floor.line();
    const floorRate = (floorCount / (performance.now() - since)) * 1000;
    print(
      `${String(endpoints).padStart(2)} endpoint(s), ${acs.sessionCount} sessions: ${median(rates).toFixed(0)}/s, ` +
        `${median(cpu).toFixed(2)} ms CPU each; floor ${floorRate.toFixed(0)}/s (ratio ${(median(rates) / floorRate).toFixed(2)}); ` +
        `RSS ${rss[Math.floor(batches / 3)]?.toFixed(0)} MiB after a third, ${rss.at(-1)?.toFixed(0)} MiB at the end`,
    );
  } finally {
    await child.stop();
    await floor.stop();
    acs.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

async function twentyDevices(parameters: number, idleSeconds: number): Promise<void> {
  const bare = new MeasuredProcess(process.execPath, [
    '-e',
    'setInterval(() => {}, 1000); console.log("up")',
  ]);
  await bare.line();
  const house = await openBenchHouse(20, parameters);
  try {
    for (const serial of house.serials) {
      await house.session(serial, [{ label: 'twenty', rpc: rpc.values('Device.') }]);
    }
    const busy = house.daemon.rssMiB;
    // The searches of the start are repeated for some seconds: what comes after them is idle.
    await pause(quick ? 5 : 20);
    const before = { cpu: house.daemon.cpuSeconds, time: performance.now() };
    await pause(idleSeconds);
    const share = ((house.daemon.cpuSeconds - before.cpu) / (performance.now() - before.time)) * 100_000;
    print(
      `20 virtual devices, ${parameters === 0 ? 'the plain sensor' : `${parameters} parameters each`}: RSS ${busy.toFixed(0)} MiB after every value was read, ` +
        `${house.daemon.rssMiB.toFixed(0)} MiB idle (a bare Node process: ${bare.rssMiB.toFixed(0)} MiB); ` +
        `idle CPU ${share.toFixed(2)} % of a core over ${idleSeconds} s`,
    );
  } finally {
    await house.close();
    await bare.stop();
  }
}

const pause = (seconds: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, seconds * 1000);
  });

async function everySpeed(): Promise<void> {
  const rounds = quick ? 40 : 200;
  const small = await thinkTimes(1000, rounds);
  const large = await thinkTimes(10_000, quick ? 10 : 40);
  print();
  print('10 000 parameters against 1 000 (to reach: at most 12 x)');
  for (const [label, value] of small) {
    if (label.startsWith('Get'))
      print(`  ${label.padEnd(32)} ${((large.get(label) ?? NaN) / value).toFixed(1)} x`);
  }
  print();
  print('Small sessions (Inform, empty POST, 204), back to back');
  await sessionRate(1, quick ? 300 : soak ? 10_000 : 3000);
  await sessionRate(20, quick ? 20 : 150);
  print();
  await twentyDevices(1000, quick ? 5 : 20);
  await twentyDevices(0, quick ? 5 : 20);
  await inventoryMemory();
  await hostileTurns(quick ? 3 : 10);
}

if (!process.argv.includes('--isolation')) await everySpeed();
await isolation(quick ? 1 : 4, quick ? 4 : 10);
