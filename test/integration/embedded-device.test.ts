import { cp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { CpeFault } from '../../src/lab/acs/messages.ts';
import type { InformRecord } from '../../src/lab/acs/acs-device.ts';
import type { RpcCalls } from '../../src/lab/acs/rpc-calls.ts';
import type { LabDevice } from '../../src/lab/device/lab-device.ts';
import { House } from '../support/house.ts';
import { waitFor } from '../support/wait-for.ts';

const PROXIER = '0011AA-Proxier-HOUSE%2D1';
const EMBEDDED = 'Device.ManagementServer.EmbeddedDevice.1.';
const VOLUME = 'Device.Services.StorageService.1.LogicalVolume.2.';
const CMS_VOLUME = '/BBF/StorageService/0/LogicalVolume/1/';

describe('embedded devices', () => {
  let house: House;
  let nas: LabDevice;

  const cpe = (): RpcCalls => house.acs.cpe(PROXIER);
  const valueOf = async (name: string): Promise<string | undefined> =>
    (await cpe().getParameterValues([name]))[0]?.value;
  const set = (values: Readonly<Record<string, string>>, key = ''): Promise<number> =>
    cpe().setParameterValues(
      Object.entries(values).map(([name, value]) => ({ name, value, type: 'xsd:string' })),
      key,
    );
  const status = async (): Promise<(string | undefined)[]> => [
    await valueOf(`${EMBEDDED}CommandProcessed`),
    await valueOf(`${EMBEDDED}CommandProcessingErrMsg`),
  ];
  const isOnline = (device: LabDevice): boolean =>
    house.daemon?.status().devices.find(({ udn }) => udn === device.udn.toLowerCase())?.state === 'ready';
  const faultOf = async (work: Promise<unknown>): Promise<CpeFault> => {
    try {
      await work;
    } catch (error) {
      if (error instanceof CpeFault) return error;
      throw error;
    }
    throw new Error('should have been refused');
  };
  const startDaemon = async (): Promise<void> => {
    const before = house.acs.informCount;
    await house.startDaemon();
    // The port for connection requests is another one.
    await house.acs.waitForInform(PROXIER, undefined, 20_000, before);
    await house.acs.waitForIdle(PROXIER);
  };
  /** The state is what was on the disk before the daemon stopped properly. */
  const cutPower = async (): Promise<void> => {
    const kept = `${house.stateDirectory}-kept`;
    await cp(house.stateDirectory, kept, { recursive: true });
    await house.stopDaemon();
    await rm(house.stateDirectory, { recursive: true });
    await rename(kept, house.stateDirectory);
    await rm(join(house.stateDirectory, 'lock'), { force: true });
  };
  const comeBack = async (device: LabDevice): Promise<void> => {
    await device.comeBack();
    await waitFor(() => isOnline(device), 'the return of the device', 20_000);
  };
  const leave = async (device: LabDevice): Promise<void> => {
    await device.stop();
    await waitFor(() => !isOnline(device), 'the loss of the device', 20_000);
  };

  beforeEach(async () => {
    house = await House.open({
      devices: { default: 'embedded' },
      config: (config) => ({
        ...config,
        proxier: { ...config.proxier, endpoint: true },
        embedded: { answerTimeoutSeconds: 1 },
      }),
    });
    nas = await house.addDevice({ profile: 'nas' });
    await startDaemon();
    await waitFor(() => isOnline(nas), 'the NAS', 20_000);
  });

  afterEach(() => house.close());

  it('are rows of the proxier’s tables, and no CPEs', async () => {
    expect([...house.acs.devices.keys()]).to.deep.equal([PROXIER]);
    expect(await valueOf(`${EMBEDDED}Reference`)).to.equal('Device.Services.StorageService.1');
    expect(await valueOf(`${EMBEDDED}ProxyProtocol`)).to.equal('UPnP-DM');
    expect(await valueOf(`${EMBEDDED}Host`)).to.equal('Device.Hosts.Host.1');
    expect(await valueOf(`${EMBEDDED}LastSyncTime`)).to.match(/^20\d\d-/);
    expect(await status()).to.deep.equal(['Success', '']);
    expect(await valueOf(`${VOLUME}Name`)).to.equal('Data');
    expect(await valueOf(`${VOLUME}PhysicalReference`)).to.equal(
      'Device.Services.StorageService.1.PhysicalMedium.2',
    );
    const models = await waitFor(
      async () => {
        const references = (await valueOf(`${EMBEDDED}SupportedDataModel`))?.split(',') ?? [];
        return references.length === 2 ? references : undefined;
      },
      'the documents of both models',
      20_000,
    );
    expect(
      await Promise.all(models.map((row) => valueOf(`${row}.URN`))),
      'of the Reference first',
    ).to.deep.equal(['urn:broadband-forum-org:tr-140-1-3-1', 'urn:broadband-forum-org:tr-181-2-17-0-cwmp']);
    const vendorRow = 'Device.X_0011AA_ProxiedDevice.1.';
    expect(await valueOf(`${vendorRow}UPnP.DM.DeviceInfo.SoftwareVersion`)).to.equal(
      nas.get('/UPnP/DM/DeviceInfo/SoftwareVersion'),
    );
    expect(await valueOf(`${vendorRow}EmbeddedDevice`)).to.equal('Device.ManagementServer.EmbeddedDevice.1');
    expect(await valueOf(`${vendorRow}Services`)).to.equal('Device.Services.StorageService.1');
  });

  it('take writes at once, with one SetValues', async () => {
    const before = nas.requests.length;
    expect(await set({ [`${VOLUME}Name`]: 'Films', [`${VOLUME}Enable`]: 'false' }, 'k1')).to.equal(0);
    const writes = nas.requests.slice(before).filter(({ action }) => action === 'SetValues');
    expect(writes).to.have.length(1);
    expect(nas.get(`${CMS_VOLUME}Name`)).to.equal('Films');
    expect(await valueOf('Device.ManagementServer.ParameterKey')).to.equal('k1');
    expect(await status()).to.deep.equal(['Success', '']);
  });

  it('serve their last values while they are away, and take writes when they are back', async () => {
    const synced = await valueOf(`${EMBEDDED}LastSyncTime`);
    await leave(nas);
    expect(await valueOf(`${VOLUME}Name`)).to.equal('Data');
    expect(await valueOf('Device.X_0011AA_ProxiedDevice.1.Online')).to.equal('false');
    expect(await valueOf(`${EMBEDDED}LastSyncTime`)).to.equal(synced);

    expect(await set({ [`${VOLUME}Name`]: 'Later' })).to.equal(1);
    expect(await status()).to.deep.equal(['Pending', '']);
    expect(await valueOf(`${VOLUME}Name`), 'what is accepted reads as written').to.equal('Later');
    expect(nas.get(`${CMS_VOLUME}Name`)).to.equal('Data');

    await comeBack(nas);
    await waitFor(async () => (await status())[0] === 'Success', 'the command to be through', 20_000);
    expect(nas.get(`${CMS_VOLUME}Name`)).to.equal('Later');
    expect(await valueOf(`${VOLUME}Name`)).to.equal('Later');
    expect(await valueOf(`${EMBEDDED}LastSyncTime`)).to.not.equal(synced);
  });

  it('try again when the device is silent, in order, and tell the ACS by active notification', async () => {
    await cpe().setParameterAttributes([
      { name: `${EMBEDDED}CommandProcessed`, notification: 2 },
      { name: `${VOLUME}Name`, notification: 2 },
    ]);
    const after = house.acs.informCount;
    nas.setFault({ action: 'SetValues', behaviour: 'silent' });
    expect(await set({ [`${VOLUME}Name`]: 'First' })).to.equal(1);
    expect(await set({ [`${VOLUME}Name`]: 'Second' })).to.equal(1);
    await waitFor(async () => (await status())[0] === 'Retrying', 'a second try', 20_000);
    nas.setFault(undefined);
    await waitFor(async () => (await status())[0] === 'Success', 'the commands to be through', 30_000);
    expect(nas.get(`${CMS_VOLUME}Name`)).to.equal('Second');
    const told = (value: string) => (inform: InformRecord) =>
      inform.parameters.some(
        (parameter) => parameter.name === `${EMBEDDED}CommandProcessed` && parameter.value === value,
      );
    await house.acs.waitForInform(PROXIER, told('Success'), 20_000, after);
    const own = house.acs.devices
      .get(PROXIER)
      ?.informs.filter(({ sequence }) => sequence > after)
      .some(({ parameters }) => parameters.some(({ name }) => name === `${VOLUME}Name`));
    expect(own, 'the ACS’s own write comes back as VALUE CHANGE').to.equal(false);
  });

  it('tell no old value as new after a power cut, and what changed meanwhile', async () => {
    await cpe().setParameterAttributes(
      [`${VOLUME}Name`, `${VOLUME}Enable`].map((name) => ({ name, notification: 2 })),
    );
    const told = (after: number): (string | undefined)[] =>
      (house.acs.devices.get(PROXIER)?.informs ?? [])
        .filter(({ sequence }) => sequence > after)
        .flatMap(({ parameters }) => parameters.filter(({ name }) => name.startsWith(VOLUME)))
        .map(({ value }) => value);
    const before = house.acs.informCount;
    nas.set(`${CMS_VOLUME}Name`, 'Changed');
    await waitFor(() => told(before).includes('Changed'), 'the change');
    await house.acs.waitForIdle(PROXIER);
    // What is remembered of the device is older than what the ACS was told.
    await cutPower();
    nas.set(`${CMS_VOLUME}Enable`, '0');
    const restarted = house.acs.informCount;
    await startDaemon();
    await waitFor(() => told(restarted).includes('false'), 'what changed meanwhile', 20_000);
    nas.set(`${CMS_VOLUME}Name`, 'Again');
    await waitFor(() => told(restarted).includes('Again'), 'the next change');
    expect(told(restarted)).to.deep.equal(['false', 'Again']);
  });

  it('show what they took at once or later, also after a power cut while they are away', async () => {
    expect(await set({ [`${VOLUME}Name`]: 'At once' })).to.equal(0);
    await leave(nas);
    await cutPower();
    await startDaemon();
    expect(await valueOf(`${VOLUME}Name`)).to.equal('At once');
    expect(await set({ [`${VOLUME}Name`]: 'Later' })).to.equal(1);
    await comeBack(nas);
    await waitFor(async () => (await status())[0] === 'Success', 'the write');
    expect(nas.get(`${CMS_VOLUME}Name`)).to.equal('Later');
    await leave(nas);
    await cutPower();
    await startDaemon();
    expect(await valueOf(`${VOLUME}Name`)).to.equal('Later');
  });

  it('say what the device refused later, and show its value again', async () => {
    await cpe().setParameterAttributes([{ name: `${VOLUME}Name`, notification: 2 }]);
    await leave(nas);
    expect(await set({ [`${VOLUME}Name`]: 'Refused' })).to.equal(1);
    expect(await set({ [`${VOLUME}ThresholdLimit`]: '50' })).to.equal(1);
    const after = house.acs.informCount;
    // Only the first SetValues is refused.
    nas.setFault({ action: 'SetValues', code: 705 });
    await nas.comeBack();
    await waitFor(async () => (await status())[1] !== '', 'the refusal', 20_000);
    nas.setFault(undefined);
    const [processed, message] = await status();
    expect(processed).to.be.oneOf(['Error', 'Retrying']);
    expect(message).to.contain(`${CMS_VOLUME}`).and.not.contain('Refused');
    await waitFor(async () => (await status())[0] === 'Error', 'the end of the queue', 30_000);
    expect(await valueOf(`${VOLUME}Name`)).to.equal('Data');
    await house.acs.waitForInform(
      PROXIER,
      ({ parameters }) => parameters.some(({ name, value }) => name === `${VOLUME}Name` && value === 'Data'),
      20_000,
      after,
    );
    expect(await set({ [`${VOLUME}Name`]: 'Good' })).to.equal(0);
    expect(await status()).to.deep.equal(['Success', '']);
  });

  it('refuse at once what the device refuses at once', async () => {
    nas.setFault({ action: 'SetValues', code: 705 });
    const fault = await faultOf(set({ [`${VOLUME}Name`]: 'x' }));
    expect(fault.code).to.equal('9003');
    expect(fault.parameterFaults.map(({ code }) => code)).to.deep.equal(['9007']);
    nas.setFault(undefined);
    expect(await status()).to.deep.equal(['Success', '']);
  });

  it('add and delete rows at once or not at all', async () => {
    const { instanceNumber } = await cpe().addObject('Device.Services.StorageService.1.UserAccount.');
    const row = `Device.Services.StorageService.1.UserAccount.${instanceNumber}.`;
    expect(await valueOf(`${row}Enable`)).to.equal('false');
    expect(await cpe().deleteObject(row)).to.equal(0);
    expect((await faultOf(valueOf(`${row}Enable`))).code).to.equal('9005');
    expect((await faultOf(cpe().addObject('Device.Services.StorageService.'))).code).to.equal('9005');
    await leave(nas);
    const away = await faultOf(cpe().addObject('Device.Services.StorageService.1.UserAccount.'));
    expect(away.code).to.equal('9002');
  });

  it('let no row come or go before the writes that wait', async () => {
    const ACCOUNTS = 'Device.Services.StorageService.1.UserAccount.';
    const { instanceNumber } = await cpe().addObject(ACCOUNTS);
    nas.setFault({ action: 'SetValues', behaviour: 'silent' });
    expect(await set({ [`${ACCOUNTS}${instanceNumber}.Username`]: 'anna' })).to.equal(1);
    expect((await faultOf(cpe().addObject(ACCOUNTS))).code).to.equal('9002');
    expect((await faultOf(cpe().deleteObject(`${ACCOUNTS}${instanceNumber}.`))).code).to.equal('9002');
    expect((await status())[0]).to.be.oneOf(['Pending', 'Retrying']);
    nas.setFault(undefined);
    await waitFor(async () => (await status())[0] === 'Success', 'the command to be through', 30_000);
    expect(nas.get(`/BBF/StorageService/0/UserAccount/${instanceNumber - 1}/Username`)).to.equal('anna');
    expect(await cpe().deleteObject(`${ACCOUNTS}${instanceNumber}.`)).to.equal(0);
  });

  it('do not pretend that a device is there which does not answer', async () => {
    const online = 'Device.X_0011AA_ProxiedDevice.1.Online';
    await cpe().setParameterAttributes([{ name: online, notification: 2 }]);
    expect(await valueOf(online)).to.equal('true');
    nas.set(`${CMS_VOLUME}UsedSpace`, '130000');
    nas.setFault({ action: 'GetValues', behaviour: 'silent' });
    expect(await valueOf(`${VOLUME}UsedSpace`), 'the last known value').to.equal('120000');
    expect(await valueOf(online)).to.equal('false');
    const after = house.acs.informCount;
    nas.setFault(undefined);
    // Nobody reads the device meanwhile.
    await house.acs.waitForInform(
      PROXIER,
      ({ parameters }) => parameters.some(({ name, value }) => name === online && value === 'true'),
      30_000,
      after,
    );
    expect(await valueOf(`${VOLUME}UsedSpace`)).to.equal('130000');
  });

  it('keep secrets only until the device has them, and show them to nobody', async () => {
    const PASSWORD = 'Device.Services.StorageService.1.UserAccount.1.Password';
    const stored = async (): Promise<string> => {
      const files = await readdir(house.stateDirectory);
      const texts = files.map((file) => readFile(join(house.stateDirectory, file), 'utf8'));
      return (await Promise.all(texts)).join('\n');
    };
    expect(await set({ [PASSWORD]: 'secret one' })).to.equal(0);
    expect(nas.requests.at(-1)?.arguments['ParameterValueList']).to.contain('secret one');
    await leave(nas);
    expect(await set({ [PASSWORD]: 'secret two' })).to.equal(1);
    expect(await valueOf(PASSWORD)).to.equal('');
    await house.stopDaemon();
    const text = await stored();
    expect(text).to.contain('StorageService').and.not.contain('secret one');
    expect(text, 'the accepted command').to.contain('secret two');
    await startDaemon();
    expect(await valueOf(PASSWORD)).to.equal('');
    // Nothing is known that could be put back; that must not keep a write from being accepted.
    expect(await set({ [PASSWORD]: 'secret three', 'Device.DeviceInfo.ProvisioningCode': 'P1' })).to.equal(1);
    await comeBack(nas);
    await waitFor(async () => (await status())[0] === 'Success', 'the commands to be through', 20_000);
    const sent = nas.requests.filter(({ action }) => action === 'SetValues').slice(-2);
    expect(
      sent.map((request) => /secret \w+/.exec(request.arguments['ParameterValueList'] ?? '')?.[0]),
    ).to.deep.equal(['secret two', 'secret three']);
  });

  it('keep rows, values and commands over a restart of the daemon', async () => {
    await leave(nas);
    expect(await set({ [`${VOLUME}Name`]: 'Kept' })).to.equal(1);
    await house.stopDaemon();
    await startDaemon();
    expect(await valueOf(`${EMBEDDED}Reference`)).to.equal('Device.Services.StorageService.1');
    expect(await valueOf(`${EMBEDDED}LastSyncTime`)).to.equal('0001-01-01T00:00:00Z');
    expect(await status()).to.deep.equal(['Pending', '']);
    expect(await valueOf(`${VOLUME}Name`)).to.equal('Kept');
    expect(await valueOf(`${VOLUME}FileSystem`)).to.equal('ext4');
    await comeBack(nas);
    await waitFor(async () => (await status())[0] === 'Success', 'the command to be through', 20_000);
    expect(nas.get(`${CMS_VOLUME}Name`)).to.equal('Kept');
  });

  it('are all or nothing over two devices and the proxier', async () => {
    const voip = await house.addDevice({ profile: 'voip' });
    await waitFor(() => isOnline(voip), 'the VoIP adapter', 20_000);
    const names = (await cpe().getParameterNames('Device.Services.VoiceService.1.', false))
      .filter(({ name, writable }) => writable && name.endsWith('.ProxyServer'))
      .map(({ name }) => name);
    const [proxyServer] = names;
    if (proxyServer === undefined) throw new Error('the VoIP adapter has no ProxyServer');
    const before = await valueOf(proxyServer);
    const values = {
      [`${VOLUME}Name`]: 'Both',
      [proxyServer]: 'sip.example.org',
      'Device.DeviceInfo.ProvisioningCode': 'P1',
    };
    voip.setFault({ action: 'SetValues', code: 705 });
    expect((await faultOf(set(values, 'no'))).code).to.equal('9003');
    expect(nas.get(`${CMS_VOLUME}Name`), 'the first device got its value back').to.equal('Data');
    expect(nas.requests.filter(({ action }) => action === 'SetValues')).to.have.length(2);
    expect(await valueOf(proxyServer)).to.equal(before);
    expect(await valueOf('Device.DeviceInfo.ProvisioningCode')).to.equal('');
    expect(await valueOf('Device.ManagementServer.ParameterKey')).to.equal('');
    voip.setFault(undefined);

    // A device that is away does not take its share before the others have agreed.
    await leave(nas);
    voip.setFault({ action: 'SetValues', code: 705 });
    expect((await faultOf(set(values))).code).to.equal('9003');
    expect(await status()).to.deep.equal(['Success', '']);
    voip.setFault(undefined);
    expect(await set(values, 'yes')).to.equal(1);
    expect(await status()).to.deep.equal(['Pending', '']);
    expect(await valueOf(proxyServer)).to.equal('sip.example.org');
    expect(await valueOf('Device.DeviceInfo.ProvisioningCode')).to.equal('P1');
    await comeBack(nas);
    await waitFor(async () => (await status())[0] === 'Success', 'the command to be through', 20_000);
    expect(nas.get(`${CMS_VOLUME}Name`)).to.equal('Both');
  });

  it('put back what a silent device may have taken, when another device refuses', async () => {
    const voip = await house.addDevice({ profile: 'voip' });
    await waitFor(() => isOnline(voip), 'the VoIP adapter', 20_000);
    const proxyServer = (await cpe().getParameterNames('Device.Services.VoiceService.1.', false))
      .map(({ name }) => name)
      .find((name) => name.endsWith('.ProxyServer'));
    // It executes the SetValues, and answers when nobody waits any more.
    nas.setFault({ action: 'SetValues', delayMs: 2_500 });
    voip.setFault({ action: 'SetValues', code: 705 });
    const fault = await faultOf(set({ [`${VOLUME}Name`]: 'Half', [proxyServer ?? '']: 'sip.example.org' }));
    expect(fault.parameterFaults.map(({ name }) => name)).to.deep.equal([proxyServer]);
    expect(nas.get(`${CMS_VOLUME}Name`), 'the device has taken it').to.equal('Half');
    expect(await valueOf(`${VOLUME}Name`)).to.equal('Data');
    expect(await status()).to.deep.equal(['Pending', '']);
    nas.setFault(undefined);
    await waitFor(async () => (await status())[0] === 'Success', 'the value of before', 20_000);
    expect(nas.get(`${CMS_VOLUME}Name`)).to.equal('Data');
  });

  it('tell a change on the device by the proxier’s own session', async () => {
    await cpe().setParameterAttributes([{ name: `${VOLUME}Name`, notification: 2 }]);
    const after = house.acs.informCount;
    await waitFor(
      () => nas.requests.some(({ action }) => action === 'SetAttributes') || nas.subscriptionCount > 0,
      'the subscription',
    );
    nas.set(`${CMS_VOLUME}Name`, 'By hand');
    const inform = await house.acs.waitForInform(
      PROXIER,
      ({ events }) => events.some(({ code }) => code === '4 VALUE CHANGE'),
      20_000,
      after,
    );
    expect(inform.parameters.find(({ name }) => name === `${VOLUME}Name`)?.value).to.equal('By hand');
  });
});
