import { expect } from 'chai';
import fc from 'fast-check';
import { DataModel, type StructureChange } from '../../../src/datamodel/data-model.ts';
import { LocalProvider } from '../../../src/device2/local-object.ts';
import { RowAliases } from '../../../src/device2/row-aliases.ts';
import { memoryDocumentStore } from '../../../src/platform/store/document-store.ts';
import { DeviceModel } from '../../../src/proxy/device-model.ts';
import { planMounts } from '../../../src/proxy/mapping/mounts.ts';
import { silentLogger } from '../../../src/platform/logger.ts';
import { growthOfTime, LINEAR, shareOfLongestTurn, SLICED } from '../../support/growth.ts';
import { FakeCmsClient } from '../../support/fake-cms-client.ts';
import { pathProblem } from '../../../src/upnp-dm/cms-path.ts';
import type { CmsTree } from '../../../src/upnp-dm/walk.ts';

const ALL = { setValues: true, createInstance: true, deleteInstance: true };
const SUB_TREES = [{ uri: 'urn:broadband-forum-org:tr-181-2-11-0', location: '/BBF/' }];

interface Home {
  readonly model: DataModel;
  readonly deviceModel: DeviceModel;
  readonly log: string[];
  readonly describe: (tree: Partial<CmsTree>, how?: 'inSlices') => void;
  /** Every parameter of the model. */
  readonly paths: string[];
}

function home(): Home {
  const model = new DataModel('Device', (error) => {
    throw error;
  });
  const local = new LocalProvider(model);
  const text = (value: string): { type: 'string'; get: () => string } => ({
    type: 'string',
    get: () => value,
  });
  local.add('Device.', { RootDataModelVersion: { ...text('2.17'), forcedInform: true } });
  local.add('Device.DeviceInfo.', {
    Manufacturer: text('own'),
    SoftwareVersion: { ...text('own version'), forcedInform: true },
  });
  model.addObject('Device.ManagementServer.InformParameter.', {
    provider: local,
    table: true,
    writable: true,
  });
  const log: string[] = [];
  let structure: readonly string[] = [];
  const note = (message: string, fields?: object): void =>
    void log.push(`${message} ${JSON.stringify(fields)}`);
  const deviceModel = new DeviceModel({
    model,
    plan: () => planMounts(SUB_TREES, structure, '0011AA'),
    logger: { ...silentLogger, info: note, warn: note },
    onStructureDoubtful: () => undefined,
  });
  return {
    model,
    deviceModel,
    log,
    describe: (tree, how) => {
      structure = tree.structure ?? [];
      const whole = { subTrees: SUB_TREES, structure, instances: [], attributes: new Map(), ...tree };
      void deviceModel.describe(whole, ALL, deviceModel.shadow.generation);
      if (how !== 'inSlices') model.restructuring.finish();
    },
    get paths() {
      return model.parametersBelow('').map(({ path }) => path);
    },
  };
}

const values = (entries: Record<string, string>): Map<string, string> => new Map(Object.entries(entries));

describe('DeviceModel', () => {
  it('keeps no values that nobody asked for', () => {
    const { deviceModel, describe: describeDevice } = home();
    describeDevice({ structure: ['/BBF/A'], values: values({ '/BBF/A': '1' }) });
    const more = Array.from({ length: 100 }, (_, index): [string, string] => [`/X/L${index}`, 'x']);
    deviceModel.valuesRead(new Map([['/BBF/A', '2'], ...more]), deviceModel.shadow.generation);
    expect([...deviceModel.shadow.entries()]).to.deep.equal([['/BBF/A', '2']]);
  });

  it('tells how the device spells what the ACS wrote as no change, and what it made of it as one', async () => {
    const { model, deviceModel, describe: describeDevice } = home();
    const fake = new FakeCmsClient();
    deviceModel.connect(fake.client, true);
    describeDevice({
      structure: ['/BBF/A', '/BBF/B', '/BBF/C/Password'],
      values: values({ '/BBF/A': 'x', '/BBF/B': 'x', '/BBF/C/Password': '****' }),
    });
    const reported: string[] = [];
    model.onValueChanges((changes) => {
      for (const { parameter, value, byAcs } of changes)
        reported.push(`${parameter.path}=${value}${byAcs === true ? ' as written' : ''}`);
    });
    await deviceModel.write(values({ '/BBF/A': 'a b, c', '/BBF/B': '1000', '/BBF/C/Password': 'secret' }));
    const read = values({ '/BBF/A': 'A B,C', '/BBF/B': '999', '/BBF/C/Password': '****' });
    deviceModel.valuesRead(read, deviceModel.shadow.generation);
    expect(reported).to.deep.equal([
      'Device.A=A B,C as written',
      'Device.B=999',
      'Device.C.Password= as written',
    ]);
  });

  it('leaves out what the device does not return, says so, and takes it in when it comes', () => {
    const { model, deviceModel, log, describe: describeDevice } = home();
    describeDevice({
      structure: ['/BBF/T/#/A', '/BBF/T/#/B'],
      instances: ['/BBF/T/0/'],
      values: values({ '/BBF/T/0/A': '1' }),
    });
    expect(model.find('Device.T.1.B')).to.equal(undefined);
    expect(log.join()).to.contain('"count":1').and.contain('/BBF/T/0/B');
    deviceModel.valuesRead(values({ '/BBF/T/0/A': '1', '/BBF/T/0/B': '2' }), deviceModel.shadow.generation);
    expect(model.find('Device.T.1.B')).not.to.equal(undefined);
    expect(deviceModel.shadow.get('/BBF/T/0/B')).to.equal('2');
  });

  it('gives a forced parameter of its own back when the device no longer has it', async () => {
    const { model, describe: describeDevice } = home();
    const version = async (): Promise<unknown> => {
      const forced = model.forcedInformParameters().filter(({ name }) => name === 'SoftwareVersion');
      expect(forced).to.have.length(1);
      return (await model.readValues(forced))[0];
    };
    expect(await version()).to.equal('own version');
    const leaf = '/UPnP/DM/DeviceInfo/SoftwareVersion';
    describeDevice({ structure: [leaf], values: values({ [leaf]: '1.0' }) });
    expect(model.find('Device.DeviceInfo.SoftwareVersion')?.provider?.name).to.equal('cms');
    describeDevice({ structure: [leaf], values: values({}) });
    expect(await version()).to.equal('own version');
    describeDevice({ structure: [leaf], values: values({ [leaf]: '1.0' }) });
    expect(model.find('Device.DeviceInfo.SoftwareVersion')?.provider?.name).to.equal('cms');
    describeDevice({ structure: ['/BBF/A'], values: values({ '/BBF/A': '' }) });
    expect(await version()).to.equal('own version');
  });

  it('gives a row an Alias unless its name would be longer than CWMP allows', async () => {
    const model = new DataModel('Device');
    const tables = [241, 242].map((length) => 'T'.repeat(length));
    const structure = tables.map((table) => `/BBF/${table}/#/A`);
    const deviceModel = new DeviceModel({
      model,
      plan: () => planMounts(SUB_TREES, structure, '0011AA'),
      logger: silentLogger,
      aliases: new RowAliases({ model, store: memoryDocumentStore(), storeKey: 'aliases' }),
      onStructureDoubtful: () => undefined,
    });
    const instances = tables.map((table) => `/BBF/${table}/0/`);
    const tree = { subTrees: SUB_TREES, structure, instances, attributes: new Map() };
    const described = deviceModel.describe(tree, ALL, deviceModel.shadow.generation);
    model.restructuring.finish();
    await described;
    const [shorter, longer] = tables.map((table) => `Device.${table}.1.`);
    expect(model.find(`${shorter}Alias`)?.path).to.have.length(256);
    expect(model.find(`${longer}A`)).not.to.equal(undefined);
    expect(model.find(`${longer}Alias`)).to.equal(undefined);
  });

  it('takes over what the device allows now, and leaves the nodes alone for which that did not change', async () => {
    const { model, deviceModel, describe: describeDevice } = home();
    const fake = new FakeCmsClient();
    fake.values.set('/BBF/Channel', '6');
    deviceModel.connect(fake.client, false);
    const describeAs = (type: string): void => {
      const typed = (text: string) => ({ type: text, access: 'readWrite' }) as const;
      const attributes = new Map([
        ['/BBF/Channel', typed(type)],
        ['/BBF/Name', typed('string(3:8)')],
        ['/BBF/Mode', typed('int[:-2],[5:]')],
      ]);
      describeDevice({ structure: [...attributes.keys()], attributes });
    };
    const isTaken = (value: string): Promise<boolean> =>
      model.setValues([{ path: 'Device.Channel', value }]).then(
        () => true,
        () => false,
      );
    describeAs('unsignedInt[1:13]');
    const others = ['Device.Name', 'Device.Mode'].map((path) => model.find(path));
    expect(await isTaken('100')).to.equal(false);
    describeAs('unsignedInt[1:165]');
    expect(await isTaken('100')).to.equal(true);
    describeAs('unsignedInt[1:11]');
    expect(await isTaken('13')).to.equal(false);
    describeAs('unsignedInt');
    expect(await isTaken('200')).to.equal(true);
    expect(['Device.Name', 'Device.Mode'].map((path) => model.find(path) === others.shift())).to.deep.equal([
      true,
      true,
    ]);
  });

  it('removes the row count of a row that goes', async () => {
    const { deviceModel, paths, describe: describeDevice, ...rest } = home();
    expect(paths).to.have.length(3);
    const row = '/UPnP/DM/Configuration/Network/IPInterface/0/';
    const structure = ['/UPnP/DM/Configuration/Network/IPInterface/#/IPv4/IPAddress'];
    describeDevice({ structure, instances: [row] });
    const counter = 'Device.IP.Interface.1.IPv4AddressNumberOfEntries';
    expect(rest.model.find(counter)).not.to.equal(undefined);
    await deviceModel.updateInstances([]);
    expect(rest.model.find(counter)).to.equal(undefined);
  });

  for (const [what, structure, expected] of [
    ['a name with a combining mark', ['/BBF/Cafe\u0301'], 'Device.Cafe\u0301'],
    [
      'a leaf named like an object of the daemon',
      ['/BBF/DeviceInfo'],
      'Device.X_0011AA_UPnPDM.BBF.DeviceInfo',
    ],
    [
      'an object named like a parameter of the daemon',
      ['/BBF/RootDataModelVersion/A'],
      'Device.X_0011AA_UPnPDM.BBF.RootDataModelVersion.A',
    ],
    [
      'a row in a table of the daemon',
      ['/BBF/ManagementServer/InformParameter/#/Enable'],
      'Device.X_0011AA_UPnPDM.BBF.ManagementServer.InformParameter.1.Enable',
    ],
    ['rows in the root itself', ['/BBF/#/A', '/BBF/B/C'], 'Device.B.C'],
    ['a leaf and an object of one name', ['/BBF/A', '/BBF/A/B'], 'Device.A.B'],
  ] as const) {
    it(`is not upset by ${what}`, () => {
      const one = home();
      one.describe({
        structure: [...structure],
        instances: ['/BBF/ManagementServer/InformParameter/0/'],
      });
      expect(one.paths).to.include(expected);
      expect(one.paths).to.include.members(['Device.RootDataModelVersion', 'Device.DeviceInfo.Manufacturer']);
    });
  }

  it('leaves out, with a remark, what has no place at all', () => {
    const one = home();
    const long = `/BBF/${'A/'.repeat(509)}B`;
    expect(pathProblem(long, 'instance')).to.equal(undefined);
    one.describe({ structure: [long, '/BBF/A1'] });
    expect(one.paths).to.include('Device.A1');
    expect(one.paths.filter((path) => path.length > 500)).to.deep.equal([]);
    expect(one.log.join()).to.contain('the leaf is left out');
  });

  it('is described in time in proportion to its leaves', async () => {
    const work = (size: number): void => {
      const one = home();
      const instances = Array.from({ length: size / 10 }, (_, index) => `/BBF/T/${index}/`);
      const structure = Array.from({ length: 10 }, (_, index) => `/BBF/T/#/L${index}`);
      const leaves = instances.flatMap((row) =>
        structure.map((leaf) => row + leaf.slice('/BBF/T/#/'.length)),
      );
      one.describe({ structure, instances, values: new Map(leaves.map((leaf) => [leaf, ''])) });
      one.describe({ structure, instances: instances.slice(0, 1) });
      expect(one.paths.length).to.equal(3 + 10);
    };
    expect(await growthOfTime(work, 1000)).to.be.lessThan(LINEAR);
  });

  it('can be described by any structure of valid CMS paths, again and again', () => {
    const name = fc.constantFrom(
      'BBF',
      'UPnP',
      'DM',
      'DeviceInfo',
      'SoftwareVersion',
      'Manufacturer',
      'RootDataModelVersion',
      'IP',
      'Interface',
      'ManagementServer',
      'InformParameter',
      'VoiceService',
      'Services',
      'Alias',
      'A',
      'Cafe\u0301',
      'X_0011AA_UPnPDM',
      'N'.repeat(400),
      'IPv4AddressNumberOfEntries',
      'Configuration',
      'Network',
      'IPInterface',
    );
    const step = fc.tuple(name, fc.boolean()).map(([text, isTable]) => (isTable ? `${text}/#/` : `${text}/`));
    const path = fc
      .tuple(
        fc.constantFrom('/', '/BBF/', '/BBF/DeviceInfo/', '/UPnP/DM/'),
        fc.array(step, { maxLength: 4 }),
        name,
      )
      .map(([start, steps, leaf]) => start + steps.join('') + leaf)
      .filter((text) => pathProblem(text, 'structure') === undefined);
    const tree = fc
      .tuple(
        fc.array(path, { maxLength: 12 }),
        fc.array(fc.constantFrom('0', '7', '4294967294'), { minLength: 1, maxLength: 2 }),
      )
      .map(([structure, numbers]) => ({
        structure,
        instances: [
          ...new Set(
            structure.flatMap((each) =>
              numbers.flatMap((number) =>
                Array.from(each.matchAll(/#\//g), ({ index }) =>
                  each.slice(0, index + 2).replaceAll('#', number),
                ),
              ),
            ),
          ),
        ],
      }));
    fc.assert(
      fc.property(fc.array(tree, { minLength: 1, maxLength: 3 }), (trees) => {
        const one = home();
        const own = one.paths;
        for (const each of trees) one.describe(each);
        expect(one.paths).to.include.members(own);
        expect(new Set(one.paths).size).to.equal(one.paths.length);
        one.describe({});
        expect(one.paths, 'when the device has nothing any more').to.have.members(own);
      }),
      { numRuns: 500 },
    );
  });

  it('takes a huge device over in slices, and is whole for whoever waits for that', async () => {
    const rows = Array.from({ length: 5000 }, (_, index) => `/BBF/T/${index}/`);
    const structure = Array.from({ length: 10 }, (_, index) => `/BBF/T/#/V${index}`);
    const leaves = rows.flatMap((row) => structure.map((path) => row + path.slice('/BBF/T/#/'.length)));
    const attributes = new Map(
      leaves.map((leaf) => [leaf, { access: 'readWrite', eventOnChange: true } as const]),
    );
    const tree: CmsTree = {
      subTrees: SUB_TREES,
      structure,
      instances: rows,
      attributes,
      values: new Map(leaves.map((leaf) => [leaf, 'value'])),
    };
    const plan = planMounts(SUB_TREES, structure, '0011AA');
    const share = await shareOfLongestTurn(async () => {
      const model = new DataModel('Device');
      const deviceModel = new DeviceModel({
        model,
        plan: () => plan,
        logger: silentLogger,
        onStructureDoubtful: () => undefined,
      });
      void deviceModel.describe(tree, ALL, deviceModel.shadow.generation);
      await model.restructuring.settled;
      expect(model.parametersBelow('Device.T.')).to.have.length(leaves.length);
    });
    expect(share).to.be.lessThan(SLICED);
  });

  it('tells of a change in slices once, when it is through: what was replaced has not gone', async () => {
    const { model, describe: describeDevice } = home();
    const rows = Array.from({ length: 20_000 }, (_, index) => `/BBF/T/${index}/`);
    const tree = (type: string): Partial<CmsTree> => ({
      structure: ['/BBF/T/#/A'],
      instances: rows,
      attributes: new Map([['/BBF/T/#/A', { type, access: 'readOnly' } as const]]),
    });
    describeDevice(tree('string'));
    const changes: StructureChange[] = [];
    model.onStructureChange((change) => void changes.push(change));
    describeDevice(tree('int'), 'inSlices');
    await model.restructuring.settled;
    expect(changes).to.have.length(1);
    const gone = changes.flatMap(({ removed }) => removed).filter((path) => model.find(path) === undefined);
    expect(gone).to.deep.equal([]);
    expect(model.find('Device.T.20000.A')).to.include({ type: 'int' });
  });
});
