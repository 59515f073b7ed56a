import { expect } from 'chai';
import { DataModel } from '../../../../src/datamodel/data-model.ts';
import { memoryDocumentStore } from '../../../../src/platform/store/document-store.ts';
import { EmbeddedRows } from '../../../../src/proxy/embedded/embedded-rows.ts';
import { EmbeddedTables } from '../../../../src/proxy/embedded/embedded-tables.ts';

const KEY = '0090D5-X-1';
const SERVICES = [
  { location: '/BBF/StorageService/', objectName: 'StorageService' },
  { location: '/BBF/VoiceService/', objectName: 'VoiceService' },
];
const INSTANCES = ['/BBF/StorageService/0/', '/BBF/VoiceService/0/', '/BBF/VoiceService/0/Capabilities/'];

function build() {
  const tables = new EmbeddedTables(new DataModel('Device'), memoryDocumentStore(), '0011AA');
  const rows = new EmbeddedRows({
    key: KEY,
    identity: { manufacturer: 'ACME', oui: '0090D5', productClass: 'X', serialNumber: '1' },
    tables,
    state: () => ({
      friendlyName: 'X',
      online: true,
      hosts: [],
      discovery: [],
      commandProcessed: 'Success',
      message: '',
      lastSync: undefined,
    }),
    supportedDataModels: (path) => [
      /^Device\.Services\.([A-Za-z]+)\./.exec(path)?.[1] ?? (path.startsWith('Device.X_') ? 'root' : 'none'),
    ],
  });
  const counts = (): number[] =>
    [
      tables.proxiedDevices,
      tables.embeddedDevices,
      ...SERVICES.map(({ objectName }) => tables.services(objectName)),
    ].map(({ size }) => size);
  return { rows, tables, counts };
}

describe('rows of an embedded device', () => {
  it('name the documents that describe them, that of the Reference first', async () => {
    const { rows } = build();
    await rows.showProxiedDevice();
    await rows.allocate(SERVICES.slice(0, 1), INSTANCES);
    await rows.show();
    expect(rows.embeddedDevice).to.deep.include({
      reference: 'Device.Services.StorageService.1',
      supportedDataModels: ['StorageService', 'root'],
    });
    const several = build().rows;
    await several.showProxiedDevice();
    await several.allocate(SERVICES, INSTANCES);
    await several.show();
    expect(several.embeddedDevice).to.deep.include({
      reference: 'Device.X_0011AA_ProxiedDevice.1',
      supportedDataModels: ['root', 'StorageService', 'VoiceService'],
    });
  });

  it('refer to no row that is gone, not for a moment', async () => {
    for (const services of [SERVICES.slice(0, 1), SERVICES]) {
      const { rows, tables, counts } = build();
      const references = (): (string | undefined)[] => {
        const proxied = tables.proxiedDevices.find(KEY)?.row;
        const embedded = tables.embeddedDevices.find(KEY)?.row;
        return [...(proxied?.services ?? []), proxied?.embeddedDevice, embedded?.reference];
      };
      await rows.showProxiedDevice();
      await rows.allocate(services, INSTANCES);
      await rows.show();
      const hasOne = services.length === 1;
      const row = hasOne ? 'Device.Services.StorageService.1' : 'Device.X_0011AA_ProxiedDevice.1';
      expect(references()).to.include.members([row, 'Device.ManagementServer.EmbeddedDevice.1']);
      const ended = rows.allocate(services, INSTANCES.slice(1));
      // Nothing was waited for.
      expect(references()).to.deep.equal(
        hasOne
          ? ['', undefined]
          : ['Device.Services.VoiceService.1', 'Device.ManagementServer.EmbeddedDevice.1', row],
      );
      await ended;
      await rows.show();
      expect(counts().slice(0, 2)).to.deep.equal([1, 1]);
      await rows.allocate(services, []);
      await rows.show();
      expect(references()).to.deep.equal([
        `Device.ManagementServer.EmbeddedDevice.${hasOne ? 2 : 1}`,
        'Device.X_0011AA_ProxiedDevice.1',
      ]);
    }
  });

  it('do not come back when they are removed, whatever was begun before', async () => {
    const { rows, counts } = build();
    await rows.showProxiedDevice();
    await rows.allocate(SERVICES, INSTANCES);
    await rows.show();
    expect(counts()).to.deep.equal([1, 1, 1, 1]);
    const begun = [rows.show(), rows.showState(), rows.allocate(SERVICES, INSTANCES)];
    await rows.remove();
    await Promise.all(begun);
    expect(counts()).to.deep.equal([0, 0, 0, 0]);
    await rows.showProxiedDevice();
    await rows.showState();
    await rows.show();
    await rows.allocate(SERVICES, INSTANCES);
    expect(counts()).to.deep.equal([0, 0, 0, 0]);
  });
});
