import { expect } from 'chai';
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LabAcs } from '../../src/lab/acs/lab-acs.ts';
import { createLabDevice, type LabDevice } from '../../src/lab/device/lab-device.ts';
import { collectEmitted } from '../support/emitted-envelopes.ts';
import { waitFor } from '../support/wait-for.ts';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const SENSOR = '0090D5-RS1-RS1000400';
/** test/faults kills far more often, and looks at more. */
const KILLS = 5;

interface Written {
  readonly interval: string;
  readonly key: string;
  readonly notification: number;
}

/** The daemon in a process of its own, to be killed without warning. */
class KillableDaemon {
  static readonly #running = new Set<KillableDaemon>();
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;

  constructor(config: string) {
    this.#child = spawn(process.execPath, [MAIN, 'run', '--config', config], {
      stdio: 'ignore',
    });
    KillableDaemon.#running.add(this);
    this.#ended = new Promise((resolve) => this.#child.once('exit', () => resolve()));
  }

  /** After a failed test: nothing may stay behind. */
  static async killAll(): Promise<void> {
    await Promise.all([...KillableDaemon.#running].map((daemon) => daemon.kill('SIGKILL')));
  }

  async kill(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> {
    this.#child.kill(signal);
    await this.#ended;
    KillableDaemon.#running.delete(this);
    return this.#child.exitCode;
  }
}

describe('a daemon that is killed at any instant', function () {
  this.timeout(120_000);
  let directory: string;
  let acs: LabAcs;
  let device: LabDevice;
  let config: string;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'cwmp-proxier-kill-'));
    // A CPE that died in mid-session is forgotten soon, so that its next Inform is taken.
    acs = new LabAcs({ sessionTimeoutMs: 1500 });
    collectEmitted(acs);
    await acs.start();
    device = createLabDevice({ profile: 'sensor', drift: false });
    await device.start();
    config = join(directory, 'config.yaml');
    await writeFile(
      config,
      [
        `acs: { url: '${acs.url}' }`,
        'lan: { interfaces: [lo] }',
        'connectionRequest: { host: 127.0.0.1, port: 0 }',
        'status: { host: 127.0.0.1, port: 0 }',
        `state: { directory: '${directory}/state' }`,
      ].join('\n'),
    );
  });

  after(async () => {
    await KillableDaemon.killAll();
    await device.stop();
    await acs.stop();
    await rm(directory, { recursive: true, force: true });
  });

  it(`loses nothing that it acknowledged, over ${KILLS} kills, and sends no second BOOTSTRAP`, async () => {
    const interval = 'Device.ManagementServer.PeriodicInformInterval';
    const watched = 'Device.DeviceInfo.FirstUseDate';
    /** What was acknowledged last, and the write after it that may have been under way. */
    let acknowledged: Written | undefined;
    let underWay: Written | undefined;
    let writes = 0;
    for (let round = 0; round < KILLS; round += 1) {
      const daemon = new KillableDaemon(config);
      await acs.waitForInform(SENSOR, () => true, 20_000, acs.informCount);
      await acs.waitForIdle(SENSOR);
      await acs.perform(SENSOR, async (session) => {
        const [seconds, key] = await session.getParameterValues([
          interval,
          'Device.ManagementServer.ParameterKey',
        ]);
        const [attributes] = await session.getParameterAttributes([watched]);
        const found = {
          interval: seconds?.value ?? '',
          key: key?.value ?? '',
          notification: attributes?.notification ?? NaN,
        };
        // Of a request without an answer nothing is promised: each part of it may be there or not.
        if (acknowledged !== undefined) {
          const place = `round ${round}: ${JSON.stringify({ acknowledged, underWay, found })}`;
          expect([acknowledged.interval, underWay?.interval], place).to.include(found.interval);
          expect([acknowledged.key, underWay?.key], place).to.include(found.key);
          expect([acknowledged.notification, underWay?.notification], place).to.include(found.notification);
        }
        acknowledged = found;
      });
      // Writes go on until the kill, some milliseconds after the first, hits them; each is noted when its answer is here.
      const broken = acs
        .perform(SENSOR, async (session) => {
          for (let written = 0; ; written += 1) {
            if (written === 1) setTimeout(() => void daemon.kill('SIGKILL'), Math.random() * 40);
            writes += 1;
            const next = { interval: String(1000 + writes), key: `k${writes}`, notification: writes % 3 };
            underWay = { ...next, notification: acknowledged?.notification ?? NaN };
            await session.setParameterValues(
              [{ name: interval, value: next.interval, type: 'xsd:unsignedInt' }],
              next.key,
            );
            acknowledged = underWay;
            underWay = next;
            await session.setParameterAttributes([{ name: watched, notification: next.notification }]);
            acknowledged = next;
          }
        })
        .then(
          () => false,
          () => true,
        );
      expect(await broken).to.equal(true);
      await waitFor(() => acs.devices.get(SENSOR)?.session === undefined, 'the end of the broken session');
    }
    expect(writes).to.be.greaterThan(KILLS);
    const bootstraps = acs.devices
      .get(SENSOR)
      ?.informs.filter(({ events }) => events.some(({ code }) => code === '0 BOOTSTRAP'));
    expect(bootstraps).to.have.length(1);
  });

  it('stops within five seconds when asked, and leaves no lock behind', async () => {
    const first = new KillableDaemon(config);
    await acs.waitForInform(SENSOR, () => true, 20_000, acs.informCount);
    const since = performance.now();
    expect(await first.kill('SIGTERM')).to.equal(0);
    expect(performance.now() - since).to.be.lessThan(5000);
  });
});
