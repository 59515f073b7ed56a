import { expect } from 'chai';
import { DataModel } from '../../../src/datamodel/data-model.ts';
import { silentLogger } from '../../../src/platform/logger.ts';
import { ChangeWatcher } from '../../../src/proxy/change-watcher.ts';
import { DeviceModel } from '../../../src/proxy/device-model.ts';
import { planMounts } from '../../../src/proxy/mapping/mounts.ts';
import type { NodeAttributes } from '../../../src/upnp-dm/types.ts';
import { FakeCmsClient } from '../../support/fake-cms-client.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { waitFor } from '../../support/wait-for.ts';

const STRUCTURE = ['/BBF/TNumberOfEntries', '/BBF/T/#/Name', '/BBF/Name'];
const [COUNT, NAME] = ['Device.TNumberOfEntries', 'Device.Name'];

/** A device with a table of one row, of which the ACS watches the row count and a name. */
function home(eventOnChange: Record<string, boolean>) {
  const clock = new ManualClock();
  const fake = new FakeCmsClient();
  const model = new DataModel('Device');
  const told: string[] = [];
  model.onValueChanges((changes) => {
    for (const { parameter, value } of changes) told.push(`${parameter.path}=${value}`);
  });
  const deviceModel = new DeviceModel({
    model,
    plan: () => planMounts([], STRUCTURE, '0011AA'),
    logger: silentLogger,
    onStructureDoubtful: () => undefined,
  });
  deviceModel.connect(fake.client, true);
  const setRows = (...names: readonly string[]): void => {
    fake.instances = names.map((_, index) => `/BBF/T/${index}/`);
    fake.values.set('/BBF/TNumberOfEntries', String(names.length));
    for (const [index, name] of names.entries()) fake.values.set(`/BBF/T/${index}/Name`, name);
  };
  setRows('first');
  fake.values.set('/BBF/Name', 'x');
  for (const [path, value] of Object.entries(eventOnChange)) fake.eventOnChange.set(path, value);
  const attributes = new Map<string, NodeAttributes>(
    ['/BBF/TNumberOfEntries', '/BBF/T/', '/BBF/Name'].map((path) => [
      path,
      { ...(path in eventOnChange ? { eventOnChange: eventOnChange[path] } : {}) },
    ]),
  );
  void deviceModel.describe(
    {
      subTrees: [],
      structure: STRUCTURE,
      instances: fake.instances,
      attributes,
      values: new Map(fake.values),
    },
    { setValues: true, createInstance: true, deleteInstance: true },
    deviceModel.shadow.generation,
  );
  model.restructuring.finish();
  const watcher = new ChangeWatcher({
    client: fake.client,
    deviceModel,
    watched: () =>
      [COUNT, NAME].flatMap((path) => {
        const node = model.find(path);
        return node?.kind === 'parameter' ? [node] : [];
      }),
    isUrgent: () => true,
    alarms: () => false,
    isSubscribed: () => true,
    pollIntervalSeconds: () => 60,
    onStructureDoubtful: () => undefined,
    clock,
    logger: silentLogger,
  });
  const quiet = async (): Promise<void> => {
    let calls = -1;
    await waitFor(async () => {
      const before = calls;
      calls = fake.calls.length;
      await new Promise((resolve) => setImmediate(resolve));
      return before === calls;
    }, 'the work to be done');
  };
  const switched = (): string[] =>
    fake.calls.filter(({ action }) => action === 'SetAttributes').map(({ paths }) => paths.join());
  const readCount = (): Promise<unknown> => {
    const node = model.find(COUNT);
    return model.readValues(node?.kind === 'parameter' ? [node] : []);
  };
  return { clock, fake, model, told, watcher, setRows, quiet, switched, readCount };
}

describe('row counts that the ACS watches', () => {
  it('are told of by the events of their table, which are switched on', async () => {
    const { clock, fake, watcher, quiet, switched, readCount } = home({
      '/BBF/T/': false,
      '/BBF/Name': false,
    });
    watcher.watchedChanged();
    await quiet();
    expect(switched()).to.deep.equal(['/BBF/Name', '/BBF/T/']);
    expect(clock.pendingCount, 'nothing is polled').to.equal(0);
    await readCount();
    const reads = fake.calls.filter(({ action }) => action === 'GetValues').length;
    await readCount();
    expect(
      fake.calls.filter(({ action }) => action === 'GetValues'),
      'read again',
    ).to.have.length(reads);

    // Another control point switches them off.
    fake.eventOnChange.set('/BBF/T/', false);
    watcher.attributesChanged();
    clock.advance(clock.nextDelayMs ?? 0);
    await quiet();
    expect(switched().slice(2)).to.deep.equal(['/BBF/T/']);
    watcher.stop();
  });

  it('have events of their own on some devices, and then their table is left alone', async () => {
    const { watcher, quiet, switched } = home({
      '/BBF/TNumberOfEntries': false,
      '/BBF/T/': false,
      '/BBF/Name': true,
    });
    watcher.watchedChanged();
    await quiet();
    expect(switched()).to.deep.equal(['/BBF/TNumberOfEntries']);
    watcher.stop();
  });

  it('do not cost other leaves their events on a device that refuses those of tables', async () => {
    const { clock, fake, watcher, quiet, switched } = home({ '/BBF/T/': false, '/BBF/Name': false });
    fake.onAction = (action) => {
      if (action === 'SetAttributes' && fake.calls.at(-1)?.paths[0] === '/BBF/T/') {
        fake.failures.push({ action, error: FakeCmsClient.upnpError(706, action) });
      }
    };
    watcher.watchedChanged();
    await quiet();
    expect(switched()).to.deep.equal(['/BBF/Name', '/BBF/T/']);
    expect([...fake.eventOnChange]).to.deep.equal([
      ['/BBF/T/', false],
      ['/BBF/Name', true],
    ]);
    expect(clock.nextDelayMs, 'the row count is polled').to.equal(60_000);
    watcher.stop();
  });

  it('are polled where there are no events, and the rows looked for when there are others', async () => {
    const { clock, fake, model, told, watcher, setRows, quiet } = home({ '/BBF/Name': true });
    watcher.watchedChanged();
    await quiet();
    clock.advance(60_000);
    await quiet();
    expect(fake.actions).to.deep.equal(['GetValues']);
    setRows('first', 'second');
    clock.advance(60_000);
    await quiet();
    expect(told).to.deep.equal([`${COUNT}=2`]);
    expect(model.find('Device.T.2.Name')?.kind).to.equal('parameter');
    watcher.stop();
  });
});
