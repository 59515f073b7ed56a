import { expect } from 'chai';
import { DataModel } from '../../../src/datamodel/data-model.ts';
import { ModelError, TransactionError } from '../../../src/datamodel/model-error.ts';
import { DnsClient } from '../../../src/device2/dns-client.ts';
import { LocalProvider } from '../../../src/device2/local-object.ts';
import { addSystemObjects } from '../../../src/device2/system-objects.ts';
import type { NameServers } from '../../../src/platform/name-lookup.ts';
import { memoryDocumentStore } from '../../../src/platform/store/document-store.ts';
import { nameServersIn, systemStatus, type SystemStatus } from '../../../src/platform/system-status.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const PROCESS = 'Device.DeviceInfo.ProcessStatus.Process.';
const SERVER = 'Device.DNS.Client.Server.';

describe('objects of the machine', () => {
  const store = memoryDocumentStore();
  let model: DataModel;
  let clock: ManualClock;
  let processor = { busy: 0, total: 0 };
  let nameServers: string[] = [];
  let asked: NameServers | undefined;
  let acsUrl = 'http://acs.example/';
  const system: SystemStatus = {
    memory: () => ({ total: 8 * 2 ** 42, free: 5000 }),
    processorTime: () => processor,
    ownProcess: () => ({ pid: 42, size: 90 * 2 ** 20 + 1, priority: 20, cpuTime: 2 ** 40 }),
    nameServers: () => nameServers,
  };

  const valueOf = async (path: string): Promise<string> =>
    String((await model.readValues(model.parametersBelow(path)))[0]);
  const rowsOf = (table: string): string[] => {
    const node = model.find(table);
    return node?.kind === 'object' ? [...node.children.keys()] : [];
  };
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  const create = async (): Promise<DnsClient> => {
    model = new DataModel('Device');
    clock = new ManualClock(Date.UTC(2026, 6, 1, 12));
    const provider = new LocalProvider(model);
    addSystemObjects(provider, { model, store, storeKey: 'process', clock, system });
    await turn();
    return new DnsClient(provider, {
      model,
      store,
      storeKey: 'dns',
      clock,
      nameServers: system.nameServers,
      names: { use: (servers) => (asked = servers) },
      acsUrl: () => acsUrl,
    });
  };

  it('tell of memory in KiB, as much as the type holds', async () => {
    await create();
    expect(await valueOf('Device.DeviceInfo.MemoryStatus.Total')).to.equal('4294967295');
    expect(await valueOf('Device.DeviceInfo.MemoryStatus.Free')).to.equal('4');
  });

  it('tell how busy the processors were since they were asked, rounded up', async () => {
    processor = { busy: 100_000, total: 1_000_000 };
    await create();
    const usage = (): Promise<string> => valueOf('Device.DeviceInfo.ProcessStatus.CPUUsage');
    expect(await usage()).to.equal('10');
    processor = { busy: 101_001, total: 1_002_000 };
    expect(await usage()).to.equal('51');
    processor = { busy: 101_500, total: 1_002_500 };
    expect(await usage(), 'too soon to say').to.equal('51');
    processor = { busy: 101_001, total: 1_004_000 };
    expect(await usage()).to.equal('0');
  });

  it('list this process, in another row with each run', async () => {
    await create();
    const [before] = rowsOf(PROCESS);
    expect(await valueOf(`${PROCESS}${before}.PID`)).to.equal('42');
    expect(await valueOf(`${PROCESS}${before}.Size`)).to.equal(String(90 * 1024));
    expect(await valueOf(`${PROCESS}${before}.CPUTime`)).to.equal('4294967295');
    await create();
    expect(rowsOf(PROCESS)).to.deep.equal([String(Number(before) + 1)]);
  });

  it('tell the local time with its zone', async () => {
    await create();
    const told = await valueOf('Device.Time.CurrentLocalTime');
    expect(told).to.match(/^2026-07-0[12]T\d\d:\d\d:00(?:Z|[+-]\d\d:\d\d)$/);
    expect(new Date(told).getTime()).to.equal(clock.now());
    expect(Number(told.slice(11, 13))).to.equal(new Date(clock.now()).getHours());
  });

  it('follow the name servers of the machine, each in a row of its own', async () => {
    nameServers = ['192.0.2.53', '2001:db8::53'];
    const dns = await create();
    await dns.start();
    expect(rowsOf(SERVER)).to.deep.equal(['1', '2']);
    expect(await valueOf(`${SERVER}2.DNSServer`)).to.equal('2001:db8::53');
    nameServers = ['2001:db8::53', '192.0.2.54'];
    clock.advance(60_000);
    await turn();
    expect(rowsOf(SERVER)).to.deep.equal(['2', '3']);
    expect(await valueOf('Device.DNS.Client.ServerNumberOfEntries')).to.equal('2');
    dns.stop();
    expect(clock.pendingCount).to.equal(0);
  });

  describe('name servers that the ACS adds and switches', () => {
    const set = async (values: Readonly<Record<string, string>>): Promise<string> => {
      const assignments = Object.entries(values).map(([name, value]) => ({
        path: `Device.DNS.Client.${name}`,
        value,
      }));
      try {
        return await model.setValues(assignments);
      } catch (error) {
        if (!(error instanceof TransactionError)) throw error;
        return error.faults.map(({ kind }) => kind).join();
      }
    };

    before(async () => {
      nameServers = ['192.0.2.1', '192.0.2.2'];
      const dns = await create();
      await dns.start();
      dns.stop();
    });

    it('come before those of the machine, which are asked as the machine does otherwise', async () => {
      expect(rowsOf(SERVER)).to.have.length(2);
      expect(asked).to.equal(undefined);
      const { instanceNumber } = await model.addRow(SERVER);
      const row = `Server.${instanceNumber}.`;
      expect(asked, 'an empty row').to.equal(undefined);
      expect(await set({ [`${row}DNSServer`]: '198.51.100.53', [`${row}Enable`]: 'true' })).to.equal(
        'applied',
      );
      expect(await valueOf(`${SERVER}${instanceNumber}.Status`)).to.equal('Enabled');
      expect(asked).to.deep.equal({
        servers: ['198.51.100.53', '192.0.2.1', '192.0.2.2'],
        thenMachine: true,
      });
    });

    it('are not asked when they are off, and the machine not for them either', async () => {
      const [first = '', second = '', own = ''] = rowsOf(SERVER);
      expect(await set({ [`Server.${first}.Enable`]: 'false' })).to.equal('applied');
      expect(asked).to.deep.equal({ servers: ['198.51.100.53', '192.0.2.2'], thenMachine: false });
      const again = await create();
      await again.start();
      again.stop();
      expect(asked, 'after a restart').to.deep.equal({
        servers: ['198.51.100.53', '192.0.2.2'],
        thenMachine: false,
      });
      expect(rowsOf(SERVER)).to.deep.equal([first, second, own]);
      await set({ [`Server.${second}.Enable`]: 'false', [`Server.${own}.Enable`]: 'false' });
      expect(asked, 'with none at all nobody would be found').to.equal(undefined);
      await set({ [`Server.${first}.Enable`]: 'true', [`Server.${second}.Enable`]: 'true' });
      expect(asked).to.equal(undefined);
    });

    it('are refused where they cannot be had', async () => {
      const [first = '', , own = ''] = rowsOf(SERVER);
      expect(await set({ [`Server.${own}.DNSServer`]: 'dns.example' })).to.equal('invalidValue');
      expect(await set({ [`Server.${own}.DNSServer`]: '192.0.2.1' }), 'another row').to.equal('invalidValue');
      expect(await set({ [`Server.${own}.DNSServer`]: 'fe80::1%eth0' })).to.equal('invalidValue');
      expect(await set({ [`Server.${own}.Interface`]: 'Device.IP.Interface.1' })).to.equal('invalidValue');
      expect(await set({ [`Server.${first}.DNSServer`]: '192.0.2.9' }), 'the machine’s').to.equal(
        'invalidValue',
      );
      const refused: unknown = await model.deleteRow(`${SERVER}${first}.`).catch((error: unknown) => error);
      expect(refused, 'the machine’s').to.be.instanceOf(ModelError);
    });

    it('go when the ACS deletes them', async () => {
      const [, , own = ''] = rowsOf(SERVER);
      await set({ [`Server.${own}.Enable`]: 'true' });
      expect(asked?.servers).to.have.length(3);
      await model.deleteRow(`${SERVER}${own}.`);
      expect(asked).to.equal(undefined);
      expect(rowsOf(SERVER)).to.have.length(2);
    });

    it('are all off only where the ACS is found without them', async () => {
      expect(await set({ Enable: 'false' })).to.equal('invalidValue');
      acsUrl = 'https://[2001:db8::1]:7547/acs';
      expect(await set({ Enable: 'false' })).to.equal('applied');
      expect(asked).to.deep.equal({ servers: [], thenMachine: false });
      const [first = ''] = rowsOf(SERVER);
      expect(await valueOf('Device.DNS.Client.Status')).to.equal('Disabled');
      expect(await valueOf(`${SERVER}${first}.Status`)).to.equal('Disabled');
      await create();
      expect(asked, 'after a restart').to.deep.equal({ servers: [], thenMachine: false });
      expect(await set({ Enable: 'true' })).to.equal('applied');
      expect(asked).to.equal(undefined);
    });
  });

  it('read name servers as the resolver does', () => {
    const file =
      '# nameserver 192.0.2.9\nsearch lan\nnameserver 192.0.2.1\nnameserver\tfe80::1%eth0\n' +
      'nameserver 192.0.2.1\nnameserver not-an-address\noptions ndots:1\n';
    expect(nameServersIn(file)).to.deep.equal(['192.0.2.1', 'fe80::1']);
  });

  it('read what this machine says', () => {
    const { total, free } = systemStatus.memory();
    expect(free).to.be.above(0).and.below(total);
    const { busy, total: all } = systemStatus.processorTime();
    expect(busy).to.be.above(0).and.below(all);
    expect(systemStatus.ownProcess()).to.include({ pid: process.pid });
    expect(systemStatus.ownProcess().priority).to.be.within(0, 39);
    expect(systemStatus.nameServers()).to.be.an('array');
  });
});
