import { expect } from 'chai';
import { randomInt } from 'node:crypto';
import { cp, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDaemon } from '../../src/daemon.ts';
import { formatDeviceId } from '../../src/lab/acs/acs-device.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { silentLogger, type Logger } from '../../src/platform/logger.ts';
import { House } from '../support/house.ts';
import { waitFor } from '../support/wait-for.ts';

/** A sector. */
const BLOCK = 512;
const ROUNDS = 40;

type Damage = (path: string, bytes: Buffer) => Promise<void>;

const DAMAGES: Readonly<Record<string, Damage>> = {
  'a flipped bit': async (path, bytes) => {
    const at = randomInt(bytes.length);
    bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << randomInt(8)), at);
    await writeFile(path, bytes);
  },
  'a lost end': (path, bytes) => truncate(path, randomInt(bytes.length)),
  'a block of zeros': async (path, bytes) => {
    const at = randomInt(Math.max(1, bytes.length - BLOCK + 1));
    await writeFile(path, bytes.fill(0, at, Math.min(at + BLOCK, bytes.length)));
  },
  'nothing in it': (path) => truncate(path, 0),
  'no file': (path) => rm(path),
};

describe('a daemon whose state is damaged', function () {
  this.timeout(300_000);
  let house: House;
  let copy: string;
  let id: string;

  before(async () => {
    house = await House.open();
    const serialNumber = `DAMAGE${randomInt(1_000_000)}`;
    const device = await house.addDevice({ profile: 'wifi', identity: { serialNumber } });
    const { manufacturerOui: oui, productClass } = device.profile.identity;
    id = formatDeviceId({ oui, productClass, serialNumber });
    await house.startDaemon();
    await house.acs.waitForInform(id, undefined, 20_000);
    await house.acs.waitForIdle(id, 20_000);
    for (let round = 0; round < 20; round += 1) {
      const value = String(1000 + round);
      const name = 'Device.ManagementServer.PeriodicInformInterval';
      await house.acs.perform(id, (session) =>
        session.setParameterValues([{ name, value, type: 'xsd:unsignedInt' }], `key ${round}`),
      );
    }
    await house.stopDaemon();
  });

  beforeEach(async () => {
    copy = await mkdtemp(join(tmpdir(), 'cwmp-proxier-damage-'));
  });
  afterEach(() => rm(copy, { recursive: true, force: true }));
  after(() => house.close());

  it(`starts all the same, says so, and serves its devices, ${ROUNDS} times`, async () => {
    const files = (await readdir(house.stateDirectory)).filter((name) => /^(journal|snapshot)\./.test(name));
    expect(files).to.not.deep.equal([]);
    for (let round = 0; round < ROUNDS; round += 1) {
      const directory = join(copy, String(round));
      await cp(house.stateDirectory, directory, { recursive: true, verbatimSymlinks: true });
      const [what, damage] = pick(Object.entries(DAMAGES));
      const file = pick(files);
      await damage(join(directory, file), await readFile(join(directory, file)));
      await serves(directory, `${what} in ${file}`);
    }
  });

  /** A daemon with that state starts and has the device at the ACS. */
  async function serves(directory: string, what: string): Promise<void> {
    const warnings: string[] = [];
    const logger: Logger = {
      ...silentLogger,
      child: () => logger,
      warn: (message) => void warnings.push(message),
    };
    const config = { ...house.config(), state: { directory } };
    const daemon = createDaemon({ config, logger, clock: systemClock });
    await daemon.start();
    try {
      const known = (): unknown =>
        daemon.status().endpoints.some(({ identity }) => formatDeviceId(identity) === id);
      await waitFor(known, `the device with ${what}`, 20_000);
      if (!/^(nothing|no file|a lost end)/.test(what)) {
        expect(
          warnings.filter((warning) => /damaged/.test(warning)),
          what,
        ).to.not.deep.equal([]);
      }
    } finally {
      await daemon.stop();
    }
  }
});

function pick<T>(from: readonly T[]): T {
  const one = from[randomInt(from.length)];
  if (one === undefined) throw new Error('nothing to pick from');
  return one;
}
