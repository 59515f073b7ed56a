import { expect } from 'chai';
import fc from 'fast-check';
import { memoryDocumentStore } from '../../../src/platform/store/document-store.ts';
import { identityFromUdn, identityKey, tripleOf, DEVICE_ID_PATH } from '../../../src/proxy/identity.ts';
import { IdentityClaims } from '../../../src/proxy/identity-claims.ts';
import type { DeviceDescription } from '../../../src/upnp/types.ts';

const OUI = '0011AA';
const TRIPLE = { oui: '0090D5', productClass: 'Nas', serialNumber: '42' };

function description(udn: string): DeviceDescription {
  return {
    udn,
    deviceType: 'urn:schemas-upnp-org:device:ManageableDevice:2',
    friendlyName: 'NAS',
    manufacturer: 'ACME',
    manufacturerUrl: '',
    modelDescription: '',
    modelName: 'Box',
    modelNumber: '1',
    modelUrl: '',
    serialNumber: '1234567890',
    upc: '',
    presentationUrl: '',
    deviceCategory: '',
    manufacturerOui: '',
    services: [],
    devices: [],
  };
}

describe('IdentityClaims', () => {
  it('gives a device its own triple, and the same after a restart', async () => {
    const store = memoryDocumentStore();
    const claims = new IdentityClaims(store, OUI, () => true);
    const first = await claims.claim(description('uuid:A'), TRIPLE);
    expect(first.identity).to.deep.equal({ manufacturer: 'ACME', ...TRIPLE });
    const again = new IdentityClaims(store, OUI, () => false);
    expect((await again.claim(description('uuid:a'), TRIPLE)).identity).to.deep.equal(first.identity);
  });

  it('lets a device keep its triple under a new UDN', async () => {
    const present = new Set<string>();
    const claims = new IdentityClaims(memoryDocumentStore(), OUI, (udn) => present.has(udn));
    await claims.claim(description('uuid:a'), TRIPLE);
    const moved = await claims.claim(description('uuid:b'), TRIPLE);
    expect(moved.identity).to.include(TRIPLE);
    expect(moved.conflictsWith).to.equal(undefined);
  });

  it('keeps an identity whose triple became unreadable', async () => {
    const claims = new IdentityClaims(memoryDocumentStore(), OUI, () => true);
    await claims.claim(description('uuid:a'), TRIPLE);
    expect((await claims.claim(description('uuid:a'), undefined)).identity).to.include(TRIPLE);
  });

  it('keeps an identity made from the UDN when a triple turns up later', async () => {
    const claims = new IdentityClaims(memoryDocumentStore(), OUI, () => true);
    const made = await claims.claim(description('uuid:a'), undefined);
    expect(made.identity).to.include({ oui: OUI, productClass: 'Box', serialNumber: 'a' });
    expect((await claims.claim(description('uuid:a'), TRIPLE)).identity).to.deep.equal(made.identity);
  });

  it('tells any number of claimants apart, the same way after every restart and in every order of arrival', async () => {
    const udns = ['uuid:a', 'uuid:b', 'uuid:c'];
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.shuffledSubarray(udns, { minLength: 3 }), { minLength: 2, maxLength: 4 }),
        async (runs) => {
          const store = memoryDocumentStore();
          let known: Record<string, string> | undefined;
          for (const order of runs) {
            const present = new Set<string>();
            const claims = new IdentityClaims(store, OUI, (udn) => present.has(udn));
            const found: Record<string, string> = {};
            for (const udn of order) {
              present.add(udn);
              found[udn] = identityKey((await claims.claim(description(udn), TRIPLE)).identity);
            }
            expect(new Set(Object.values(found)).size).to.equal(3);
            known ??= found;
            expect(found).to.deep.equal(known);
          }
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe('identity', () => {
  it('reads the triple in the spellings of devices', () => {
    const read = (oui: string, serial: string): unknown =>
      tripleOf(
        new Map([
          [`${DEVICE_ID_PATH}ManufacturerOUI`, oui],
          [`${DEVICE_ID_PATH}ProductClass`, ' Nas '],
          [`${DEVICE_ID_PATH}SerialNumber`, serial],
        ]),
      );
    expect(read('0090d5', '42')).to.deep.equal(TRIPLE);
    expect(read('00-90-D5', ' 42 ')).to.deep.equal(TRIPLE);
    expect(read('', '42')).to.equal(undefined);
    expect(read('0090D5', ' ')).to.equal(undefined);
  });

  it('keeps UDNs apart that differ only after 64 characters', () => {
    const long = `uuid:${'x'.repeat(80)}`;
    const serials = [`${long}1`, `${long}2`].map(
      (udn) => identityFromUdn(description(udn), OUI).serialNumber,
    );
    expect(serials[0]).to.have.length(64);
    expect(serials[0]).not.to.equal(serials[1]);
  });

  it('makes keys as an ACS does', () => {
    expect(identityKey({ oui: '0090D5', productClass: 'A-B', serialNumber: 'C/D' })).to.equal(
      '0090D5-A%2DB-C%2FD',
    );
  });
});
