import { expect } from 'chai';
import type { LabDevice } from '../../src/lab/device/lab-device.ts';
import { invokeByHand } from '../support/another-control-point.ts';
import { House } from '../support/house.ts';
import { waitFor } from '../support/wait-for.ts';

const NAS = '0090D5-HS2-HS2000200';
const SERVICE = 'Device.Services.StorageService.1.';
const CMS_SERVICE = '/BBF/StorageService/0/';

describe('what events of a device say beyond that something changed', () => {
  let house: House;
  let nas: LabDevice;

  const watch = (name: string): Promise<unknown> =>
    house.acs.cpe(NAS).setParameterAttributes([{ name, notification: 2 }]);
  const invoke = (action: string, argument: string, value: string): Promise<void> =>
    invokeByHand(house.addresses.get(nas)?.location ?? '', action, argument, value);
  const setAttribute = (path: string, attribute: string, value: string): Promise<void> =>
    invoke(
      'SetAttributes',
      'NodeAttributeValueList',
      '<cms:NodeAttributeValueList xmlns:cms="urn:schemas-upnp-org:dm:cms"><Node>' +
        `<NodeAttributePath>${path}</NodeAttributePath><${attribute}>${value}</${attribute}></Node></cms:NodeAttributeValueList>`,
    );
  const told = async (name: string, after: number): Promise<string | undefined> => {
    const inform = await house.acs.waitForInform(
      NAS,
      ({ events, parameters }) =>
        events.some(({ code }) => code === '4 VALUE CHANGE') &&
        parameters.some((parameter) => parameter.name === name),
      15_000,
      after,
    );
    return inform.parameters.find((parameter) => parameter.name === name)?.value;
  };

  const open = async (alarms: boolean): Promise<void> => {
    house = await House.open({ devices: { alarms } });
    nas = await house.addDevice({ profile: 'nas' });
    await house.startDaemon();
    await house.acs.waitForInform(NAS);
    await house.acs.waitForIdle(NAS);
  };
  /** Actions since that asked the device for alarms. */
  const alarmRequests = (after = 0): string[] =>
    nas.requests
      .slice(after)
      .filter(({ action, arguments: input }) =>
        action === 'SetAttributes'
          ? Object.values(input).join().includes('AlarmOnChange>1<')
          : action === 'SetAlarmsEnabled',
      )
      .map(({ action, arguments: input }) => `${action} ${Object.values(input).join()}`);

  afterEach(() => house.close());

  it('an alarm reaches the ACS at once, before anybody looks for rows', async () => {
    await open(false);
    const [status, cmsStatus] = [`${SERVICE}LogicalVolume.2.Status`, `${CMS_SERVICE}LogicalVolume/1/Status`];
    await watch(status);
    await setAttribute(cmsStatus, 'AlarmOnChange', '1');
    await invoke('SetAlarmsEnabled', 'StateVariableValue', '1');
    const isQuiet = (): boolean =>
      house.daemon?.status().devices.find(({ udn }) => udn === nas.udn.toLowerCase())?.state === 'ready';
    await waitFor(
      () => nas.eventsSent.some(({ variables }) => variables['AlarmsEnabled'] === '1') && isQuiet(),
      'the daemon to have looked at the changed attributes',
    );
    nas.setFault({ action: 'GetInstances', behaviour: 'silent' });
    const after = house.acs.informCount;
    nas.set(cmsStatus, 'Error');
    expect(await told(status, after)).to.equal('Error');
    const alarms = nas.eventsSent.filter(({ variables }) =>
      variables['ConfigurationUpdate']?.includes('<ParameterPath>'),
    );
    expect(alarms, 'events with values').to.have.length(1);
    expect(
      alarmRequests().filter(
        (request) => !request.includes(cmsStatus) && !request.startsWith('SetAlarmsEnabled 1'),
      ),
      'nobody else asked for alarms',
    ).to.deep.equal([]);
  });

  it('alarms are asked for when the gateway is told to, for what is watched actively, and kept on', async () => {
    await open(true);
    const [status, cmsStatus] = [`${SERVICE}LogicalVolume.2.Status`, `${CMS_SERVICE}LogicalVolume/1/Status`];
    await house.acs.cpe(NAS).setParameterAttributes([
      { name: status, notification: 2 },
      { name: `${SERVICE}LogicalVolume.2.Name`, notification: 1 },
    ]);
    await waitFor(
      () => alarmRequests().some((request) => request.includes(cmsStatus)),
      'alarms of the status',
    );
    expect(alarmRequests()).to.include('SetAlarmsEnabled 1');
    expect(alarmRequests().join()).not.to.contain(`${CMS_SERVICE}LogicalVolume/1/Name`);
    const after = house.acs.informCount;
    nas.set(cmsStatus, 'Error');
    expect(await told(status, after)).to.equal('Error');
    const namesIt = (): boolean =>
      nas.eventsSent.some(({ variables }) =>
        variables['ConfigurationUpdate']?.includes(`<ParameterPath>${cmsStatus}<`),
      );
    expect(namesIt(), 'the event named it').to.equal(true);

    const [off, offAgain] = [nas.requests.length, 'the other control point'];
    await setAttribute(cmsStatus, 'AlarmOnChange', '0');
    await waitFor(
      () => alarmRequests(off).some((request) => request.includes(cmsStatus)),
      `AlarmOnChange against ${offAgain}`,
    );
    const disabled = nas.requests.length;
    await invoke('SetAlarmsEnabled', 'StateVariableValue', '0');
    await waitFor(
      () => alarmRequests(disabled).includes('SetAlarmsEnabled 1'),
      `AlarmsEnabled against ${offAgain}`,
    );
  });

  it('rows that go change the count that the ACS watches, though only the table raises events', async () => {
    await open(false);
    const [count, table] = [`${SERVICE}UserAccountNumberOfEntries`, `${CMS_SERVICE}UserAccount/`];
    await setAttribute(table, 'EventOnChange', '0');
    const start = nas.requests.length;
    await watch(count);
    await waitFor(
      () =>
        nas.requests
          .slice(start)
          .some(
            ({ action, arguments: input }) =>
              action === 'SetAttributes' &&
              Object.values(input).join().includes(`${table}</NodeAttributePath><EventOnChange>1<`),
          ),
      'the daemon to switch the events of the table on',
    );
    const after = house.acs.informCount;
    nas.deleteRow(`${table}0/`);
    expect(await told(count, after)).to.equal('0');
    // The count may have been read a moment after the rows: the device's event brings those.
    const rows = () => house.acs.cpe(NAS).getParameterNames(`${SERVICE}UserAccount.`, true);
    await waitFor(async () => (await rows()).length === 0, 'the row to be gone');
  });
});
