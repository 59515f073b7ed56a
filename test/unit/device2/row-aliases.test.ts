import { expect } from 'chai';
import { DataModel } from '../../../src/datamodel/data-model.ts';
import { RowAliases } from '../../../src/device2/row-aliases.ts';
import { hasAliases } from '../../../src/device2/tables-without-alias.ts';
import { memoryDocumentStore } from '../../../src/platform/store/document-store.ts';
import type { DocumentStore } from '../../../src/platform/store/document-store.ts';
import { readDataModelXml } from '../../support/data-model-xml.ts';

const ROWS = ['Device.WiFi.SSID.1.', 'Device.WiFi.SSID.2.', 'Device.WiFi.AccessPoint.1.AssociatedDevice.1.'];

function build(store: DocumentStore, rows = ROWS): { model: DataModel; aliases: RowAliases } {
  const model = new DataModel('Device');
  for (const path of rows) {
    model.addObject(path.replace(/\d+\.$/, ''), { table: true });
    model.addObject(path);
  }
  const aliases = new RowAliases({ model, store, storeKey: 'aliases' });
  aliases.place(rows);
  return { model, aliases };
}

async function aliasOf(model: DataModel, path: string): Promise<unknown> {
  const node = model.find(`${path}Alias`);
  return node?.kind === 'parameter' ? (await model.readValues([node]))[0] : undefined;
}

describe('aliases of a device’s rows', () => {
  it('are cpe-<number> until the ACS gives another, once, and outlive a restart', async () => {
    const store = memoryDocumentStore();
    const { model } = build(store);
    expect(await aliasOf(model, ROWS[0] ?? '')).to.equal('cpe-1');
    await model.setValues([{ path: 'Device.WiFi.SSID.2.Alias', value: 'guests' }]);
    expect(await aliasOf(model, 'Device.WiFi.SSID.2.')).to.equal('guests');
    for (const [path, value] of [
      ['Device.WiFi.SSID.2.Alias', 'others'],
      ['Device.WiFi.SSID.1.Alias', 'guests'],
      ['Device.WiFi.SSID.1.Alias', 'cpe-9'],
    ] as const) {
      const refusal = await model.setValues([{ path, value }]).catch((error: unknown) => error);
      expect(refusal, `${path}=${value}`).to.have.nested.property('faults[0].kind', 'invalidValue');
    }
    expect(await aliasOf(build(store).model, 'Device.WiFi.SSID.2.')).to.equal('guests');
  });

  it('hold 64 characters of any script', async () => {
    const { model } = build(memoryDocumentStore());
    const path = 'Device.WiFi.SSID.2.Alias';
    const refusal = await model.setValues([{ path, value: '𝒜'.repeat(65) }]).catch((error: unknown) => error);
    expect(refusal).to.have.nested.property('faults[0].kind', 'invalidValue');
    await model.setValues([{ path, value: '𝒜'.repeat(64) }]);
    expect(await aliasOf(model, 'Device.WiFi.SSID.2.')).to.equal('𝒜'.repeat(64));
  });

  it('go with their rows', async () => {
    const store = memoryDocumentStore();
    const { model, aliases } = build(store);
    await model.setValues([{ path: 'Device.WiFi.SSID.2.Alias', value: 'guests' }]);
    aliases.place(['Device.WiFi.SSID.1.']);
    expect(await aliasOf(build(store).model, 'Device.WiFi.SSID.2.')).to.equal('cpe-2');
  });

  it('are not where the standard has none', () => {
    const { model } = build(memoryDocumentStore());
    expect(model.find('Device.WiFi.AccessPoint.1.AssociatedDevice.1.Alias')).to.equal(undefined);
  });

  for (const [file, prefix] of [
    ['tr-181-2-17-0-cwmp-full.xml', ''],
    ['tr-098-1-8-0-full.xml', ''],
    ['tr-104-2-0-2-cwmp-full.xml', 'Device.Services.'],
    ['tr-135-1-4-1-cwmp-full.xml', 'InternetGatewayDevice.Services.'],
    ['tr-140-1-3-1-cwmp-full.xml', 'Device.Services.'],
  ] as const) {
    it(`are where ${file} has them`, function () {
      const standard = readDataModelXml(file);
      if (standard === undefined) this.skip();
      const tables = [...standard.objects.values()].filter(({ table }) => table).map(({ path }) => path);
      expect(tables.length).to.be.greaterThan(5);
      for (const path of tables) {
        const table = path.replace(/\{i\}\.$/, '');
        const alias = standard.parameters.get(`${path}Alias`);
        expect(hasAliases(prefix + table), table).to.equal(alias !== undefined && alias.status !== 'deleted');
      }
    });
  }
});
