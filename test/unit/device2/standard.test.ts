import { expect } from 'chai';
import type { RootObject } from '../../../src/device2/root.ts';
import { readDataModelXml, standardPath } from '../../support/data-model-xml.ts';
import type { StandardModel } from '../../support/data-model-xml.ts';
import { describeActual, describeStandard } from '../../support/standard-conformance.ts';
import { buildLocalObjects } from './local-device.ts';

/** The forced Inform parameters of the standard's objects that this folder serves. */
function forcedOf(standard: StandardModel): string[] {
  return [...standard.parameters.values()]
    .filter(({ forcedInform, path }) => forcedInform && !path.includes('WANDevice'))
    .map(({ path }) => path);
}

const CASES: readonly { root: RootObject; file: string; forced: number }[] = [
  { root: 'Device:2', file: 'tr-181-2-17-0-cwmp-full.xml', forced: 7 },
  { root: 'InternetGatewayDevice:1', file: 'tr-098-1-8-0-full.xml', forced: 8 },
];

describe('device2 against the published data models', () => {
  for (const { root, file, forced } of CASES) {
    it(`${root} declares every parameter as ${file} does`, function () {
      const standard = readDataModelXml(file);
      if (standard === undefined) {
        // The published models are not part of this repository.
        console.log(`      skipped: ../shared/bbf/${file} is not here`); // eslint-disable-line no-console
        this.skip();
      }
      const { model } = buildLocalObjects(root);
      for (const parameter of model.parametersBelow('')) {
        const declared = standard.parameters.get(standardPath(parameter.path));
        expect(declared, `${parameter.path} exists`).to.not.equal(undefined);
        if (declared === undefined) continue;
        expect(describeActual(parameter), parameter.path).to.deep.equal(describeStandard(declared));
      }
      const paths = model.forcedInformParameters().map(({ path }) => path);
      expect(paths).to.have.members(forcedOf(standard));
      expect(paths).to.have.length(forced);
    });
  }

  it('gives Device:1 a DeviceSummary and no parameter of issue 2', () => {
    const { model } = buildLocalObjects('Device:1');
    expect(model.forcedInformParameters().map(({ path }) => path)).to.deep.equal([
      'Device.DeviceSummary',
      'Device.DeviceInfo.HardwareVersion',
      'Device.DeviceInfo.SoftwareVersion',
      'Device.DeviceInfo.ProvisioningCode',
      'Device.ManagementServer.ParameterKey',
      'Device.ManagementServer.ConnectionRequestURL',
    ]);
  });
});
