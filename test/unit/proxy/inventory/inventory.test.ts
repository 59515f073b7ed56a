import { expect } from 'chai';
import { DataModel } from '../../../../src/datamodel/data-model.ts';
import type { Logger } from '../../../../src/platform/logger.ts';
import { silentLogger } from '../../../../src/platform/logger.ts';
import { memoryDocumentStore } from '../../../../src/platform/store/document-store.ts';
import { Inventory } from '../../../../src/proxy/inventory/inventory.ts';
import type { InventoryLimits } from '../../../../src/proxy/inventory/inventory-rows.ts';
import type {
  Announcement,
  DeviceDescription,
  RootDevice,
  ServiceDescription,
} from '../../../../src/upnp/types.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { describeDevice, rootDevice } from '../../upnp-dm/fake-device.ts';

const RETENTION_SECONDS = 600;
const DISCOVERY = 'Device.UPnP.Discovery.';
const DESCRIPTION = 'Device.UPnP.Description.';
const UNKNOWN_TIME = '0001-01-01T00:00:00Z';
const TABLES = [
  `${DISCOVERY}RootDevice`,
  `${DISCOVERY}Device`,
  `${DISCOVERY}Service`,
  `${DESCRIPTION}DeviceDescription`,
  `${DESCRIPTION}DeviceInstance`,
  `${DESCRIPTION}ServiceInstance`,
];

/** A UDN that is a UUID. */
const udn = (number: number): string => `uuid:00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;

const service = (name: string): ServiceDescription => ({
  serviceType: `urn:schemas-upnp-org:service:${name}:1`,
  serviceId: `urn:upnp-org:serviceId:${name}`,
  scpdUrl: `http://192.0.2.1/${name}.xml`,
  controlUrl: `http://192.0.2.1/${name}`,
  eventSubUrl: undefined,
});

/** A root device at an address, with one service and what else is wanted. */
function device(number: number, address = '192.0.2.1', more: Partial<DeviceDescription> = {}): RootDevice {
  const root = rootDevice(
    describeDevice({ udn: udn(number), friendlyName: `Device ${number}`, services: [service('A')], ...more }),
  );
  const location = `http://${address}/${number}.xml`;
  return { ...root, announcement: { ...root.announcement, location, sourceAddress: address } };
}

const embedded = (number: number, more: Partial<DeviceDescription> = {}): DeviceDescription =>
  describeDevice({ udn: udn(number), friendlyName: `Embedded ${number}`, services: [], ...more });

function announcement(number: number, more: Partial<Announcement> = {}): Announcement {
  return { ...device(number).announcement, server: 'Linux/1 UPnP/1.0 x/1', ...more };
}

/** An inventory with its model; `restart` makes the one of the next run of the daemon. */
class Fixture {
  readonly clock = new ManualClock();
  readonly store = memoryDocumentStore();
  readonly warnings: string[] = [];
  readonly macs = new Map<string, string>();
  model = new DataModel('Device');
  inventory: Inventory;
  readonly #limits: InventoryLimits | undefined;

  constructor(limits?: InventoryLimits) {
    this.#limits = limits;
    this.inventory = this.#create(limits);
  }

  restart(limits = this.#limits): void {
    this.inventory.stop();
    this.model = new DataModel('Device');
    this.inventory = this.#create(limits);
  }

  async appear(...devices: readonly RootDevice[]): Promise<void> {
    for (const each of devices) this.inventory.deviceAppeared(each);
    await this.settle();
  }

  async lose(lost: RootDevice, reason: 'byebye' | 'expired' = 'byebye'): Promise<void> {
    this.inventory.deviceLost(lost, reason);
    await this.settle();
  }

  async pass(seconds: number): Promise<void> {
    this.clock.advance(seconds * 1000);
    await this.settle();
  }

  /** Rows appear in the model when they are durable. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }

  /** A column of a table, by instance number. */
  async column(table: string, name: string): Promise<Readonly<Record<string, string>>> {
    const parameters = this.model
      .parametersBelow(`${table}.`)
      .filter(({ parent, name: own }) => own === name && parent.parent?.path === `${table}.`);
    const values = await this.model.readValues(parameters);
    return Object.fromEntries(
      parameters.map(({ parent }, index) => [parent.name, String(values[index])] as const),
    );
  }

  /** How many rows each of the six tables has, as its NumberOfEntries says. */
  async sizes(): Promise<number[]> {
    const parameters = TABLES.flatMap((table) => this.model.parametersBelow(`${table}NumberOfEntries`));
    const sizes = (await this.model.readValues(parameters)).map(Number);
    const rows = TABLES.map((table) => {
      const node = this.model.find(`${table}.`);
      return node?.kind === 'object' ? node.children.size : -1;
    });
    expect(sizes, 'NumberOfEntries').to.deep.equal(rows);
    return sizes;
  }

  async total(): Promise<number> {
    return (await this.sizes()).reduce((sum, size) => sum + size, 0);
  }

  #create(limits: InventoryLimits | undefined): Inventory {
    const logger: Logger = {
      ...silentLogger,
      warn: (message) => void this.warnings.push(message),
    };
    const inventory = new Inventory({
      model: this.model,
      store: this.store,
      clock: this.clock,
      logger,
      retentionSeconds: () => RETENTION_SECONDS,
      macAddressOf: (address) => this.macs.get(address),
      interfaceTypeOf: () => 'Ethernet',
      ...(limits === undefined ? {} : { limits }),
    });
    inventory.start();
    return inventory;
  }
}

describe('the inventory', () => {
  let house: Fixture;

  beforeEach(() => {
    house = new Fixture();
  });

  it('shows a device with its embedded devices and services, each row referring to those it belongs to', async () => {
    await house.appear(device(1, '192.0.2.1', { devices: [embedded(2, { services: [service('B')] })] }));
    expect(await house.sizes()).to.deep.equal([1, 1, 2, 1, 2, 2]);
    expect(await house.column(`${DISCOVERY}RootDevice`, 'UUID')).to.deep.equal({ 1: udn(1).slice(5) });
    expect(await house.column(`${DISCOVERY}Service`, 'ParentDevice')).to.deep.equal({
      1: `${DISCOVERY}RootDevice.1`,
      2: `${DISCOVERY}Device.1`,
    });
    expect(await house.column(`${DESCRIPTION}DeviceInstance`, 'ParentDevice')).to.deep.equal({
      1: '',
      2: `${DESCRIPTION}DeviceInstance.1`,
    });
    expect(await house.column(`${DESCRIPTION}DeviceInstance`, 'DiscoveryDevice')).to.deep.equal({
      1: `${DISCOVERY}RootDevice.1`,
      2: `${DISCOVERY}Device.1`,
    });
    expect(await house.column(`${DESCRIPTION}ServiceInstance`, 'ServiceDiscovery')).to.deep.equal({
      1: `${DISCOVERY}Service.1`,
      2: `${DISCOVERY}Service.2`,
    });
    expect(await house.column('Device.Hosts.Host', 'InterfaceType')).to.deep.equal({ 1: 'Ethernet' });
  });

  it('keeps what left for the retention time, with the reason, and then forgets it and its host', async () => {
    const [stays, expired, left] = [device(1), device(2, '192.0.2.2'), device(3, '192.0.2.3')];
    await house.appear(stays, expired, left);
    await house.lose(expired, 'expired');
    await house.pass(100);
    await house.lose(left);
    const status = { 1: 'LeaseActive', 2: 'LeaseExpired', 3: 'ByebyeReceived' };
    expect(await house.column(`${DISCOVERY}RootDevice`, 'Status')).to.deep.equal(status);
    expect(await house.column(`${DISCOVERY}Service`, 'Status')).to.deep.equal(status);
    expect(await house.column('Device.Hosts.Host', 'Active')).to.deep.equal({
      1: 'true',
      2: 'false',
      3: 'false',
    });
    expect(house.inventory.summary.rootDevices).to.deep.equal({ total: 3, gone: 2 });

    await house.pass(RETENTION_SECONDS - 101);
    expect(await house.sizes()).to.deep.equal([3, 0, 3, 3, 3, 3]);
    await house.pass(1);
    expect(await house.column(`${DISCOVERY}RootDevice`, 'Status')).to.have.all.keys('1', '3');
    expect(await house.column('Device.Hosts.Host', 'Active')).to.have.all.keys('1', '3');
    await house.pass(100);
    expect(await house.sizes()).to.deep.equal([1, 0, 1, 1, 1, 1]);
    expect(await house.column('Device.Hosts.Host', 'Active')).to.deep.equal({ 1: 'true' });
  });

  it('gives a device that returns within the retention time its rows back, and no number twice', async () => {
    const [first, second] = [device(1), device(2)];
    await house.appear(first, second);
    await house.lose(second);
    await house.appear(second);
    expect(await house.column(`${DISCOVERY}RootDevice`, 'Status')).to.deep.equal({
      1: 'LeaseActive',
      2: 'LeaseActive',
    });
    await house.lose(second);
    await house.pass(RETENTION_SECONDS);
    house.restart();
    await house.appear(second, device(3));
    expect(await house.column(`${DISCOVERY}RootDevice`, 'UUID')).to.deep.equal({
      1: udn(1).slice(5),
      3: udn(2).slice(5),
      4: udn(3).slice(5),
    });
  });

  it('keeps the row of a host that changes its address while the kernel knows who it is', async () => {
    house.macs.set('192.0.2.1', '02:00:00:00:00:01').set('192.0.2.9', '02:00:00:00:00:01');
    await house.appear(device(1));
    await house.appear(device(1, '192.0.2.9'));
    expect(await house.column('Device.Hosts.Host', 'PhysAddress')).to.deep.equal({ 1: '02:00:00:00:00:01' });
    expect(await house.column('Device.Hosts.Host', 'IPAddress')).to.deep.equal({ 1: '192.0.2.9' });
  });

  it('removes the rows of what a new description no longer has', async () => {
    await house.appear(device(1, '192.0.2.1', { devices: [embedded(2), embedded(3)] }));
    await house.appear(device(1, '192.0.2.1', { services: [], devices: [embedded(3)] }));
    expect(await house.sizes()).to.deep.equal([1, 1, 0, 1, 2, 0]);
    expect(await house.column(`${DISCOVERY}Device`, 'UUID')).to.deep.equal({ 2: udn(3).slice(5) });
  });

  it('tells when it heard of a device, to half a minute, and not before it has in this run', async () => {
    const one = device(1);
    await house.appear(one);
    const at = async (): Promise<string | undefined> =>
      (await house.column(`${DISCOVERY}RootDevice`, 'LastUpdate'))[1];
    expect(await at()).to.equal('2026-01-01T00:00:00.000Z');
    const changes: string[] = [];
    house.model.onValueChanges((all) => changes.push(...all.map(({ parameter }) => parameter.path)));
    for (let second = 0; second < 60; second += 10) {
      await house.pass(10);
      house.inventory.deviceRenewed(one, one.announcement);
    }
    expect(await at()).to.equal('2026-01-01T00:01:00.000Z');
    expect(changes.filter((path) => path === `${DISCOVERY}RootDevice.1.LastUpdate`)).to.have.length(2);
    house.restart();
    expect(await at()).to.equal(UNKNOWN_TIME);
  });

  it('shows the lease and the server as the last announcement told them', async () => {
    const one = device(1);
    await house.appear(one);
    const columns = async (): Promise<unknown[]> =>
      Promise.all(
        ['RootDevice', 'Service'].flatMap((table) =>
          ['LeaseTime', 'Server'].map((name) => house.column(DISCOVERY + table, name)),
        ),
      );
    await house.pass(30);
    house.inventory.deviceRenewed(one, announcement(1, { maxAgeSeconds: 100, server: 'Linux/2' }));
    await house.pass(30);
    house.inventory.deviceRenewed(one, announcement(1, { maxAgeSeconds: 90, server: '' }));
    await house.settle();
    const [lease, server] = [{ 1: '90' }, { 1: 'Linux/2' }];
    expect(await columns()).to.deep.equal([lease, server, lease, server]);
    // A clock that was set back keeps nothing old.
    house.clock.jumpWallClock(-86_400_000);
    house.inventory.deviceRenewed(one, announcement(1, { maxAgeSeconds: 80 }));
    await house.settle();
    expect((await columns())[0]).to.deep.equal({ 1: '80' });
  });

  it('keeps what left for the retention time, whatever the clock of the wall does', async () => {
    const [here, before] = [device(1), device(2)];
    await house.appear(here, before);
    await house.lose(before);
    await house.pass(100);
    house.restart();
    await house.appear(here);
    await house.lose(here);
    // A gateway without a battery begins in 1970.
    house.clock.jumpWallClock(-50 * 365 * 86_400_000);
    await house.pass(RETENTION_SECONDS - 1);
    expect(Object.keys(await house.column(`${DISCOVERY}RootDevice`, 'Status'))).to.deep.equal(['1', '2']);
    await house.pass(1);
    expect(await house.sizes()).to.deep.equal([0, 0, 0, 0, 0, 0]);
    await house.appear(here);
    await house.lose(here);
    house.clock.jumpWallClock(50 * 365 * 86_400_000);
    await house.pass(RETENTION_SECONDS - 1);
    expect((await house.sizes())[0]).to.equal(1);
  });

  it('gives devices of the run before one lease to be heard of', async () => {
    await house.appear(device(1), device(2));
    await house.pass(1000);
    house.restart();
    expect(await house.column('Device.Hosts.Host', 'Active')).to.deep.equal({ 1: 'false' });
    await house.appear(device(1));
    await house.pass(1799);
    expect(await house.column(`${DISCOVERY}RootDevice`, 'Status')).to.deep.equal({
      1: 'LeaseActive',
      2: 'LeaseActive',
    });
    await house.pass(1);
    expect(await house.column(`${DISCOVERY}RootDevice`, 'Status')).to.deep.equal({
      1: 'LeaseActive',
      2: 'LeaseExpired',
    });
  });

  describe('of a device that cannot be described', () => {
    it('has what its announcement tells, while its lease lasts', async () => {
      house.inventory.deviceAnnounced(announcement(1));
      await house.settle();
      expect(await house.sizes()).to.deep.equal([1, 0, 0, 0, 0, 0]);
      const row = `${DISCOVERY}RootDevice`;
      expect(await house.column(row, 'USN')).to.deep.equal({ 1: `${udn(1)}::upnp:rootdevice` });
      expect(await house.column(row, 'Location')).to.deep.equal({ 1: 'http://192.0.2.1/1.xml' });
      expect(await house.column(row, 'Host')).to.deep.equal({ 1: 'Device.Hosts.Host.1' });
      await house.pass(1000);
      house.inventory.announcedAgain(announcement(1));
      await house.pass(1000);
      // Another attempt to describe it is no word of the device.
      house.inventory.deviceAnnounced(announcement(1));
      await house.pass(799);
      expect(await house.column(row, 'Status')).to.deep.equal({ 1: 'LeaseActive' });
      await house.pass(1);
      expect(await house.column(row, 'Status')).to.deep.equal({ 1: 'LeaseExpired' });
      expect(await house.column('Device.Hosts.Host', 'Active')).to.deep.equal({ 1: 'false' });
      await house.pass(RETENTION_SECONDS);
      expect(await house.sizes()).to.deep.equal([0, 0, 0, 0, 0, 0]);
    });

    it('gains the rest, in the same row, when it can be described', async () => {
      house.inventory.deviceAnnounced(announcement(1));
      await house.appear(device(1));
      expect(await house.sizes()).to.deep.equal([1, 0, 1, 1, 1, 1]);
      await house.pass(3600);
      expect(await house.column(`${DISCOVERY}RootDevice`, 'Status')).to.deep.equal({ 1: 'LeaseActive' });
    });

    it('has left when it says so', async () => {
      house.inventory.deviceAnnounced(announcement(1));
      await house.settle();
      house.inventory.announcedLost(announcement(1), 'byebye');
      await house.settle();
      expect(await house.column(`${DISCOVERY}RootDevice`, 'Status')).to.deep.equal({ 1: 'ByebyeReceived' });
      // Nobody else's goodbye, though, of one that is described.
      await house.appear(device(1));
      house.inventory.announcedLost(announcement(1), 'byebye');
      await house.settle();
      expect(await house.column(`${DISCOVERY}RootDevice`, 'Status')).to.deep.equal({ 1: 'LeaseActive' });
    });

    it('takes what is left of its description along to another host, for the retention time', async () => {
      await house.appear(device(1, '192.0.2.1', { devices: [embedded(2)] }));
      await house.lose(device(1));
      await house.pass(100);
      house.inventory.deviceAnnounced(
        announcement(1, { location: 'http://192.0.2.7/1.xml', sourceAddress: '192.0.2.7' }),
      );
      await house.settle();
      expect(await house.column('Device.Hosts.Host', 'PhysAddress')).to.deep.equal({ 2: '192.0.2.7' });
      for (const table of ['RootDevice', 'Device', 'Service'].map((name) => DISCOVERY + name)) {
        expect(await house.column(table, 'Host'), table).to.deep.equal({ 1: 'Device.Hosts.Host.2' });
      }
      expect(await house.column(`${DESCRIPTION}DeviceDescription`, 'Host')).to.deep.equal({
        1: 'Device.Hosts.Host.2',
      });
      expect(await house.column(`${DISCOVERY}Service`, 'Status')).to.deep.equal({ 1: 'ByebyeReceived' });
      house.inventory.announcedAgain(
        announcement(1, { location: 'http://192.0.2.7/1.xml', sourceAddress: '192.0.2.7' }),
      );
      await house.pass(RETENTION_SECONDS - 101);
      expect(await house.sizes()).to.deep.equal([1, 1, 1, 1, 2, 1]);
      await house.pass(1);
      expect(await house.sizes()).to.deep.equal([1, 0, 0, 0, 0, 0]);
      expect(await house.column(`${DISCOVERY}RootDevice`, 'Status')).to.deep.equal({ 1: 'LeaseActive' });
    });

    it('is not shown by a name that may be that of an embedded device, nor instead of one that is there', async () => {
      await house.appear(device(1));
      house.inventory.deviceAnnounced(announcement(1, { location: 'http://192.0.2.66/x.xml' }));
      house.inventory.deviceAnnounced(announcement(2, { namesRoot: false }));
      await house.settle();
      expect(await house.column(`${DISCOVERY}RootDevice`, 'Location')).to.deep.equal({
        1: 'http://192.0.2.1/1.xml',
      });
    });
  });

  describe('of devices that name others', () => {
    it('shows one that lists itself without a row for that', async () => {
      await house.appear(device(1, '192.0.2.1', { devices: [embedded(1, { friendlyName: 'Me again' })] }));
      expect(await house.column(`${DESCRIPTION}DeviceInstance`, 'FriendlyName')).to.deep.equal({
        1: 'Device 1',
      });
      expect(await house.column(`${DESCRIPTION}DeviceInstance`, 'ParentDevice')).to.deep.equal({ 1: '' });
      expect((await house.sizes())[1]).to.equal(0);
    });

    it('leaves a device its rows when another lists it, in any table', async () => {
      await house.appear(device(1, '192.0.2.1', { devices: [embedded(2)] }));
      const thief = device(6, '192.0.2.6', {
        devices: [
          embedded(1, { friendlyName: 'Stolen', services: [service('A')] }),
          embedded(2, { friendlyName: 'Stolen' }),
        ],
      });
      await house.appear(thief);
      const names = { 1: 'Device 1', 2: 'Embedded 2', 3: 'Device 6' };
      expect(await house.column(`${DESCRIPTION}DeviceInstance`, 'FriendlyName')).to.deep.equal(names);
      expect(house.inventory.references(udn(1)).hosts).to.deep.equal(['Device.Hosts.Host.1']);
      await house.lose(thief);
      expect(await house.column(`${DISCOVERY}RootDevice`, 'Status')).to.deep.equal({
        1: 'LeaseActive',
        2: 'ByebyeReceived',
      });
      expect((await house.column(`${DISCOVERY}Device`, 'Status'))[1]).to.equal('LeaseActive');
    });

    it('lets a device have what one that is gone had listed', async () => {
      const before = device(1, '192.0.2.1', { devices: [embedded(2)] });
      await house.appear(before);
      await house.lose(before);
      await house.appear(device(3, '192.0.2.3', { devices: [embedded(2, { friendlyName: 'Mine' })] }));
      expect(await house.column(`${DISCOVERY}Device`, 'Status')).to.deep.equal({ 1: 'LeaseActive' });
      expect((await house.column(`${DESCRIPTION}DeviceInstance`, 'FriendlyName'))[2]).to.equal('Mine');
    });
  });

  describe('of a LAN that makes up devices', () => {
    const limits: InventoryLimits = { rootDevices: 10, rows: 60, rowsOfHost: 30 };
    /** Five rows each. */
    const some = (count: number, address: string, first: number): RootDevice[] =>
      Array.from({ length: count }, (_, index) => device(first + index, address));

    beforeEach(() => {
      house = new Fixture(limits);
    });

    it('has so many rows of one host, so many in all, and one warning', async () => {
      await house.appear(...some(8, '192.0.2.1', 1));
      expect(await house.total()).to.equal(30);
      await house.appear(...some(1, '192.0.2.2', 20));
      expect(await house.total()).to.equal(35);
      await house.appear(...some(8, '192.0.2.3', 30), ...some(8, '192.0.2.4', 40));
      expect(await house.total())
        .to.be.most(60)
        .and.above(45);
      expect((await house.sizes())[0]).to.equal(10);
      expect(house.warnings).to.have.length(1);
      expect(Object.keys(await house.column('Device.Hosts.Host', 'Active'))).to.have.length(3);
    });

    it('shows of a device that is too large what there is room for, its own rows first', async () => {
      const devices = Array.from({ length: 60 }, (_, index) => embedded(100 + index));
      await house.appear(device(1, '192.0.2.1', { devices }));
      expect(await house.total()).to.equal(30);
      expect(await house.column(`${DESCRIPTION}DeviceInstance`, 'FriendlyName')).to.include({
        1: 'Device 1',
      });
    });

    it('lets those go first that were lost the longest ago, of the same host if only that is full', async () => {
      const [elsewhere] = some(1, '192.0.2.9', 90);
      const devices = some(6, '192.0.2.1', 1);
      if (elsewhere === undefined) throw new Error('no device');
      await house.appear(elsewhere, ...devices);
      await house.lose(elsewhere);
      for (const each of devices.slice(2, 4).reverse()) {
        await house.pass(1);
        await house.lose(each);
      }
      await house.appear(device(50));
      const uuids = Object.values(await house.column(`${DISCOVERY}RootDevice`, 'UUID'));
      expect(uuids).to.have.members([90, 1, 2, 3, 5, 6, 50].map((number) => udn(number).slice(5)));
      expect(house.warnings).to.deep.equal([]);
    });

    it('is taken up again within the limits, and the store forgets the rest', async () => {
      house = new Fixture();
      await house.appear(...some(20, '192.0.2.1', 1));
      expect(await house.total()).to.equal(100);
      house.restart(limits);
      await house.settle();
      expect(await house.total()).to.equal(30);
      expect(house.store.keys('proxier/').filter((key) => /\/row\//.test(key))).to.have.length(31);
      expect(house.warnings).to.have.length(1);
      house.restart(limits);
      expect(house.warnings).to.have.length(1);
    });
  });
});
