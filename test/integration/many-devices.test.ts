import { expect } from 'chai';
import { randomUUID } from 'node:crypto';
import type { LabDevice } from '../../src/lab/device/lab-device.ts';
import type { DeviceRule } from '../../src/platform/config/config.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { openDocumentStore } from '../../src/platform/store/document-store.ts';
import { House } from '../support/house.ts';
import { waitFor } from '../support/wait-for.ts';

const PROXIER = '0011AA-Proxier-HOUSE%2D1';
const NUMBER_OF_VIRTUAL_DEVICES = 'Device.ManagementServer.VirtualDeviceNumberOfEntries';

/** Without serial number there is no DeviceID: such a device is known by its UDN only. */
const NAMELESS = { serialNumber: ' ' };

function rule(udn: string, mechanism: 'virtual' | 'embedded' = 'virtual'): DeviceRule {
  return { match: { udn }, mechanism };
}

describe('more devices than there is room for', () => {
  // Other runs of this test may go on on the same loopback.
  const [first, second, third] = [1, 2, 3].map(() => `uuid:${randomUUID()}`) as [string, string, string];
  const [kept, late] = ['KEPT', 'LATE'].map((name) => `${name}-${randomUUID().slice(0, 8)}`) as [
    string,
    string,
  ];
  let house: House;

  const shown = (device: LabDevice) =>
    house.daemon?.status().devices.find(({ udn }) => udn === device.udn.toLowerCase());
  const phaseOf = (device: LabDevice): string | undefined => shown(device)?.state;

  afterEach(() => house.close());

  it('leaves out those beyond devices.maxDevices and says so; takes them in when a nameless one was forgotten', async () => {
    house = await House.open({
      devices: {
        default: 'ignore',
        rules: [rule(first), rule(second), rule(third)],
        maxDevices: 2,
        forgetAfterSeconds: 1,
      },
      config: (config) => ({ ...config, proxier: { ...config.proxier, endpoint: true } }),
    });
    const named = await house.addDevice({ profile: 'sensor', udn: first, identity: { serialNumber: kept } });
    const nameless = await house.addDevice({ profile: 'nas', udn: second, identity: NAMELESS });
    await house.startDaemon();
    await waitFor(() => [named, nameless].every((device) => phaseOf(device) === 'ready'), 'two devices');
    const serial = second.slice('uuid:'.length);
    await house.acs.waitForInform('*', ({ serialNumber }) => serialNumber === serial);

    const beyond = await house.addDevice({ profile: 'sensor', udn: third, identity: { serialNumber: late } });
    await waitFor(() => shown(beyond)?.note?.startsWith('left out'), 'the note');
    expect(shown(beyond)?.mechanism).to.equal('none');
    expect(house.daemon?.status().endpoints).to.have.length(2);

    await Promise.all([named.stop(), nameless.stop()]);
    await waitFor(() => shown(beyond)?.mechanism === 'virtual', 'room for the late one');
    const inform = await house.acs.waitForInform('*', ({ serialNumber }) => serialNumber === late);
    expect(inform.events.map(({ code }) => code)).to.include('0 BOOTSTRAP');
    // What has a DeviceID stays known, though it was away for as long.
    expect(house.daemon?.status().endpoints.map(({ identity }) => identity.serialNumber)).to.deep.equal([
      kept,
      late,
    ]);
    await house.acs.waitForInform(PROXIER);
    await house.acs.waitForIdle(PROXIER);
    const [count] = await house.acs.cpe(PROXIER).getParameterValues([NUMBER_OF_VIRTUAL_DEVICES]);
    expect(count?.value).to.equal('2');
    expect(await storedKeys(serial)).to.deep.equal([]);
    expect(await storedKeys(kept)).not.to.deep.equal([]);
  });

  it('forgets a nameless embedded device, its rows and all that is stored of it', async () => {
    house = await House.open({
      devices: { default: 'ignore', rules: [rule(first, 'embedded')], maxDevices: 1, forgetAfterSeconds: 1 },
      config: (config) => ({ ...config, proxier: { ...config.proxier, endpoint: true } }),
    });
    const nameless = await house.addDevice({ profile: 'nas', udn: first, identity: NAMELESS });
    await house.startDaemon();
    await waitFor(() => phaseOf(nameless) === 'ready', 'the device');
    await nameless.stop();
    await waitFor(() => house.daemon?.status().embedded.length === 0, 'the end of its rows');
    expect(await storedKeys(first.slice('uuid:'.length))).to.deep.equal([]);
  });

  /** Of documents whose key or content names it; those of the inventory tell of all UPnP devices, and age by themselves. */
  async function storedKeys(name: string): Promise<string[]> {
    await house.stopDaemon();
    const store = await openDocumentStore({ directory: house.stateDirectory, logger: silentLogger });
    const keys = store
      .keys('')
      .filter((key) => !/^proxier\/(discovery|description|hosts|inventory)/.test(key));
    const found = keys.filter((key) => key.includes(name) || JSON.stringify(store.get(key)).includes(name));
    await store.close();
    return found;
  }
});
