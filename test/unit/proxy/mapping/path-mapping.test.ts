import { expect } from 'chai';
import fc from 'fast-check';
import { planMounts } from '../../../../src/proxy/mapping/mounts.ts';
import { PathMapping, structurePathOf } from '../../../../src/proxy/mapping/path-mapping.ts';
import { StructureTree } from '../../../../src/proxy/mapping/structure-tree.ts';
import { ReferenceTranslator } from '../../../../src/proxy/mapping/references.ts';

const structure = [
  '/BBF/VoiceService/#/Name',
  '/BBF/WiFi/SSID/#/SSID',
  '/BBF/WiFi/AccessPoint/#/SSIDReference',
];
const plan = planMounts(
  [{ uri: 'urn:broadband-forum-org:tr-181-2-11-0', location: '/BBF/' }],
  structure,
  '0011AA',
);
const paths = new PathMapping(plan);

describe('PathMapping', () => {
  it('adds one to every instance number and places each tree', () => {
    expect(paths.dataPath('/BBF/WiFi/SSID/0/SSID')).to.equal('Device.WiFi.SSID.1.SSID');
    expect(paths.dataPath('/BBF/WiFi/SSID/')).to.equal('Device.WiFi.SSID.');
    expect(paths.dataPath('/BBF/VoiceService/3/Name')).to.equal('Device.Services.VoiceService.4.Name');
    expect(paths.dataPath('/UPnP/DM/DeviceInfo/SoftwareVersion')).to.equal(
      'Device.DeviceInfo.SoftwareVersion',
    );
    expect(paths.dataPath('/UPnP/DM/Configuration/Network/IPInterface/2/IPv4/IPAddress')).to.equal(
      'Device.IP.Interface.3.IPv4Address.1.IPAddress',
    );
  });

  it('puts what has no standard place under the vendor object', () => {
    expect(paths.dataPath('/UPnP/DM/Monitoring/Storage/0/Usage')).to.equal(
      'Device.X_0011AA_UPnPDM.UPnP.DM.Monitoring.Storage.1.Usage',
    );
    expect(paths.dataPath('/X_ACME_Sensor/Level')).to.equal('Device.X_0011AA_UPnPDM.X_ACME_Sensor.Level');
  });

  it('refuses an instance number that CWMP cannot express', () => {
    expect(() => paths.dataPath('/BBF/WiFi/SSID/4294967295/SSID')).to.throw(RangeError);
  });

  it('goes back from the data model to the CMS for every mounted path', () => {
    const name = fc.stringMatching(/^[A-Z][A-Za-z]{0,8}$/);
    const instance = fc.integer({ min: 0, max: 4_294_967_294 }).map(String);
    const cmsPath = fc
      .tuple(
        fc.constantFrom('/BBF/', '/BBF/VoiceService/', '/X_ACME/'),
        fc.array(fc.oneof(name, instance), { minLength: 1 }),
        name,
      )
      .map(([location, segments, leaf]) => `${location}${[...segments, leaf].join('/')}`)
      // `Services` below the root mount is the one name that CMS cannot carry there.
      .filter((path) => !path.startsWith('/BBF/Services/'));
    fc.assert(
      fc.property(cmsPath, (path) => {
        expect(paths.cmsPath(paths.dataPath(path))).to.equal(path);
      }),
    );
  });

  it('has no CMS path for an instance number below 1', () => {
    expect(paths.cmsPath('Device.WiFi.SSID.0.SSID')).to.equal(undefined);
  });

  it('makes structure paths', () => {
    expect(structurePathOf('/A/0/B/12/C')).to.equal('/A/#/B/#/C');
    expect(structurePathOf('/A/0/')).to.equal('/A/#/');
  });
});

describe('ReferenceTranslator', () => {
  const known = new Set([
    '/BBF/WiFi/SSID/',
    '/BBF/WiFi/SSID/#/',
    '/BBF/WiFi/SSID/#/SSID',
    '/BBF/VoiceService/#/',
  ]);
  const references = new ReferenceTranslator(paths, known);

  it('translates references, absolute or relative, with and without the final slash', () => {
    expect(references.toDataModel('/BBF/WiFi/SSID/0/')).to.equal('Device.WiFi.SSID.1');
    expect(references.toDataModel('/BBF/WiFi/SSID/0')).to.equal('Device.WiFi.SSID.1');
    expect(references.toDataModel('WiFi/SSID/0/')).to.equal('Device.WiFi.SSID.1');
    expect(references.toDataModel('/BBF/WiFi/SSID/2/SSID')).to.equal('Device.WiFi.SSID.3.SSID');
  });

  it('translates lists only when every item is a reference', () => {
    expect(references.toDataModel('/BBF/WiFi/SSID/0/, /BBF/VoiceService/1/')).to.equal(
      'Device.WiFi.SSID.1,Device.Services.VoiceService.2',
    );
    expect(references.toDataModel('/BBF/WiFi/SSID/0/,text')).to.equal('/BBF/WiFi/SSID/0/,text');
  });

  it('leaves texts alone that only look like paths', () => {
    for (const text of ['/var/log/messages', 'a/b/', 'http://host/BBF/WiFi/', '/', 'on/off']) {
      expect(references.toDataModel(text)).to.equal(text);
    }
  });

  it('leaves the name of a directory alone, though the device has objects of that name', () => {
    const tree = new StructureTree([
      '/UPnP/DM/Monitoring/Storage/#/PointNode',
      '/BBF/WiFi/Enable',
      '/home/Free',
    ]);
    const own = new ReferenceTranslator(paths, tree.paths);
    for (const text of ['/', '/UPnP/DM/', '/UPnP/DM', '/BBF/WiFi/', '/home', '/home/', '/,/']) {
      expect(own.toDataModel(text)).to.equal(text);
    }
    expect(own.toDataModel('/UPnP/DM/Monitoring/Storage/0/')).to.equal(
      'Device.X_0011AA_UPnPDM.UPnP.DM.Monitoring.Storage.1',
    );
    expect(own.toCms('Device.WiFi')).to.equal('Device.WiFi');
  });

  describe('to what stands at the standard place of a Common Object', () => {
    const NETWORK = '/UPnP/DM/Configuration/Network/';
    const translator = (leaves: readonly string[], ...more: string[]): ReferenceTranslator => {
      const tree = new StructureTree([...leaves.map((leaf) => `${NETWORK}${leaf}`), ...more]);
      return new ReferenceTranslator(new PathMapping(plan, tree.paths), tree.paths);
    };
    const both = (own: ReferenceTranslator, cms: string, dataModel: string): void => {
      expect(own.toDataModel(cms)).to.equal(dataModel);
      expect(own.toCms(dataModel)).to.equal(cms);
    };

    it('translates tables, rows and leaves both ways, also in lists', () => {
      const own = translator(['IPInterface/#/IPv4/IPAddress', 'IPInterface/#/X_Own', 'HostName']);
      both(own, `${NETWORK}IPInterface/`, 'Device.IP.Interface');
      both(own, `${NETWORK}IPInterface/0/`, 'Device.IP.Interface.1');
      both(own, `${NETWORK}IPInterface/6/IPv4/IPAddress`, 'Device.IP.Interface.7.IPv4Address.1.IPAddress');
      both(own, `${NETWORK}HostName`, 'Device.DeviceInfo.HostName');
      both(
        own,
        `${NETWORK}IPInterface/0/,${NETWORK}IPInterface/2/`,
        'Device.IP.Interface.1,Device.IP.Interface.3',
      );
      expect(own.toCms('Device.IP.Interface.1.')).to.equal(`${NETWORK}IPInterface/0/`);
    });

    it('leaves alone what the device does not have there', () => {
      const own = translator(['IPInterface/#/IPv4/IPAddress']);
      for (const text of [
        'Device.IP.Interface.0',
        'Device.IP.Interface.1.Name',
        'Device.IP.Interface.1.IPv4Address.2.IPAddress',
        'Device.IP',
        'Device.DeviceInfo.HostName',
      ]) {
        expect(own.toCms(text)).to.equal(text);
      }
    });

    it('means the vendor object where no leaf of the row has a standard place', () => {
      const aside = 'Device.X_0011AA_UPnPDM.UPnP.DM.Configuration.Network.IPInterface.1';
      both(translator(['IPInterface/#/X_Own']), `${NETWORK}IPInterface/0/`, aside);
    });

    it('means the vendor object where a root model of the device fills the place', () => {
      const own = translator(['IPInterface/#/IPv4/IPAddress'], '/BBF/IP/Interface/#/Name');
      both(own, '/BBF/IP/Interface/0/', 'Device.IP.Interface.1');
      const aside = 'Device.X_0011AA_UPnPDM.UPnP.DM.Configuration.Network.IPInterface.1';
      both(own, `${NETWORK}IPInterface/0/`, aside);
    });
  });

  it('goes back in the style that the device uses', () => {
    expect(references.toCms('Device.WiFi.SSID.1')).to.equal('/BBF/WiFi/SSID/0/');
    expect(references.toCms('Device.WiFi.SSID.1.', references.styleOf('WiFi/SSID/5/'))).to.equal(
      'WiFi/SSID/0/',
    );
    expect(references.toCms('Device.WiFi.SSID.3.SSID')).to.equal('/BBF/WiFi/SSID/2/SSID');
    expect(references.toCms('Device.Unknown.1')).to.equal('Device.Unknown.1');
  });
});
