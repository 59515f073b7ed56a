import { expect } from 'chai';
import type { EndpointIdentity, EndpointStatus } from '../../../src/cwmp/types.ts';
import type { ProxiedDeviceStatus } from '../../../src/proxy/registry-entry.ts';
import type { EmbeddedDeviceStatus } from '../../../src/proxy/embedded/embedded-devices.ts';
import { formatStatusPage } from '../../../src/status/status-page.ts';
import { toStatusReport } from '../../../src/status/status-report.ts';
import type { StatusSnapshot } from '../../../src/status/status-snapshot.ts';

const idOf = (serialNumber: string): EndpointIdentity => ({
  manufacturer: 'Maker',
  oui: '00D09E',
  productClass: 'Nas',
  serialNumber,
});

const endpoint = (serialNumber: string, rest: Partial<EndpointStatus> = {}): EndpointStatus => ({
  identity: idOf(serialNumber),
  connectionRequestUrl: `http://192.0.2.1:7547/secretOf${serialNumber}`,
  enableCwmp: true,
  lastInform: undefined,
  retryCount: 0,
  pendingEvents: [],
  inSession: false,
  ...rest,
});

const device = (
  serialNumber: string | undefined,
  mechanism: ProxiedDeviceStatus['mechanism'],
): ProxiedDeviceStatus => ({
  udn: `uuid:${serialNumber ?? 'unread'}`,
  friendlyName: 'Device',
  address: '192.0.2.7',
  services: [],
  state: 'ready',
  identity: serialNumber === undefined ? undefined : idOf(serialNumber),
  mechanism,
  subscription: 'none',
  lastSync: undefined,
  note: undefined,
});

const embedded = (serialNumber: string, rest: Partial<EmbeddedDeviceStatus> = {}): EmbeddedDeviceStatus => ({
  identity: idOf(serialNumber),
  udn: `uuid:${serialNumber}`,
  friendlyName: 'Box',
  online: true,
  commandProcessed: 'Success',
  commandProcessingErrMsg: '',
  pendingCommands: 0,
  lastSync: '2026-01-02T03:04:05.678Z',
  rows: ['Device.ManagementServer.EmbeddedDevice.1', 'Device.X_0011AA_ProxiedDevice.1'],
  ...rest,
});

const snapshot = (rest: Partial<StatusSnapshot> = {}): StatusSnapshot => ({
  version: '9.9.9',
  uptimeSeconds: 1,
  process: { rssKiB: 102_400, heapUsedKiB: 20_480, timers: 7, sockets: 5 },
  endpoints: [],
  isProxierOn: true,
  embedded: [],
  devices: [],
  ...rest,
});

/** The text of the section below a heading, one line for each row of its table. */
function sectionOf(page: string, heading: string): string[] {
  const section = page.split('<h2>').find((part) => part.startsWith(heading)) ?? '';
  return [...section.matchAll(/<(tr|p)\b.*?<\/\1>/g)].map(([row]) =>
    row
      .replace(/<[^>]+>/g, ' ')
      .replace(/\s+/g, ' ')
      .trim(),
  );
}

describe('status report', () => {
  it('tells how the ACS sees each device', () => {
    const { devices } = toStatusReport(
      snapshot({
        endpoints: [endpoint('V')],
        embedded: [embedded('E')],
        devices: [
          device('V', 'virtual'),
          device('E', 'embedded'),
          device('I', 'ignore'),
          device(undefined, 'none'),
        ],
      }),
    );
    expect(devices.map(({ mechanism }) => mechanism)).to.deep.equal([
      'virtual',
      'embedded',
      'ignored',
      'none',
    ]);
  });

  it('tells what is, and not what the rules would like', () => {
    const { devices } = toStatusReport(
      snapshot({
        embedded: [embedded('Moved')],
        // Not read yet; on its way to be a CPE; left while virtual, and embedded by new rules since.
        devices: [device(undefined, 'virtual'), device('New', 'virtual'), device('Moved', 'virtual')],
      }),
    );
    expect(devices.map(({ mechanism }) => mechanism)).to.deep.equal([null, null, 'embedded']);
  });

  it('puts the proxier before the virtual devices', () => {
    const pendingEvents = [{ code: '4 VALUE CHANGE', commandKey: '' }];
    const proxier = endpoint('Proxier', { retryCount: 3, pendingEvents });
    const report = toStatusReport(snapshot({ proxier, endpoints: [endpoint('V')] }));
    expect(report.proxierEndpoint).to.equal('on');
    expect(report.endpoints.map(({ serialNumber, mechanism }) => [serialNumber, mechanism])).to.deep.equal([
      ['Proxier', 'proxier'],
      ['V', 'virtual'],
    ]);
    expect(report.endpoints[0]).to.deep.include({ retryCount: 3, pendingEvents, lastInform: null });
    expect(JSON.stringify(report)).to.not.contain('secretOf');
  });

  it('has a proxier that is on and not up yet', () => {
    expect(toStatusReport(snapshot())).to.deep.include({
      proxierEndpoint: 'on',
      endpoints: [],
      embedded: [],
      inventory: null,
    });
  });

  it('tells of the commands of embedded devices, those away included', () => {
    const away = embedded('E', {
      online: false,
      commandProcessed: 'Pending',
      pendingCommands: 2,
      lastSync: undefined,
      udn: undefined,
    });
    const { embedded: shown, devices } = toStatusReport(snapshot({ embedded: [away] }));
    expect(devices).to.deep.equal([]);
    expect(shown).to.deep.equal([
      {
        identity: idOf('E'),
        udn: null,
        friendlyName: 'Box',
        online: false,
        commandProcessed: 'Pending',
        commandProcessingErrMsg: '',
        pendingCommands: 2,
        lastSyncTime: null,
        rows: ['Device.ManagementServer.EmbeddedDevice.1.', 'Device.X_0011AA_ProxiedDevice.1.'],
      },
    ]);
  });
});

describe('status page', () => {
  const pageOf = (rest: Partial<StatusSnapshot>): string => formatStatusPage(toStatusReport(snapshot(rest)));

  it('shows the proxier first, or says that it is off', () => {
    const on = sectionOf(
      pageOf({ proxier: endpoint('P'), endpoints: [endpoint('V')] }),
      'CWMP endpoints (2)',
    );
    expect(on).to.have.length(3);
    expect(on[1]).to.equal('00D09E-Nas-P proxier never 0 none http://192.0.2.1:7547/…');

    const page = pageOf({ isProxierOn: false, endpoints: [endpoint('V')] });
    const off = sectionOf(page, 'CWMP endpoints (1)');
    expect(off[0]).to.match(/^The proxier’s own endpoint: off /);
    expect(off.at(-1)).to.contain('00D09E-Nas-V virtual');
    expect(page).to.not.contain('Embedded devices').and.not.contain('Inventory of');
  });

  it('shows the mechanism of a device', () => {
    const rows = sectionOf(
      pageOf({ devices: [device('I', 'ignore'), device(undefined, 'virtual')] }),
      'UPnP DM',
    );
    expect(rows[1]).to.contain(' ignored none ');
    expect(rows[2]).to.contain(' unknown not exposed none ');
  });

  it('shows embedded devices', () => {
    const failed = embedded('E', {
      commandProcessed: 'Error',
      commandProcessingErrMsg: 'the device refused: no',
    });
    const waiting = embedded('W', {
      commandProcessed: 'Retrying',
      pendingCommands: 2,
      online: false,
      lastSync: undefined,
    });
    const rows = sectionOf(pageOf({ embedded: [failed, waiting] }), 'Embedded devices (2)');
    expect(rows.slice(1)).to.deep.equal([
      'Box uuid:E 00D09E-Nas-E yes Error the device refused: no 0 2026-01-02 03:04:05Z ' +
        'Device.ManagementServer.EmbeddedDevice.1. Device.X_0011AA_ProxiedDevice.1.',
      'Box uuid:W 00D09E-Nas-W no Retrying 2 not since the start ' +
        'Device.ManagementServer.EmbeddedDevice.1. Device.X_0011AA_ProxiedDevice.1.',
    ]);
    expect(sectionOf(pageOf({}), 'Embedded devices (0)')).to.deep.equal([
      'No device is embedded in the proxier’s data model.',
    ]);
  });

  it('shows how large the inventory is', () => {
    const inventory = {
      rootDevices: { total: 5, gone: 2 },
      devices: { total: 1, gone: 0 },
      services: { total: 20, gone: 8 },
      hosts: { total: 3, gone: 1 },
    };
    expect(toStatusReport(snapshot({ inventory })).inventory).to.deep.equal(inventory);
    expect(sectionOf(pageOf({ inventory }), 'Inventory').slice(1)).to.deep.equal([
      'Root devices 3 2 5',
      'Devices inside them 1 0 1',
      'Services 12 8 20',
      'Hosts 2 1 3',
    ]);
  });

  it('shows whatever devices and the ACS say as text', () => {
    const evil = '"><script>alert(1)</script>\'&';
    const identity = { manufacturer: evil, oui: evil, productClass: evil, serialNumber: evil };
    const page = pageOf({
      proxier: endpoint('P', {
        identity,
        lastInform: { time: evil, events: [evil], result: 'failed', error: evil },
        pendingEvents: [{ code: evil, commandKey: evil }],
      }),
      devices: [
        {
          ...device('D', 'virtual'),
          identity,
          udn: evil,
          friendlyName: evil,
          address: evil,
          services: [evil],
          lastSync: evil,
          note: evil,
        },
      ],
      embedded: [
        embedded('E', {
          identity,
          udn: evil,
          friendlyName: evil,
          commandProcessingErrMsg: evil,
          lastSync: evil,
          rows: [evil],
        }),
      ],
    });
    expect(page).to.contain('&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&#39;&amp;');
    expect(page).to.not.contain('<script').and.not.contain('">\'').and.not.contain('">"');
  });
});
