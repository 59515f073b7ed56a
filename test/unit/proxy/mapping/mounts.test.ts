import { expect } from 'chai';
import type { SubTree } from '../../../../src/upnp-dm/types.ts';
import { dataModelKind, planMounts } from '../../../../src/proxy/mapping/mounts.ts';

const OUI = '0011AA';

function mountsOf(subTrees: SubTree[], structure: string[] = []): Record<string, string> {
  const plan = planMounts(subTrees, structure, OUI);
  return Object.fromEntries(plan.mounts.map(({ location, prefix }) => [location, prefix]));
}

describe('planMounts', () => {
  it('reads the model from a SubTree URI', () => {
    expect(dataModelKind('urn:broadband-forum-org:tr-181-2-11-0')).to.deep.equal({
      kind: 'device2',
      version: '2.11',
    });
    expect(dataModelKind('urn:broadband-forum-org:tr-181-1-0-0').kind).to.equal('device1');
    expect(dataModelKind('urn:broadband-forum-org:tr-098-1-8-0').kind).to.equal('igd');
    expect(dataModelKind('urn:broadband-forum-org:tr-104-2-0-0')).to.deep.equal({
      kind: 'service',
      objectName: 'VoiceService',
    });
    expect(dataModelKind('urn:UPnP:ManageableDevice:1:CommonObjects:1').kind).to.equal('unknown');
  });

  it('chooses the root object from what the device supports', () => {
    const rootOf = (uri: string): string => planMounts([{ uri, location: '/BBF/' }], [], OUI).root;
    expect(rootOf('urn:broadband-forum-org:tr-181-2-11-0')).to.equal('Device');
    expect(rootOf('urn:broadband-forum-org:tr-098-1-8-0')).to.equal('InternetGatewayDevice');
    const device1 = planMounts([{ uri: 'urn:broadband-forum-org:tr-106-1-0-0', location: '/BBF/' }], [], OUI);
    expect(device1.root).to.equal('Device');
    expect(device1.rootDataModelVersion).to.equal(undefined);
  });

  it('prefers Device:2 when a device offers two root models', () => {
    const plan = planMounts(
      [
        { uri: 'urn:broadband-forum-org:tr-098-1-8-0', location: '/IGD/' },
        { uri: 'urn:broadband-forum-org:tr-181-2-11-0', location: '/D2/' },
      ],
      [],
      OUI,
    );
    expect(plan.root).to.equal('Device');
    expect(plan.mounts).to.deep.include({ location: '/D2/', prefix: 'Device.' });
    expect(plan.mounts.map(({ location }) => location)).not.to.include('/IGD/');
  });

  it('puts a service model under Services, whichever form its Location has', () => {
    const structure = ['/BBF/VoiceService/#/Name', '/BBF/VoiceService/#/Line/#/Enable'];
    const uri = 'urn:broadband-forum-org:tr-104-2-0-0';
    for (const location of ['/BBF/VoiceService/', '/BBF/', '/BBF/VoiceService/0/', '/BBF/VoiceService']) {
      expect(mountsOf([{ uri, location }], structure), location).to.have.property(
        '/BBF/VoiceService/',
        'Device.Services.VoiceService.',
      );
    }
  });

  it('finds service objects below a root model that lists no sub-tree for them', () => {
    const mounts = mountsOf(
      [{ uri: 'urn:broadband-forum-org:tr-181-2-11-0', location: '/X_Broadband_Forum/' }],
      ['/X_Broadband_Forum/WiFi/Radio/#/Channel', '/X_Broadband_Forum/StorageService/#/Enable'],
    );
    expect(mounts).to.deep.include({
      '/X_Broadband_Forum/': 'Device.',
      '/X_Broadband_Forum/StorageService/': 'Device.Services.StorageService.',
    });
  });

  it('falls back to /BBF/ when the device does not say', () => {
    expect(mountsOf([])).to.deep.equal({ '/BBF/': 'Device.' });
  });

  it('lets the longest location decide', () => {
    const plan = planMounts([], ['/BBF/VoiceService/#/Name'], OUI);
    expect(plan.mounts.map(({ location }) => location)).to.deep.equal(['/BBF/VoiceService/', '/BBF/']);
  });

  it('attaches the part of the source model that SourceLocation names', () => {
    const root = 'urn:broadband-forum-org:tr-181-2-11-0';
    for (const sourceLocation of ['/Device/WiFi/', '/WiFi/', 'Device.WiFi.', '/Device/WiFi']) {
      expect(
        mountsOf([{ uri: root, location: '/BBF/WiFi/', sourceLocation }], ['/BBF/WiFi/Radio/#/Channel']),
        sourceLocation,
      ).to.deep.equal({ '/BBF/WiFi/': 'Device.WiFi.' });
    }
    for (const sourceLocation of ['/', '/Device/', '', '/Device/a b/', '/Device/*/']) {
      expect(mountsOf([{ uri: root, location: '/BBF/', sourceLocation }]), sourceLocation).to.deep.equal({
        '/BBF/': 'Device.',
      });
    }
    const voice = 'urn:broadband-forum-org:tr-104-2-0-0';
    for (const [sourceLocation, prefix] of [
      ['/VoiceService/', 'Device.Services.VoiceService.'],
      ['/Device/Services/VoiceService/0/Capabilities/', 'Device.Services.VoiceService.1.Capabilities.'],
      ['/VoiceService/Capabilities/', 'Device.Services.VoiceService.1.Capabilities.'],
    ] as const) {
      expect(
        mountsOf([{ uri: voice, location: '/Voice/', sourceLocation }], ['/Voice/#/Name']),
        sourceLocation,
      ).to.have.property('/Voice/', prefix);
    }
  });

  it('takes the whole tree for a root model at `/`, except what is UPnP’s own', () => {
    expect(
      mountsOf([{ uri: 'urn:broadband-forum-org:tr-181-2-11-0', location: '/' }], ['/VoiceService/#/Name']),
    ).to.deep.equal({
      '/VoiceService/': 'Device.Services.VoiceService.',
      '/UPnP/': 'Device.X_0011AA_UPnPDM.UPnP.',
      '/': 'Device.',
    });
  });

  it('makes one row of a service model without a table, unless it is part of a root model', () => {
    const service = { uri: 'urn:broadband-forum-org:tr-135-1-4-0', location: '/BBF/' };
    expect(mountsOf([service], ['/BBF/Name'])).to.deep.equal({ '/BBF/': 'Device.Services.STBService.1.' });
    expect(
      mountsOf([service, { uri: 'urn:broadband-forum-org:tr-181-2-11-0', location: '/BBF/' }], ['/BBF/Name']),
    ).to.deep.equal({ '/BBF/': 'Device.' });
  });
});
