import { expect } from 'chai';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { child, childText, parseXmlNodes, type XmlNode } from '../../src/lab/acs/xml-tree.ts';
import { startUntilFound, type ExternalCommand } from '../support/external-command.ts';
import { House } from '../support/house.ts';
import { MINIDLNA_PROGRAMS, RYGEL_PROGRAMS, startMinidlna, startRygel } from '../support/media-servers.ts';

const PROXIER = '0011AA-Proxier-HOUSE%2D1';
const DISCOVERY = 'Device.UPnP.Discovery.';
const DESCRIPTION = 'Device.UPnP.Description.';

const SERVERS = [
  { name: 'rygel', missing: RYGEL_PROGRAMS, start: startRygel },
  { name: 'minidlna', missing: MINIDLNA_PROGRAMS, start: startMinidlna },
] as const;

/** Parameter of DeviceInstance -> element of the description that it is. */
const DEVICE_ELEMENTS = {
  DeviceType: 'deviceType',
  FriendlyName: 'friendlyName',
  Manufacturer: 'manufacturer',
  ManufacturerURL: 'manufacturerURL',
  ModelDescription: 'modelDescription',
  ModelName: 'modelName',
  ModelNumber: 'modelNumber',
  ModelURL: 'modelURL',
  SerialNumber: 'serialNumber',
  UPC: 'UPC',
} as const;

/** The rows that an ACS reads below an object: path without final dot -> parameter -> value. */
type Rows = ReadonlyMap<string, Readonly<Record<string, string>>>;

function rowsOf(values: readonly { readonly name: string; readonly value: string }[]): Rows {
  const rows = new Map<string, Record<string, string>>();
  for (const { name, value } of values) {
    const end = name.lastIndexOf('.');
    const row = rows.get(name.slice(0, end)) ?? {};
    row[name.slice(end + 1)] = value;
    rows.set(name.slice(0, end), row);
  }
  return rows;
}

function rowWhere(rows: Rows, table: string, wanted: Readonly<Record<string, string>>): [string, Row] {
  const found = [...rows].filter(
    ([path, row]) =>
      path.startsWith(table) && Object.entries(wanted).every(([name, value]) => row[name] === value),
  );
  const [only] = found;
  if (only === undefined || found.length > 1)
    throw new Error(`${found.length} rows of ${table} with ${JSON.stringify(wanted)}`);
  return only;
}

type Row = Readonly<Record<string, string>>;

function itWith(programs: readonly (string | undefined)[], title: string, test: () => Promise<void>): void {
  const missing = programs.filter((reason) => reason !== undefined);
  if (missing.length > 0) it.skip(`${title} (skipped: ${missing.join(', ')})`);
  else it(title, test);
}

describe('media servers of others in the inventory', function () {
  this.timeout(300_000);
  let house: House;
  let directory: string;
  let server: ExternalCommand | undefined;

  const read = async (): Promise<Rows> =>
    rowsOf(await house.acs.cpe(PROXIER).getParameterValues(['Device.UPnP.', 'Device.Hosts.Host.']));

  before(async () => {
    house = await House.open({
      devices: { default: 'ignore' },
      config: (config) => ({ ...config, proxier: { ...config.proxier, endpoint: true } }),
    });
    await house.startDaemon();
    await house.acs.waitForInform(PROXIER);
    await house.acs.waitForIdle(PROXIER);
  });

  after(() => house.close());

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'cwmp-proxier-media-'));
  });

  afterEach(async () => {
    await server?.stop();
    server = undefined;
    await rm(directory, { recursive: true, force: true });
  });

  for (const { name, missing, start } of SERVERS) {
    itWith(missing, `${name} is there with everything that its description says`, async () => {
      const title = `${name} of test ${process.pid}`;
      await startUntilFound(
        () => start(directory, title),
        (started) => (server = started),
        async () => [...(await read()).values()].some(({ FriendlyName }) => FriendlyName === title),
        name,
      );
      const rows = await read();
      const [instance, { DiscoveryDevice = '' }] = rowWhere(rows, `${DESCRIPTION}DeviceInstance.`, {
        FriendlyName: title,
      });
      const root = rows.get(DiscoveryDevice);
      // Fetched and read without any code of the daemon.
      const location = root?.['Location'] ?? '';
      const document = parseXmlNodes(await (await fetch(location)).text());
      const device = child(document, 'device');
      if (device === undefined) throw new Error('no device');

      const uuid = childText(device, 'UDN').replace('uuid:', '');
      const { hostname } = new URL(location);
      const [host] = rowWhere(rows, 'Device.Hosts.Host.', { IPAddress: hostname, Active: 'true' });
      expect(root).to.include({
        Status: 'LeaseActive',
        UUID: uuid,
        USN: `uuid:${uuid}::${childText(device, 'deviceType')}`,
        Host: host,
      });
      expect(root?.['Server']).to.match(/UPnP\/1\.\d/);
      expect(Number(root?.['LeaseTime'])).to.be.above(0);
      expect(Date.now() - Date.parse(root?.['LastUpdate'] ?? '')).to.be.below(600_000);

      const expected = Object.fromEntries(
        Object.entries(DEVICE_ELEMENTS).map(([parameter, element]) => [
          parameter,
          childText(device, element),
        ]),
      );
      expect(rows.get(instance)).to.include({
        ...expected,
        UDN: uuid,
        ParentDevice: '',
        PresentationURL: absolute(childText(device, 'presentationURL'), location),
      });
      const version = child(document, 'specVersion');
      rowWhere(rows, `${DESCRIPTION}DeviceDescription.`, {
        URLBase: childText(document, 'URLBase') || location,
        SpecVersion: `${childText(version, 'major')}.${childText(version, 'minor')}`,
        Host: host,
      });
      expectServices(rows, device, { location, instance, discovery: DiscoveryDevice });
    });
  }
});

/** Each service of a device has its two rows, and there are no others. */
function expectServices(
  rows: Rows,
  device: XmlNode,
  { location, instance, discovery }: { location: string; instance: string; discovery: string },
): void {
  const services = child(device, 'serviceList')?.children ?? [];
  expect(services.length).to.be.above(1);
  for (const service of services) {
    const type = childText(service, 'serviceType');
    const [found] = rowWhere(rows, `${DISCOVERY}Service.`, {
      USN: `${childText(device, 'UDN')}::${type}`,
      ParentDevice: discovery,
      Location: location,
      Status: 'LeaseActive',
    });
    rowWhere(rows, `${DESCRIPTION}ServiceInstance.`, {
      ParentDevice: instance,
      ServiceId: childText(service, 'serviceId'),
      ServiceDiscovery: found,
      ServiceType: type,
      SCPDURL: absolute(childText(service, 'SCPDURL'), location),
      ControlURL: absolute(childText(service, 'controlURL'), location),
      EventSubURL: absolute(childText(service, 'eventSubURL'), location),
    });
  }
  const own = [...rows].filter(
    ([path, { ParentDevice }]) =>
      path.startsWith(`${DESCRIPTION}ServiceInstance.`) && ParentDevice === instance,
  );
  expect(own).to.have.length(services.length);
}

function absolute(url: string, base: string): string {
  return url === '' ? '' : new URL(url, base).href;
}
