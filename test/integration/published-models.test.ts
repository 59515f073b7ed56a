import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { describeModel } from '../../src/device2/device-type/describe-model.ts';
import { device2Version } from '../../src/device2/root.ts';
import { readDataModelXml, standardPath } from '../support/data-model-xml.ts';
import { ExposedModels } from '../support/exposed-models.ts';
import { deviations, lackingOf, localNodes, PublishedModels } from '../support/standard-conformance.ts';

const ROOT = 'tr-181-2-17-0-cwmp-full.xml';
const SERVICES = ['tr-104-2-0-2-cwmp-full.xml', 'tr-140-1-3-1-cwmp-full.xml', 'tr-135-1-4-1-cwmp-full.xml'];
const README = new URL('../../README.md', import.meta.url);

/** The cells of the table between the marks of README, without its head. */
function profilesInReadme(): string[][] {
  const [, marked = ''] =
    /<!-- profiles -->([\s\S]*?)<!-- \/profiles -->/.exec(readFileSync(README, 'utf8')) ?? [];
  const rows = marked.split('\n').filter((line) => line.startsWith('|'));
  return rows.slice(2).map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

describe('the published data models', function () {
  this.timeout(90_000);
  const root = readDataModelXml(ROOT);
  if (root === undefined) {
    it.skip(`are what the models of proxier and virtual devices keep to (skipped: no ../shared/bbf/${ROOT})`);
    return;
  }
  const published = new PublishedModels(
    root,
    SERVICES.flatMap((file) => readDataModelXml(file) ?? []),
  );
  const home = new ExposedModels();

  before(() => home.start());

  after(() => home.stop());

  it('are what the proxier keeps to, in every object and parameter', async () => {
    const { model } = home.proxier;
    await model.addRow('Device.ManagementServer.InformParameter.');
    await model.addRow('Device.DNS.Client.Server.');
    expect(deviations(model, published)).to.deep.equal([]);
  });

  it('are what a virtual device keeps to', async () => {
    const { model } = home.virtual;
    await model.addRow('Device.ManagementServer.InformParameter.');
    expect(deviations(model, published)).to.deep.equal([]);
  });

  it('have all that is added to a device in the version that it is given at least', async () => {
    const minor = (version: string | undefined): number => Number(version?.split('.')[1] ?? 0);
    const newest = localNodes(home.virtual.model)
      .map(({ path }) => standardPath(path))
      .map((path) => [path, published.parameter(path)?.version] as const)
      .sort(([, one], [, other]) => minor(other) - minor(one))[0];
    // A device that states less is given what its newest local parameter needs, and one that states more its own.
    expect(device2Version('2.0'), newest?.[0]).to.equal(newest?.[1]);
    expect(device2Version('2.17')).to.equal('2.17');
    const { model } = home.virtual;
    const [version, urn] = await model.readValues([
      ...model.parametersBelow('Device.RootDataModelVersion'),
      ...model.parametersBelow('Device.DeviceInfo.SupportedDataModel.').filter(({ name }) => name === 'URN'),
    ]);
    expect([version, urn]).to.deep.equal([newest?.[1], 'urn:broadband-forum-org:tr-181-2-12-0-cwmp']);
  });

  it('have the profiles that README names, on the proxier', async () => {
    const supported = await describeModel(home.proxier.model);
    const rows: string[][] = [];
    for (const profile of root.profiles.values()) {
      const isInUse = profile.status === undefined || profile.status === 'deprecated';
      if (!isInUse || profile.name.startsWith('_')) continue;
      if (lackingOf(profile, root.profiles, supported).length === 0) rows.push([profile.name, 'whole']);
    }
    expect(profilesInReadme()).to.deep.equal(rows.sort(([a = ''], [b = '']) => (a < b ? -1 : 1)));
    expect(profilesInReadme()).to.deep.include(['Baseline:4', 'whole']);
  });
});
