import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createDaemon, type Daemon } from '../daemon.ts';
import { LabAcs } from '../lab/acs/lab-acs.ts';
import { DEMO_DEVICES } from '../lab/demo/demo-devices.ts';
import { Narrator, type NarratorOutput } from '../lab/demo/narrator.ts';
import {
  createProxierHouse,
  DEMO_PROXIER,
  DEMO_PROXIER_ID,
  playProxierStory,
  type ProxierHouse,
} from '../lab/demo/proxier-story.ts';
import type { StoryStep } from '../lab/demo/steps.ts';
import { createStoryDevice, playStory, type StoryDevice } from '../lab/demo/story.ts';
import { systemClock } from '../platform/clock.ts';
import type { Config } from '../platform/config/config.ts';
import { createLogger } from '../platform/logger.ts';
import { EXIT_FAILED, EXIT_OK } from './exit-code.ts';

/**
 * Simulated devices (four virtual, one embedded, one without Device Management), the lab ACS and the daemon in this process, on loopback, with state in a temporary directory.
 * @param options.once play the story with each device and end; otherwise stay until SIGINT or SIGTERM
 * @returns the exit code
 */
export async function runLabDemo(options: {
  readonly once: boolean;
  readonly output?: NarratorOutput;
}): Promise<number> {
  const directory = await mkdtemp(join(tmpdir(), 'cwmp-proxier-demo-'));
  const acs = new LabAcs();
  let daemon: Daemon | undefined;
  const parts = DEMO_DEVICES.map((part) =>
    createStoryDevice(part, { drift: !options.once }, (udn) =>
      daemon === undefined ? undefined : describeDiscovery(daemon, udn),
    ),
  );
  const narrator = new Narrator(
    options.output ?? process.stdout,
    new Map([...parts.map((part) => [part.id, part.name] as const), [DEMO_PROXIER_ID, 'Proxier']]),
  );
  const house = createProxierHouse(randomBytes(3).toString('hex').toUpperCase());
  const { interrupted, forget } = interruption();
  try {
    await acs.start();
    for (const part of parts) {
      const { location } = await part.device.start();
      narrator.tell(part.name, `simulated ${part.profile} device at ${location}`);
    }
    const { location } = await house.embedded.start();
    narrator.tell('Proxier', `simulated nas device to be embedded at ${location}`);
    narrator.tell('Proxier', `simulated television at ${await house.television.start()}`);
    daemon = createDaemon({
      config: demoConfig(acs.url, directory, parts, house),
      logger: createLogger({ level: 'warn', format: 'text', stream: process.stderr }),
      clock: systemClock,
    });
    await daemon.start();
    const { host, port } = daemon.addresses.status;
    narrator.say(`\nThe daemon is up; its status: http://${host}:${port}/`);
    narrator.say(`The ACS's page: ${acs.pageUrl}`);
    if (!options.once) {
      await stay(acs, parts, narrator, interrupted);
      return EXIT_OK;
    }
    const cutShort = interrupted.then(() => {
      narrator.say('\nInterrupted: the story was not played to its end.');
      return EXIT_FAILED;
    });
    return await Promise.race([playAll(acs, parts, house, narrator), cutShort]);
  } finally {
    forget();
    await daemon?.stop();
    await Promise.all([
      ...parts.map((part) => part.device.stop()),
      house.embedded.stop(),
      house.television.stop(),
    ]);
    await acs.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

async function playAll(
  acs: LabAcs,
  parts: readonly StoryDevice[],
  house: ProxierHouse,
  narrator: Narrator,
): Promise<number> {
  const steps: StoryStep[] = [];
  const report = (step: StoryStep): void => {
    steps.push(step);
    narrator.step(step);
  };
  for (const part of parts) {
    narrator.heading(`${part.name}, ${part.id}`);
    await playStory(acs, part, report);
  }
  narrator.heading(`Proxier, ${DEMO_PROXIER_ID}`);
  const serialNumbers = parts.map(({ device }) => device.profile.identity.serialNumber);
  await playProxierStory(acs, house, serialNumbers, report);
  const failed = steps.filter((step) => !step.ok);
  narrator.heading(
    failed.length === 0
      ? `All ${steps.length} steps held for ${parts.length} virtual devices and the proxier.`
      : `${failed.length} of ${steps.length} steps did not hold:`,
  );
  for (const step of failed) narrator.step(step);
  return failed.length === 0 ? EXIT_OK : EXIT_FAILED;
}

/** Watches the devices for active notification, so that their changes come by themselves, until Ctrl-C. */
async function stay(
  acs: LabAcs,
  parts: readonly StoryDevice[],
  narrator: Narrator,
  interrupted: Promise<void>,
): Promise<void> {
  narrator.say('Ctrl-C ends the demo.\n');
  const unfollow = narrator.follow(acs);
  const counts = [
    'Device.ManagementServer.VirtualDeviceNumberOfEntries',
    'Device.ManagementServer.EmbeddedDeviceNumberOfEntries',
    'Device.UPnP.Discovery.RootDeviceNumberOfEntries',
  ];
  const watched = [
    ...parts.map(({ id, name, reading }) => ({ id, name, paths: [reading.path] })),
    { id: DEMO_PROXIER_ID, name: 'Proxier', paths: counts },
  ];
  for (const { id, name, paths } of watched) {
    const watching = acs.queue(id, (session) =>
      session.setParameterAttributes(paths.map((path) => ({ name: path, notification: 2 }))),
    );
    watching.catch((error: unknown) => {
      narrator.tell(name, `is not watched: ${error instanceof Error ? error.message : String(error)}`);
    });
  }
  await interrupted;
  unfollow();
  narrator.say('\nStopping.');
}

function describeDiscovery(daemon: Daemon, udn: string): string | undefined {
  const device = daemon.status().devices.find((candidate) => candidate.udn === udn);
  if (device?.identity === undefined) return undefined;
  return `${udn} at ${device.address}, ${device.services.length} DM services`;
}

function demoConfig(
  acsUrl: string,
  directory: string,
  parts: readonly StoryDevice[],
  house: ProxierHouse,
): Config {
  return {
    acs: {
      url: acsUrl,
      username: '',
      password: '',
      tls: { minVersion: 'TLSv1.2' },
      periodicInformIntervalSeconds: 300,
      enableCwmpAtStart: false,
    },
    proxier: {
      endpoint: true,
      ...DEMO_PROXIER,
      modelName: 'Demo gateway',
      description: 'The proxier of the demonstration',
      hardwareVersion: '1.0',
    },
    lan: { interfaces: ['lo'] },
    connectionRequest: { host: '127.0.0.1', port: 0 },
    status: { host: '127.0.0.1', port: 0 },
    state: { directory: join(directory, 'state') },
    // Other devices on this machine's loopback are none of the demo's business.
    devices: {
      default: 'ignore',
      rules: [
        { match: { udn: house.embedded.udn }, mechanism: 'embedded' },
        ...parts.map(({ device }) => ({ match: { udn: device.udn }, mechanism: 'virtual' as const })),
      ],
      pollIntervalSeconds: 60,
      alarms: false,
      maxDevices: 128,
      forgetAfterSeconds: 2_592_000,
    },
    embedded: { answerTimeoutSeconds: 2 },
    inventory: { retentionSeconds: 3600 },
    log: { level: 'warn', format: 'text' },
    warnings: [],
  };
}

/** `interrupted` resolves when the demo is told to end. */
function interruption(): { readonly interrupted: Promise<void>; readonly forget: () => void } {
  let stop = (): void => undefined;
  const interrupted = new Promise<void>((resolve) => {
    stop = resolve;
  });
  const signals = ['SIGINT', 'SIGTERM'] as const;
  for (const signal of signals) process.once(signal, stop);
  const forget = (): void => {
    for (const signal of signals) process.off(signal, stop);
  };
  return { interrupted, forget };
}
