import { expect } from 'chai';
import { silentLogger } from '../../../../src/platform/logger.ts';
import { memoryDocumentStore, type DocumentStore } from '../../../../src/platform/store/document-store.ts';
import { claimProxierIdentity } from '../../../../src/proxy/proxier/proxier-identity.ts';

describe('the identity of the proxier', () => {
  let store: DocumentStore;
  let machine: string | undefined;
  let warnings: string[];
  const config = { manufacturer: 'M', manufacturerOui: '0011AA', productClass: 'P' };

  const claim = async (more: Partial<typeof config> & { serialNumber?: string } = {}): Promise<string> => {
    const identity = await claimProxierIdentity({
      store,
      configured: { ...config, ...more },
      machineSerialNumber: () => machine,
      logger: { ...silentLogger, warn: (message) => void warnings.push(message) },
    });
    return `${identity.oui}-${identity.productClass}-${identity.serialNumber}`;
  };

  beforeEach(async () => {
    store = memoryDocumentStore();
    machine = '001122334455';
    warnings = [];
    await store.put('proxier/endpoint/events', { bootstrappedUrl: 'http://acs.example/' });
    await store.put('proxier/settings', { periodicInformInterval: 30 });
    await store.put('proxier/host/row/1', {});
  });

  it('is that of the machine at the first start, and stays it when the machine changes', async () => {
    expect(await claim()).to.equal('0011AA-P-001122334455');
    machine = '665544332211';
    expect(await claim()).to.equal('0011AA-P-001122334455');
    machine = undefined;
    expect(await claim({})).to.equal('0011AA-P-001122334455');
    expect(warnings).to.deep.equal([]);
    expect(store.get('proxier/settings')).to.not.equal(undefined);
  });

  it('is made up where the machine has nothing of its own, once', async () => {
    machine = undefined;
    const first = await claim();
    expect(first).to.match(/^0011AA-P-[0-9A-F]{12}$/);
    expect(await claim()).to.equal(first);
    store = memoryDocumentStore();
    expect(await claim(), 'of another machine').to.not.equal(first);
  });

  it('is what the configuration says; another one is a new CPE, told of, that begins anew', async () => {
    expect(await claim({ serialNumber: 'GW1' })).to.equal('0011AA-P-GW1');
    expect(await claim(), 'no longer configured, but known').to.equal('0011AA-P-GW1');
    expect(warnings).to.deep.equal([]);
    expect(await claim({ serialNumber: 'GW2' })).to.equal('0011AA-P-GW2');
    expect(warnings).to.have.length(1);
    expect(store.get('proxier/endpoint/events')).to.equal(undefined);
    expect(store.get('proxier/settings')).to.equal(undefined);
    expect(store.get('proxier/host/row/1'), 'what it knows of the home').to.not.equal(undefined);
    expect(await claim({ serialNumber: 'GW2', manufacturerOui: '0022BB' })).to.equal('0022BB-P-GW2');
    expect(warnings).to.have.length(2);
  });
});
