import { expect } from 'chai';
import { createSessionScheduler } from '../../../../src/cwmp/session-scheduler.ts';
import { silentLogger } from '../../../../src/platform/logger.ts';
import { memoryDocumentStore } from '../../../../src/platform/store/document-store.ts';
import { ProxierDevice } from '../../../../src/proxy/proxier/proxier-device.ts';
import { NameLookup } from '../../../../src/platform/name-lookup.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { FakeListener } from '../../cwmp/endpoint-fixture.ts';
import { describeDevice, rootDevice } from '../../upnp-dm/fake-device.ts';

const TABLE = 'Device.ManagementServer.VirtualDevice.';
const IDENTITY = { manufacturer: 'x', oui: '0011AA', productClass: 'Proxier', serialNumber: '1' };

describe('the table of virtual devices', () => {
  const store = memoryDocumentStore();
  const create = (): ProxierDevice =>
    new ProxierDevice({
      context: {
        store,
        connectionRequests: new FakeListener(),
        scheduler: createSessionScheduler(),
        tls: () => ({ minVersion: 'TLSv1.2' }),
        proxier: IDENTITY,
        acs: () => ({ url: '', username: '', password: '', periodicInformIntervalSeconds: 3600 }),
        machineBootId: undefined,
        sendDatagram: () => Promise.resolve(),
        names: new NameLookup(),
        clock: new ManualClock(),
        logger: silentLogger,
        userAgent: 'test',
      },
      config: () => ({
        proxier: {
          endpoint: true,
          ...IDENTITY,
          manufacturerOui: IDENTITY.oui,
          modelName: 'Proxier',
          description: '',
          hardwareVersion: '1',
        },
        inventory: { retentionSeconds: 3600 },
        embedded: { answerTimeoutSeconds: 2 },
      }),
    });
  const rowsOf = ({ model }: ProxierDevice): string[] => {
    const table = model.find(TABLE);
    return table?.kind === 'object' ? [...table.children.keys()] : [];
  };
  const shown = [{ record: { identity: { ...IDENTITY, serialNumber: 'V' } } }] as const;
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  it('keeps its rows when the inventory changes after a restart, before the virtual devices are up', async () => {
    const first = create();
    first.showVirtualDevices(shown);
    await turn();
    expect(rowsOf(first)).to.deep.equal(['1']);
    const second = create();
    expect(rowsOf(second)).to.deep.equal(['1']);
    second.inventory.deviceAppeared(rootDevice(describeDevice({ udn: 'uuid:1', services: [] })));
    await turn();
    expect(rowsOf(second)).to.deep.equal(['1']);
    second.showVirtualDevices(shown);
    await turn();
    expect(rowsOf(second)).to.deep.equal(['1']);
  });
});
