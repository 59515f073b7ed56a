import { expect } from 'chai';
import { DataModel } from '../../../src/datamodel/data-model.ts';
import type { ParameterNode } from '../../../src/datamodel/node.ts';
import { silentLogger } from '../../../src/platform/logger.ts';
import { ChangeWatcher } from '../../../src/proxy/change-watcher.ts';
import { DeviceModel } from '../../../src/proxy/device-model.ts';
import type { CmsLeaf } from '../../../src/proxy/mapping/cms-leaf.ts';
import { planMounts } from '../../../src/proxy/mapping/mounts.ts';
import { TableEvents } from '../../../src/proxy/table-events.ts';
import type { CmsClient, NodeAttributes } from '../../../src/upnp-dm/types.ts';
import { FakeCmsClient } from '../../support/fake-cms-client.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const signal = new AbortController().signal;
const counter = (cmsPath: string, eventOnChange?: boolean): CmsLeaf => ({
  cmsPath,
  type: 'unsignedInt',
  eventOnChange,
});

/** The events of tables on a device that has these attributes. */
function build(attributes: Record<string, NodeAttributes>, refusal?: Error) {
  const calls: string[] = [];
  const client: Partial<CmsClient> = {
    getAttributes: (paths) => {
      calls.push(`get ${paths.join()}`);
      return Promise.resolve(new Map(paths.map((path) => [path, attributes[path] ?? {}])));
    },
    setAttributes: (wanted) => {
      calls.push(`set ${[...wanted.keys()].join()}`);
      return refusal === undefined ? Promise.resolve('ChangesApplied') : Promise.reject(refusal);
    },
  };
  const tables = new TableEvents({
    client: client as CmsClient,
    structure: () => ['/A/#/T/#/Name', '/A/#/TNumberOfEntries', '/U/#/V', '/OddNumberOfEntries'],
    logger: silentLogger,
  });
  return { tables, calls };
}

describe('events of tables', () => {
  const [t, u] = [counter('/A/0/TNumberOfEntries'), counter('/UNumberOfEntries')];

  it('are switched on where they are off, and stand for those of the row counts', async () => {
    const { tables, calls } = build({ '/A/0/T/': { eventOnChange: false }, '/U/': { eventOnChange: true } });
    await tables.switchOn([t, u], signal);
    expect(calls).to.deep.equal(['get /A/0/T/,/U/', 'set /A/0/T/']);
    expect([t, u].map((leaf) => tables.covers(leaf))).to.deep.equal([true, true]);
  });

  it('are asked for again each time: another control point may have switched them off', async () => {
    const { tables, calls } = build({ '/U/': { eventOnChange: true } });
    await tables.switchOn([u], signal);
    await tables.switchOn([u], signal);
    expect(calls).to.deep.equal(['get /U/', 'get /U/']);
    await tables.switchOn([], signal);
    expect(tables.covers(u), 'nobody watches it').to.equal(false);
  });

  it('are left alone where the leaf has its own, and where there is no table', async () => {
    const { tables, calls } = build({});
    const others = [counter('/UNumberOfEntries', false), counter('/OddNumberOfEntries'), counter('/A/0/T')];
    await tables.switchOn(others, signal);
    expect(calls).to.deep.equal([]);
    expect(others.map((leaf) => tables.covers(leaf))).to.deep.equal([false, false, false]);
  });

  it('are not relied on where the device has none, or refuses', async () => {
    const without = build({ '/U/': { access: 'readOnly' } });
    await without.tables.switchOn([u], signal);
    expect([without.calls, without.tables.covers(u)]).to.deep.equal([['get /U/'], false]);
    const refusing = build({ '/U/': { eventOnChange: false } }, FakeCmsClient.upnpError(706));
    await refusing.tables.switchOn([u], signal);
    expect([refusing.calls, refusing.tables.covers(u)]).to.deep.equal([['get /U/', 'set /U/'], false]);
  });
});

describe('a row count that no event tells of', () => {
  it('is polled, and the rows are looked for when it is another', async () => {
    const clock = new ManualClock();
    const model = new DataModel('Device');
    const changes: string[] = [];
    model.onValueChanges((reported) => {
      for (const { parameter, value } of reported) changes.push(`${parameter.path}=${value}`);
    });
    const structure = ['/BBF/T/#/Name', '/BBF/TNumberOfEntries'];
    const deviceModel = new DeviceModel({
      model,
      plan: () => planMounts([], structure, '0011AA'),
      logger: silentLogger,
      onStructureDoubtful: () => undefined,
    });
    const fake = new FakeCmsClient();
    let rows = ['/BBF/T/0/'];
    const client: CmsClient = { ...fake.client, getInstances: () => Promise.resolve(rows) };
    deviceModel.connect(client, true);
    fake.values.set('/BBF/TNumberOfEntries', '1');
    fake.values.set('/BBF/T/0/Name', 'first');
    deviceModel.describe(
      { subTrees: [], structure, instances: rows, attributes: new Map(), values: new Map(fake.values) },
      { setValues: true, createInstance: true, deleteInstance: true },
      true,
    );
    const watcher = new ChangeWatcher({
      client,
      deviceModel,
      watched: () => [model.find('Device.TNumberOfEntries') as ParameterNode],
      pollIntervalSeconds: 60,
      onStructureDoubtful: () => undefined,
      clock,
      logger: silentLogger,
    });
    const turns = async (): Promise<void> => {
      for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    };
    watcher.watchedChanged();
    await turns();
    clock.advance(60_000);
    await turns();
    expect(changes).to.deep.equal([]);

    rows = [...rows, '/BBF/T/1/'];
    fake.values.set('/BBF/TNumberOfEntries', '2');
    fake.values.set('/BBF/T/1/Name', 'second');
    clock.advance(60_000);
    await turns();
    expect(changes).to.deep.equal(['Device.TNumberOfEntries=2']);
    expect(model.find('Device.T.2.')?.kind).to.equal('object');
    watcher.stop();
  });
});
