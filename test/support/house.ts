import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDaemon, type Daemon } from '../../src/daemon.ts';
import { LabAcs, type LabAcsOptions } from '../../src/lab/acs/lab-acs.ts';
import {
  createLabDevice,
  type LabDevice,
  type LabDeviceAddress,
  type LabDeviceOptions,
} from '../../src/lab/device/lab-device.ts';
import { systemClock, type Clock } from '../../src/platform/clock.ts';
import type { Config, DevicesConfig } from '../../src/platform/config/config.ts';
import { createLogger, silentLogger, type Logger } from '../../src/platform/logger.ts';
import { collectEmitted } from './emitted-envelopes.ts';

export interface HouseOptions {
  readonly acs?: LabAcsOptions;
  readonly devices?: Partial<DevicesConfig>;
  readonly config?: (config: Config) => Config;
  /** Default: quiet. */
  readonly logger?: Logger;
  /** Default: the system's. */
  readonly clock?: Clock;
  /** Default: what the routing table says. */
  readonly localAddressTowards?: (host: string) => Promise<string>;
}

/** A home in one process: lab devices and a lab ACS on loopback, and the daemon between them. */
export class House {
  readonly acs: LabAcs;
  readonly stateDirectory: string;
  readonly #options: HouseOptions;
  /** Where each device was when it started. */
  readonly addresses = new Map<LabDevice, LabDeviceAddress>();
  readonly #devices: LabDevice[] = [];
  daemon: Daemon | undefined;

  constructor(stateDirectory: string, acs: LabAcs, options: HouseOptions) {
    this.stateDirectory = stateDirectory;
    this.acs = acs;
    this.#options = options;
  }

  static async open(options: HouseOptions = {}): Promise<House> {
    const acs = new LabAcs(options.acs);
    collectEmitted(acs);
    await acs.start();
    return new House(await mkdtemp(join(tmpdir(), 'cwmp-proxier-house-')), acs, options);
  }

  async addDevice(options: LabDeviceOptions): Promise<LabDevice> {
    const device = createLabDevice({ drift: false, ...options });
    this.#devices.push(device);
    this.addresses.set(device, await device.start());
    return device;
  }

  async startDaemon(): Promise<Daemon> {
    const { logger = houseLogger(), clock = systemClock, localAddressTowards } = this.#options;
    const daemon = createDaemon({
      config: this.config(),
      logger,
      clock,
      ...(localAddressTowards === undefined ? {} : { localAddressTowards }),
    });
    await daemon.start();
    this.daemon = daemon;
    return daemon;
  }

  async stopDaemon(): Promise<void> {
    await this.daemon?.stop();
    this.daemon = undefined;
  }

  async close(): Promise<void> {
    await this.stopDaemon();
    await Promise.all(this.#devices.map((device) => device.stop()));
    await this.acs.stop();
    await rm(this.stateDirectory, { recursive: true, force: true });
  }

  config(): Config {
    const config: Config = {
      acs: {
        url: this.acs.url,
        username: '',
        password: '',
        tls: { minVersion: 'TLSv1.2' },
        // So long that no periodic Inform falls into a test, whatever its phase.
        periodicInformIntervalSeconds: 2_000_000,
        enableCwmpAtStart: false,
      },
      proxier: {
        // Most tests look at virtual devices: those that are about the proxier switch it on.
        endpoint: false,
        manufacturer: 'cwmp-proxier',
        manufacturerOui: '0011AA',
        productClass: 'Proxier',
        serialNumber: 'HOUSE-1',
        modelName: 'House',
        description: 'A proxier under test',
        hardwareVersion: '1.0',
      },
      lan: { interfaces: ['lo'] },
      connectionRequest: { host: '127.0.0.1', port: 0 },
      status: { host: '127.0.0.1', port: 0 },
      state: { directory: this.stateDirectory },
      devices: {
        default: 'virtual',
        rules: [],
        pollIntervalSeconds: 60,
        alarms: false,
        maxDevices: 128,
        forgetAfterSeconds: 2_592_000,
        ...this.#options.devices,
      },
      embedded: { answerTimeoutSeconds: 2 },
      inventory: { retentionSeconds: 3600 },
      log: { level: 'info', format: 'text' },
      warnings: [],
    };
    return this.#options.config?.(config) ?? config;
  }
}

/** Quiet unless the environment asks: `HOUSE_LOG=debug npx mocha …`. */
function houseLogger(): Logger {
  const level = process.env['HOUSE_LOG'];
  return level === 'debug' || level === 'info' || level === 'warn'
    ? createLogger({ level, format: 'text', stream: process.stderr })
    : silentLogger;
}
