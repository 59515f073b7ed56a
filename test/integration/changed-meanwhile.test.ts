import { expect } from 'chai';
import type { InformRecord } from '../../src/lab/acs/acs-device.ts';
import type { LabDevice } from '../../src/lab/device/lab-device.ts';
import { House } from '../support/house.ts';
import { waitFor } from '../support/wait-for.ts';

const NAS = '0090D5-HS2-HS2000200';
const VOLUME = 'Device.Services.StorageService.1.LogicalVolume.2.';
const CMS_VOLUME = '/BBF/StorageService/0/LogicalVolume/1/';

describe('what changes while nobody looks', () => {
  let house: House;
  let nas: LabDevice;

  const set = (name: string, value: string): Promise<number> =>
    house.acs.cpe(NAS).setParameterValues([{ name, value, type: 'xsd:string' }]);
  /** Restarts the daemon. @returns the value changes that it tells, up to and with the session in which it answers again */
  const restart = async (meanwhile: () => void): Promise<Record<string, string>> => {
    await house.acs.waitForIdle(NAS);
    await house.stopDaemon();
    meanwhile();
    const before = house.acs.informCount;
    await house.startDaemon();
    await waitFor(() => house.daemon?.status().devices[0]?.state === 'ready', 'the device', 20_000);
    await waitFor(
      () => informs(before).some(({ parameters }) => parameters.some(({ name }) => name.endsWith('URL'))),
      'the new connection request URL at the ACS',
      20_000,
    );
    await house.acs.waitForIdle(NAS);
    // What is told by itself comes before what is asked for.
    await house.acs.cpe(NAS).getParameterValues([`${VOLUME}Name`]);
    const changes = informs(before).filter(({ events }) =>
      events.some(({ code }) => code === '4 VALUE CHANGE'),
    );
    return Object.fromEntries(
      changes.flatMap(({ parameters }) =>
        parameters.flatMap(({ name, value }) => (name.startsWith(VOLUME) ? [[name, value]] : [])),
      ),
    );
  };
  const informs = (after: number): InformRecord[] =>
    house.acs.devices.get(NAS)?.informs.filter(({ sequence }) => sequence > after) ?? [];

  before(async () => {
    house = await House.open();
    nas = await house.addDevice({ profile: 'nas' });
    await house.startDaemon();
    await house.acs.waitForInform(NAS);
    await house.acs.waitForIdle(NAS);
    await house.acs.cpe(NAS).setParameterAttributes([
      { name: `${VOLUME}Name`, notification: 2 },
      { name: `${VOLUME}ThresholdLimit`, notification: 2 },
      { name: `${VOLUME}Enable`, notification: 1 },
    ]);
  });

  after(() => house.close());

  it('is told when the device is back that was away meanwhile, and nothing else is', async () => {
    const state = (): string | undefined => house.daemon?.status().devices[0]?.state;
    const told = (after: number): unknown[] =>
      informs(after)
        .filter(({ events }) => events.some(({ code }) => code === '4 VALUE CHANGE'))
        .flatMap(({ parameters }) => parameters.filter(({ name }) => name.startsWith(VOLUME)))
        .map(({ name, value }) => [name, value]);
    const beAway = async (meanwhile: () => void): Promise<number> => {
      await house.acs.waitForIdle(NAS);
      const before = house.acs.informCount;
      await nas.stop();
      await waitFor(() => state() === 'offline', 'its leaving', 20_000);
      meanwhile();
      await nas.comeBack();
      await waitFor(() => state() === 'ready', 'its return', 20_000);
      return before;
    };
    const untouched = await beAway(() => undefined);
    const changed = await beAway(() => nas.set(`${CMS_VOLUME}Name`, 'Elsewhere'));
    await waitFor(() => told(changed).length > 0, 'the change');
    expect(told(untouched)).to.deep.equal([[`${VOLUME}Name`, 'Elsewhere']]);
  });

  it('is told when the daemon is back, passive ones along with the others', async () => {
    const told = await restart(() => {
      nas.set(`${CMS_VOLUME}Name`, 'Changed');
      nas.set(`${CMS_VOLUME}Enable`, '0');
      nas.set(`${CMS_VOLUME}UsedSpace`, '7');
    });
    expect(told).to.deep.equal({ [`${VOLUME}Name`]: 'Changed', [`${VOLUME}Enable`]: 'false' });
  });

  it('is told once', async () => {
    expect(await restart(() => undefined)).to.deep.equal({});
  });

  it('is not what the ACS wrote itself', async () => {
    await set(`${VOLUME}Name`, 'Own');
    await set(`${VOLUME}ThresholdLimit`, '0055');
    expect(await restart(() => undefined)).to.deep.equal({});
    expect(nas.get(`${CMS_VOLUME}ThresholdLimit`)).to.equal('55');
  });

  it('is not what came and went', async () => {
    nas.set(`${CMS_VOLUME}Name`, 'Others');
    await house.acs.waitForInform(NAS, ({ parameters }) =>
      parameters.some(({ name, value }) => name === `${VOLUME}Name` && value === 'Others'),
    );
    await house.acs.waitForIdle(NAS);
    const told = await restart(() => {
      nas.set(`${CMS_VOLUME}Name`, 'Between');
      nas.set(`${CMS_VOLUME}Name`, 'Others');
    });
    expect(told).to.deep.equal({});
  });

  it('is nothing that is watched no more', async () => {
    await house.acs.cpe(NAS).setParameterAttributes([{ name: `${VOLUME}Name`, notification: 0 }]);
    expect(await restart(() => nas.set(`${CMS_VOLUME}Name`, 'Unseen'))).to.deep.equal({});
    await house.acs.cpe(NAS).setParameterAttributes([{ name: `${VOLUME}Name`, notification: 2 }]);
    expect(await restart(() => undefined), 'watched from now on').to.deep.equal({});
    expect(await restart(() => nas.set(`${CMS_VOLUME}Name`, 'Seen'))).to.deep.equal({
      [`${VOLUME}Name`]: 'Seen',
    });
  });
});
