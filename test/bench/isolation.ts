import type { BenchRequest, Sample } from './bench-acs.ts';
import { median, print, quantile, row } from './figures.ts';
import { openBenchHouse, rpc, type BenchHouse, type BenchLab } from './think-time.ts';

// What one device's trouble costs another: a healthy device is read, written and heard in turns beside the same neighbour without
// and with a fault. The ACS reads the neighbour all the time, so that a fault has somebody to hold up.

/** Raises no events: each read asks the device. */
const UPTIME = 'Device.DeviceInfo.UpTime';
const SENSOR = 'Device.X_0011AA_UPnPDM.X_ACME_Sensor.';
const TEMPERATURE_ON_DEVICE = '/X_ACME_Sensor/Temperature';
/** Reads, and as many writes. */
const BURST = 8;
/** Of the medians with and without a fault. */
const GOAL = 1.1;

const MEASURES = ['GetParameterValues', 'SetParameterValues', 'event to Inform'] as const;
type Measure = (typeof MEASURES)[number];
/** Milliseconds. */
type Times = Record<Measure, number[]>;

/** What was seen of the healthy device, and of the daemon meanwhile. */
interface Seen {
  readonly times: Times;
  cpuSeconds: number;
  seconds: number;
}

/** Trouble of the neighbour, in commands of `lab device`. */
interface Trouble {
  readonly name: string;
  readonly begin?: readonly string[];
  /** Again and again until it ends. */
  readonly repeat?: readonly string[];
}

/** SUBSCRIBE comes after a restart only. */
const events = (fault: string): readonly string[] => [`fault events ${fault}`, 'reboot'];
const TROUBLES: readonly Trouble[] = [
  { name: 'nothing (noise)' },
  ...['silent', 'http500', 'slowBytes', 'brokenXml', '708'].map((fault) => ({
    name: fault,
    begin: [`fault * ${fault}`],
  })),
  { name: 'events unconfirmed', begin: events('unconfirmed') },
  { name: 'events wrongSeq', begin: events('wrongSeq'), repeat: [`set ${TEMPERATURE_ON_DEVICE} #`] },
  { name: 'flood of events', repeat: ['flood 500'] },
  { name: 'flood, 250 kB each', repeat: ['flood 500 250000'] },
  { name: 'flood, 900 kB each', repeat: ['flood 500 900000'] },
  { name: 'vanish and return', repeat: ['vanish', 'return'] },
  { name: 'reboot', repeat: ['reboot'] },
];
/** Whatever was wrong: pending requests to the device end when it leaves. */
const RECOVERY = ['vanish', 'fault off', 'return'];

const WIDTHS = [20, 20, 8, 8, 8, 8, 7, 5];

/** Prints, for each fault of the neighbour, the healthy device's latencies without and with it. */
export async function isolation(rounds: number, bursts: number): Promise<void> {
  const house = await openBenchHouse(1, 100, 2);
  try {
    const pair = new Neighbours(house);
    await pair.watch();
    print();
    print(
      `A healthy device beside one in trouble (${rounds * bursts} events and ${rounds * bursts * BURST} requests each; ms; goal: medians within ${GOAL} x)`,
    );
    print(row(['', '', 'p50', 'p99', 'p50', 'p99', 'ratio', 'goal'], WIDTHS));
    for (const trouble of TROUBLES) {
      const [without, beside] = [unseen(), unseen()];
      for (let round = 0; round < rounds; round += 1) {
        await pair.measure(without, bursts);
        const end = await pair.begin(trouble);
        await pair.measure(beside, bursts);
        await end();
      }
      printSeen(trouble.name, without, beside);
    }
    print(`requests to the healthy device that failed: ${pair.failures}`);
    await pair.stop();
  } finally {
    await house.close();
  }
}

/** A healthy device and its neighbour, which the ACS reads as fast as it answers, up to twenty times a second. */
class Neighbours {
  readonly #house: BenchHouse;
  readonly #healthy: string;
  readonly #neighbour: string;
  readonly #healthyLab: BenchLab;
  readonly #neighbourLab: BenchLab;
  readonly #reading: Promise<void>;
  #isOver = false;
  #count = 0;
  /** Of the healthy device: answers that were faults. */
  failures = 0;

  constructor(house: BenchHouse) {
    this.#house = house;
    const [healthyLab, neighbourLab] = house.labs;
    if (healthyLab === undefined || neighbourLab === undefined) throw new Error('two labs are needed');
    [this.#healthyLab, this.#neighbourLab] = [healthyLab, neighbourLab];
    this.#healthy = healthyLab.serials[0] ?? '';
    this.#neighbour = neighbourLab.serials[0] ?? '';
    this.#reading = this.#readNeighbour();
  }

  async watch(): Promise<void> {
    const body =
      '<cwmp:SetParameterAttributes><ParameterList soap-enc:arrayType="cwmp:SetParameterAttributesStruct[1]">' +
      `<SetParameterAttributesStruct><Name>${SENSOR}Temperature</Name><NotificationChange>1</NotificationChange>` +
      '<Notification>2</Notification><AccessListChange>0</AccessListChange><AccessList/></SetParameterAttributesStruct>' +
      '</ParameterList></cwmp:SetParameterAttributes>';
    await this.#house.session(this.#healthy, [{ label: 'watch', rpc: body }]);
  }

  /** Puts the neighbour into trouble. @returns what ends it, and waits until the neighbour is well again */
  async begin(trouble: Trouble): Promise<() => Promise<void>> {
    for (const command of trouble.begin ?? []) await this.#neighbourLab.command(command);
    let isOver = false;
    const repeating = (async () => {
      while (!isOver && trouble.repeat !== undefined) {
        for (const command of trouble.repeat) {
          await this.#neighbourLab.command(command.replace('#', () => String(this.#nextValue())));
        }
        await pause(100);
      }
    })();
    return async () => {
      isOver = true;
      await repeating;
      for (const command of RECOVERY) await this.#neighbourLab.command(command);
      const before = this.#readings;
      while (this.#readings < before + 3) await pause(50);
    };
  }

  /** Events with a burst of requests in the session of each, so that they meet all of what the neighbour does. */
  async measure(seen: Seen, bursts: number): Promise<void> {
    const { acs, daemon } = this.#house;
    const { times } = seen;
    const before = { cpu: daemon.cpuSeconds, at: performance.now() };
    for (let burst = 0; burst < bursts; burst += 1) {
      acs.give(this.#healthy, Array.from({ length: BURST }, () => this.#readAndWrite()).flat());
      times['event to Inform'].push(await this.#event());
      for (const sample of acs.samples.splice(0)) {
        const measure = MEASURES.find((known) => known === sample.label);
        if (measure === undefined) continue;
        times[measure].push(sample.milliseconds);
        if (isFault(sample)) this.failures += 1;
      }
    }
    seen.cpuSeconds += daemon.cpuSeconds - before.cpu;
    seen.seconds += (performance.now() - before.at) / 1000;
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#reading;
  }

  #readAndWrite(): BenchRequest[] {
    const interval = `${SENSOR}MeasuringInterval`;
    return [
      { label: 'GetParameterValues', rpc: rpc.values(UPTIME) },
      { label: 'SetParameterValues', rpc: rpc.set([[interval, 'unsignedInt', String(this.#nextValue())]]) },
    ];
  }

  /** Changes a watched value and waits for the end of the session that tells it. @returns milliseconds until its Inform */
  async #event(): Promise<number> {
    const value = String(this.#nextValue());
    const informed = this.#house.acs.informed(this.#healthy, `>${value}</Value>`);
    const ended = this.#house.acs.sessionEnded(this.#healthy);
    const since = performance.now();
    await this.#healthyLab.command(`set ${TEMPERATURE_ON_DEVICE} ${value}`);
    const time = (await informed) - since;
    await ended;
    return time;
  }

  async #readNeighbour(): Promise<void> {
    const read: BenchRequest = { label: 'neighbour', rpc: rpc.values(UPTIME), afterMs: 50 };
    this.#house.acs.give(
      this.#neighbour,
      Array.from({ length: 100_000 }, () => read),
    );
    while (!this.#isOver) {
      const before = this.#readings;
      await pause(2000);
      // It is away, or its session ended when it left.
      if (this.#readings === before) await this.#house.call(this.#neighbour).catch(() => undefined);
    }
  }

  /** Good answers of the neighbour so far. */
  get #readings(): number {
    return this.#house.acs.answered.get(this.#neighbour) ?? 0;
  }

  /** Within the range of all that is written. */
  #nextValue(): number {
    this.#count = (this.#count + 1) % 800;
    return this.#count + 1;
  }
}

function printSeen(name: string, without: Seen, beside: Seen): void {
  MEASURES.forEach((measure, index) => {
    const [one, other] = [without.times[measure], beside.times[measure]];
    const ratio = median(other) / median(one);
    const cells = [one, other].flatMap((list) =>
      [median(list), quantile(list, 0.99)].map((ms) => ms.toFixed(2)),
    );
    const reached = ratio <= GOAL ? 'yes' : 'no';
    print(row([index === 0 ? name : '', measure, ...cells, ratio.toFixed(2), reached], WIDTHS));
  });
  const cells = [without, beside].flatMap(({ cpuSeconds, seconds }) => [
    ((cpuSeconds / seconds) * 100).toFixed(0),
    '',
  ]);
  print(row(['', 'daemon, % of a core', ...cells], WIDTHS));
}

const unseen = (): Seen => ({
  times: { GetParameterValues: [], SetParameterValues: [], 'event to Inform': [] },
  cpuSeconds: 0,
  seconds: 0,
});

const isFault = ({ body }: Sample): boolean => body.includes('Fault>');

const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
