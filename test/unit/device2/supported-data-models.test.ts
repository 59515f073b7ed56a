import { expect } from 'chai';
import { DataModel } from '../../../src/datamodel/data-model.ts';
import { publishedRoot } from '../../../src/device2/device-type/published-model.ts';
import { SupportedDataModels } from '../../../src/device2/device-type/supported-data-models.ts';
import { silentLogger } from '../../../src/platform/logger.ts';
import { memoryDocumentStore } from '../../../src/platform/store/document-store.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { FakeProvider } from '../datamodel/fake-provider.ts';

const STORAGE = 'Device.Services.StorageService.';

describe('SupportedDataModel', () => {
  const provider = new FakeProvider('device', true);
  const store = memoryDocumentStore();
  let model: DataModel;
  let models: SupportedDataModels;
  let uris: Readonly<Record<string, string>>;
  const documents = new Map<string, () => Promise<string | undefined>>();

  const leaf = (path: string): void => void model.addParameter(path, { provider, type: 'string' });
  /** The documents of the rows that there are, by URN. */
  const described = async (): Promise<Record<string, string>> => {
    const rows = model.find('Device.DeviceInfo.SupportedDataModel.');
    const found: Record<string, string> = {};
    for (const row of rows?.kind === 'object' ? rows.children.values() : []) {
      const [urn, uuid] = await model.readValues(
        ['URN', 'UUID'].flatMap((name) => model.parametersBelow(row.path + name)),
      );
      found[String(urn)] = (await documents.get(`${String(uuid)}.xml`)?.()) ?? 'no document';
    }
    return found;
  };

  beforeEach(() => {
    documents.clear();
    model = new DataModel('Device');
    uris = {};
    models = new SupportedDataModels({
      model,
      store,
      storeKey: `supported/${Math.random()}`,
      publisher: {
        publish: (name, get) => {
          documents.set(name, get);
          return { url: `http://localhost/dt/${name}`, unpublish: () => void documents.delete(name) };
        },
      },
      clock: new ManualClock(),
      logger: silentLogger,
      deviceType: 'urn:x:y',
      root: publishedRoot('Device', '2.17'),
      serviceUris: (row) => (uris[row] === undefined ? [] : [uris[row]]),
    });
    leaf('Device.A.B');
  });

  it('has rows as soon as it has started: no session finds it empty', async () => {
    await models.start();
    expect(Object.keys(await described())).to.deep.equal(['urn:broadband-forum-org:tr-181-2-17-0-cwmp']);
  });

  it('has a row for each version of a Service Object, with what its devices support', async () => {
    model.addObject(STORAGE, { provider, table: true });
    for (const [row, version, name] of [
      [1, '1-0', 'Old'],
      [2, '1-3', 'New'],
      [3, '1-3', 'Newer'],
    ] as const) {
      uris = { ...uris, [`${STORAGE}${row}.`]: `urn:broadband-forum-org:tr-140-${version}` };
      leaf(`${STORAGE}${row}.${name}`);
    }
    await models.start();
    const texts = await described();
    expect(texts).to.have.all.keys(
      'urn:broadband-forum-org:tr-181-2-17-0-cwmp',
      'urn:broadband-forum-org:tr-140-1-0',
      'urn:broadband-forum-org:tr-140-1-3-1',
    );
    const old = texts['urn:broadband-forum-org:tr-140-1-0'] ?? '';
    expect(old).to.contain('<model ref="StorageService:1.0">').and.contain('ref="StorageService.{i}."');
    expect(old.match(/parameter ref="[^"]*"/g)).to.deep.equal(['parameter ref="Old"']);
    const current = texts['urn:broadband-forum-org:tr-140-1-3-1'] ?? '';
    expect(current).to.contain('<model ref="StorageService:1.3">');
    expect(current.match(/parameter ref="[^"]*"/g)).to.deep.equal([
      'parameter ref="New"',
      'parameter ref="Newer"',
    ]);
    expect(models.referenceFor(`${STORAGE}2.`)).to.equal(models.referenceFor(`${STORAGE}3.`));
    expect(models.referenceFor(`${STORAGE}1.`)).to.not.be.oneOf(['', models.referenceFor(`${STORAGE}2.`)]);
    expect(texts['urn:broadband-forum-org:tr-181-2-17-0-cwmp']).to.not.contain('StorageService');
  });

  it('describes a Service Object without rows once, in its newest version', async () => {
    model.addObject(STORAGE, { provider, table: true });
    await models.start();
    expect(await described()).to.have.all.keys(
      'urn:broadband-forum-org:tr-181-2-17-0-cwmp',
      'urn:broadband-forum-org:tr-140-1-3-1',
    );
  });
});
