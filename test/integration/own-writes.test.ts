import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import type { LabDevice } from '../../src/lab/device/lab-device.ts';
import { House } from '../support/house.ts';
import { waitFor } from '../support/wait-for.ts';

// Identities of their own: other tests may run on the same loopback.
const OWN = { serialNumber: 'OWN1' };
const WIFI = '0090D5-AP5-OWN1';
const SENSOR = '0090D5-RS1-OWN1';
const PROXIER = '0011AA-Proxier-HOUSE%2D1';

describe('what the ACS wrote itself', () => {
  let house: House;
  let slow: SlowSubscriber | undefined;

  afterEach(async () => {
    slow?.close();
    slow = undefined;
    await house.close();
  });

  const write = (id: string, name: string, value: string, type = 'xsd:string'): Promise<number> =>
    house.acs.cpe(id).setParameterValues([{ name, value, type }]);
  const read = async (id: string, name: string): Promise<string | undefined> =>
    (await house.acs.cpe(id).getParameterValues([name]))[0]?.value;

  it('is no VALUE CHANGE when its event is looked into before the device has answered', async () => {
    house = await House.open();
    const wifi = await house.addDevice({ profile: 'wifi', identity: OWN, notifyBeforeResponse: true });
    await house.startDaemon();
    await house.acs.waitForInform(WIFI);
    await house.acs.waitForIdle(WIFI);
    const name = 'Device.WiFi.SSID.1.SSID';
    const other = 'Device.WiFi.SSID.2.SSID';
    await house.acs.cpe(WIFI).setParameterAttributes([
      { name, notification: 2 },
      { name: other, notification: 2 },
    ]);
    slow = await SlowSubscriber.to(wifi, house);
    // The device answers SetValues when the slow subscriber has answered the NOTIFY: that is, after the daemon has read.
    const start = wifi.requests.length;
    const hasRead = (): boolean => {
      const actions = wifi.requests.slice(start).map(({ action }) => action);
      return actions.includes('SetValues') && actions.lastIndexOf('GetValues') > actions.indexOf('SetValues');
    };
    slow.answerWhen(() => waitFor(hasRead, 'the daemon reading what changed'));
    const before = house.acs.informCount;
    await write(WIFI, name, 'Written');
    expect(slow.held, 'NOTIFYs that kept the device from answering').to.be.greaterThan(0);
    wifi.set('/BBF/WiFi/SSID/1/SSID', 'Foreign');
    await house.acs.waitForInform(
      WIFI,
      ({ parameters }) => parameters.some((each) => each.name === other && each.value === 'Foreign'),
      8000,
      before,
    );
    const told = house.acs.devices
      .get(WIFI)
      ?.informs.filter(({ sequence }) => sequence > before)
      .flatMap(({ parameters }) => parameters.map((each) => each.name));
    expect(told).not.to.include(name);
  });

  it('reads as the device has it: spelled its way, secrets not at all', async () => {
    house = await House.open();
    const wifi = await house.addDevice({ profile: 'wifi', identity: OWN });
    const sensor = await house.addDevice({ profile: 'sensor', identity: OWN });
    await house.startDaemon();
    for (const id of [WIFI, SENSOR]) {
      await house.acs.waitForInform(id);
      await house.acs.waitForIdle(id);
    }
    const secret = 'Device.WiFi.AccessPoint.1.Security.KeyPassphrase';
    const atOnce = async (id: string, name: string, value: string, type: string): Promise<string> =>
      // In one session: before an event can tell that something changed.
      await house.acs.perform(id, async (session) => {
        await session.setParameterValues([{ name, value, type }]);
        return (await session.getParameterValues([name]))[0]?.value ?? '';
      });
    expect(await atOnce(WIFI, secret, 'correct horse battery', 'xsd:string')).to.equal('');
    expect(wifi.get('/BBF/WiFi/AccessPoint/0/Security/KeyPassphrase')).to.equal('');
    const calibration = 'Device.X_0011AA_UPnPDM.X_ACME_Sensor.Calibration';
    expect(await atOnce(SENSOR, calibration, 'aabbccdd', 'xsd:hexBinary')).to.equal(
      sensor.get('/X_ACME_Sensor/Calibration'),
    );
  });

  describe('beside what others change', () => {
    const OBJECT = 'Device.X_0011AA_UPnPDM.X_ACME_Sensor.';
    let sensor: LabDevice;
    /** Values that the ACS was told of a parameter since. */
    const told = (name: string, after: number): (string | undefined)[] =>
      (house.acs.devices.get(SENSOR)?.informs ?? [])
        .filter(({ sequence }) => sequence > after)
        .flatMap(({ parameters }) => parameters.filter((each) => each.name === name))
        .map(({ value }) => value);
    const watched = async (name: string): Promise<number> => {
      house = await House.open();
      sensor = await house.addDevice({ profile: 'sensor', identity: OWN });
      await house.startDaemon();
      await house.acs.waitForInform(SENSOR);
      await house.acs.waitForIdle(SENSOR);
      await house.acs.cpe(SENSOR).setParameterAttributes([{ name, notification: 2 }]);
      await house.acs.waitForIdle(SENSOR);
      return house.acs.informCount;
    };
    /** The daemon has read the leaf after that action. */
    const readAfter = async (last: string, cmsPath: string): Promise<void> => {
      const isRead = (): boolean => {
        const actions = sensor.requests.map(({ action }) => action);
        return sensor.requests
          .slice(actions.lastIndexOf(last))
          .some(
            ({ action, arguments: input }) =>
              action === 'GetValues' && Object.values(input).join().includes(cmsPath),
          );
      };
      await waitFor(isRead, `the daemon reading ${cmsPath}`);
      await house.acs.waitForIdle(SENSOR);
    };

    it('rows that it adds and deletes are counted without a VALUE CHANGE, those of others with one', async () => {
      const counter = `${OBJECT}ChannelNumberOfEntries`;
      const [table, cmsCounter] = ['/X_ACME_Sensor/Channel/', '/X_ACME_Sensor/ChannelNumberOfEntries'];
      const before = await watched(counter);
      const count = Number(sensor.get(cmsCounter));
      const { instanceNumber } = await house.acs.cpe(SENSOR).addObject(`${OBJECT}Channel.`);
      await readAfter('CreateInstance', cmsCounter);
      const others = sensor.addRow(table);
      await waitFor(() => told(counter, before).includes(String(count + 2)), 'the row of another');
      await house.acs.cpe(SENSOR).deleteObject(`${OBJECT}Channel.${instanceNumber}.`);
      await readAfter('DeleteInstance', cmsCounter);
      sensor.deleteRow(others);
      await waitFor(() => told(counter, before).includes(String(count)), 'the deletion by another');
      expect(told(counter, before)).to.deep.equal([String(count + 2), String(count)]);
    });

    it('is a change when another control point changes it again before anybody has read it back', async () => {
      const name = `${OBJECT}MeasuringInterval`;
      const cmsPath = '/X_ACME_Sensor/MeasuringInterval';
      const before = await watched(name);
      const writing = write(SENSOR, name, '77', 'xsd:unsignedInt');
      await waitFor(() => sensor.get(cmsPath) === '77', 'the write');
      sensor.set(cmsPath, '88');
      await writing;
      await waitFor(() => told(name, before).length > 0, 'the change');
      expect(told(name, before)).to.deep.equal(['88']);
    });
  });

  it('is no secret to be read while it waits for an embedded device', async () => {
    house = await House.open({
      devices: {
        default: 'ignore',
        rules: [{ match: OWN, mechanism: 'embedded' }],
      },
      config: (config) => ({ ...config, proxier: { ...config.proxier, endpoint: true } }),
    });
    const wifi = await house.addDevice({ profile: 'wifi', identity: OWN });
    await house.startDaemon();
    await house.acs.waitForInform(PROXIER);
    const state = (): string | undefined =>
      house.daemon?.status().devices.find(({ udn }) => udn === wifi.udn.toLowerCase())?.state;
    await waitFor(() => state() === 'ready', 'the access point', 20_000);
    await wifi.stop();
    await waitFor(() => state() !== 'ready', 'its leaving', 20_000);
    const row = 'Device.X_0011AA_ProxiedDevice.1.BBF.WiFi.';
    expect(await write(PROXIER, `${row}AccessPoint.1.Security.KeyPassphrase`, 'correct horse')).to.equal(1);
    expect(await write(PROXIER, `${row}SSID.1.SSID`, 'Later')).to.equal(1);
    expect(await read(PROXIER, `${row}AccessPoint.1.Security.KeyPassphrase`)).to.equal('');
    expect(await read(PROXIER, `${row}SSID.1.SSID`)).to.equal('Later');
  });
});

/** Another control point, which takes its time to answer a NOTIFY. */
class SlowSubscriber {
  readonly #server: Server;
  #wait: () => Promise<unknown> = () => Promise.resolve();
  /** NOTIFYs whose answer waited. */
  held = 0;

  private constructor(server: Server) {
    this.#server = server;
    server.on('request', (request, response) => {
      request.resume();
      void this.#wait().then(() => response.end());
    });
  }

  static async to(device: LabDevice, house: House): Promise<SlowSubscriber> {
    const subscriber = new SlowSubscriber(createServer());
    const server = subscriber.#server;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const answer = await fetch(
      new URL('/ConfigurationManagement/event', house.addresses.get(device)?.location),
      {
        method: 'SUBSCRIBE',
        headers: {
          CALLBACK: `<http://127.0.0.1:${port}/>`,
          NT: 'upnp:event',
          TIMEOUT: 'Second-1800',
        },
      },
    );
    expect(answer.status).to.equal(200);
    return subscriber;
  }

  answerWhen(wait: () => Promise<unknown>): void {
    this.#wait = () => {
      this.held += 1;
      return wait();
    };
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
