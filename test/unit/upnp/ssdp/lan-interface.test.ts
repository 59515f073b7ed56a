import { expect } from 'chai';
import { findAddressFacing, hasSameAddresses } from '../../../../src/upnp/ssdp/lan-interface.ts';
import type { LanInterface } from '../../../../src/upnp/ssdp/lan-interface.ts';

const LAN: LanInterface = {
  name: 'br-lan',
  addresses: [
    { address: '192.168.1.1', netmask: '255.255.255.0' },
    { address: '10.0.0.1', netmask: '255.0.0.0' },
    { address: '10.9.0.1', netmask: '255.255.0.0' },
    { address: '10.9.0.2', netmask: '255.255.0.0' },
  ],
  loopback: false,
};

describe('LAN interface', () => {
  for (const [address, facing] of [
    ['192.168.1.77', '192.168.1.1'],
    ['10.200.0.9', '10.0.0.1'],
    ['10.9.3.4', '10.9.0.1'],
    ['192.168.2.77', undefined],
    ['203.0.113.5', undefined],
    ['::1', undefined],
  ] as const) {
    it(`faces ${address} with ${facing ?? 'no address'}`, () => {
      expect(findAddressFacing(LAN, address)?.address).to.equal(facing);
    });
  }

  it('has changed when any of its addresses has', () => {
    const [first, second, ...others] = LAN.addresses;
    if (second === undefined) throw new Error('there are four');
    expect(hasSameAddresses(LAN, { ...LAN, addresses: [second, first, ...others] })).to.equal(true);
    expect(hasSameAddresses(undefined, undefined)).to.equal(true);
    expect(hasSameAddresses(LAN, undefined)).to.equal(false);
    expect(hasSameAddresses(LAN, { ...LAN, addresses: [first, second] })).to.equal(false);
    const narrower = { ...second, netmask: '255.255.255.0' };
    expect(hasSameAddresses(LAN, { ...LAN, addresses: [first, narrower, ...others] })).to.equal(false);
  });
});
