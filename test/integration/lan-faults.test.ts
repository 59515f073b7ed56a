import { expect } from 'chai';
import { createSocket } from 'node:dgram';
import { CpeFault } from '../../src/lab/acs/messages.ts';
import type { DeviceFault, LabDevice, LabDeviceOptions } from '../../src/lab/device/lab-device.ts';
import { systemClock, type Clock } from '../../src/platform/clock.ts';
import { invokeByHand } from '../support/another-control-point.ts';
import { Crowd } from '../support/crowd.ts';
import { House, type HouseOptions } from '../support/house.ts';
import { waitFor } from '../support/wait-for.ts';

/** Others may run the same profiles on this host: these are ours. */
const serialNumber = `LF${process.pid}`;
const SENSOR = `0090D5-RS1-${serialNumber}`;
const NAS = `0090D5-HS2-${serialNumber}`;
const WIFI = `0090D5-AP5-${serialNumber}`;
const TEMPERATURE = 'Device.X_0011AA_UPnPDM.X_ACME_Sensor.Temperature';
/** Of the disk in bay 1. */
const HEALTH = 'Device.Services.StorageService.1.PhysicalMedium.2.Health';
const HEALTH_ON_DEVICE = '/BBF/StorageService/0/PhysicalMedium/1/Health';
/** Raises no events: each read asks the device. */
const UPTIME = 'Device.Services.StorageService.1.PhysicalMedium.2.Uptime';

/** A healthy sensor and a storage that shows one fault after the other, in one home. */
describe('a LAN with a device that misbehaves', () => {
  let house: House;
  let sensor: LabDevice;
  let temperature: number;

  beforeEach(() => {
    temperature = 100;
  });

  afterEach(async () => {
    await house.close();
  });

  /** The healthy device is in and watched before the other one comes. */
  async function openHouse(options: HouseOptions = {}): Promise<void> {
    house = await House.open(options);
    sensor = await house.addDevice({ profile: 'sensor', identity: { serialNumber } });
    await house.startDaemon();
    await joined(SENSOR);
    await watch(SENSOR, TEMPERATURE);
  }

  const addStorage = (fault?: DeviceFault, options: Partial<LabDeviceOptions> = {}): Promise<LabDevice> =>
    house.addDevice({ profile: 'nas', identity: { serialNumber }, ...options, ...(fault && { fault }) });

  const joined = async (id: string): Promise<void> => {
    await house.acs.waitForInform(id, () => true, 20_000);
    await house.acs.waitForIdle(id);
  };
  const watch = async (id: string, name: string): Promise<void> => {
    await house.acs.cpe(id).setParameterAttributes([{ name, notification: 2 }]);
  };
  const read = async (id: string, name: string): Promise<string | undefined> =>
    (await house.acs.cpe(id).getParameterValues([name]))[0]?.value;
  const statusOf = (device: LabDevice) =>
    house.daemon?.status().devices.find(({ udn }) => udn === device.udn.toLowerCase());

  /** The change that `change` makes on the device is told. */
  async function expectTold(id: string, name: string, value: string, change: () => void): Promise<void> {
    const after = house.acs.informCount;
    change();
    await house.acs.waitForInform(
      id,
      ({ parameters }) =>
        parameters.some((parameter) => parameter.name === name && parameter.value === value),
      15_000,
      after,
    );
  }

  /** The ACS reads the healthy device, and hears of its change. */
  async function expectSensorServed(): Promise<void> {
    expect(await read(SENSOR, 'Device.DeviceInfo.SoftwareVersion')).to.equal(
      sensor.get('/UPnP/DM/DeviceInfo/SoftwareVersion'),
    );
    const value = String(++temperature);
    await expectTold(SENSOR, TEMPERATURE, value, () => {
      sensor.set('/X_ACME_Sensor/Temperature', value);
    });
  }

  const answers: readonly DeviceFault[] = [
    { action: '*', behaviour: 'http500' },
    { action: '*', behaviour: 'brokenXml' },
    { action: '*', code: 708 },
  ];
  for (const fault of answers) {
    const name = 'code' in fault ? String(fault.code) : 'behaviour' in fault ? fault.behaviour : '';

    it(`a device that answers everything with ${name} is tried until it can be read`, async () => {
      await openHouse();
      const storage = await addStorage(fault);
      await waitFor(() => statusOf(storage)?.state === 'waiting', 'the end of the first attempt');
      await expectSensorServed();
      expect(house.acs.devices.has(NAS)).to.equal(false);
      storage.setFault(undefined);
      await joined(NAS);
    });

    it(`a device that begins to answer with ${name} costs the ACS a fault, and its neighbour nothing`, async () => {
      await openHouse();
      const storage = await addStorage();
      await joined(NAS);
      storage.setFault(fault);
      const refused = faultOf(read(NAS, UPTIME));
      await expectSensorServed();
      expect((await refused).code).to.equal('9002');
      storage.setFault(undefined);
      expect(await read(NAS, UPTIME)).to.equal(storage.get('/BBF/StorageService/0/PhysicalMedium/1/Uptime'));
    });
  }

  for (const behaviour of ['silent', 'slowBytes'] as const) {
    it(`a device that is ${behaviour} holds up nobody else, whether it is read or asked`, async () => {
      await openHouse();
      const storage = await addStorage({ action: '*', behaviour });
      await waitFor(() => statusOf(storage)?.state === 'bringingUp' && isAsked(storage), 'the first action');
      await expectSensorServed();
      await storage.vanish();
      storage.setFault(undefined);
      await storage.comeBack();
      await joined(NAS);

      storage.setFault({ action: '*', behaviour });
      const refused = faultOf(read(NAS, UPTIME));
      await expectSensorServed();
      await storage.vanish();
      expect((await refused).code).to.equal('9002');
    });
  }

  it('a device that lacks an action and says so with a bare HTTP 500 comes up all the same', async () => {
    await openHouse();
    const storage = await addStorage({ action: 'GetInstances', behaviour: 'http500' });
    await joined(NAS);
    expect(await read(NAS, HEALTH)).to.equal(storage.get(HEALTH_ON_DEVICE));
    await expectSensorServed();
  });

  it('a device with values that are no UTF-8 comes up, and the ACS reads them', async () => {
    await openHouse();
    const wifi = await house.addDevice({
      profile: 'wifi',
      identity: { serialNumber },
      fault: { action: '*', behaviour: 'latin1' },
    });
    wifi.set('/BBF/WiFi/SSID/0/SSID', 'Café Müller');
    await joined(WIFI);
    expect(await read(WIFI, 'Device.WiFi.SSID.1.SSID')).to.equal('Café Müller');
    await expectSensorServed();
  });

  it('a device that counts its events wrong is still heard', async () => {
    await openHouse();
    const storage = await addStorage({ events: 'wrongSeq' });
    await joined(NAS);
    await watch(NAS, HEALTH);
    for (const value of ['Failing', 'Error']) {
      await expectTold(NAS, HEALTH, value, () => {
        storage.set(HEALTH_ON_DEVICE, value);
      });
      await expectSensorServed();
    }
  });

  const eventless = [
    ['never confirms a subscription', 'unconfirmed', 'subscribing'],
    ['confirms a subscription and sends no event', 'mute', 'active'],
  ] as const;
  for (const [what, events, subscription] of eventless)
    it(`a device that ${what} is asked for each value, and polled for what is watched`, async () => {
      await openHouse({ devices: { pollIntervalSeconds: 1 } });
      const storage = await addStorage({ events });
      await joined(NAS);
      expect(statusOf(storage)?.subscription).to.equal(subscription);
      for (const value of ['Failing', 'OK']) {
        storage.set(HEALTH_ON_DEVICE, value);
        expect(await read(NAS, HEALTH)).to.equal(value);
      }
      await watch(NAS, HEALTH);
      await expectTold(NAS, HEALTH, 'Failing', () => {
        storage.set(HEALTH_ON_DEVICE, 'Failing');
      });
      await expectSensorServed();
    });

  it('a device that does not tell of attributes is asked for them: another control point may switch events off', async () => {
    await openHouse({ devices: { pollIntervalSeconds: 1 } });
    const storage = await addStorage({ events: 'noAttributes' });
    await joined(NAS);
    await watch(NAS, HEALTH);
    await expectTold(NAS, HEALTH, 'Failing', () => {
      storage.set(HEALTH_ON_DEVICE, 'Failing');
    });
    const switchedOff =
      `<cms:NodeAttributeValueList xmlns:cms="urn:schemas-upnp-org:dm:cms"><Node><NodeAttributePath>${HEALTH_ON_DEVICE}` +
      '</NodeAttributePath><EventOnChange>0</EventOnChange></Node></cms:NodeAttributeValueList>';
    const asked = storage.requests.length;
    await invokeByHand(
      house.addresses.get(storage)?.location ?? '',
      'SetAttributes',
      'NodeAttributeValueList',
      switchedOff,
    );
    // The first one is that of the other control point.
    await waitFor(
      () => storage.requests.slice(asked).filter(({ action }) => action === 'SetAttributes').length === 2,
      'the events to be switched on again',
    );
    await expectTold(NAS, HEALTH, 'OK', () => {
      storage.set(HEALTH_ON_DEVICE, 'OK');
    });
    expect(await read(NAS, HEALTH)).to.equal('OK');
  });

  it('a device that floods events is put off, and heard when it is quiet again', async () => {
    await openHouse();
    const storage = await addStorage();
    await joined(NAS);
    await watch(NAS, HEALTH);
    const flood = storage.floodEvents(3000);
    await waitFor(
      () => storage.eventsSent.some(({ status }) => status === 503),
      'an event that is not taken',
    );
    await expectSensorServed();
    expect(await read(NAS, UPTIME)).to.equal(storage.get('/BBF/StorageService/0/PhysicalMedium/1/Uptime'));
    await expectSensorServed();
    await flood;
    await waitFor(() => statusOf(storage)?.subscription === 'active', 'its subscription');
    await expectTold(NAS, HEALTH, 'Failing', () => {
      storage.set(HEALTH_ON_DEVICE, 'Failing');
    });
  });

  it('a device that announces itself for one second at a time is read once and stays', async () => {
    await openHouse();
    const storage = await addStorage(undefined, { maxAgeSeconds: 1 });
    const heard = await countAnnouncements(storage.udn);
    await joined(NAS);
    await watch(NAS, HEALTH);
    const lastSync = statusOf(storage)?.lastSync;
    await waitFor(() => heard.count > 50, 'fifty announcements', 20_000);
    await heard.stop();
    expect(statusOf(storage)?.state).to.equal('ready');
    expect(statusOf(storage)?.lastSync).to.equal(lastSync);
    await expectTold(NAS, HEALTH, 'Failing', () => {
      storage.set(HEALTH_ON_DEVICE, 'Failing');
    });
    await expectSensorServed();
  });

  it('a living device of which somebody says goodbye stays', async () => {
    await openHouse();
    const storage = await addStorage();
    await joined(NAS);
    await watch(NAS, HEALTH);
    const lastSync = statusOf(storage)?.lastSync;
    for (const extra of ['', 'Announcement.dm.upnp.org: AboutToReboot\r\n']) {
      for (const address of ['127.0.0.1', '127.0.0.3']) await sendByebye(storage.udn, address, extra);
      await expectTold(NAS, HEALTH, extra === '' ? 'Failing' : 'Error', () => {
        storage.set(HEALTH_ON_DEVICE, extra === '' ? 'Failing' : 'Error');
      });
      await expectSensorServed();
    }
    expect(statusOf(storage)?.state).to.equal('ready');
    expect(statusOf(storage)?.lastSync).to.equal(lastSync);
  });

  it('a device with an address on each of two networks is one device, reached at the one that is there', async () => {
    await openHouse();
    // Both have the BOOTID of one run.
    const started = systemClock.now();
    const clock: Clock = {
      now: () => started,
      monotonic: () => systemClock.monotonic(),
      uptime: () => systemClock.uptime(),
      schedule: (delayMs, task) => systemClock.schedule(delayMs, task),
    };
    const wired = await addStorage(undefined, { host: '127.0.0.8', clock });
    await joined(NAS);
    const wireless = await addStorage(undefined, { host: '127.0.0.9', clock });
    expect(wireless.udn).to.equal(wired.udn);
    await expectSensorServed();
    expect(statusOf(wired)?.address).to.equal('127.0.0.8');

    const after = house.acs.informCount;
    await wired.stop();
    await waitFor(() => statusOf(wired)?.address === '127.0.0.9', 'the other address');
    await waitFor(() => statusOf(wired)?.state === 'ready', 'the device there');
    await watch(NAS, HEALTH);
    await expectTold(NAS, HEALTH, 'Failing', () => {
      wireless.set(HEALTH_ON_DEVICE, 'Failing');
    });
    await expectSensorServed();
    const informs = house.acs.devices.get(NAS)?.informs.filter(({ sequence }) => sequence > after) ?? [];
    expect(informs.flatMap(({ events }) => events.map(({ code }) => code))).not.to.include('1 BOOT');
    const ours = house.daemon
      ?.status()
      .endpoints.filter(({ identity }) => identity.serialNumber === serialNumber);
    expect(ours).to.have.length(2);
  });

  it('five hundred devices that appear at once are all found, each once', async () => {
    await openHouse({ config: (config) => ({ ...config, proxier: { ...config.proxier, endpoint: true } }) });
    const crowds = Array.from(
      { length: 5 },
      (_, index) => new Crowd(`127.0.1.${index + 1}`, `${process.pid}-${index}`, 100),
    );
    await Promise.all(crowds.map((crowd) => crowd.start()));
    try {
      const appeared = Promise.all(crowds.map((crowd) => crowd.announce()));
      await expectSensorServed();
      await appeared;
      await waitFor(() => crowds.every(({ isRead }) => isRead), 'a look at each of them', 30_000);
      await expectSensorServed();
      const locations = await waitFor(
        async () => {
          const ours = (await inventoryOf(house)).filter((location) =>
            location.includes(`crowd-${process.pid}-`),
          );
          return ours.length >= 500 ? ours : undefined;
        },
        'all of them in the inventory',
        15_000,
      );
      expect(locations).to.have.length(500);
      expect(new Set(locations).size).to.equal(500);
    } finally {
      await Promise.all(crowds.map((crowd) => crowd.stop()));
    }
  });
});

/** Locations of the root devices that the proxier shows to the ACS. */
async function inventoryOf({ acs }: House): Promise<string[]> {
  const proxier = [...acs.devices.keys()].find((id) => id.startsWith('0011AA-Proxier-'));
  const parameters = await acs.cpe(proxier ?? '').getParameterValues(['Device.UPnP.Discovery.RootDevice.']);
  return parameters.filter(({ name }) => name.endsWith('.Location')).map(({ value }) => value);
}

async function faultOf(call: Promise<unknown>): Promise<CpeFault> {
  try {
    await call;
  } catch (error) {
    if (error instanceof CpeFault) return error;
    throw error;
  }
  throw new Error('the call succeeded');
}

function isAsked(device: LabDevice): boolean {
  return device.requests.length > 0;
}

/** Listens for announcements of a device as any control point does. */
async function countAnnouncements(udn: string): Promise<{ count: number; stop: () => Promise<void> }> {
  const socket = createSocket({ type: 'udp4', reuseAddr: true });
  const heard = {
    count: 0,
    stop: () => new Promise<void>((resolve) => socket.close(() => resolve())),
  };
  socket.on('message', (message) => {
    if (message.includes('ssdp:alive') && message.includes(udn)) heard.count += 1;
  });
  await new Promise<void>((resolve) => socket.bind(1900, resolve));
  socket.addMembership('239.255.255.250', '127.0.0.1');
  return heard;
}

/** What any host of the LAN can send in the name of a device. */
async function sendByebye(udn: string, address: string, extra: string): Promise<void> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, address, resolve));
  socket.setMulticastInterface(address);
  const datagram =
    'NOTIFY * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nNT: upnp:rootdevice\r\nNTS: ssdp:byebye\r\n' +
    `USN: ${udn}::upnp:rootdevice\r\n${extra}\r\n`;
  await new Promise<void>((resolve) => socket.send(datagram, 1900, '239.255.255.250', () => resolve()));
  await new Promise<void>((resolve) => socket.close(() => resolve()));
}
