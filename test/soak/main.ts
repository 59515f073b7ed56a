import { Command, InvalidArgumentError } from 'commander';
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { processFigures, type ProcessFigures } from './process-figures.ts';
import { PROXIER_OUI, SoakHome } from './soak-home.ts';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const DEVICES = 50;
const CHANGE_EVERY_MS = 50;
const ASK_EVERY_MS = 50;
const CHURN_EVERY_MS = 2000;
const REPORT_EVERY_MS = 15_000;
const LONGEST_SILENCE_MS = 30_000;
/** After the first third; garbage collection has its waves. */
const GROWTH_ALLOWED_MIB = 15;

interface Sample extends ProcessFigures {
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
      'log: { level: warn }',
    ].join('\n'),
  );
  const daemon = spawn(process.execPath, ['--heap-growing-percent=20', MAIN, 'run', '--config', config], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const ended = new Promise<void>((resolve) => daemon.once('exit', () => resolve()));
  try {
    await home.watchAll();
    return await live(home, daemon.pid ?? 0, minutes);
  } finally {
    daemon.kill('SIGTERM');
    await ended;
    await home.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

/** @returns what did not hold */
async function live(home: SoakHome, pid: number, minutes: number): Promise<string[]> {
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
      samples.push({ minute, ...processFigures(pid) });
      print(line(home, samples));
    }, REPORT_EVERY_MS),
  ];
  print(' minute   RPCs  sessions  departures  changes  p50 ms  p99 ms  faults  RSS MiB  sockets  CPU s');
  await new Promise((resolve) => setTimeout(resolve, minutes * 60_000));
  for (const timer of timers) clearInterval(timer);
  await Promise.all(churning);
  const problems: string[] = [];
  const deadline = performance.now() + LONGEST_SILENCE_MS;
  while (home.ledger.late(0).length > 0 && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  for (const lost of home.ledger.late(0)) problems.push(`lost: ${lost}`);
  for (const duplicate of home.ledger.duplicates) problems.push(`told twice: ${duplicate}`);
  for (const fault of home.faults) problems.push(`fault: ${fault}`);
  return [...problems, ...growth(samples)];
}

function growth(samples: readonly Sample[]): string[] {
  const later = samples.slice(Math.ceil(samples.length / 3));
  const half = Math.floor(later.length / 2);
  if (half === 0) return [];
  const [before, after] = [median(later.slice(0, half)), median(later.slice(-half))];
  return after - before > GROWTH_ALLOWED_MIB
    ? [`RSS grew from ${before.toFixed(0)} to ${after.toFixed(0)} MiB after the first third`]
    : [];
}

function median(samples: readonly Sample[]): number {
  const sorted = samples.map(({ rssMiB }) => rssMiB).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

function line(home: SoakHome, samples: readonly Sample[]): string {
  const { latenciesMs, duplicates } = home.ledger;
  const sorted = [...latenciesMs].sort((a, b) => a - b);
  const quantile = (q: number): string => (sorted[Math.floor(q * (sorted.length - 1))] ?? 0).toFixed(0);
  const last = samples.at(-1);
  const columns = [
    [last?.minute.toFixed(1), 7],
    [home.rpcs, 6],
    [home.acs.informCount, 9],
    [home.departures, 11],
    [latenciesMs.length, 8],
    [quantile(0.5), 7],
    [quantile(0.99), 7],
    [home.faults.length + duplicates.length, 7],
    [last?.rssMiB.toFixed(0), 8],
    [last?.sockets, 8],
    [last?.cpuSeconds.toFixed(0), 6],
  ] as const;
  return columns.map(([value, width]) => String(value).padStart(width)).join(' ');
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
      'or memory that grows after the first third.',
  )
  .option('--minutes <number>', 'how long', positive, 10)
  .parse()
  .opts<{ minutes: number }>();
const problems = await soak(minutes);
for (const problem of problems.slice(0, 20)) print(`✗ ${problem}`);
print(problems.length === 0 ? '✓ nothing lost, nothing twice' : `${problems.length} problems`);
process.exit(problems.length === 0 ? 0 : 1);
