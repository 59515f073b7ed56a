import { expect } from 'chai';
import { TransactionError } from '../../../src/datamodel/model-error.ts';
import type { RootObject } from '../../../src/device2/root.ts';
import { memoryDocumentStore } from '../../../src/platform/store/document-store.ts';
import { buildLocalObjects } from './local-device.ts';

async function valuesOf(root: RootObject): Promise<ReadonlyMap<string, unknown>> {
  const { model } = buildLocalObjects(root);
  const parameters = model.parametersBelow('');
  const values = await model.readValues(parameters);
  return new Map(parameters.map(({ path }, index) => [path, values[index]]));
}

describe('local objects', () => {
  it('tell the ACS who the device is and who proxies it', async () => {
    const values = await valuesOf('Device:2');
    const expected: Readonly<Record<string, string>> = {
      'Device.RootDataModelVersion': '2.17',
      'Device.DeviceInfo.ManufacturerOUI': '0011AA',
      'Device.DeviceInfo.ModelName': 'N'.repeat(64),
      'Device.DeviceInfo.UpTime': '12',
      'Device.DeviceInfo.ProxierInfo.ManufacturerOUI': '0022BB',
      'Device.DeviceInfo.ProxierInfo.ProxyProtocol': 'UPnP-DM',
      'Device.ManagementServer.EnableCWMP': 'true',
      'Device.ManagementServer.URL': 'http://acs.example/',
      'Device.ManagementServer.Password': '',
      'Device.ManagementServer.ConnectionRequestPassword': '',
      'Device.ManagementServer.PeriodicInformInterval': '300',
      'Device.ManagementServer.ParameterKey': 'key',
      'Device.ManagementServer.AliasBasedAddressing': 'true',
    };
    for (const [path, value] of Object.entries(expected)) expect(values.get(path), path).to.equal(value);
  });

  it('have the shape of the other roots', async () => {
    const values = await valuesOf('InternetGatewayDevice:1');
    expect(values.get('InternetGatewayDevice.DeviceSummary')).to.equal('InternetGatewayDevice:1.14[]()');
    expect(values.get('InternetGatewayDevice.DeviceInfo.SpecVersion')).to.equal('1.0');
    expect(values.has('InternetGatewayDevice.RootDataModelVersion')).to.equal(false);
    expect((await valuesOf('Device:1')).has('Device.ManagementServer.AliasBasedAddressing')).to.equal(false);
  });

  it('leave out what another provider serves', () => {
    const { model } = buildLocalObjects('Device:2', { omit: new Set(['SoftwareVersion', 'UpTime']) });
    expect(model.find('Device.DeviceInfo.SoftwareVersion')).to.equal(undefined);
    expect(model.find('Device.DeviceInfo.UpTime')).to.equal(undefined);
    expect(model.find('Device.DeviceInfo.HardwareVersion')).to.not.equal(undefined);
  });

  it('take what stock presets of an ACS write, in one durable write', async () => {
    const store = memoryDocumentStore();
    const { model, settings } = buildLocalObjects('Device:2', { store });
    const at = 'Device.ManagementServer.';
    await model.setValues([
      { path: `${at}ConnectionRequestUsername`, value: 'id', type: 'string' },
      { path: `${at}ConnectionRequestPassword`, value: 'pw', type: 'string' },
      { path: `${at}PeriodicInformEnable`, value: 'true', type: 'boolean' },
      { path: `${at}PeriodicInformInterval`, value: '60', type: 'unsignedInt' },
      { path: `${at}PeriodicInformTime`, value: '1970-01-01T20:49:42.389Z', type: 'dateTime' },
      { path: 'Device.DeviceInfo.ProvisioningCode', value: 'TLCO.GRP2' },
    ]);
    expect(store.get('settings')).to.deep.equal(settings.written);
    expect(settings.written).to.deep.equal({
      connectionRequestUsername: 'id',
      connectionRequestPassword: 'pw',
      periodicInformEnable: true,
      periodicInformInterval: 60,
      periodicInformTime: '1970-01-01T20:49:42.389Z',
      provisioningCode: 'TLCO.GRP2',
    });
  });

  const REFUSED: readonly [string, string][] = [
    ['URL', ''],
    ['URL', 'acs.example'],
    ['URL', 'ftp://acs.example/'],
    ['URL', 'http://user:pass@acs.example/'],
    ['PeriodicInformInterval', '0'],
    ['CWMPRetryMinimumWaitInterval', '65536'],
    ['CWMPRetryIntervalMultiplier', '999'],
    ['Username', 'u'.repeat(257)],
    // No HTTP header could carry them: every later session would fail.
    ['Username', 'a\nb'],
    ['Password', 'a\u0085b'],
    ['ConnectionRequestUsername', '\u0001'],
  ];
  for (const [name, value] of REFUSED) {
    it(`refuse ${name} = ${JSON.stringify(value.slice(0, 30))}`, async () => {
      const { model, settings } = buildLocalObjects('Device:2');
      const path = `Device.ManagementServer.${name}`;
      const error: unknown = await model.setValues([{ path, value }]).catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(TransactionError);
      if (error instanceof TransactionError) {
        expect(error.faults.map((fault) => [fault.path, fault.kind])).to.deep.equal([[path, 'invalidValue']]);
        expect(error.message).to.not.contain('pass@');
      }
      expect(settings.written).to.deep.equal({});
    });
  }

  it('restore what was set when another parameter cannot be stored', async () => {
    const { model, provider } = buildLocalObjects('Device:2');
    let kept = 'old';
    const isKept = { type: 'string', writable: true, get: () => kept } as const;
    provider.add('Device.X_Test.', {
      Good: { ...isKept, set: (value) => void (kept = value) },
      Bad: {
        type: 'string',
        writable: true,
        get: () => '',
        set: () => Promise.reject(new Error('disk full')),
      },
    });
    const error: unknown = await model
      .setValues([
        { path: 'Device.X_Test.Good', value: 'new' },
        { path: 'Device.X_Test.Bad', value: 'new' },
      ])
      .catch((reason: unknown) => reason);
    expect(error)
      .to.be.instanceOf(TransactionError)
      .and.have.nested.property('faults[0].path', 'Device.X_Test.Bad');
    expect(kept).to.equal('old');
  });
});
