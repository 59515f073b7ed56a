import { expect } from 'chai';
import { DataModel } from '../../../src/datamodel/data-model.ts';
import { DnsClient } from '../../../src/device2/dns-client.ts';
import { LocalProvider } from '../../../src/device2/local-object.ts';
import { addSystemObjects } from '../../../src/device2/system-objects.ts';
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
    return new DnsClient(provider, { model, store, storeKey: 'dns', clock, nameServers: system.nameServers });
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
