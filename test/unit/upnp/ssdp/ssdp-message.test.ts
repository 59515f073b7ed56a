import { expect } from 'chai';
import { toSighting } from '../../../../src/upnp/ssdp/sighting.ts';
import type { Sighting } from '../../../../src/upnp/ssdp/sighting.ts';
import { parseSsdpMessage } from '../../../../src/upnp/ssdp/ssdp-message.ts';
import { growthOfTime, LINEAR } from '../../../support/growth.ts';

const HERE = { interfaceName: 'eth0', localAddress: '192.0.2.1' };
const parse = (text: string): Sighting | undefined => {
  const message = parseSsdpMessage(Buffer.from(text));
  return message && toSighting(message, '192.0.2.9', HERE);
};
const alive = (location: string): string =>
  `NOTIFY * HTTP/1.1\r\nNTS: ssdp:alive\r\nUSN: uuid:x::upnp:rootdevice\r\nLOCATION: ${location}\r\n\r\n`;

describe('SSDP messages', () => {
  it('tolerates LF, lower case, a missing final line and repeated headers', () => {
    const sighting = parse(
      'NOTIFY * HTTP/1.1\nnts: ssdp:update\nusn: uuid:x::urn:a\nlocation:http://192.0.2.9:80/d.xml\n' +
        'bootid.upnp.org: 4\nBOOTID.UPNP.ORG: 5\nnextbootid.upnp.org: 6\ncache-control: public, max-age = 60',
    );
    if (sighting?.kind !== 'update') throw new Error('not read');
    expect(sighting.nextBootId).to.equal(6);
    expect(sighting.announcement).to.include({
      bootId: 4,
      maxAgeSeconds: 60,
      location: 'http://192.0.2.9/d.xml',
    });
  });

  it('reads a byebye with its announcement', () => {
    expect(
      parse(
        'NOTIFY * HTTP/1.1\r\nNTS: ssdp:byebye\r\nUSN: uuid:x\r\nAnnouncement.dm.upnp.org: AboutToReboot\r\n\r\n',
      ),
    ).to.deep.equal({
      kind: 'byebye',
      udn: 'uuid:x',
      sourceAddress: '192.0.2.9',
      dmAnnouncement: 'AboutToReboot',
    });
  });

  for (const location of [
    'http://192.0.2.8/d.xml',
    'http://device.example/d.xml',
    'http://127.0.0.1/d.xml',
    'https://192.0.2.9/d.xml',
    'file:///etc/hosts',
    'http://user:pw@192.0.2.9/d.xml',
    'http://192.0.2.9:0/d.xml',
    'nonsense',
  ]) {
    it(`never follows LOCATION ${location}`, () => {
      expect(parse(alive(location))).to.equal(undefined);
    });
  }

  it('costs no more than its length whatever it is given', async () => {
    const hostile = [
      (size: number) => `A:${' '.repeat(size)}x\ny`,
      (size: number) => `NOTIFY * HTTP/1.1\n${':\n'.repeat(size / 4)}`,
      (size: number) => `NOTIFY * HTTP/1.1\r\nA:${' '.repeat(size)}x`,
    ];
    for (const make of hostile) {
      expect(parse(make(60_000))).to.equal(undefined);
      expect(await growthOfTime((size) => parse(make(size)), 7500)).to.be.below(LINEAR);
    }
  });
});
