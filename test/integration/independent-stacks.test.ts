import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createLabDevice, type LabDevice } from '../../src/lab/device/lab-device.ts';
import { ExternalCommand, missingProgram, startUntilFound } from '../support/external-command.ts';
import { RYGEL_PROGRAMS, startRygel } from '../support/media-servers.ts';
import { waitFor } from '../support/wait-for.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

interface DiscoveredDevice {
  readonly udn: string;
  readonly friendlyName: string;
  readonly management: readonly {
    readonly udn: string;
    readonly name: string;
    readonly version: number;
    readonly serviceType: string;
    readonly actions: readonly string[] | null;
  }[];
}

/** Runs a test only where its programs are; otherwise its title says what is missing. */
function itWith(programs: readonly (string | undefined)[], title: string, test: () => Promise<void>): void {
  const missing = programs.filter((reason) => reason !== undefined);
  if (missing.length > 0) it.skip(`${title} (skipped: ${missing.join(', ')})`);
  else it(title, test);
}

describe('independent UPnP stacks on loopback', function () {
  this.timeout(300_000);
  const commands: ExternalCommand[] = [];
  const devices: LabDevice[] = [];

  const run = (command: string, args: readonly string[]): ExternalCommand => {
    const started = new ExternalCommand(command, args);
    commands.push(started);
    return started;
  };
  /** SSDP may lose datagrams, and the dumper searches only when it starts: so it is started again when it finds nothing. */
  const startedDumper = async (): Promise<ExternalCommand> => {
    for (let attempt = 1; ; attempt += 1) {
      const dumper = run('gupnp-event-dumper', ['-i', 'lo']);
      try {
        await waitFor(() => dumper.output.includes('ConfigurationUpdate'), 'the initial event', 7000);
        return dumper;
      } catch (error) {
        await dumper.stop();
        if (attempt === 4) throw error;
      }
    }
  };
  const addDevice = async (profile: string): Promise<LabDevice> => {
    const device = createLabDevice({
      profile,
      drift: false,
      identity: { serialNumber: `STACKS-${process.pid}` },
    });
    devices.push(device);
    await device.start();
    return device;
  };

  afterEach(async () => {
    await Promise.all(commands.splice(0).map((command) => command.stop()));
    await Promise.all(devices.splice(0).map((device) => device.stop()));
  });

  itWith(
    [missingProgram('gssdp-discover', 'gssdp-tools')],
    'gssdp-discover finds the simulated devices by device and by service type',
    async () => {
      const voip = await addDevice('voip');
      const wifi = await addDevice('wifi');
      const device = 'urn:schemas-upnp-org:device:ManageableDevice:1';
      const byDevice = run('gssdp-discover', ['-i', 'lo', '-t', device, '--timeout', '20']);
      const service = 'urn:schemas-upnp-org:service:ConfigurationManagement:1';
      const byService = run('gssdp-discover', ['-i', 'lo', '-t', service, '--timeout', '20']);
      for (const { udn } of [voip, wifi]) {
        await waitFor(() => byDevice.output.includes(`${udn}::`), `${udn} by device type`, 15_000);
        await waitFor(() => byService.output.includes(`${udn}::`), `${udn} by service type`, 15_000);
      }
      expect(byDevice.output).to.match(/Location: http:\/\/127\.0\.0\.1:\d+\//);
    },
  );

  itWith(
    [missingProgram('gupnp-event-dumper', 'gupnp-tools')],
    'gupnp-event-dumper reads their events',
    async () => {
      const wifi = await addDevice('wifi');
      const dumper = await startedDumper();
      const initial = dumper.output.length;
      wifi.set('/BBF/WiFi/SSID/0/SSID', 'Changed for the dumper');
      await waitFor(
        () => dumper.output.slice(initial).includes('ConfigurationUpdate'),
        'the event of a change',
        10_000,
      );
      const version = wifi.configurationVersion;
      expect(dumper.output.slice(initial)).to.contain(`${version},`);
    },
  );

  itWith(RYGEL_PROGRAMS, 'discover finds rygel and its BasicManagement:2', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'cwmp-proxier-rygel-'));
    try {
      const rygel = await startUntilFound(
        () => startRygel(directory, 'Rygel of the test'),
        (daemon) => commands.push(daemon),
        async () => (await discover()).find(({ friendlyName }) => friendlyName === 'Rygel of the test'),
        'rygel in the list of discover',
      );
      const [service] = rygel.management;
      expect(service).to.include({
        udn: rygel.udn,
        name: 'BMS',
        version: 2,
        serviceType: 'urn:schemas-upnp-org:service:BasicManagement:2',
      });
      expect(service?.actions).to.include.members(['GetDeviceStatus', 'Ping', 'GetPingResult', 'CancelTest']);
    } finally {
      await Promise.all(commands.splice(0).map((command) => command.stop()));
      await rm(directory, { recursive: true, force: true });
    }
  });
});

/** Our own command, as a person would run it. */
function discover(): Promise<DiscoveredDevice[]> {
  return new Promise((resolve, reject) => {
    const args = ['--import', 'tsx', MAIN, 'discover', '--interface', 'lo', '--timeout', '3', '--json'];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString('utf8');
    });
    child.on('error', reject);
    child.on('close', () => {
      resolve(output.trim() === '' ? [] : (JSON.parse(output) as DiscoveredDevice[]));
    });
  });
}
