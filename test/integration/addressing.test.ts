import { expect } from 'chai';
import type { InformRecord } from '../../src/lab/acs/acs-device.ts';
import { CpeFault } from '../../src/lab/acs/messages.ts';
import type { RpcCalls } from '../../src/lab/acs/rpc-calls.ts';
import { House } from '../support/house.ts';

const PROXIER = '0011AA-Proxier-HOUSE%2D1';
const NAS = '0090D5-HS2-HS2000200';
const FOLDERS = 'Device.Services.StorageService.1.LogicalVolume.2.Folder.';
const INFORM_PARAMETERS = 'Device.ManagementServer.InformParameter.';

describe('names of the operator', () => {
  let house: House;

  const cpe = (id = NAS): RpcCalls => house.acs.cpe(id);
  const get = async (name: string, id = NAS): Promise<Readonly<Record<string, string>>> =>
    Object.fromEntries(
      (await cpe(id).getParameterValues([name])).map(({ name: path, value }) => [path, value]),
    );
  const set = (values: Readonly<Record<string, string>>, id = NAS): Promise<number> =>
    cpe(id).setParameterValues(
      Object.entries(values).map(([name, value]) => ({ name, value, type: 'xsd:string' })),
    );
  const faultOf = async (work: Promise<unknown>): Promise<CpeFault> => {
    const outcome = await work.catch((error: unknown) => error);
    if (!(outcome instanceof CpeFault)) throw new Error(`no fault but ${String(outcome)}`);
    return outcome;
  };
  const startDaemon = async (): Promise<void> => {
    await house.startDaemon();
    for (const id of [PROXIER, NAS]) {
      await house.acs.waitForInform(id);
      await house.acs.waitForIdle(id);
    }
  };
  const informedParameters = async (id: string, work: () => Promise<unknown>): Promise<readonly string[]> => {
    const before = house.acs.informCount;
    await work();
    const scheduled = ({ events }: InformRecord): boolean =>
      events.some(({ code }) => code === '3 SCHEDULED');
    const inform = await house.acs.waitForInform(id, scheduled, 20_000, before);
    return inform.parameters.map(({ name }) => name);
  };

  before(async () => {
    house = await House.open({
      config: (config) => ({ ...config, proxier: { ...config.proxier, endpoint: true } }),
    });
    await house.addDevice({ profile: 'nas' });
    await startDaemon();
  });

  after(() => house.close());

  it('rows of a device take wildcards and aliases', async () => {
    const names = Object.keys(await get('Device.Services.StorageService.*.LogicalVolume.*.Name'));
    expect(names).to.deep.equal(['Device.Services.StorageService.1.LogicalVolume.2.Name']);
    expect(await set({ 'Device.Services.StorageService.1.LogicalVolume.2.Alias': 'films' })).to.equal(0);
    expect(
      Object.keys(await get('Device.Services.StorageService.[cpe-1].LogicalVolume.[films].Name')),
    ).to.deep.equal(['Device.Services.StorageService.1.LogicalVolume.2.Name']);
    const fault = await faultOf(set({ 'Device.Services.StorageService.1.LogicalVolume.2.Alias': 'other' }));
    expect(fault.parameterFaults).to.have.nested.property('[0].code', '9007');
  });

  it('rows are created with their alias on the device, or by naming them', async () => {
    const { instanceNumber } = await cpe().addObject(`${FOLDERS}[music].`);
    expect(await get(`${FOLDERS}[music].Alias`)).to.deep.equal({
      [`${FOLDERS}${instanceNumber}.Alias`]: 'music',
    });
    expect((await faultOf(set({ [`${FOLDERS}[photos].Name`]: 'Photos' }))).code).to.equal('9003');
    expect(await set({ 'Device.ManagementServer.AutoCreateInstances': 'true' })).to.equal(0);
    const rows = Object.keys(await get(`${FOLDERS}*.Name`));
    // The device has a folder of that name: its refusal undoes the row that was made for it.
    const refused = await faultOf(set({ [`${FOLDERS}[photos].Name`]: 'Photos' }));
    expect(refused.parameterFaults.map(({ name, code }) => [name, code])).to.deep.equal([
      [`${FOLDERS}[photos].Name`, '9007'],
    ]);
    expect(Object.keys(await get(`${FOLDERS}*.Name`))).to.deep.equal(rows);
    expect(await set({ [`${FOLDERS}[photos].Name`]: 'Holiday' })).to.equal(0);
    expect(Object.values(await get(`${FOLDERS}[photos].Name`))).to.deep.equal(['Holiday']);
    expect(await cpe().deleteObject(`${FOLDERS}[photos].`)).to.equal(0);
    expect((await faultOf(get(`${FOLDERS}[photos].Name`))).code).to.equal('9005');
  });

  it('answers name rows by alias in InstanceAlias mode, Informs too', async () => {
    await set({ 'Device.ManagementServer.InstanceMode': 'InstanceAlias' });
    expect(Object.keys(await get('Device.Services.StorageService.1.LogicalVolume.2.Name'))).to.deep.equal([
      'Device.Services.StorageService.[cpe-1].LogicalVolume.[films].Name',
    ]);
    const { instanceNumber: row } = await cpe().addObject(INFORM_PARAMETERS);
    await set({
      [`${INFORM_PARAMETERS}${row}.ParameterName`]: 'Device.Services.StorageService.*.LogicalVolume.*.Name',
      [`${INFORM_PARAMETERS}${row}.Enable`]: 'true',
    });
    const names = await informedParameters(NAS, () => cpe().scheduleInform(1, 'x'));
    expect(names).to.include('Device.Services.StorageService.[cpe-1].LogicalVolume.[films].Name');
    await set({ 'Device.ManagementServer.InstanceMode': 'InstanceNumber' });
    expect(await informedParameters(NAS, () => cpe().scheduleInform(1, 'y'))).to.include(
      'Device.Services.StorageService.1.LogicalVolume.2.Name',
    );
  });

  it('are the same on the proxier, and a forced Inform parameter is no InformParameter', async () => {
    const { instanceNumber: row } = await cpe(PROXIER).addObject(`${INFORM_PARAMETERS}[mine].`);
    const at = `${INFORM_PARAMETERS}${row}.`;
    const fault = await faultOf(
      set({ [`${at}ParameterName`]: 'Device.DeviceInfo.SoftwareVersion' }, PROXIER),
    );
    expect(fault.parameterFaults).to.have.nested.property('[0].code', '9007');
    await set({ [`${at}ParameterName`]: 'Device.Hosts.Host.*.Active', [`${at}Enable`]: 'true' }, PROXIER);
    const names = await informedParameters(PROXIER, () => cpe(PROXIER).scheduleInform(1, 'z'));
    expect(names).to.include('Device.Hosts.Host.1.Active');
    // [TR-181 2.15] Hosts come and go: their rows have no Alias any more.
    expect((await faultOf(get('Device.Hosts.Host.1.Alias', PROXIER))).code).to.equal('9005');
  });

  it('outlive a restart of the daemon', async () => {
    await house.stopDaemon();
    const before = house.acs.informCount;
    await house.startDaemon();
    // Its listener has another port now, which it says.
    for (const id of [NAS, PROXIER]) {
      await house.acs.waitForInform(id, () => true, 20_000, before);
      await house.acs.waitForIdle(id);
    }
    expect(
      Object.keys(await get('Device.Services.StorageService.1.LogicalVolume.[films].Name')),
    ).to.deep.equal(['Device.Services.StorageService.1.LogicalVolume.2.Name']);
    expect(Object.values(await get(`${INFORM_PARAMETERS}[mine].ParameterName`, PROXIER))).to.deep.equal([
      'Device.Hosts.Host.*.Active',
    ]);
  });
});
