import { Command, InvalidArgumentError } from 'commander';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ObservedDaemon, type Figures } from './observed-daemon.ts';
import { PROXIER_OUI, SoakHome } from './soak-home.ts';

const DEVICES = 50;
const CHANGE_EVERY_MS = 50;
const ASK_EVERY_MS = 50;
const CHURN_EVERY_MS = 2000;
const REPORT_EVERY_MS = 15_000;
const LONGEST_SILENCE_MS = 30_000;
/** After the first third; garbage collection has its waves. */
const GROWTH_ALLOWED_MIB = 15;
/** Sessions, events and searches come and go. */
const SOCKETS_ALLOWED = 30;
const TIMERS_ALLOWED = 60;
const GOAL_MS = { p50: 150, p99: 1000 };

interface Sample extends Figures {
  readonly minute: number;
}

async function soak(minutes: number): Promise<string[]> {
  const directory = await mkdtemp(join(tmpdir(), 'cwmp-proxier-soak-'));
  const home = new SoakHome(DEVICES);
  await home.start();
  const config = join(directory, 'config.yaml');
  await writeFile(
    config,
    [
      `acs: { url: '${home.acs.url}' }`,
      `proxier: { manufacturerOui: '${PROXIER_OUI}' }`,
      'lan: { interfaces: [lo] }',
      'connectionRequest: { host: 127.0.0.1, port: 0 }',
      'status: { host: 127.0.0.1, port: 0 }',
      `state: { directory: '${directory}/state' }`,
      'log: { level: info, format: json }',
    ].join('\n'),
  );
  const daemon = await ObservedDaemon.start(config);
  try {
    await home.watchAll();
    return await live(home, daemon, minutes);
  } finally {
    await daemon.stop();
    await home.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

/** @returns what did not hold */
async function live(home: SoakHome, daemon: ObservedDaemon, minutes: number): Promise<string[]> {
  const started = performance.now();
  const samples: Sample[] = [];
  const churning = new Set<Promise<void>>();
  const timers = [
    setInterval(() => home.change(), CHANGE_EVERY_MS),
    setInterval(() => void home.ask(), ASK_EVERY_MS),
    setInterval(() => {
      const churn = home.churn(3000).finally(() => churning.delete(churn));
      churning.add(churn);
    }, CHURN_EVERY_MS),
    setInterval(() => {
      const minute = (performance.now() - started) / 60_000;
      void daemon.figures().then((figures) => {
        samples.push({ minute, ...figures });
        print(line(home, samples));
      });
    }, REPORT_EVERY_MS),
  ];
  print(
    ' minute   RPCs  sessions  departures  changes  p50 ms  p99 ms  faults  RSS MiB  sockets  timers  CPU s',
  );
  await new Promise((resolve) => setTimeout(resolve, minutes * 60_000));
  for (const timer of timers) clearInterval(timer);
  await Promise.all(churning);
  const problems: string[] = [];
  const deadline = performance.now() + LONGEST_SILENCE_MS;
  const isSilent = (): boolean => home.ledger.late(0).length === 0 && home.owed().length === 0;
  while (!isSilent() && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  for (const lost of home.ledger.late(0)) problems.push(`lost: ${lost}`);
  for (const event of home.owed()) problems.push(`never told: ${event}`);
  for (const event of home.repeated) problems.push(event);
  for (const duplicate of home.ledger.duplicates) problems.push(`told twice: ${duplicate}`);
  for (const fault of home.faults) problems.push(`fault: ${fault}`);
  printLatencies(home);
  return [...problems, ...growth(samples)];
}

/** What may not grow after the first third. */
const BOUNDED: readonly { readonly name: keyof Figures; readonly unit: string; readonly allowed: number }[] =
  [
    { name: 'rssMiB', unit: 'MiB of memory', allowed: GROWTH_ALLOWED_MIB },
    { name: 'sockets', unit: 'sockets', allowed: SOCKETS_ALLOWED },
    { name: 'timers', unit: 'timers', allowed: TIMERS_ALLOWED },
  ];

function growth(samples: readonly Sample[]): string[] {
  const later = samples.slice(Math.ceil(samples.length / 3));
  const half = Math.floor(later.length / 2);
  if (half === 0) return [];
  return BOUNDED.flatMap(({ name, unit, allowed }) => {
    const [before, after] = [later.slice(0, half), later.slice(-half)].map((part) => median(part, name));
    return (after ?? 0) - (before ?? 0) > allowed
      ? [`from ${before?.toFixed(0)} to ${after?.toFixed(0)} ${unit} after the first third`]
      : [];
  });
}

function median(samples: readonly Sample[], name: keyof Figures): number {
  const sorted = samples.map((sample) => sample[name]).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

function line(home: SoakHome, samples: readonly Sample[]): string {
  const { latenciesMs, duplicates } = home.ledger;
  const last = samples.at(-1);
  const columns = [
    [last?.minute.toFixed(1), 7],
    [home.rpcs, 6],
    [home.acs.informCount, 9],
    [home.departures, 11],
    [latenciesMs.length, 8],
    [quantile(latenciesMs, 0.5).toFixed(0), 7],
    [quantile(latenciesMs, 0.99).toFixed(0), 7],
    [home.faults.length + duplicates.length + home.repeated.length, 7],
    [last?.rssMiB.toFixed(0), 8],
    [last?.sockets, 8],
    [last?.timers, 7],
    [last?.cpuSeconds.toFixed(0), 6],
  ] as const;
  return columns.map(([value, width]) => String(value).padStart(width)).join(' ');
}

function quantile(latenciesMs: readonly number[], share: number): number {
  const sorted = [...latenciesMs].sort((a, b) => a - b);
  return sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
}

/** Goals, not conditions: another process of the machine may be what is slow. */
function printLatencies(home: SoakHome): void {
  const { latenciesMs } = home.ledger;
  for (const [name, share] of [
    ['p50', 0.5],
    ['p99', 0.99],
  ] as const) {
    const ms = quantile(latenciesMs, share);
    const verdict = ms <= GOAL_MS[name] ? 'reached' : 'missed';
    print(`UPnP event to Inform, ${name}: ${ms.toFixed(0)} ms (goal ${GOAL_MS[name]} ms: ${verdict})`);
  }
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('must be a number above 0');
  return value;
}

const { minutes } = new Command('soak')
  .description(
    `${DEVICES} devices that change, leave and return, and an ACS with all RPCs; fails on any lost or repeated event, any fault, ` +
      'or memory, sockets or timers that grow after the first third.',
  )
  .option('--minutes <number>', 'how long', positive, 10)
  .parse()
  .opts<{ minutes: number }>();
const problems = await soak(minutes);
for (const problem of problems.slice(0, 20)) print(`✗ ${problem}`);
print(problems.length === 0 ? '✓ nothing lost, nothing twice' : `${problems.length} problems`);
process.exit(problems.length === 0 ? 0 : 1);
