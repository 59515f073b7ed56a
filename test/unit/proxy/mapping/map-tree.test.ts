import { expect } from 'chai';
import { mapTree, type MappedTree } from '../../../../src/proxy/mapping/map-tree.ts';
import { planMounts } from '../../../../src/proxy/mapping/mounts.ts';
import { growthOfTime, LINEAR } from '../../../support/growth.ts';
import type { NodeAttributes, SubTree } from '../../../../src/upnp-dm/types.ts';

const ALL = { setValues: true, createInstance: true, deleteInstance: true };

function mapOf(
  structure: string[],
  instances: string[],
  attributes: Record<string, NodeAttributes>,
  capabilities = ALL,
  isTaken: (path: string) => boolean = () => false,
  subTrees: SubTree[] = [{ uri: 'urn:broadband-forum-org:tr-181-2-11-0', location: '/BBF/' }],
): MappedTree {
  return mapTree(
    { subTrees, structure, instances, attributes: new Map(Object.entries(attributes)) },
    planMounts(subTrees, structure, '0011AA'),
    capabilities,
    isTaken,
  );
}

const writable: NodeAttributes = { type: 'string', access: 'readWrite' };

describe('mapTree', () => {
  it('expands tables by their instances, sparse numbers included', () => {
    const { parameters, objects } = mapOf(
      ['/BBF/WiFi/SSID/#/SSID', '/BBF/WiFi/SSID/#/'],
      ['/BBF/WiFi/SSID/0/', '/BBF/WiFi/SSID/7/'],
      { '/BBF/WiFi/SSID/#/SSID': writable, '/BBF/WiFi/SSID/': { access: 'readWrite' } },
    );
    expect(parameters.map(({ path }) => path)).to.deep.equal([
      'Device.WiFi.SSID.1.SSID',
      'Device.WiFi.SSID.8.SSID',
    ]);
    expect(objects).to.deep.include({
      path: 'Device.WiFi.SSID.',
      cmsPath: '/BBF/WiFi/SSID/',
      table: true,
      writable: true,
    });
    expect(objects).to.deep.include({
      path: 'Device.WiFi.SSID.8.',
      cmsPath: '/BBF/WiFi/SSID/7/',
      table: false,
      writable: true,
    });
  });

  it('keeps a table without rows', () => {
    const { objects } = mapOf(['/BBF/WiFi/SSID/#/SSID', '/BBF/WiFi/SSID/#/'], [], {});
    expect(objects.map(({ path }) => path)).to.deep.equal(['Device.WiFi.SSID.']);
  });

  it('offers no write, create or delete that the device has no action for', () => {
    const { parameters, objects } = mapOf(
      ['/BBF/WiFi/SSID/#/SSID'],
      ['/BBF/WiFi/SSID/0/'],
      { '/BBF/WiFi/SSID/#/SSID': writable, '/BBF/WiFi/SSID/': { access: 'readWrite' } },
      { setValues: false, createInstance: false, deleteInstance: false },
    );
    expect(parameters.some((parameter) => parameter.writable)).to.equal(false);
    expect(objects.some((object) => object.writable)).to.equal(false);
  });

  it('takes types and ranges from the attributes', () => {
    const [channel] = mapOf(['/BBF/WiFi/Channel'], [], {
      '/BBF/WiFi/Channel': { type: 'unsignedInt[1:165]', access: 'readWrite', eventOnChange: true },
    }).parameters;
    expect(channel).to.include({ type: 'unsignedInt', writable: true, eventOnChange: true });
    expect(channel?.constraint?.ranges).to.deep.equal([{ min: 1n, max: 165n }]);
  });

  it('shows a writable leaf that the standard makes read-only in both places', () => {
    const { parameters } = mapOf(['/UPnP/DM/DeviceInfo/SoftwareVersion'], [], {
      '/UPnP/DM/DeviceInfo/SoftwareVersion': writable,
    });
    expect(parameters.map(({ path, writable: mayWrite }) => [path, mayWrite])).to.deep.equal([
      ['Device.DeviceInfo.SoftwareVersion', false],
      ['Device.X_0011AA_UPnPDM.UPnP.DM.DeviceInfo.SoftwareVersion', true],
    ]);
  });

  it('moves a leaf aside where the daemon serves the standard path itself', () => {
    const { parameters } = mapOf(
      ['/BBF/ManagementServer/URL'],
      [],
      {},
      ALL,
      (path) => path === 'Device.ManagementServer.URL',
    );
    expect(parameters.map(({ path }) => path)).to.deep.equal([
      'Device.X_0011AA_UPnPDM.BBF.ManagementServer.URL',
    ]);
  });

  it('drops no leaf: each one has a path of its own', () => {
    const structure = [
      '/UPnP/DM/DeviceInfo/UpTime',
      '/UPnP/DM/DeviceInfo/FriendlyName',
      '/UPnP/DM/Configuration/Network/IPInterface/#/SystemName',
      '/UPnP/DM/Configuration/Network/IPInterface/#/IPv4/IPAddress',
      '/UPnP/DM/Configuration/Network/IPInterface/#/IPv4/DNSServers',
      '/UPnP/SensorMgt/SensorsNumberOfEntries',
      '/X_ACME/Level',
      '/BBF/WiFi/Enable',
    ];
    const { parameters, objects, constants } = mapOf(
      structure,
      ['/UPnP/DM/Configuration/Network/IPInterface/0/'],
      {},
    );
    expect(new Set(parameters.map(({ cmsPath }) => cmsPath.replace('/0/', '/#/')))).to.deep.equal(
      new Set(structure),
    );
    expect(new Set(parameters.map(({ path }) => path)).size).to.equal(parameters.length);
    expect(objects.filter(({ table }) => table).map(({ path }) => path)).to.include.members([
      'Device.IP.Interface.',
      'Device.IP.Interface.1.IPv4Address.',
      'Device.X_0011AA_UPnPDM.UPnP.DM.Configuration.Network.IPInterface.',
    ]);
    expect(constants).to.deep.equal([
      { path: 'Device.IP.Interface.1.IPv4AddressNumberOfEntries', type: 'unsignedInt', value: '1' },
    ]);
  });

  it('leaves a row out whose number has no CWMP counterpart, and says so', () => {
    const { parameters, remarks } = mapOf(['/BBF/T/#/A'], ['/BBF/T/4294967295/', '/BBF/T/1/'], {});
    expect(parameters.map(({ path }) => path)).to.deep.equal(['Device.T.2.A']);
    expect(remarks.join()).to.contain('/BBF/T/4294967295/');
  });

  it('leaves out what would have a longer name than CWMP allows, and says so', () => {
    const long = 'L'.repeat(235);
    const names = [`Device.${long}.1.`, `Device.${long}.1.${'A'.repeat(256 - 7 - 235 - 3)}`];
    const { parameters, objects, remarks } = mapOf(
      [
        ...[11, 12].map((length) => `/BBF/${long}/#/${'A'.repeat(length)}`),
        `/BBF/${long}/#/Table/#/A`,
        `/BBF/${long}LongTable/#/A`,
      ],
      [`/BBF/${long}/0/`, `/BBF/${long}/0/Table/12345/`, `/BBF/${long}LongTable/1234/`],
      {},
    );
    expect(objects.map(({ path }) => path)).to.deep.equal([
      `Device.${long}.`,
      names[0],
      `Device.${long}.1.Table.`,
      `Device.${long}LongTable.`,
    ]);
    expect(parameters.map(({ path }) => path)).to.deep.equal([names[1]]);
    expect(names[1]).to.have.length(256);
    expect(remarks.map((remark) => remark.replace(long, 'L'))).to.deep.equal(
      [
        `/BBF/L/0/${'A'.repeat(12)}: ?; the leaf is left out`,
        '/BBF/L/0/Table/12345/: ?; the row is left out',
        '/BBF/LLongTable/1234/: ?; the row is left out',
      ].map((remark) =>
        remark.replace('?', 'its name in the data model would be longer than the 256 characters of CWMP'),
      ),
    );
  });

  describe('where a root model and Common Objects want the same place', () => {
    const bbf = ['/BBF/IP/Interface/#/Enable', '/BBF/DeviceInfo/SoftwareVersion'];
    const common = [
      '/UPnP/DM/Configuration/Network/IPInterfaceNumberOfEntries',
      '/UPnP/DM/Configuration/Network/IPInterface/#/SystemName',
      '/UPnP/DM/DeviceInfo/SoftwareVersion',
      '/UPnP/DM/DeviceInfo/UpTime',
    ];
    const instances = [
      '/BBF/IP/Interface/0/',
      '/BBF/IP/Interface/1/',
      '/UPnP/DM/Configuration/Network/IPInterface/0/',
    ];
    for (const [order, structure] of [
      ['root model first', [...bbf, ...common]],
      ['Common Objects first', [...common, ...bbf]],
    ] as const) {
      it(`lets the root model have it, with all that belongs together (${order})`, () => {
        const { parameters } = mapOf([...structure], instances, {
          '/UPnP/DM/DeviceInfo/UpTime': { access: 'readOnly' },
        });
        expect(Object.fromEntries(parameters.map(({ path, cmsPath }) => [path, cmsPath]))).to.deep.equal({
          'Device.IP.Interface.1.Enable': '/BBF/IP/Interface/0/Enable',
          'Device.IP.Interface.2.Enable': '/BBF/IP/Interface/1/Enable',
          'Device.DeviceInfo.SoftwareVersion': '/BBF/DeviceInfo/SoftwareVersion',
          'Device.DeviceInfo.UpTime': '/UPnP/DM/DeviceInfo/UpTime',
          'Device.X_0011AA_UPnPDM.UPnP.DM.DeviceInfo.SoftwareVersion': '/UPnP/DM/DeviceInfo/SoftwareVersion',
          'Device.X_0011AA_UPnPDM.UPnP.DM.Configuration.Network.IPInterfaceNumberOfEntries':
            '/UPnP/DM/Configuration/Network/IPInterfaceNumberOfEntries',
          'Device.X_0011AA_UPnPDM.UPnP.DM.Configuration.Network.IPInterface.1.SystemName':
            '/UPnP/DM/Configuration/Network/IPInterface/0/SystemName',
        });
      });
    }
  });

  it('puts the second of two tables with one place aside as a whole, references to it included', () => {
    const subTrees = ['/BBF/VoiceService/', '/X_V/VoiceService/'].map((location) => ({
      uri: 'urn:broadband-forum-org:tr-104-2-0-0',
      location,
    }));
    const { parameters, objects, remarks, paths } = mapOf(
      ['/BBF/VoiceService/#/Name', '/X_V/VoiceService/#/Name', '/X_V/VoiceService/#/Extra'],
      ['/BBF/VoiceService/0/', '/X_V/VoiceService/0/', '/X_V/VoiceService/4/'],
      {},
      ALL,
      () => false,
      subTrees,
    );
    const aside = 'Device.X_0011AA_UPnPDM.X_V.VoiceService.';
    expect(parameters.map(({ path }) => path)).to.deep.equal([
      'Device.Services.VoiceService.1.Name',
      `${aside}1.Name`,
      `${aside}1.Extra`,
      `${aside}5.Name`,
      `${aside}5.Extra`,
    ]);
    expect(objects.map(({ path, cmsPath }) => [path, cmsPath])).to.deep.equal([
      ['Device.Services.VoiceService.', '/BBF/VoiceService/'],
      ['Device.Services.VoiceService.1.', '/BBF/VoiceService/0/'],
      [aside, '/X_V/VoiceService/'],
      [`${aside}1.`, '/X_V/VoiceService/0/'],
      [`${aside}5.`, '/X_V/VoiceService/4/'],
    ]);
    expect(remarks.join()).to.contain('/X_V/VoiceService/');
    for (const cmsPath of ['/BBF/VoiceService/0/', '/X_V/VoiceService/4/']) {
      expect(paths.cmsPath(paths.dataPath(cmsPath))).to.equal(cmsPath);
    }
  });

  it('makes the table around a service model that has none', () => {
    const { parameters, objects, constants } = mapOf(
      ['/BBF/SmartCardReaders/SmartCardReader/#/Enable', '/BBF/Name'],
      ['/BBF/SmartCardReaders/SmartCardReader/0/'],
      {},
      ALL,
      () => false,
      [{ uri: 'urn:broadband-forum-org:tr-135-1-4-0', location: '/BBF/' }],
    );
    const row = 'Device.Services.STBService.1.';
    expect(parameters.map(({ path }) => path)).to.deep.equal([
      `${row}SmartCardReaders.SmartCardReader.1.Enable`,
      `${row}Name`,
    ]);
    expect(objects).to.deep.include({
      path: 'Device.Services.STBService.',
      cmsPath: undefined,
      table: true,
      writable: false,
    });
    expect(constants).to.deep.equal([
      { path: 'Device.Services.STBServiceNumberOfEntries', type: 'unsignedInt', value: '1' },
    ]);
  });

  it('takes time in proportion to the tree', async () => {
    const work = (size: number): unknown => {
      const tables = Array.from({ length: size / 10 }, (_, index) => `/UPnP/DM/X/T${index}/#/`);
      return mapOf(
        tables.flatMap((table) => Array.from({ length: 10 }, (_, index) => `${table}L${index}`)),
        tables.map((table) => table.replace('#', '0')),
        {},
      );
    };
    expect(await growthOfTime(work, 500)).to.be.lessThan(LINEAR);
  });
});
