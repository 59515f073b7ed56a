import { expect } from 'chai';
import { standardFlags } from '../../../../src/proxy/mapping/standard-flags.ts';
import { readDataModelXml } from '../../../support/data-model-xml.ts';

const actualPath = (path: string): string => path.replaceAll('{i}', '1');
const ruleOf = (path: string, raisesEvents: boolean): string =>
  standardFlags(actualPath(path), raisesEvents).notification ?? 'normal';

const NOTIFY: Readonly<Record<string, string>> = {
  normal: 'normal',
  forced: 'forceEnabled',
  forcedDefault: 'forceDefaultEnabled',
  canDeny: 'canDeny',
};

/** Published models, and how many parameters of a device have active notification on from the start. */
const MODELS: readonly { file: string; prefix: string; forcedByDefault: number }[] = [
  { file: 'tr-181-2-17-0-cwmp-full.xml', prefix: '', forcedByDefault: 6 },
  { file: 'tr-098-1-8-0-full.xml', prefix: '', forcedByDefault: 5 },
  { file: 'tr-104-2-0-2-cwmp-full.xml', prefix: 'Device.Services.', forcedByDefault: 0 },
  { file: 'tr-135-1-4-1-cwmp-full.xml', prefix: 'Device.Services.', forcedByDefault: 0 },
  { file: 'tr-140-1-3-1-cwmp-full.xml', prefix: 'Device.Services.', forcedByDefault: 0 },
];

describe('proxy/mapping/standard-flags', () => {
  for (const { file, prefix, forcedByDefault } of MODELS) {
    it(`gives parameters of a device no rule that ${file} does not give them, and all that it forces`, function () {
      const standard = readDataModelXml(file);
      if (standard === undefined) {
        // The published models are not part of this repository.
        console.log(`      skipped: ../shared/bbf/${file} is not here`); // eslint-disable-line no-console
        this.skip();
      }
      let count = 0;
      // The daemon answers for this one itself.
      const parameters = [...standard.parameters.values()].filter(
        ({ path }) => !path.includes('.ManagementServer.'),
      );
      for (const { path, activeNotify, forcedInform } of parameters) {
        const rule = ruleOf(prefix + path, false);
        if (activeNotify.startsWith('force')) expect(NOTIFY[rule], path).to.equal(activeNotify);
        if (rule !== 'normal') expect(activeNotify, path).to.equal(NOTIFY[rule]);
        if (rule === 'forcedDefault') count += 1;
        // The daemon answers for what is right below the root itself.
        const isOwn = /^\w+\.\w+$/.test(path);
        if (!isOwn)
          expect(standardFlags(actualPath(prefix + path), false).forcedInform ?? false, path).to.equal(
            forcedInform,
          );
      }
      expect(count).to.equal(forcedByDefault);
    });
  }

  it('lets active notification be refused for what ticks and is polled only', () => {
    const counter = 'Device.Ethernet.Interface.1.Stats.BytesReceived';
    expect(ruleOf(counter, false)).to.equal('canDeny');
    expect(ruleOf(counter, true)).to.equal('normal');
    expect(ruleOf('Device.Services.StorageService.1.PhysicalMedium.2.Uptime', false)).to.equal('canDeny');
    expect(ruleOf('Device.Ethernet.Interface.1.Status', false)).to.equal('normal');
    expect(ruleOf('Device.WiFi.SSID.3.Stats.DiscardPacketsSent', false)).to.equal('canDeny');
  });

  it('has active notification on from the start where the standard says so', () => {
    expect(ruleOf('Device.SoftwareModules.ExecutionUnit.12.Status', true)).to.equal('forcedDefault');
    expect(ruleOf('Device.GatewayInfo.SerialNumber', false)).to.equal('forcedDefault');
    expect(ruleOf('Device.DeviceInfo.SerialNumber', false)).to.equal('normal');
    expect(ruleOf('Device.DeviceInfo.SoftwareVersion', true)).to.equal('forced');
  });
});
