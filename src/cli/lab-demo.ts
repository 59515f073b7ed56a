import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createDaemon, type Daemon } from '../daemon.ts';
import { LabAcs } from '../lab/acs/lab-acs.ts';
import { DEMO_DEVICES, DEMO_PROXIER_OUI } from '../lab/demo/demo-devices.ts';
import { Narrator, type NarratorOutput } from '../lab/demo/narrator.ts';
import { createStoryDevice, playStory, type StoryDevice, type StoryStep } from '../lab/demo/story.ts';
import { systemClock } from '../platform/clock.ts';
import type { Config } from '../platform/config/config.ts';
import { createLogger } from '../platform/logger.ts';
import { EXIT_FAILED, EXIT_OK } from './exit-code.ts';

/**
 * Four simulated devices, the lab ACS and the daemon in this process, on loopback, with state in a temporary directory.
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
    new Map(parts.map((part) => [part.id, part.name])),
  );
  const { interrupted, forget } = interruption();
  try {
    await acs.start();
    for (const part of parts) {
      const { location } = await part.device.start();
      narrator.tell(part.name, `simulated ${part.profile} device at ${location}`);
    }
    daemon = createDaemon({
      config: demoConfig(acs.url, directory, parts),
      logger: createLogger({ level: 'warn', format: 'text', stream: process.stderr }),
      clock: systemClock,
    });
    await daemon.start();
    const { host, port } = daemon.addresses.status;
    narrator.say(`\nThe daemon is up; its status: http://${host}:${port}/`);
    narrator.say(`The ACS's page: ${acs.pageUrl}`);
    if (options.once) return await Promise.race([playAll(acs, parts, narrator), interrupted]);
    return await stay(acs, parts, narrator, interrupted);
  } finally {
    forget();
    await daemon?.stop();
    await Promise.all(parts.map((part) => part.device.stop()));
    await acs.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

async function playAll(acs: LabAcs, parts: readonly StoryDevice[], narrator: Narrator): Promise<number> {
  const steps: StoryStep[] = [];
  for (const part of parts) {
    narrator.heading(`${part.name}, ${part.id}`);
    await playStory(acs, part, (step) => {
      steps.push(step);
      narrator.step(step);
    });
  }
  const failed = steps.filter((step) => !step.ok);
  narrator.heading(
    failed.length === 0
      ? `All ${steps.length} steps held for ${parts.length} devices.`
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
  interrupted: Promise<number>,
): Promise<number> {
  narrator.say('Ctrl-C ends the demo.\n');
  const unfollow = narrator.follow(acs);
  for (const { id, name, reading } of parts) {
    const watching = acs.queue(id, (session) =>
      session.setParameterAttributes([{ name: reading.path, notification: 2 }]),
    );
    watching.catch((error: unknown) => {
      narrator.tell(name, `is not watched: ${error instanceof Error ? error.message : String(error)}`);
    });
  }
  const code = await interrupted;
  unfollow();
  narrator.say('\nStopping.');
  return code;
}

function describeDiscovery(daemon: Daemon, udn: string): string | undefined {
  const device = daemon.status().devices.find((candidate) => candidate.udn === udn);
  if (device?.identity === undefined) return undefined;
  return `${udn} at ${device.address}, ${device.services.length} DM services`;
}

function demoConfig(acsUrl: string, directory: string, parts: readonly StoryDevice[]): Config {
  return {
    acs: {
      url: acsUrl,
      username: '',
      password: '',
      tls: { minVersion: 'TLSv1.2' },
      periodicInformIntervalSeconds: 300,
    },
    proxier: {
      endpoint: false,
      manufacturer: 'cwmp-proxier',
      manufacturerOui: DEMO_PROXIER_OUI,
      productClass: 'demo',
      serialNumber: 'DEMO0001',
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
      rules: parts.map((part) => ({ match: { udn: part.device.udn }, mechanism: 'virtual' })),
    },
    embedded: { answerTimeoutSeconds: 2 },
    inventory: { retentionSeconds: 3600 },
    log: { level: 'warn', format: 'text' },
    warnings: [],
  };
}

/** `interrupted` resolves with the exit code when the demo is told to end. */
function interruption(): { readonly interrupted: Promise<number>; readonly forget: () => void } {
  let stop = (): void => undefined;
  const interrupted = new Promise<number>((resolve) => {
    stop = () => {
      resolve(EXIT_OK);
    };
  });
  const signals = ['SIGINT', 'SIGTERM'] as const;
  for (const signal of signals) process.once(signal, stop);
  const forget = (): void => {
    for (const signal of signals) process.off(signal, stop);
  };
  return { interrupted, forget };
}
