import { expect } from 'chai';
import { localAddressTowards } from '../../../src/platform/local-address.ts';
import { NameLookup } from '../../../src/platform/name-lookup.ts';

describe('localAddressTowards', () => {
  const names = new NameLookup();

  it('names the loopback address for a loopback host', async () => {
    expect(await localAddressTowards('127.0.0.1', names)).to.equal('127.0.0.1');
    expect(await localAddressTowards('127.8.8.8', names)).to.equal('127.0.0.1');
  });

  it('takes an IPv6 literal with or without brackets', async function () {
    try {
      expect(await localAddressTowards('[::1]', names)).to.equal('::1');
    } catch (error) {
      if (!String(error).includes('EADDRNOTAVAIL') && !String(error).includes('ENETUNREACH')) throw error;
      this.skip();
    }
  });

  it('fails for a name that does not resolve', async () => {
    let failure: unknown;
    await localAddressTowards('no-such-host.invalid', names).catch((error: unknown) => (failure = error));
    expect(String(failure)).to.contain('no-such-host.invalid');
  });
});
