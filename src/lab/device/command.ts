import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import { DEVICE_VERBS, isDeviceVerb, type DeviceVerb } from './device-commands.ts';
import { parseFault } from './device-fault.ts';
import { createLabDevice, type LabDevice, type LabDeviceAddress } from './lab-device.ts';
import { loadProfile, type ProfileIdentity } from './profile.ts';
import type { RowValues } from './schema.ts';
import { UpnpError } from './upnp-error.ts';

/** Options of `lab device`. */
export interface LabDeviceCommandOptions {
  /** voip, nas, wifi, sensor or the path of a YAML file. */
  readonly profile: string;
  /** Default `lo`. */
  readonly interface?: string;
  readonly host?: string;
  /** Devices to start, 1 to 500; default 1. Serial numbers count up from the profile's. */
  readonly count?: number;
  /** Synthetic parameters added to each device; default 0. */
  readonly parameters?: number;
  readonly logger?: Logger;
  readonly clock?: Clock;
  /** Commands, one a line; default standard input. */
  readonly input?: Readable;
  /** The JSON line and one reply a command; default standard output. */
  readonly output?: Writable;
  /** When aborted, the devices say byebye and the command ends; default at SIGTERM or SIGINT. */
  readonly signal?: AbortSignal;
}

export const LARGEST_DEVICE_COUNT = 500;

/** `VA2000100` and 3 give `VA2000103`: the last digits count. */
function serialNumberOf(base: string, index: number): string {
  const digits = /\d{1,9}$/.exec(base)?.[0] ?? '';
  return (
    base.slice(0, base.length - digits.length) + String(Number(digits) + index).padStart(digits.length, '0')
  );
}

function identityOf(options: LabDeviceCommandOptions, index: number): Partial<ProfileIdentity> {
  if (index === 0) return {};
  const { serialNumber, friendlyName } = loadProfile(options.profile).identity;
  return {
    serialNumber: serialNumberOf(serialNumber, index),
    friendlyName: `${friendlyName} ${index + 1}`,
  };
}

function createDevices(options: LabDeviceCommandOptions): LabDevice[] {
  const count = options.count ?? 1;
  if (!Number.isInteger(count) || count < 1 || count > LARGEST_DEVICE_COUNT) {
    throw new Error(`count must be a whole number from 1 to ${LARGEST_DEVICE_COUNT}`);
  }
  return Array.from({ length: count }, (_, index) =>
    createLabDevice({
      profile: options.profile,
      identity: identityOf(options, index),
      parameters: options.parameters ?? 0,
      ...(options.interface === undefined ? {} : { interface: options.interface }),
      ...(options.host === undefined ? {} : { host: options.host }),
      ...(options.logger === undefined ? {} : { logger: options.logger }),
      ...(options.clock === undefined ? {} : { clock: options.clock }),
    }),
  );
}

function readRowValues(pairs: readonly string[]): RowValues {
  return Object.fromEntries(
    pairs.map((pair) => {
      const [name = '', ...value] = pair.split('=');
      if (value.length === 0) throw new Error(`"${pair}" must be LEAF=VALUE`);
      return [name, value.join('=')];
    }),
  );
}

function readCount(word: string): number {
  if (!/^[1-9]\d{0,5}$/.test(word)) throw new Error(`"${word}" must be a number from 1 to 999999`);
  return Number(word);
}

async function execute(device: LabDevice, verb: DeviceVerb, words: readonly string[]): Promise<string> {
  const [path = ''] = words;
  switch (verb) {
    case 'get':
      return device.get(path);
    case 'set':
      device.set(path, words.slice(1).join(' '));
      return device.get(path);
    case 'add':
      return device.addRow(path, readRowValues(words.slice(1)));
    case 'delete':
      device.deleteRow(path);
      return path;
    case 'list':
      return JSON.stringify(Object.fromEntries(device.list(path === '' ? '/' : path)));
    case 'reboot':
      await device.reboot();
      return 'rebooted';
    case 'update':
      await device.update();
      return 'updated';
    case 'vanish':
      await device.vanish();
      return 'gone';
    case 'fault':
      device.setFault(path === 'off' ? undefined : parseFault(words));
      return words.join(' ');
    case 'flood':
      await device.floodEvents(readCount(path), words[1] === undefined ? 0 : readCount(words[1]));
      return 'sent';
    case 'return':
      return (await device.comeBack()).location;
  }
}

/** The one-line reply to a command line: `ok …` or `error …`. */
export async function executeLine(devices: readonly LabDevice[], line: string): Promise<string> {
  const match = /^(?:(\d+):\s*)?(\S+)\s*(.*)$/.exec(line.trim());
  const [, number = '1', verb = '', rest = ''] = match ?? [];
  const device = devices[Number(number) - 1];
  if (device === undefined) return `error there is no device ${number}`;
  if (!isDeviceVerb(verb)) return `error unknown command; there are ${DEVICE_VERBS.join(', ')}`;
  try {
    return `ok ${await execute(device, verb, rest === '' ? [] : rest.split(/ +/))}`;
  } catch (error) {
    if (error instanceof UpnpError) return `error ${error.code} ${error.message}`;
    return `error ${error instanceof Error ? error.message : String(error)}`;
  }
}

async function serveCommands(
  devices: readonly LabDevice[],
  input: Readable,
  output: Writable,
  signal: AbortSignal,
): Promise<void> {
  const lines = createInterface({ input, signal });
  for await (const line of lines) {
    if (line.trim() !== '') output.write(`${await executeLine(devices, line)}\n`);
  }
}

function processSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => controller.abort());
  return controller.signal;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/**
 * Runs `lab device`: starts the devices, prints one JSON line `{"devices":[{udn, location, profile, serialNumber}]}`,
 * takes commands until `signal` is aborted (the end of the input does not end it), then says byebye.
 * @throws Error for a bad profile, address or count
 */
export async function runLabDevice(options: LabDeviceCommandOptions): Promise<void> {
  const devices = createDevices(options);
  const { input = process.stdin, output = process.stdout, signal = processSignal() } = options;
  const started: (LabDeviceAddress & { readonly profile: string; readonly serialNumber: string })[] = [];
  try {
    for (const device of devices) {
      const { name, identity } = device.profile;
      const address = await device.start();
      started.push({ ...address, profile: name, serialNumber: identity.serialNumber });
    }
    output.write(`${JSON.stringify({ devices: started })}\n`);
    serveCommands(devices, input, output, signal).catch((error: unknown) => {
      if (!signal.aborted) options.logger?.warn('commands cannot be read', { error: String(error) });
    });
    await aborted(signal);
  } finally {
    await Promise.all(devices.map((device) => device.stop()));
  }
}
