import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CpeFault } from '../../src/lab/acs/messages.ts';
import { House } from '../support/house.ts';
import { captureLog } from '../support/captured-log.ts';
import { waitFor } from '../support/wait-for.ts';

const PROXIER = '0011AA-Proxier-HOUSE%2D1';
const LOCAL = {
  name: 'Device.ManagementServer.PeriodicInformInterval',
  value: '777',
  type: 'xsd:unsignedInt',
} as const;

interface Trouble {
  readonly name: string;
  readonly begin: (directory: string) => Promise<unknown>;
  readonly end: (directory: string) => Promise<unknown>;
}

const remount = (how: string) => (directory: string) => {
  expect(spawnSync('mount', ['-o', `remount,${how}`, directory]).status).to.equal(0);
  return Promise.resolve();
};
const TROUBLES: readonly Trouble[] = [
  { name: 'read-only', begin: remount('ro'), end: remount('rw') },
  {
    name: 'full',
    // The file system takes what it can.
    begin: (directory) =>
      writeFile(join(directory, 'fill'), Buffer.alloc(4 * 1024 * 1024)).catch(() => undefined),
    end: (directory) => unlink(join(directory, 'fill')),
  },
];

describe('a daemon whose state directory cannot be written', function () {
  for (const { name, begin, end } of TROUBLES) {
    it(`starts all the same while it is ${name}, serves what it knows and says why it takes nothing`, async function () {
      const serial = randomUUID().slice(-8);
      const id = `0090D5-RS1-${serial}`;
      const log = captureLog();
      const house = await House.open({
        devices: { default: 'ignore', rules: [{ match: { serialNumber: '*' }, mechanism: 'ignore' }] },
        logger: log.logger,
        config: (config) => ({
          ...config,
          proxier: { ...config.proxier, endpoint: true },
          devices: {
            ...config.devices,
            rules: [{ match: { serialNumber: `${serial}*` }, mechanism: 'virtual' }],
          },
        }),
      });
      const directory = house.stateDirectory;
      const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', directory]);
      try {
        // Only root can mount a file system.
        if (mounted.status !== 0) this.skip();
        const sensor = await house.addDevice({ profile: 'sensor', identity: { serialNumber: serial } });
        const health = async (): Promise<readonly [number, string]> => {
          const { host, port } = house.daemon?.addresses.status ?? { host: '', port: 0 };
          const response = await fetch(`http://${host}:${port}/healthz`);
          return [response.status, await response.text()];
        };
        const comeUp = async (after = 0): Promise<void> => {
          await house.startDaemon();
          await waitFor(
            () => house.daemon?.status().devices.find(({ udn }) => udn === sensor.udn)?.state === 'ready',
            'the device',
            10_000,
          );
          for (const known of [PROXIER, id]) {
            await house.acs.waitForInform(known, undefined, 10_000, after);
            await house.acs.waitForIdle(known);
          }
        };
        await comeUp();
        expect((await health())[0]).to.equal(200);
        await house.stopDaemon();
        await begin(directory);

        await comeUp(house.acs.informCount);
        for (const known of [PROXIER, id]) {
          const cpe = house.acs.cpe(known);
          expect(await cpe.getParameterValues(['Device.DeviceInfo.ModelName'])).to.have.length(1);
          // What is allotted of the last file takes some more.
          let fault: unknown;
          for (let seconds = 1000; fault === undefined && seconds < 1200; seconds += 1) {
            const setting = { ...LOCAL, value: String(seconds) };
            fault = await cpe.setParameterValues([setting]).then(
              () => undefined,
              (error: unknown) => error,
            );
          }
          expect(fault).to.be.instanceOf(CpeFault);
          expect(fault, known).to.have.nested.property('parameterFaults[0].code', '9002');
        }
        const [status, reason] = await health();
        expect([status, reason.includes(directory)]).to.deep.equal([503, true]);
        expect(log.lines.some((line) => line.includes('cannot') && line.includes(directory))).to.equal(true);
        // A device that nobody knows has to wait.
        const other = await house.addDevice({
          profile: 'sensor',
          identity: { serialNumber: `${serial}-2` },
        });
        await waitFor(
          () => house.daemon?.status().devices.find(({ udn }) => udn === other.udn)?.state === 'waiting',
          'it to wait',
          10_000,
        );

        await end(directory);
        for (const known of [PROXIER, id]) {
          expect(await house.acs.cpe(known).setParameterValues([LOCAL])).to.equal(0);
        }
        expect((await health())[0]).to.equal(200);
        await waitFor(
          () => house.daemon?.status().devices.find(({ udn }) => udn === other.udn)?.state === 'ready',
          'the other device',
          20_000,
        );
      } finally {
        await house.stopDaemon();
        if (mounted.status === 0) spawnSync('umount', [directory]);
        await house.close();
      }
    });
  }
});
