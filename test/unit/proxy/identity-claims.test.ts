import { expect } from 'chai';
import fc from 'fast-check';
import { memoryDocumentStore, type DocumentStore } from '../../../src/platform/store/document-store.ts';
import { identityFromUdn, identityKey, tripleOf, DEVICE_ID_PATH } from '../../../src/proxy/identity.ts';
import { IdentityClaims } from '../../../src/proxy/identity-claims.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import type { DeviceDescription } from '../../../src/upnp/types.ts';

const OUI = '0011AA';
const PROXIER = { oui: OUI, productClass: 'Gateway', serialNumber: 'G1' };
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
  const clock = new ManualClock();
  const claimsOver = (
    isThere: (udn: string) => boolean,
    store: DocumentStore = memoryDocumentStore(),
  ): IdentityClaims =>
    new IdentityClaims({ store, proxier: PROXIER, isThere: (udn) => Promise.resolve(isThere(udn)), clock });

  it('gives a device its own triple, and the same after a restart', async () => {
    const store = memoryDocumentStore();
    const claims = claimsOver(() => true, store);
    const first = await claims.claim(description('uuid:A'), TRIPLE);
    expect(first.identity).to.deep.equal({ manufacturer: 'ACME', ...TRIPLE });
    const again = claimsOver(() => false, store);
    expect((await again.claim(description('uuid:a'), TRIPLE)).identity).to.deep.equal(first.identity);
  });

  it('lets a device keep its triple under a new UDN', async () => {
    const present = new Set<string>();
    const claims = claimsOver((udn) => present.has(udn));
    await claims.claim(description('uuid:a'), TRIPLE);
    const moved = await claims.claim(description('uuid:b'), TRIPLE);
    expect(moved.identity).to.include(TRIPLE);
    expect(moved.conflictsWith).to.equal(undefined);
  });

  it('keeps an identity whose triple became unreadable', async () => {
    const claims = claimsOver(() => true);
    await claims.claim(description('uuid:a'), TRIPLE);
    expect((await claims.claim(description('uuid:a'), undefined)).identity).to.include(TRIPLE);
  });

  it('keeps an identity made from the UDN when a triple turns up later', async () => {
    const claims = claimsOver(() => true);
    const made = await claims.claim(description('uuid:a'), undefined);
    expect(made.identity).to.include({ oui: OUI, productClass: 'Box', serialNumber: 'a' });
    expect((await claims.claim(description('uuid:a'), TRIPLE)).identity).to.deep.equal(made.identity);
  });

  it('asks the device that has a triple whether it is there, and only that', async () => {
    const asked: string[] = [];
    const claims = claimsOver((udn) => {
      asked.push(udn);
      return false;
    });
    await claims.claim(description('uuid:a'), TRIPLE);
    await claims.claim(description('uuid:a'), TRIPLE);
    await claims.claim(description('uuid:c'), undefined);
    expect(asked).to.deep.equal([]);
    await claims.claim(description('uuid:b'), TRIPLE);
    expect(asked).to.deep.equal(['uuid:a']);
  });

  it('gives a triple to one of two devices that claim it while a third is being asked', async () => {
    const claims = claimsOver((udn) => udn !== 'uuid:a');
    await claims.claim(description('uuid:a'), TRIPLE);
    const [b, c] = await Promise.all([
      claims.claim(description('uuid:b'), TRIPLE),
      claims.claim(description('uuid:c'), TRIPLE),
    ]);
    expect(b.identity).to.include(TRIPLE);
    expect(c).to.include({ conflictsWith: 'uuid:b', source: 'udn' });
  });

  it('never gives a device the identity that was made for the UDN of another', async () => {
    const claims = claimsOver(() => false);
    const victim = await claims.claim(description('uuid:a'), undefined);
    const { oui, productClass, serialNumber } = victim.identity;
    const forger = await claims.claim(description('uuid:b'), { oui, productClass, serialNumber });
    expect(forger.conflictsWith).to.equal('uuid:a');
    expect(identityKey(forger.identity)).not.to.equal(identityKey(victim.identity));
    expect((await claims.claim(description('uuid:a'), undefined)).identity).to.deep.equal(victim.identity);
  });

  it('makes another identity for a UDN whose own was claimed before it came', async () => {
    const claims = claimsOver(() => true);
    const taken = { oui: OUI, productClass: 'Box', serialNumber: 'a' };
    const forger = await claims.claim(description('uuid:b'), taken);
    const late = await claims.claim(description('uuid:a'), undefined);
    expect(identityKey(late.identity)).not.to.equal(identityKey(forger.identity));
    expect((await claims.claim(description('uuid:a'), undefined)).identity).to.deep.equal(late.identity);
  });

  it('keeps the identity of the proxier for the proxier, also when that is a new one', async () => {
    const store = memoryDocumentStore();
    const refused = await claimsOver(() => false, store).claim(description('uuid:a'), PROXIER);
    expect(refused).to.include({ conflictsWith: 'the proxier', source: 'udn' });
    await claimsOver(() => false, store).claim(description('uuid:b'), TRIPLE);
    const renamed = new IdentityClaims({
      store,
      proxier: TRIPLE,
      isThere: () => Promise.resolve(false),
      clock,
    });
    const moved = await renamed.claim(description('uuid:b'), TRIPLE);
    expect(moved).to.include({ conflictsWith: 'the proxier', source: 'udn' });
  });

  it('knows since when an identity made from a UDN was not seen, also after a restart, and never asks for a triple', async () => {
    const day = 24 * 3600 * 1000;
    const store = memoryDocumentStore();
    const claims = claimsOver(() => true, store);
    await claims.claim(description('uuid:a'), undefined);
    await claims.claim(description('uuid:b'), TRIPLE);
    await claims.claim(description('uuid:c'), TRIPLE);
    await claims.claim(description('uuid:d'), undefined);
    clock.advance(20 * day);
    await claims.claim(description('uuid:a'), undefined);
    await claims.seen('uuid:b');
    expect(claims.unseenFor(30 * day)).to.deep.equal([]);
    clock.advance(20 * day);
    const again = claimsOver(() => true, store);
    expect(again.unseenFor(30 * day)).to.have.members(['uuid:c', 'uuid:d']);
    await again.forget('uuid:c');
    expect(again.unseenFor(30 * day)).to.deep.equal(['uuid:d']);
    expect(store.keys('identity/')).not.to.include('identity/uuid:c');
  });

  it('takes no jump of the wall clock for an absence, neither in this run nor in one before the clock was set', async () => {
    const day = 24 * 3600 * 1000;
    const store = memoryDocumentStore();
    const unset = new ManualClock(0);
    const runOf = (runClock: ManualClock): IdentityClaims =>
      new IdentityClaims({ store, proxier: PROXIER, isThere: () => Promise.resolve(true), clock: runClock });
    const claims = runOf(unset);
    await claims.claim(description('uuid:a'), undefined);
    unset.advance(600_000);
    unset.jumpWallClock(Date.UTC(2026, 0, 1));
    expect(claims.unseenFor(30 * day)).to.deep.equal([]);
    unset.advance(29 * day);
    expect(claims.unseenFor(30 * day)).to.deep.equal([]);
    unset.advance(day);
    expect(claims.unseenFor(30 * day)).to.deep.equal(['uuid:a']);

    const set = new ManualClock(Date.UTC(2026, 0, 1));
    const next = runOf(set);
    set.advance(29 * day);
    expect(next.unseenFor(30 * day)).to.deep.equal([]);
    set.advance(2 * day);
    expect(next.unseenFor(30 * day)).to.deep.equal(['uuid:a']);
  });

  it('does not write at each sight, and is not misled for ever by a clock that was ahead', async () => {
    let puts = 0;
    const memory = memoryDocumentStore();
    const store: DocumentStore = {
      ...memory,
      put: (key, document) => {
        puts += 1;
        return memory.put(key, document);
      },
    };
    const claims = claimsOver(() => true, store);
    await claims.claim(description('uuid:a'), undefined);
    const before = puts;
    for (let time = 0; time < 10; time += 1) await claims.seen('uuid:a');
    expect(puts).to.equal(before);
    const year = 365 * 24 * 3600 * 1000;
    clock.jumpWallClock(-year);
    await claims.seen('uuid:a');
    clock.advance(year / 2);
    expect(claims.unseenFor(year / 4)).to.deep.equal(['uuid:a']);
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
            const claims = claimsOver((udn) => present.has(udn), store);
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
