import { expect } from 'chai';
import { DataModel } from '../../../src/datamodel/data-model.ts';
import { ModelError, TransactionError } from '../../../src/datamodel/model-error.ts';
import { silentLogger } from '../../../src/platform/logger.ts';
import { DeviceModel } from '../../../src/proxy/device-model.ts';
import { planMounts } from '../../../src/proxy/mapping/mounts.ts';
import type { NodeAttributes } from '../../../src/upnp-dm/types.ts';
import { FakeCmsClient } from '../../support/fake-cms-client.ts';

const NAME = '/BBF/Name';
const COUNT = '/BBF/TNumberOfEntries';
const STRUCTURE = [NAME, COUNT, '/BBF/T/#/A'];

/** A device of which the ACS is told that it failed. */
class Failing {
  readonly model = new DataModel('Device');
  readonly fake = new FakeCmsClient();
  readonly told: string[] = [];
  readonly deviceModel: DeviceModel;
  doubtful = 0;

  constructor(writesAgain: boolean) {
    this.model.onValueChanges((changes) => {
      for (const { parameter, value, byAcs } of changes)
        if (byAcs !== true) this.told.push(`${parameter.name}=${value}`);
    });
    this.deviceModel = new DeviceModel({
      model: this.model,
      plan: () => planMounts([], STRUCTURE, '0011AA'),
      logger: silentLogger,
      onStructureDoubtful: () => (this.doubtful += 1),
      writesAgain,
    });
    this.fake.values.set(NAME, 'a').set(COUNT, '1').set('/BBF/T/0/A', '1').set('/BBF/T/7/A', '1');
    this.fake.instances = ['/BBF/T/0/'];
    this.deviceModel.connect(this.fake.client, true);
    const attributes = new Map<string, NodeAttributes>(
      [...STRUCTURE, '/BBF/T/'].map((path) => [path, { access: 'readWrite' }]),
    );
    void this.deviceModel.describe(
      {
        subTrees: [],
        structure: STRUCTURE,
        instances: this.fake.instances,
        attributes,
        values: new Map([...this.fake.values].filter(([path]) => !path.includes('/7/'))),
      },
      { setValues: true, createInstance: true, deleteInstance: true },
      this.deviceModel.shadow.generation,
    );
    this.model.restructuring.finish();
  }

  failNext(action: string): void {
    this.fake.failures.push({ action, error: FakeCmsClient.transportError(action) });
  }

  async readAll(): Promise<void> {
    const paths = [NAME, COUNT];
    const { generation } = this.deviceModel.shadow;
    this.deviceModel.valuesRead(await this.fake.client.getValues(paths), generation);
  }
}

describe('what the ACS is told has failed', () => {
  for (const [writesAgain, told] of [
    [false, ['Name=b']],
    [true, []],
  ] as const) {
    it(`is ${writesAgain ? 'none of its own changes where it is written again' : 'news when the device has done it all the same'}`, async () => {
      const home = new Failing(writesAgain);
      home.failNext('SetValues');
      const failure: unknown = await home.model
        .setValues([{ path: 'Device.Name', value: 'b' }])
        .catch((error: unknown) => error);
      expect(failure).to.be.instanceOf(TransactionError);
      await home.readAll();
      expect(home.told, 'not done yet').to.deep.equal([]);
      home.fake.values.set(NAME, 'b');
      await home.readAll();
      expect(home.told).to.deep.equal(told);
    });
  }

  it('is news when it is a row that is added or deleted late', async () => {
    for (const [action, change, count] of [
      ['CreateInstance', (model: DataModel) => model.addRow('Device.T.'), '2'],
      ['DeleteInstance', (model: DataModel) => model.deleteRow('Device.T.1.'), '0'],
    ] as const) {
      const home = new Failing(false);
      home.failNext(action);
      expect(await change(home.model).catch((error: unknown) => error)).to.be.instanceOf(ModelError);
      home.fake.values.set(COUNT, count);
      await home.readAll();
      expect(home.told, action).to.deep.equal([`TNumberOfEntries=${count}`]);
    }
  });
});

describe('a row that the device has created and cannot tell of', () => {
  it('is there, and is read again', async () => {
    const home = new Failing(false);
    home.failNext('GetValues');
    const added = await home.model.addRow('Device.T.');
    expect(added).to.deep.include({ instanceNumber: 8 });
    expect(home.doubtful).to.equal(1);
    const [value] = await home.model.readValues(home.model.parametersBelow('Device.T.8.A'));
    expect(value).to.equal('1');
  });
});
