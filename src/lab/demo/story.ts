import { randomBytes } from 'node:crypto';
import { formatDeviceId } from '../acs/acs-device.ts';
import type { InformRecord } from '../acs/acs-device.ts';
import type { LabAcs } from '../acs/lab-acs.ts';
import type { LabDevice } from '../device/lab-device.ts';
import { createLabDevice } from '../device/lab-device.ts';
import type { DemoDevice } from './demo-devices.ts';
import { expectEqual, playSteps, shorten, STEP_MS, until, type Step, type StoryStep } from './steps.ts';

/** A started lab device with what the story does to it. */
export interface StoryDevice extends DemoDevice {
  readonly device: LabDevice;
  /** Its id at the ACS. */
  readonly id: string;
  readonly name: string;
  /** Why the control point knows the device, in words; undefined while it does not. */
  readonly discovered: () => string | undefined;
}

/**
 * Makes the lab device of a part in the demo, not yet started. Its serial number is new each time: another lab device of the
 * same profile on this machine is another device.
 */
export function createStoryDevice(
  part: DemoDevice,
  options: { readonly drift: boolean },
  discovered: (udn: string) => string | undefined,
): StoryDevice {
  const identity = { serialNumber: `DEMO${randomBytes(3).toString('hex').toUpperCase()}` };
  const device = createLabDevice({ profile: part.profile, identity, ...options });
  const { manufacturerOui, productClass, serialNumber, modelName } = device.profile.identity;
  const id = formatDeviceId({ oui: manufacturerOui, productClass, serialNumber });
  return { ...part, device, id, name: modelName, discovered: () => discovered(device.udn) };
}

/**
 * Plays the whole story with one device and reports each step as it ends. After a failed step the rest is left out.
 * @returns whether every step held
 */
export function playStory(
  acs: LabAcs,
  part: StoryDevice,
  report: (step: StoryStep) => void,
): Promise<boolean> {
  return playSteps(part.name, new Story(acs, part).steps(), report);
}

class Story {
  readonly #acs: LabAcs;
  readonly #part: StoryDevice;

  constructor(acs: LabAcs, part: StoryDevice) {
    this.#acs = acs;
    this.#part = part;
  }

  steps(): readonly Step[] {
    const { table } = this.#part;
    return [
      ['discovered over SSDP', () => until(this.#part.discovered, 'the device to be discovered')],
      ['BOOTSTRAP at the ACS', () => this.#bootstrap()],
      ['walk its data model', () => this.#walk()],
      ['get values', () => this.#get()],
      ['set a value', () => this.#set()],
      ['read it back', () => this.#readBack()],
      ...(table === undefined ? [] : [['add and delete a row', () => this.#row(table)] as const]),
      ['a change on the device', () => this.#change()],
      ['the device leaves', () => this.#leave()],
      ['the device returns', () => this.#returns()],
    ];
  }

  async #bootstrap(): Promise<string> {
    const inform = await this.#acs.waitForInform(
      this.#part.id,
      ({ events }) => events.some((event) => event.code === '0 BOOTSTRAP'),
      STEP_MS,
    );
    await this.#acs.waitForIdle(this.#part.id, STEP_MS);
    return `${this.#part.id}: ${inform.events.map((event) => event.code).join(', ')}`;
  }

  async #walk(): Promise<string> {
    const { id, setting, reading } = this.#part;
    const names = await this.#acs.perform(id, async (session) => {
      const [root] = await session.getParameterNames('', true);
      return session.getParameterNames(root?.name ?? '', false);
    });
    const known = new Map(names.map((entry) => [entry.name, entry.writable]));
    expectEqual(`whether ${setting.path} is writable`, true, known.get(setting.path));
    expectEqual(`whether ${reading.path} is listed`, true, known.has(reading.path));
    const objects = names.filter((entry) => entry.name.endsWith('.')).length;
    return `${names.length - objects} parameters in ${objects} objects`;
  }

  async #get(): Promise<string> {
    const { id, setting, reading, device } = this.#part;
    const wanted = [setting, reading];
    const values = await this.#acs.cpe(id).getParameterValues(wanted.map((value) => value.path));
    for (const { path, devicePath, type } of wanted) {
      const value = values.find((candidate) => candidate.name === path);
      expectEqual(path, device.get(devicePath), value?.value);
      expectEqual(`type of ${path}`, type, value?.type);
    }
    return values.map(({ name, value }) => `${shorten(name)} = ${value}`).join(', ');
  }

  async #set(): Promise<string> {
    const { id, setting } = this.#part;
    const { path: name, value, type } = setting;
    const status = await this.#acs.cpe(id).setParameterValues([{ name, value, type }]);
    expectEqual('Status', 0, status);
    return `${shorten(name)} := ${value}`;
  }

  async #readBack(): Promise<string> {
    const { id, setting, device } = this.#part;
    const values = await this.#acs.cpe(id).getParameterValues([setting.path]);
    expectEqual('the value at the ACS', setting.value, values[0]?.value);
    expectEqual('the value on the device', setting.value, device.get(setting.devicePath));
    return `'${setting.value}' at the ACS and on the device (${setting.devicePath})`;
  }

  async #row(table: { readonly path: string; readonly devicePath: string }): Promise<string> {
    const { id, device } = this.#part;
    const rows = (): number => device.list(table.devicePath).size;
    const before = rows();
    const { instanceNumber } = await this.#acs.cpe(id).addObject(table.path);
    const row = `${table.path}${instanceNumber}.`;
    const devicePath = `${table.devicePath}${instanceNumber - 1}/`;
    const leaves = await this.#acs.cpe(id).getParameterNames(row, true);
    expectEqual(`whether ${row} has parameters`, true, leaves.length > 0);
    expectEqual(`whether ${devicePath} is on the device`, true, device.list(devicePath).size > 0);
    await this.#acs.cpe(id).deleteObject(row);
    const left = await this.#acs.cpe(id).getParameterNames(table.path, true);
    expectEqual(
      `whether ${row} is still listed`,
      false,
      left.some((entry) => entry.name === row),
    );
    expectEqual('the number of values in the table on the device', before, rows());
    return `${row} (${leaves.length} entries), ${devicePath} on the device; both gone again`;
  }

  async #change(): Promise<string> {
    const { id, reading, device } = this.#part;
    await this.#acs.cpe(id).setParameterAttributes([{ name: reading.path, notification: 2 }]);
    const before = this.#acs.informCount;
    const old = device.get(reading.devicePath);
    device.set(reading.devicePath, reading.value);
    const inform = await this.#acs.waitForInform(
      id,
      ({ events, parameters }) =>
        events.some((event) => event.code === '4 VALUE CHANGE') &&
        parameters.some(({ name, value }) => name === reading.path && value === reading.value),
      STEP_MS,
      before,
    );
    await this.#acs.waitForIdle(id, STEP_MS);
    const codes = inform.events.map((event) => event.code).join(', ');
    return `${codes}: ${shorten(reading.path)} ${old} → ${reading.value}`;
  }

  async #leave(): Promise<string> {
    const { id, device } = this.#part;
    await device.stop({ byebye: true });
    await until(async () => {
      const { status } = await this.#acs.connectionRequest(id);
      return status === 503 ? true : undefined;
    }, 'a connection request to be answered 503');
    return 'connection request answered 503, Device is offline';
  }

  async #returns(): Promise<string> {
    const { id, device } = this.#part;
    const before = this.#acs.informCount;
    const known = this.#acs.devices.size;
    await device.comeBack();
    await until(async () => {
      const { accepted } = await this.#acs.connectionRequest(id);
      return accepted || undefined;
    }, 'a connection request to be accepted');
    // The session that was asked for may follow the one in which the device reports its return.
    const isAsked = ({ events }: InformRecord): boolean =>
      events.some((event) => event.code === '6 CONNECTION REQUEST');
    await this.#acs.waitForInform(id, isAsked, STEP_MS, before);
    await this.#acs.waitForIdle(id, STEP_MS);
    const informs = this.#acs.devices.get(id)?.informs.filter(({ sequence }) => sequence > before) ?? [];
    const codes = informs.flatMap(({ events }) => events.map((event) => event.code)).join(', ');
    expectEqual('whether it is a BOOTSTRAP', false, codes.includes('0 BOOTSTRAP'));
    expectEqual('the number of devices at the ACS', known, this.#acs.devices.size);
    return `the same ${id}: ${codes}`;
  }
}
