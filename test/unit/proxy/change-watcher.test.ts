import { expect } from 'chai';
import { DataModel } from '../../../src/datamodel/data-model.ts';
import type { ParameterNode } from '../../../src/datamodel/node.ts';
import { ChangeWatcher } from '../../../src/proxy/change-watcher.ts';
import { DeviceModel } from '../../../src/proxy/device-model.ts';
import { planMounts } from '../../../src/proxy/mapping/mounts.ts';
import type { NodeAttributes } from '../../../src/upnp-dm/types.ts';
import { silentLogger } from '../../../src/platform/logger.ts';
import { FakeCmsClient } from '../../support/fake-cms-client.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { waitFor } from '../../support/wait-for.ts';

const ALL = { setValues: true, createInstance: true, deleteInstance: true };

/** One device in memory, of which the ACS watches some leaves. */
class Watched {
  readonly clock = new ManualClock();
  readonly fake = new FakeCmsClient();
  readonly log: string[] = [];
  /** Values that the ACS was told, `path=value`. */
  readonly told: string[] = [];
  readonly deviceModel: DeviceModel;
  readonly watcher: ChangeWatcher;
  doubtful = 0;
  isSubscribed = true;
  alarms = false;
  readonly #model: DataModel;
  #names: readonly string[] = [];

  constructor(
    structure: readonly string[],
    options: { pollIntervalSeconds?: number; instances?: string[] } = {},
  ) {
    this.#model = new DataModel('Device');
    this.#model.onValueChanges((changes) => {
      for (const { parameter, value } of changes) this.told.push(`${parameter.path}=${value}`);
    });
    const note = (message: string, fields?: object): void =>
      void this.log.push(`${message} ${JSON.stringify(fields ?? {})}`);
    const logger = { ...silentLogger, info: note, warn: note };
    this.deviceModel = new DeviceModel({
      model: this.#model,
      plan: () => planMounts([], structure, '0011AA'),
      logger,
      onStructureDoubtful: () => undefined,
    });
    this.fake.instances = options.instances ?? [];
    this.deviceModel.connect(this.fake.client, true);
    this.watcher = new ChangeWatcher({
      client: this.fake.client,
      deviceModel: this.deviceModel,
      watched: () => this.watchedParameters,
      isUrgent: ({ name }) => name !== 'Passive',
      alarms: () => this.alarms,
      isSubscribed: () => this.isSubscribed,
      pollIntervalSeconds: () => options.pollIntervalSeconds ?? 0,
      onStructureDoubtful: () => (this.doubtful += 1),
      clock: this.clock,
      logger,
    });
    this.describe(structure);
  }

  get watchedParameters(): ParameterNode[] {
    return this.#names.flatMap((name) => {
      const node = this.#model.find(name);
      return node?.kind === 'parameter' ? [node] : [];
    });
  }

  describe(structure: readonly string[]): void {
    const attributes = new Map(
      [...this.fake.eventOnChange].map(([path, eventOnChange]) => [
        path,
        { access: 'readWrite', eventOnChange, ...(this.alarms && { alarmOnChange: false }) } as const,
      ]),
    );
    const { instances } = this.fake;
    const values = this.fake.values.size === 0 ? undefined : new Map(this.fake.values);
    void this.deviceModel.describe(
      { subTrees: [], structure, instances, attributes, ...(values && { values }) },
      ALL,
      this.deviceModel.shadow.generation,
    );
    this.#model.restructuring.finish();
  }

  /** As a tree so large that nobody asked which leaves `A` of table `/BBF/T/` raise events. */
  async describeSampled(): Promise<void> {
    const { instances, values } = this.fake;
    const attributes = new Map<string, NodeAttributes>([
      ['/BBF/T/', { access: 'readWrite' }],
      ['/BBF/T/#/A', { access: 'readWrite', eventOnChange: 'unknown' }],
    ]);
    const structure = ['/BBF/T/#/A'];
    await this.deviceModel.describe(
      { subTrees: [], structure, instances, attributes, values: new Map(values) },
      ALL,
      this.deviceModel.shadow.generation,
    );
  }

  /** The ACS wants to hear of these. */
  watch(...names: string[]): void {
    this.#names = names;
    this.watcher.watchedChanged();
  }

  addRow(table: string): Promise<unknown> {
    return this.#model.addRow(table);
  }

  parameter(name: string): ParameterNode {
    const node = this.#model.find(name);
    if (node?.kind !== 'parameter') throw new Error(`there is no parameter ${name}`);
    return node;
  }

  has(name: string): boolean {
    return this.#model.find(name) !== undefined;
  }

  countOf(action: string): number {
    return this.fake.actions.filter((each) => each === action).length;
  }

  /** Resolves when nothing is under way any more. */
  async quiet(): Promise<void> {
    let calls = -1;
    await waitFor(async () => {
      const before = calls;
      calls = this.fake.calls.length;
      await new Promise((resolve) => setImmediate(resolve));
      return before === calls;
    }, 'the work to be done');
  }
}

function watchedLeaves(
  values: Record<string, string>,
  options: {
    pollIntervalSeconds?: number;
    instances?: string[];
    eventOnChange?: boolean;
    structure?: string[];
  } = {},
): Watched {
  const home = new Watched([], options);
  for (const [path, value] of Object.entries(values)) {
    home.fake.values.set(path, value);
    if (options.eventOnChange !== undefined) home.fake.eventOnChange.set(path, options.eventOnChange);
  }
  home.describe(options.structure ?? Object.keys(values));
  return home;
}

describe('ChangeWatcher', () => {
  it('looks again, later and later, until the device has told what changed', async () => {
    const home = watchedLeaves({ '/BBF/A': '1' }, { eventOnChange: true });
    home.watch('Device.A');
    await home.quiet();
    home.fake.values.set('/BBF/A', '2');
    for (let failures = 1; failures <= 4; failures += 1) {
      home.fake.failures.push({ action: 'GetValues', error: FakeCmsClient.transportError() });
    }
    home.watcher.deviceChanged();
    const waits: (number | undefined)[] = [];
    for (let retries = 1; retries <= 4; retries += 1) {
      await home.quiet();
      waits.push(home.clock.nextDelayMs);
      expect(home.told).to.deep.equal([]);
      home.clock.advance(home.clock.nextDelayMs ?? 0);
      await home.quiet();
    }
    expect(waits).to.deep.equal([2000, 4000, 8000, 16_000]);
    expect(home.told).to.deep.equal(['Device.A=2']);
    expect(home.clock.pendingCount, 'nothing left to do').to.equal(0);
  });

  it('does not wait with the next try when another event comes, and ends with stop', async () => {
    const home = watchedLeaves({ '/BBF/A': '1' }, { eventOnChange: true });
    home.watch('Device.A');
    await home.quiet();
    home.fake.failures.push({ action: 'GetValues', error: FakeCmsClient.upnpError(501) });
    home.watcher.deviceChanged();
    await home.quiet();
    expect(home.clock.pendingCount, 'a retry').to.equal(1);
    home.fake.values.set('/BBF/A', '2');
    home.watcher.deviceChanged();
    await home.quiet();
    expect(home.told).to.deep.equal(['Device.A=2']);
    expect(home.clock.pendingCount).to.equal(0);
    home.fake.failures.push({ action: 'GetValues', error: FakeCmsClient.transportError() });
    home.watcher.deviceChanged();
    await home.quiet();
    expect(home.clock.pendingCount, 'a retry').to.equal(1);
    home.watcher.stop();
    expect(home.clock.pendingCount).to.equal(0);
  });

  it('reads values although the rows cannot be read, and the rows with the next try', async () => {
    const structure = ['/BBF/A', '/BBF/T/#/B'];
    const home = watchedLeaves({ '/BBF/A': '1' }, { eventOnChange: true, structure });
    home.watch('Device.A');
    await home.quiet();
    home.fake.values.set('/BBF/A', '2').set('/BBF/T/0/B', 'x');
    home.fake.instances = ['/BBF/T/0/'];
    home.fake.failures.push({ action: 'GetInstances', error: FakeCmsClient.transportError('GetInstances') });
    home.watcher.deviceChanged();
    await home.quiet();
    expect(home.clock.pendingCount, 'a retry').to.equal(1);
    expect(home.told).to.deep.equal(['Device.A=2']);
    expect(home.has('Device.T.1.')).to.equal(false);
    home.clock.advance(2000);
    await waitFor(() => home.has('Device.T.1.'), 'the row');
  });

  it('asks for one table after the other when the device refuses `/`, and lives with single refusals', async () => {
    const structure = ['/BBF/S/#/B', '/BBF/T/#/B', '/BBF/U/#/B'];
    const home = watchedLeaves(
      { '/BBF/S/0/B': 's', '/BBF/T/0/B': 't' },
      {
        instances: ['/BBF/S/0/', '/BBF/T/0/'],
        structure,
      },
    );
    home.fake.instances = ['/BBF/T/4/', '/BBF/U/0/'];
    for (const code of [701, 604])
      home.fake.failures.push({ action: 'GetInstances', error: FakeCmsClient.upnpError(code) });
    home.watcher.deviceChanged();
    await home.quiet();
    expect(home.fake.calls.map(({ paths }) => paths[0])).to.deep.equal([
      '/',
      '/BBF/S/',
      '/BBF/T/',
      '/BBF/U/',
    ]);
    expect(home.has('Device.S.1.'), 'the refused table keeps its row').to.equal(true);
    expect(home.has('Device.T.1.'), 'the row that went').to.equal(false);
    expect(home.has('Device.T.5.'), 'the row that came').to.equal(true);
    expect(home.has('Device.U.1.'), 'another that came').to.equal(true);
    expect(home.clock.pendingCount, 'no retry').to.equal(0);
  });

  it('polls leaves without events with one GetValues an interval, and slow devices a tenth of the time', async () => {
    const home = watchedLeaves({ '/BBF/A': '1', '/BBF/B': '1' }, { pollIntervalSeconds: 60 });
    home.watch('Device.A', 'Device.B');
    await home.quiet();
    for (let round = 1; round <= 3; round += 1) {
      expect(home.clock.nextDelayMs).to.equal(60_000);
      home.clock.advance(60_000);
      await home.quiet();
      expect(home.countOf('GetValues')).to.equal(round);
    }
    home.watch('Device.A', 'Device.B');
    await home.quiet();
    expect(home.clock.pendingCount, 'one timer').to.equal(1);
    home.fake.onAction = () => {
      // So long it takes.
      queueMicrotask(() => {
        home.clock.advance(20_000);
      });
    };
    home.clock.advance(60_000);
    await home.quiet();
    expect(home.clock.nextDelayMs).to.equal(180_000);
    home.watch();
    home.fake.onAction = () => undefined;
    home.clock.advance(180_000);
    await home.quiet();
    expect(home.clock.pendingCount, 'nothing is watched any more').to.equal(0);
  });

  it('polls all that is watched, and the rows, while no subscription tells of changes', async () => {
    const structure = ['/BBF/A', '/BBF/T/#/B'];
    const home = watchedLeaves(
      { '/BBF/A': '1' },
      { pollIntervalSeconds: 60, eventOnChange: true, structure },
    );
    home.watch('Device.A');
    await home.quiet();
    expect(home.clock.pendingCount, 'events tell of everything').to.equal(0);
    home.isSubscribed = false;
    home.watcher.subscriptionChanged();
    home.fake.values.set('/BBF/A', '2').set('/BBF/T/0/B', 'x');
    home.fake.instances = ['/BBF/T/0/'];
    home.clock.advance(60_000);
    await home.quiet();
    expect(home.told).to.deep.equal(['Device.A=2']);
    expect(home.has('Device.T.1.')).to.equal(true);
    expect([home.countOf('GetInstances'), home.countOf('GetValues')]).to.deep.equal([1, 1]);
    expect(home.clock.nextDelayMs, 'until the next').to.equal(60_000);
    home.isSubscribed = true;
    home.watcher.subscriptionChanged();
    home.clock.advance(60_000);
    await home.quiet();
    expect(home.clock.pendingCount, 'subscribed again').to.equal(0);
    expect(home.countOf('GetInstances')).to.equal(1);
  });

  it('never polls when the interval is 0', async () => {
    const home = watchedLeaves({ '/BBF/A': '1' }, { pollIntervalSeconds: 0 });
    home.watch('Device.A');
    await home.quiet();
    expect(home.clock.pendingCount).to.equal(0);
  });

  it('takes another interval up at once, and leaves a slow device its rest', async () => {
    const options = { pollIntervalSeconds: 0 };
    const home = watchedLeaves({ '/BBF/A': '1' }, options);
    const use = (seconds: number): void => {
      options.pollIntervalSeconds = seconds;
      home.watcher.pollIntervalChanged();
    };
    home.watch('Device.A');
    await home.quiet();
    use(60);
    expect(home.clock.nextDelayMs).to.equal(60_000);
    home.clock.advance(10_000);
    use(1);
    expect(home.clock.nextDelayMs).to.equal(1000);
    home.fake.onAction = () => {
      // So long it takes.
      queueMicrotask(() => {
        use(2);
        home.clock.advance(20_000);
      });
    };
    home.clock.advance(1000);
    await home.quiet();
    expect(home.countOf('GetValues')).to.equal(1);
    expect(home.clock.pendingCount, 'one timer').to.equal(1);
    use(1);
    expect(home.clock.nextDelayMs).to.equal(180_000);
    use(0);
    expect(home.clock.pendingCount).to.equal(0);
  });

  it('asks for the attributes again when they changed, puts EventOnChange back and looks what was missed', async () => {
    const home = watchedLeaves({ '/BBF/A': '1', '/BBF/B': '1' }, { eventOnChange: true });
    home.watch('Device.A');
    await home.quiet();
    expect(home.fake.actions).to.deep.equal([]);
    home.fake.eventOnChange.set('/BBF/A', false).set('/BBF/B', false);
    home.fake.values.set('/BBF/A', '2');
    home.watcher.attributesChanged();
    home.clock.advance(0);
    await home.quiet();
    expect(home.fake.eventOnChange.get('/BBF/A')).to.equal(true);
    expect(home.log.join()).to.contain('switching it on again').and.contain('/BBF/A');
    expect(home.fake.eventOnChange.get('/BBF/B'), 'nobody watches it').to.equal(false);
    expect(home.told).to.deep.equal(['Device.A=2']);
    expect(home.deviceModel.eventedPaths).to.deep.equal(['/BBF/A']);
    expect(home.doubtful, 'the model is not read anew').to.equal(0);
  });

  it('serves nothing from the shadow until it knows which leaves raise events', async () => {
    const home = watchedLeaves({ '/BBF/A': '1' }, { eventOnChange: true });
    home.watch('Device.A');
    await home.quiet();
    const read = async (): Promise<number> => {
      const before = home.countOf('GetValues');
      await home.deviceModel.provider.read(home.watchedParameters);
      return home.countOf('GetValues') - before;
    };
    expect(await read()).to.equal(0);
    home.fake.failures.push({
      action: 'GetAttributes',
      error: FakeCmsClient.transportError('GetAttributes'),
    });
    home.watcher.attributesChanged();
    home.clock.advance(0);
    await home.quiet();
    expect([await read(), await read()]).to.deep.equal([1, 1]);
    home.clock.advance(home.clock.nextDelayMs ?? 0);
    await home.quiet();
    expect(await read()).to.equal(0);
  });

  it('polls only the leaf for which the device refuses events, not all that were named along with it', async () => {
    const paths = Array.from({ length: 40 }, (_, index) => `/BBF/L${index}`);
    const home = watchedLeaves(Object.fromEntries(paths.map((path) => [path, '1'])), {
      eventOnChange: false,
      pollIntervalSeconds: 60,
    });
    home.fake.refusesEvents.add('/BBF/L17');
    home.watch(...paths.map((path) => path.replace('/BBF/', 'Device.')));
    await home.quiet();
    expect(home.deviceModel.eventedPaths).to.have.members(paths.filter((path) => path !== '/BBF/L17'));
    expect(home.log.join()).to.contain('"count":1');
    const asked = home.countOf('SetAttributes');
    expect(asked).to.be.lessThan(25);
    const polled = home.fake.calls.length;
    home.clock.advance(60_000);
    await home.quiet();
    expect(home.fake.calls.slice(polled)).to.deep.equal([{ action: 'GetValues', paths: ['/BBF/L17'] }]);
    for (const path of paths) home.fake.refusesEvents.add(path);
    const before = home.countOf('SetAttributes');
    for (const path of paths) home.fake.eventOnChange.set(path, false);
    home.watcher.attributesChanged();
    home.clock.advance(0);
    await home.quiet();
    expect(home.countOf('SetAttributes') - before, 'not forever').to.equal(24);
  });

  it('asks for alarms of what is watched actively and is no secret, when it is told to', async () => {
    const names = ['Active', 'Passive', 'Password'];
    const home = watchedLeaves(Object.fromEntries(names.map((name) => [`/BBF/${name}`, '1'])), {
      eventOnChange: true,
    });
    home.fake.supported = new Set(['SetAlarmsEnabled']);
    const watched = names.map((name) => `Device.${name}`);
    home.watch(...watched);
    await home.quiet();
    expect([...home.fake.alarmed]).to.deep.equal([]);
    home.alarms = true;
    home.describe(names.map((name) => `/BBF/${name}`));
    home.watch(...watched);
    await home.quiet();
    expect([...home.fake.alarmed]).to.deep.equal(['/BBF/Active']);
  });

  it('gives a device up that does not keep EventOnChange, says so once, and polls it', async () => {
    const home = watchedLeaves({ '/BBF/A': '1' }, { eventOnChange: false, pollIntervalSeconds: 60 });
    home.fake.ignoresAttributes = true;
    home.fake.onAction = (action) => {
      // As the standard wants it: a counter grows, and that is evented.
      if (action === 'SetAttributes') home.watcher.attributesChanged();
    };
    home.watch('Device.A');
    await home.quiet();
    const end = home.clock.monotonic() + 1_800_000;
    while (home.clock.monotonic() < end) {
      home.clock.advance(home.clock.nextDelayMs ?? end);
      await home.quiet();
    }
    expect(home.countOf('SetAttributes')).to.equal(5);
    expect(home.countOf('GetAttributes')).to.be.lessThan(15);
    expect(home.countOf('GetValues'), 'polls').to.be.within(29, 40);
    expect(home.log.filter((line) => line.includes('does not stay on'))).to.have.length(1);
    expect(home.doubtful).to.equal(0);
  });

  it('asks a row of a sampled tree whether it raises events when it is watched, and switches it on', async () => {
    const home = new Watched([], { instances: ['/BBF/T/0/', '/BBF/T/1/'] });
    home.fake.values.set('/BBF/T/0/A', '1').set('/BBF/T/1/A', '1');
    home.fake.eventOnChange.set('/BBF/T/0/A', true).set('/BBF/T/1/A', false);
    const attributes = new Map([
      ['/BBF/T/#/A', { access: 'readWrite', eventOnChange: 'unknown' } as const],
      ['/BBF/T/0/A', { access: 'readWrite', eventOnChange: true } as const],
    ]);
    await home.deviceModel.describe(
      {
        subTrees: [],
        structure: ['/BBF/T/#/A'],
        instances: home.fake.instances,
        attributes,
        values: new Map(home.fake.values),
      },
      ALL,
      home.deviceModel.shadow.generation,
    );
    home.watch('Device.T.2.A');
    await home.deviceModel.provider.read(home.watchedParameters);
    expect(home.countOf('GetValues'), 'not served from the shadow').to.equal(1);
    await waitFor(() => home.fake.eventOnChange.get('/BBF/T/1/A') === true, 'events of the second row');
    await home.quiet();
    expect(home.deviceModel.eventedPaths).to.have.members(['/BBF/T/0/A', '/BBF/T/1/A']);
  });

  it('asks once whether what the ACS reads of a sampled tree raises events, and serves it from the shadow then', async () => {
    const rows = Array.from({ length: 2500 }, (_, index) => `/BBF/T/${index}/`);
    const home = new Watched([], { instances: rows });
    rows.forEach((row, index) => {
      home.fake.values.set(`${row}A`, '1');
      // One leaf raises no events, and of one the device does not tell.
      if (index !== 8) home.fake.eventOnChange.set(`${row}A`, index !== 7);
    });
    await home.describeSampled();
    const all = rows.map((_, index) => home.parameter(`Device.T.${index + 1}.A`));
    const read = async (parameters: readonly ParameterNode[]): Promise<readonly (readonly string[])[]> => {
      const before = home.fake.calls.length;
      await home.deviceModel.provider.read(parameters);
      await home.quiet();
      return home.fake.calls.slice(before).map(({ action, paths }) => [action, String(paths.length)]);
    };
    expect(await read(all.slice(1200, 1300))).to.deep.equal([
      ['GetValues', '100'],
      ['GetAttributes', '100'],
    ]);
    // A value that was read before is not one that events vouch for.
    home.fake.values.set('/BBF/T/1200/A', '2');
    expect(await home.deviceModel.provider.read(all.slice(1200, 1201))).to.deep.equal(['2']);
    const [values, ...attributes] = await read(all);
    expect(values?.[0]).to.equal('GetValues');
    expect(attributes).to.deep.equal([
      ['GetAttributes', '1000'],
      ['GetAttributes', '1000'],
      ['GetAttributes', '400'],
    ]);
    await read(all);
    expect(await read(all)).to.deep.equal([['GetValues', '2']]);
    expect(home.deviceModel.eventedPaths).to.have.length(2498);
  });

  it('asks again whether leaves raise events when the device did not answer, and not when it does not know them', async () => {
    const home = new Watched([], { instances: ['/BBF/T/0/'] });
    home.fake.values.set('/BBF/T/0/A', '1');
    home.fake.eventOnChange.set('/BBF/T/0/A', true);
    await home.describeSampled();
    const action = 'GetAttributes';
    home.fake.failures.push({ action, error: FakeCmsClient.transportError(action) });
    home.fake.failures.push({ action, error: FakeCmsClient.upnpError(703, action) });
    const counts: number[] = [];
    for (let reads = 0; reads < 4; reads += 1) {
      await home.deviceModel.provider.read([home.parameter('Device.T.1.A')]);
      await home.quiet();
      // Not at every read: a device that does not answer is left alone for a minute.
      await home.deviceModel.provider.read([home.parameter('Device.T.1.A')]);
      await home.quiet();
      counts.push(home.countOf(action));
      home.clock.advance(60_000);
    }
    expect(counts).to.deep.equal([1, 2, 2, 2]);
    expect(home.countOf('GetValues')).to.equal(8);
  });

  it('keeps what a device has told of its events before it did not answer any more', async () => {
    const rows = Array.from({ length: 100 }, (_, index) => `/BBF/T/${index}/`);
    const home = new Watched([], { instances: rows });
    for (const row of rows) {
      home.fake.values.set(`${row}A`, '1');
      home.fake.eventOnChange.set(`${row}A`, true);
    }
    await home.describeSampled();
    home.fake.gone.add('/BBF/T/99/A');
    const action = 'GetAttributes';
    // The whole is refused, its first half is told, and then there is no answer.
    home.fake.onAction = (asked) => {
      if (asked === action && home.countOf(action) === 3)
        home.fake.failures.push({ action, error: FakeCmsClient.transportError(action) });
    };
    const readAll = async (): Promise<void> => {
      await home.deviceModel.provider.read(rows.map((_, index) => home.parameter(`Device.T.${index + 1}.A`)));
      await home.quiet();
    };
    await readAll();
    expect(home.deviceModel.eventedPaths).to.have.length(50);
    home.clock.advance(60_000);
    home.fake.onAction = () => undefined;
    const before = home.fake.calls.length;
    await readAll();
    expect(home.deviceModel.eventedPaths, 'but for the one that has gone').to.have.length(99);
    const asked = home.fake.calls.slice(before).find((call) => call.action === action);
    expect(asked?.paths, 'the rest only').to.have.length(50);
  });

  it('puts EventOnChange back before it asks for the rest of a large tree, whatever of that has gone', async () => {
    const rows = Array.from({ length: 3000 }, (_, index) => `/BBF/T/${index}/`);
    const home = new Watched([], { instances: rows });
    for (const row of rows) {
      home.fake.values.set(`${row}A`, '1');
      home.fake.eventOnChange.set(`${row}A`, true);
    }
    await home.describeSampled();
    await home.deviceModel.provider.read(rows.map((_, index) => home.parameter(`Device.T.${index + 1}.A`)));
    await home.quiet();
    expect(home.deviceModel.eventedPaths).to.have.length(3000);
    home.watch('Device.T.10.A');
    await home.quiet();
    const before = home.fake.calls.length;
    home.fake.eventOnChange.set('/BBF/T/9/A', false);
    home.fake.values.set('/BBF/T/9/A', '2');
    home.fake.gone.add('/BBF/T/2999/A');
    home.watcher.attributesChanged();
    home.clock.advance(0);
    await home.quiet();
    const calls = home.fake.calls.slice(before);
    expect(calls.slice(0, 2).map(({ action, paths }) => [action, paths])).to.deep.equal([
      ['GetAttributes', ['/BBF/T/9/A']],
      ['SetAttributes', ['/BBF/T/9/A']],
    ]);
    expect(home.told).to.deep.equal(['Device.T.10.A=2']);
    expect(home.deviceModel.eventedPaths, 'but for the one that has gone').to.have.length(2999);
    const reads = home.countOf('GetValues');
    await home.deviceModel.provider.read(home.watchedParameters);
    expect(home.countOf('GetValues') - reads, 'served from the shadow').to.equal(0);
  });

  it('switches the events of what is watched on when it learns that they are off', async () => {
    const home = new Watched([], { instances: ['/BBF/T/0/'] });
    home.fake.values.set('/BBF/T/0/A', '1');
    home.fake.eventOnChange.set('/BBF/T/0/A', false);
    await home.describeSampled();
    home.fake.gone.add('/BBF/T/0/A');
    home.watch('Device.T.1.A');
    await home.quiet();
    home.fake.gone.clear();
    await home.deviceModel.provider.read(home.watchedParameters);
    await home.quiet();
    expect(home.fake.eventOnChange.get('/BBF/T/0/A')).to.equal(true);
    expect(home.deviceModel.eventedPaths).to.deep.equal(['/BBF/T/0/A']);
  });

  it('believes what it learned of events while the device was asked for rows', async () => {
    const home = new Watched([], { instances: ['/BBF/T/0/'] });
    home.fake.values.set('/BBF/T/0/A', '1').set('/BBF/T/7/A', '1').set('/BBF/T/8/A', '1');
    home.fake.eventOnChange.set('/BBF/T/0/A', true);
    await home.describeSampled();
    const { deviceModel } = home;
    deviceModel.attributesRead(new Map([['/BBF/T/0/A', { eventOnChange: true }]]));
    home.fake.onAction = (action) => {
      if (action === 'GetValues')
        deviceModel.attributesRead(new Map([['/BBF/T/0/A', { eventOnChange: false }]]));
    };
    await home.addRow('Device.T.');
    expect(home.has('Device.T.8.A')).to.equal(true);
    expect(deviceModel.eventedPaths, 'switched off meanwhile').to.deep.equal([]);
    // The device was asked for its rows before it had the one that was just added.
    await deviceModel.updateInstances(['/BBF/T/0/', '/BBF/T/8/'], ['/BBF/T/0/']);
    expect(['1', '8', '9'].filter((row) => home.has(`Device.T.${row}.A`))).to.deep.equal(['1', '8', '9']);
    await deviceModel.updateInstances(['/BBF/T/8/']);
    expect(['1', '8', '9'].filter((row) => home.has(`Device.T.${row}.A`))).to.deep.equal(['9']);
  });

  it('goes on with its other work while it asks for the events of a large tree', async () => {
    const rows = Array.from({ length: 5000 }, (_, index) => `/BBF/T/${index}/`);
    const home = new Watched([], { instances: rows });
    for (const row of rows) {
      home.fake.values.set(`${row}A`, '1');
      home.fake.eventOnChange.set(`${row}A`, true);
    }
    home.fake.eventOnChange.set('/BBF/T/9/A', false);
    await home.describeSampled();
    await home.deviceModel.provider.read(rows.map((_, index) => home.parameter(`Device.T.${index + 1}.A`)));
    home.watch('Device.T.10.A');
    await home.quiet();
    const asked = home.fake.calls.filter(({ action }) => action !== 'GetValues');
    const switchedOn = asked.findIndex(({ action }) => action === 'SetAttributes');
    expect(switchedOn, 'before most of the tree').to.be.within(1, 3);
    expect(home.deviceModel.eventedPaths).to.have.length(5000);
  });

  it('looks what a leaf has once its events are on, for nobody told of what changed before', async () => {
    const home = watchedLeaves({ '/BBF/A': '1' }, { eventOnChange: false });
    home.fake.onAction = (action) => {
      if (action === 'SetAttributes') home.fake.values.set('/BBF/A', '2');
    };
    home.watch('Device.A');
    await home.quiet();
    expect(home.told).to.deep.equal(['Device.A=2']);
    const before = home.countOf('GetValues');
    expect(await home.deviceModel.provider.read(home.watchedParameters)).to.deep.equal(['2']);
    expect(home.countOf('GetValues'), 'its events vouch for it').to.equal(before);
  });

  it('does not take for granted that a row which comes raises events as the first one does', async () => {
    const home = watchedLeaves(
      { '/BBF/T/0/A': '1' },
      {
        instances: ['/BBF/T/0/'],
        structure: ['/BBF/T/#/A'],
      },
    );
    home.deviceModel.attributesRead(new Map([['/BBF/T/0/A', { eventOnChange: true }]]));
    await home.deviceModel.describe(
      {
        subTrees: [],
        structure: ['/BBF/T/#/A'],
        instances: ['/BBF/T/0/'],
        attributes: new Map([['/BBF/T/#/A', { access: 'readWrite', eventOnChange: true } as const]]),
        values: new Map([['/BBF/T/0/A', '1']]),
      },
      ALL,
      home.deviceModel.shadow.generation,
    );
    await home.deviceModel.updateInstances(['/BBF/T/0/', '/BBF/T/1/']);
    expect(home.has('Device.T.2.A')).to.equal(true);
    expect(home.deviceModel.eventedPaths).to.deep.equal(['/BBF/T/0/A']);
  });
});
