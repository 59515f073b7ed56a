import { formatDeviceId } from '../acs/acs-device.ts';
import type { LabAcs } from '../acs/lab-acs.ts';
import { createLabDevice, type LabDevice } from '../device/lab-device.ts';
import { LabTelevision } from '../device/lab-television.ts';
import { DEMO_PROXIER_OUI } from './demo-devices.ts';
import { expectEqual, playSteps, shorten, STEP_MS, until, type StoryStep } from './steps.ts';

/** The proxier as the ACS knows it. */
export const DEMO_PROXIER = {
  manufacturer: 'cwmp-proxier',
  manufacturerOui: DEMO_PROXIER_OUI,
  productClass: 'demo',
  serialNumber: 'DEMO0001',
} as const;

export const DEMO_PROXIER_ID = formatDeviceId({ ...DEMO_PROXIER, oui: DEMO_PROXIER.manufacturerOui });

const MANAGEMENT_SERVER = 'Device.ManagementServer.';
const EMBEDDED = `${MANAGEMENT_SERVER}EmbeddedDevice.`;
const INVENTORY = 'Device.UPnP.';
const VOLUME = 'LogicalVolume.2.Name';
const DEVICE_VOLUME = '/BBF/StorageService/0/LogicalVolume/1/Name';

const POLL_MS = 300;

/** What the proxier itself shows: one device is embedded in its model, one is no UPnP DM device at all. */
export interface ProxierHouse {
  readonly embedded: LabDevice;
  readonly television: LabTelevision;
}

/** Not yet started. Serial numbers are new each time, as those of the other devices are. */
export function createProxierHouse(suffix: string): ProxierHouse {
  return {
    embedded: createLabDevice({
      profile: 'nas',
      identity: { serialNumber: `EMB${suffix}`, friendlyName: 'ACME Embedded Storage' },
      drift: false,
    }),
    television: new LabTelevision({ serialNumber: `TV${suffix}` }),
  };
}

/** @returns whether every step held */
export function playProxierStory(
  acs: LabAcs,
  house: ProxierHouse,
  virtualSerialNumbers: readonly string[],
  report: (step: StoryStep) => void,
): Promise<boolean> {
  const story = new ProxierStory(acs, house, virtualSerialNumbers);
  return playSteps(
    'Proxier',
    [
      ['BOOTSTRAP at the ACS', () => story.bootstrap()],
      ['its virtual devices', () => story.virtualDevices()],
      ['what it supports', () => story.supportedDataModels()],
      ['an embedded device', () => story.embeddedRows()],
      ['set a value in it', () => story.setEmbedded()],
      ['it leaves', () => story.embeddedLeaves()],
      ['set a value meanwhile', () => story.setWhileAway()],
      ['it returns', () => story.embeddedReturns()],
      ['a television', () => story.television()],
      ['the television leaves', () => story.televisionLeaves()],
    ],
    report,
  );
}

/** Each question is a session of its own, and a CPE may refuse to be called too often. */
function untilToldSo<T>(condition: () => Promise<T | undefined>, what: string): Promise<T> {
  return until(condition, what, POLL_MS);
}

class ProxierStory {
  readonly #acs: LabAcs;
  readonly #house: ProxierHouse;
  readonly #serialNumbers: readonly string[];
  /** `Device.Services.StorageService.<row>.` of the embedded device. */
  #service = '';
  /** `Device.ManagementServer.EmbeddedDevice.<row>.` */
  #row = '';

  constructor(acs: LabAcs, house: ProxierHouse, serialNumbers: readonly string[]) {
    this.#acs = acs;
    this.#house = house;
    this.#serialNumbers = serialNumbers;
  }

  async bootstrap(): Promise<string> {
    const inform = await this.#acs.waitForInform(
      DEMO_PROXIER_ID,
      ({ events }) => events.some(({ code }) => code === '0 BOOTSTRAP'),
      STEP_MS,
    );
    await this.#acs.waitForIdle(DEMO_PROXIER_ID, STEP_MS);
    return `${DEMO_PROXIER_ID}: ${inform.events.map(({ code }) => code).join(', ')}`;
  }

  async virtualDevices(): Promise<string> {
    const shown = await untilToldSo(async () => {
      const serials = [...(await this.#get(`${MANAGEMENT_SERVER}VirtualDevice.*.SerialNumber`)).values()];
      return this.#serialNumbers.every((serial) => serials.includes(serial)) ? serials : undefined;
    }, 'all virtual devices in ManagementServer.VirtualDevice');
    expectEqual('the number of virtual devices', this.#serialNumbers.length, shown.length);
    return `VirtualDevice.{i}: ${shown.join(', ')}`;
  }

  async supportedDataModels(): Promise<string> {
    const models = await untilToldSo(async () => {
      const rows = await this.#get('Device.DeviceInfo.SupportedDataModel.');
      return [...rows.keys()].some((name) => name.endsWith('.URL')) ? rows : undefined;
    }, 'DeviceInfo.SupportedDataModel');
    const urls = [...models].filter(([name]) => name.endsWith('.URL')).map(([, value]) => value);
    const requestUrl = `${MANAGEMENT_SERVER}ConnectionRequestURL`;
    const { hostname } = new URL((await this.#get(requestUrl)).get(requestUrl) ?? '');
    for (const url of urls) {
      // [TR-181 SupportedDataModel.URL] `localhost` is the device itself, as seen from the ACS.
      const response = await fetch(url.replace('//localhost', `//${hostname}`));
      expectEqual(`the answer to GET ${url}`, 200, response.status);
    }
    return `${urls.length} Device Type documents, fetched`;
  }

  async embeddedRows(): Promise<string> {
    const { serialNumber } = this.#house.embedded.profile.identity;
    const ids = await untilToldSo(async () => {
      const rows = await this.#get(`${EMBEDDED}*.ProxiedDeviceID`);
      return [...rows.values()].some((id) => id.includes(serialNumber)) ? rows : undefined;
    }, 'the device in ManagementServer.EmbeddedDevice');
    const [name = ''] = [...ids].find(([, id]) => id.includes(serialNumber)) ?? [];
    this.#row = name.slice(0, -'ProxiedDeviceID'.length);
    const reference = `${this.#row}Reference`;
    this.#service = `${(await this.#get(reference)).get(reference)}.`;
    await this.#expectVolume(this.#house.embedded.get(DEVICE_VOLUME));
    expectEqual('whether it is a CPE of its own', false, this.#isCpe(serialNumber));
    return `${shorten(this.#row.slice(0, -1))} → ${this.#service}${VOLUME}`;
  }

  async setEmbedded(): Promise<string> {
    expectEqual('Status', 0, await this.#setVolume('Music'));
    expectEqual('the value on the device', 'Music', this.#house.embedded.get(DEVICE_VOLUME));
    return `${VOLUME} := Music, Status 0`;
  }

  async embeddedLeaves(): Promise<string> {
    await this.#house.embedded.stop({ byebye: true });
    const online = `Device.X_${DEMO_PROXIER_OUI}_ProxiedDevice.*.Online`;
    await untilToldSo(async () => {
      const states = [...(await this.#get(online)).values()];
      return states.includes('false') || undefined;
    }, 'the device to be shown as away');
    await this.#expectVolume('Music');
    return `its last value is served: ${VOLUME} = Music`;
  }

  async setWhileAway(): Promise<string> {
    expectEqual('Status', 1, await this.#setVolume('Films'));
    const processed = `${this.#row}CommandProcessed`;
    const state = (await this.#get(processed)).get(processed);
    expectEqual(processed, 'Pending', state);
    return `Status 1, CommandProcessed ${state}`;
  }

  async embeddedReturns(): Promise<string> {
    await this.#house.embedded.comeBack();
    const processed = `${this.#row}CommandProcessed`;
    await untilToldSo(
      async () => (await this.#get(processed)).get(processed) === 'Success' || undefined,
      'the command to be carried out',
    );
    expectEqual('the value on the device', 'Films', this.#house.embedded.get(DEVICE_VOLUME));
    await this.#expectVolume('Films');
    return 'CommandProcessed Success; Films at the ACS and on the device';
  }

  async television(): Promise<string> {
    const { television } = this.#house;
    const uuid = television.udn.replace('uuid:', '');
    const rows = await untilToldSo(async () => {
      const found = await this.#get(`${INVENTORY}Discovery.RootDevice.*.UUID`);
      return [...found.values()].includes(uuid) ? found : undefined;
    }, 'the television in the inventory');
    const [name = ''] = [...rows].find(([, value]) => value === uuid) ?? [];
    const names = await this.#get(`${INVENTORY}Description.DeviceInstance.*.FriendlyName`);
    const { friendlyName } = television.identity;
    expectEqual('whether its friendly name is there', true, [...names.values()].includes(friendlyName));
    return `${name.replace('.UUID', '')}: ${friendlyName}; ${rows.size} UPnP root devices in all`;
  }

  async televisionLeaves(): Promise<string> {
    const { television } = this.#house;
    const uuid = television.udn.replace('uuid:', '');
    const rows = await this.#get(`${INVENTORY}Discovery.RootDevice.*.UUID`);
    const [name = ''] = [...rows].find(([, value]) => value === uuid) ?? [];
    const status = name.replace('UUID', 'Status');
    expectEqual(status, 'LeaseActive', (await this.#get(status)).get(status));
    await television.stop();
    await untilToldSo(
      async () => (await this.#get(status)).get(status) === 'ByebyeReceived' || undefined,
      `${status} to be ByebyeReceived`,
    );
    return `${status.split('.').slice(-3).join('.')} = ByebyeReceived`;
  }

  async #get(name: string): Promise<ReadonlyMap<string, string>> {
    const values = await this.#acs.cpe(DEMO_PROXIER_ID).getParameterValues([name]);
    return new Map(values.map((value) => [value.name, value.value]));
  }

  #setVolume(value: string): Promise<number> {
    return this.#acs
      .cpe(DEMO_PROXIER_ID)
      .setParameterValues([{ name: this.#service + VOLUME, value, type: 'xsd:string' }]);
  }

  async #expectVolume(value: string): Promise<void> {
    const name = this.#service + VOLUME;
    expectEqual(name, value, (await this.#get(name)).get(name));
  }

  #isCpe(serialNumber: string): boolean {
    return [...this.#acs.devices.keys()].some((id) => id.includes(serialNumber));
  }
}
