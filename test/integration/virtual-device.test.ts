import { expect } from 'chai';
import { CpeFault } from '../../src/lab/acs/messages.ts';
import type { RpcCalls } from '../../src/lab/acs/rpc-calls.ts';
import type { InformRecord } from '../../src/lab/acs/acs-device.ts';
import type { LabDevice } from '../../src/lab/device/lab-device.ts';
import { House } from '../support/house.ts';
import { waitFor } from '../support/wait-for.ts';

const VOIP = '0090D5-VA2-VA2000100';
const NAS = '0090D5-HS2-HS2000200';
const WIFI = '0090D5-AP5-AP5000300';
const SENSOR = '0090D5-RS1-RS1000400';

const FORCED = [
  'Device.RootDataModelVersion',
  'Device.DeviceInfo.HardwareVersion',
  'Device.DeviceInfo.SoftwareVersion',
  'Device.DeviceInfo.ProvisioningCode',
  'Device.ManagementServer.ParameterKey',
  'Device.ManagementServer.ConnectionRequestURL',
  'Device.ManagementServer.AliasBasedAddressing',
];

/** Actions that the device received since `start`, by name. */
function actionsSince(device: LabDevice, start: number): string[] {
  return device.requests.slice(start).map(({ action }) => action);
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

describe('virtual devices, end to end on loopback', () => {
  const devices = new Map<string, LabDevice>();
  let house: House;

  const device = (id: string): LabDevice => {
    const found = devices.get(id);
    if (found === undefined) throw new Error(`no device ${id}`);
    return found;
  };
  const cpe = (id: string): RpcCalls => house.acs.cpe(id);
  const valueAt = async (id: string, name: string): Promise<string | undefined> =>
    (await cpe(id).getParameterValues([name]))[0]?.value;

  before(async () => {
    house = await House.open();
    devices.set(VOIP, await house.addDevice({ profile: 'voip' }));
    devices.set(NAS, await house.addDevice({ profile: 'nas' }));
    devices.set(WIFI, await house.addDevice({ profile: 'wifi' }));
    devices.set(SENSOR, await house.addDevice({ profile: 'sensor' }));
    await house.startDaemon();
    for (const id of devices.keys()) {
      await house.acs.waitForInform(id);
      await house.acs.waitForIdle(id);
    }
  });

  after(() => house.close());

  it('appear as CPEs of their own, with BOOTSTRAP, BOOT and the seven forced parameters', () => {
    expect([...house.acs.devices.keys()].sort()).to.deep.equal([WIFI, NAS, SENSOR, VOIP].sort());
    for (const id of devices.keys()) {
      const first = house.acs.devices.get(id)?.informs[0];
      expect(first?.events.map(({ code }) => code)).to.deep.equal(['0 BOOTSTRAP', '1 BOOT']);
      expect(first?.events.map(({ commandKey }) => commandKey)).to.deep.equal(['', '']);
      expect(first?.retryCount).to.equal(0);
      expect(first?.maxEnvelopes).to.equal(1);
      expect(first?.parameters.map(({ name }) => name)).to.have.members(FORCED);
    }
  });

  it('list the root alone for an empty path at the first level', async () => {
    expect(await cpe(WIFI).getParameterNames('', true)).to.deep.equal([{ name: 'Device.', writable: false }]);
  });

  it('drop nothing: every leaf of every device is there, with its value', async () => {
    for (const [id, lab] of devices) {
      const parameters = await cpe(id).getParameterValues(['Device.']);
      const values = parameters.map(({ value }) => value);
      const names = new Set(parameters.map(({ name }) => name));
      expect(names.size, `${id}: a name twice`).to.equal(parameters.length);
      for (const [path, value] of lab.list('/')) {
        const tail = path
          .split('/')
          .slice(-2)
          .map((segment) => (/^\d+$/.test(segment) ? String(Number(segment) + 1) : segment))
          .join('.');
        const mapped =
          [...names].some((name) => name.endsWith(`.${tail}`)) ||
          // Common Objects with a place of their own in Device:2 have another parent there.
          [...names].some((name) => name.endsWith(`.${path.split('/').at(-1) ?? ''}`)) ||
          values.includes(value);
        expect(mapped, `${id} ${path}`).to.equal(true);
      }
      expect(parameters.length).to.be.greaterThan(lab.list('/').size);
    }
  });

  it('carry each model where it belongs, instance numbers plus one', async () => {
    expect(await valueAt(WIFI, 'Device.WiFi.SSID.1.SSID')).to.equal(
      device(WIFI).get('/BBF/WiFi/SSID/0/SSID'),
    );
    expect(await valueAt(WIFI, 'Device.WiFi.SSID.6.SSID')).to.equal(
      device(WIFI).get('/BBF/WiFi/SSID/5/SSID'),
    );
    expect(await valueAt(VOIP, 'Device.Services.VoiceService.1.SIP.Network.1.ProxyServer')).to.equal(
      device(VOIP).get('/BBF/VoiceService/0/SIP/Network/0/ProxyServer'),
    );
    const nas = await cpe(NAS).getParameterNames('Device.Services.StorageService.', false);
    expect(nas.map(({ name }) => name)).to.include(
      'Device.Services.StorageService.1.PhysicalMedium.2.Status',
    );
    const sensor = await cpe(SENSOR).getParameterNames('Device.', false);
    expect(sensor.map(({ name }) => name)).to.include('Device.X_0011AA_UPnPDM.X_ACME_Sensor.Temperature');
    expect(await valueAt(SENSOR, 'Device.DeviceInfo.SoftwareVersion')).to.equal(
      device(SENSOR).get('/UPnP/DM/DeviceInfo/SoftwareVersion'),
    );
  });

  it('translate references in both directions', async () => {
    expect(device(WIFI).get('/BBF/WiFi/AccessPoint/0/SSIDReference')).to.equal('/BBF/WiFi/SSID/0/');
    const name = 'Device.WiFi.AccessPoint.1.SSIDReference';
    expect(await valueAt(WIFI, name)).to.equal('Device.WiFi.SSID.1');
    await cpe(WIFI).setParameterValues([{ name, value: 'Device.WiFi.SSID.2', type: 'xsd:string' }]);
    expect(device(WIFI).get('/BBF/WiFi/AccessPoint/0/SSIDReference')).to.equal('/BBF/WiFi/SSID/1/');
    expect(await valueAt(WIFI, name)).to.equal('Device.WiFi.SSID.2');
    await cpe(WIFI).setParameterValues([{ name, value: 'Device.WiFi.SSID.1.', type: 'xsd:string' }]);
    expect(device(WIFI).get('/BBF/WiFi/AccessPoint/0/SSIDReference')).to.equal('/BBF/WiFi/SSID/0/');
  });

  it('turn one SetParameterValues into one SetValues, and set the ParameterKey', async () => {
    const start = device(WIFI).requests.length;
    await cpe(WIFI).setParameterValues(
      [
        { name: 'Device.WiFi.SSID.1.SSID', value: 'Ärger & <Freude>', type: 'xsd:string' },
        { name: 'Device.WiFi.SSID.2.Enable', value: '0', type: 'xsd:boolean' },
        { name: 'Device.WiFi.Radio.1.Channel', value: '11', type: 'xsd:unsignedInt' },
      ],
      'key-1',
    );
    expect(actionsSince(device(WIFI), start).filter((action) => action === 'SetValues')).to.have.length(1);
    expect(device(WIFI).get('/BBF/WiFi/SSID/0/SSID')).to.equal('Ärger & <Freude>');
    expect(device(WIFI).get('/BBF/WiFi/Radio/0/Channel')).to.equal('11');
    expect(await valueAt(WIFI, 'Device.WiFi.SSID.1.SSID')).to.equal('Ärger & <Freude>');
    expect(await valueAt(WIFI, 'Device.ManagementServer.ParameterKey')).to.equal('key-1');
  });

  it('apply nothing of a SetParameterValues with bad entries, and name each of them', async () => {
    const start = device(WIFI).requests.length;
    const before = device(WIFI).get('/BBF/WiFi/SSID/0/SSID');
    const fault = await faultOf(
      cpe(WIFI).setParameterValues(
        [
          { name: 'Device.WiFi.SSID.1.SSID', value: 'never', type: 'xsd:string' },
          { name: 'Device.ManagementServer.PeriodicInformInterval', value: '0', type: 'xsd:unsignedInt' },
          { name: 'Device.WiFi.Radio.1.Channel2', value: '1', type: 'xsd:unsignedInt' },
          { name: 'Device.WiFi.SSID.2.Enable', value: 'perhaps', type: 'xsd:boolean' },
          { name: 'Device.DeviceInfo.SerialNumber', value: 'X', type: 'xsd:string' },
        ],
        'key-2',
      ),
    );
    expect(fault.code).to.equal('9003');
    expect(Object.fromEntries(fault.parameterFaults.map(({ name, code }) => [name, code]))).to.deep.equal({
      'Device.ManagementServer.PeriodicInformInterval': '9007',
      'Device.WiFi.Radio.1.Channel2': '9005',
      'Device.WiFi.SSID.2.Enable': '9006',
      'Device.DeviceInfo.SerialNumber': '9008',
    });
    expect(actionsSince(device(WIFI), start)).not.to.include('SetValues');
    expect(device(WIFI).get('/BBF/WiFi/SSID/0/SSID')).to.equal(before);
    expect(await valueAt(WIFI, 'Device.ManagementServer.ParameterKey')).to.equal('key-1');
  });

  it('answer with a fault per parameter when only the device knows that a value is bad', async () => {
    device(NAS).setFault({ action: 'SetValues', code: 705 });
    try {
      const name = 'Device.Services.StorageService.1.LogicalVolume.2.Name';
      const fault = await faultOf(
        cpe(NAS).setParameterValues([{ name, value: 'Bad', type: 'xsd:string' }], 'k'),
      );
      expect(fault.code).to.equal('9003');
      expect(fault.parameterFaults.map(({ name: bad, code }) => [bad, code])).to.deep.equal([[name, '9007']]);
      expect(await valueAt(NAS, 'Device.ManagementServer.ParameterKey')).to.equal('');
    } finally {
      device(NAS).setFault(undefined);
    }
  });

  it('cost one GetValues for many values, and none where events guarantee them', async () => {
    const eventing = [
      'Device.WiFi.SSID.1.SSID',
      'Device.WiFi.SSID.2.SSID',
      'Device.WiFi.AccessPoint.1.Enable',
    ];
    await house.acs.perform(WIFI, async (session) => {
      const actionsOf = async (work: Promise<unknown>): Promise<string[]> => {
        const start = device(WIFI).requests.length;
        await work;
        return actionsSince(device(WIFI), start);
      };
      // The events that earlier writes caused may still arrive; after them nothing has to be asked.
      await waitFor(
        async () => (await actionsOf(session.getParameterValues(eventing))).length === 0,
        'a read without any action',
      );
      // An event that is looked into meanwhile would count, too.
      await waitFor(
        async () => (await actionsOf(session.getParameterValues(['Device.']))).join() === 'GetValues',
        'all values by one GetValues',
      );
      expect(await actionsOf(session.getParameterNames('Device.', false))).to.deep.equal([]);
    });
  });

  it('create and delete rows whose leaves are there at once', async () => {
    const { instanceNumber } = await cpe(WIFI).addObject('Device.WiFi.SSID.', 'key-3');
    const row = `Device.WiFi.SSID.${instanceNumber}.`;
    expect(device(WIFI).list(`/BBF/WiFi/SSID/${instanceNumber - 1}/`).size).to.be.greaterThan(0);
    const names = (await cpe(WIFI).getParameterNames(row, true)).map(({ name }) => name);
    expect(names).to.include(`${row}SSID`);
    await cpe(WIFI).setParameterValues([{ name: `${row}SSID`, value: 'Guests', type: 'xsd:string' }]);
    expect(await valueAt(WIFI, `${row}SSID`)).to.equal('Guests');
    await cpe(WIFI).deleteObject(row, 'key-4');
    expect((await faultOf(cpe(WIFI).getParameterNames(row, true))).code).to.equal('9005');
    expect(await valueAt(WIFI, 'Device.ManagementServer.ParameterKey')).to.equal('key-4');
    expect((await faultOf(cpe(WIFI).addObject('Device.WiFi.Radio.'))).code).to.be.oneOf(['9003', '9005']);
  });

  it('report a change on the device at once, with its value, when the ACS wants it active', async () => {
    const name = 'Device.Services.VoiceService.1.CallControl.Line.1.CallStatus';
    const names = (await cpe(VOIP).getParameterNames('Device.Services.VoiceService.1.', false)).map(
      (info) => info.name,
    );
    const watched = names.find((each) => each.endsWith('Line.1.CallStatus')) ?? name;
    await cpe(VOIP).setParameterAttributes([{ name: watched, notification: 2 }]);
    const cmsPath =
      [...device(VOIP).list('/BBF/').keys()].find((path) => /Line\/0\/CallStatus$/.test(path)) ?? '';
    const after = house.acs.informCount;
    device(VOIP).set(cmsPath, 'Connected');
    const inform = await house.acs.waitForInform(VOIP, hasEvent('4 VALUE CHANGE'), 5000, after);
    expect(inform.events.map(({ code }) => code)).to.deep.equal(['4 VALUE CHANGE']);
    expect(inform.parameters.find((parameter) => parameter.name === watched)?.value).to.equal('Connected');
    await house.acs.waitForIdle(VOIP);
  });

  it('refuse to tell at once what ticks and raises no events, and take it passively', async () => {
    const names = (await cpe(NAS).getParameterNames('Device.', false)).map((info) => info.name);
    // That of the operating system; DeviceInfo has one of its own.
    const ticking = names.filter((each) => each.endsWith('.UpTime') && each !== 'Device.DeviceInfo.UpTime');
    expect(ticking).to.have.length(1);
    const watchTicking = (notification: 0 | 1 | 2): Promise<unknown> =>
      cpe(NAS).setParameterAttributes(ticking.map((name) => ({ name, notification })));
    expect((await faultOf(watchTicking(2))).code).to.equal('9009');
    await watchTicking(1);
    await watchTicking(0);
  });

  it('keep a passive change for the next session, and never report what the ACS wrote itself', async () => {
    const passive = 'Device.WiFi.SSID.2.SSID';
    const active = 'Device.WiFi.SSID.1.SSID';
    await cpe(WIFI).setParameterAttributes([
      { name: passive, notification: 1 },
      { name: active, notification: 2 },
    ]);
    const after = house.acs.informCount;
    const events = device(WIFI).eventsSent.length;
    await cpe(WIFI).setParameterValues([{ name: active, value: 'Written', type: 'xsd:string' }]);
    await waitFor(() => device(WIFI).eventsSent.length > events, 'the event that the write causes');
    device(WIFI).set('/BBF/WiFi/SSID/1/SSID', 'Changed');
    const reads = device(WIFI).requests.length;
    await waitFor(
      () => actionsSince(device(WIFI), reads).includes('GetValues'),
      'the daemon reading what changed',
    );
    await cpe(WIFI).scheduleInform(1, 'later');
    const inform = await house.acs.waitForInform(WIFI, hasEvent('3 SCHEDULED'), 8000, after);
    expect(inform.events).to.deep.include({ code: 'M ScheduleInform', commandKey: 'later' });
    const told = informsAfter(house, WIFI, after).flatMap((each) => each.parameters);
    expect(told.find(({ name }) => name === passive)?.value).to.equal('Changed');
    expect(told.map(({ name }) => name)).not.to.include(active);
  });

  it('list exactly the methods that work, and refuse the others with 9000', async () => {
    expect(await cpe(NAS).getRpcMethods()).to.have.members([
      'GetRPCMethods',
      'GetParameterNames',
      'GetParameterValues',
      'SetParameterValues',
      'GetParameterAttributes',
      'SetParameterAttributes',
      'AddObject',
      'DeleteObject',
      'ScheduleInform',
    ]);
    expect((await faultOf(cpe(NAS).reboot())).code).to.equal('9000');
  });

  it('answer for a device that fails without harming another', async () => {
    device(NAS).setFault({ action: 'GetValues', behaviour: 'http500' });
    try {
      const name = 'Device.Services.StorageService.1.PhysicalMedium.2.Uptime';
      const broken = faultOf(cpe(NAS).getParameterValues([name]));
      expect(await valueAt(SENSOR, 'Device.DeviceInfo.ManufacturerOUI')).to.equal('0090D5');
      expect((await broken).code).to.be.oneOf(['9002', '9005']);
    } finally {
      device(NAS).setFault(undefined);
    }
    expect(await valueAt(NAS, 'Device.DeviceInfo.ProductClass')).to.equal('HS2');
  });
});

function hasEvent(code: string): (inform: InformRecord) => boolean {
  return ({ events }) => events.some((event) => event.code === code);
}

function informsAfter(house: House, id: string, after: number): readonly InformRecord[] {
  return house.acs.devices.get(id)?.informs.filter(({ sequence }) => sequence > after) ?? [];
}
