import { expect } from 'chai';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { systemClock } from '../../src/platform/clock.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { createControlPoint } from '../../src/upnp/control-point.ts';
import type { ControlPoint, RootDevice } from '../../src/upnp/types.ts';
import { createCmsClient } from '../../src/upnp-dm/cms-client.ts';
import { shareOfLongestTurn, SLICED } from '../support/growth.ts';
import {
  description,
  escaped,
  HostileHost,
  hostileAnswers,
  hostileDescriptions,
  ok,
  parameterList,
  soap,
} from '../support/hostile-host.ts';
import { waitFor } from '../support/wait-for.ts';

describe('a hostile LAN', () => {
  const host = new HostileHost();
  const appeared = new Map<string, RootDevice>();
  const unusable = new Map<string, string>();
  let controlPoint: ControlPoint;

  before(async () => {
    await host.start();
    controlPoint = createControlPoint({
      interfaces: ['lo'],
      clock: systemClock,
      logger: silentLogger,
      listener: {
        deviceAppeared: (device) => void appeared.set(device.announcement.udn, device),
        deviceLost: () => undefined,
        deviceUnusable: (announcement, error) => void unusable.set(announcement.udn, error.message),
      },
    });
    await controlPoint.start();
  });

  after(async () => {
    await controlPoint.stop();
    await host.stop();
  });

  /** The control point still works: a good device is found. */
  async function findGoodDevice(udn: string): Promise<RootDevice> {
    host.replies.set(`/${udn}`, ok(description(udn)));
    return waitFor(
      async () => {
        await host.announce(udn, host.url(`/${udn}`));
        return appeared.get(udn);
      },
      `the device ${udn}`,
      15_000,
    );
  }

  it('survives datagrams that are no SSDP', async () => {
    const junk = [
      '',
      '\r\n\r\n',
      'NOTIFY * HTTP/1.1',
      `NOTIFY * HTTP/1.1\r\nLOCATION: ${'h'.repeat(60_000)}\r\n\r\n`,
      `NOTIFY * HTTP/1.1\r\n${'A: b\r\n'.repeat(10_000)}\r\n`,
      `NOTIFY * HTTP/1.1\r\n${':'.repeat(60_000)}`,
      `NOTIFY * HTTP/1.1\r\nCACHE-CONTROL: max-age=${'9'.repeat(5000)}\r\nNTS: ssdp:alive\r\nUSN: x\r\nNT: y\r\nLOCATION: z\r\n\r\n`,
      'HTTP/1.1 200 OK\r\nLOCATION: file:///etc/passwd\r\nUSN: uuid:f\r\nST: upnp:rootdevice\r\n\r\n',
      `${' '.repeat(60_000)}\r\n\r\n`,
      '\0'.repeat(1000),
    ];
    for (const datagram of junk) await host.send(datagram);
    for (let length = 1; length < 400; length += 7) await host.send(Buffer.alloc(length, length % 256));
    await findGoodDevice('uuid:after-junk');
  });

  it('fetches nothing from an address that is not the announcer’s', async () => {
    let hits = 0;
    const bystander = createServer(() => {
      hits += 1;
    });
    bystander.listen(0, '127.0.0.2');
    await once(bystander, 'listening');
    const address = bystander.address();
    const port = address === null || typeof address === 'string' ? 0 : address.port;
    await host.announce('uuid:elsewhere', `http://127.0.0.2:${port}/d`);
    await host.announce('uuid:name', `http://localhost:${port}/d`);
    await findGoodDevice('uuid:after-elsewhere');
    expect(hits).to.equal(0);
    bystander.close();
  });

  it('describes the device of a host while another lets it wait for twenty', async () => {
    const neighbour = new HostileHost('127.0.0.2');
    await neighbour.start();
    const tarPits = Array.from({ length: 20 }, (_, index) => `uuid:tar-pit-${index}`);
    let asked = 0;
    for (const udn of tarPits) {
      host.replies.set(`/${udn}`, () => void (asked += 1));
      await host.announce(udn, host.url(`/${udn}`));
    }
    try {
      await waitFor(() => asked > 0, 'the first tar pit to be asked');
      neighbour.replies.set('/d', ok(description('uuid:neighbour')));
      await neighbour.announce('uuid:neighbour', neighbour.url('/d'));
      const isTarPitOver = (): boolean => tarPits.some((udn) => unusable.has(udn));
      await waitFor(() => appeared.has('uuid:neighbour') || isTarPitOver(), 'word of one of them');
      expect(appeared.has('uuid:neighbour')).to.equal(true);
    } finally {
      await neighbour.stop();
      for (const udn of tarPits) host.replies.set(`/${udn}`, (socket) => void socket.destroy());
      host.dropConnections();
    }
    await waitFor(() => tarPits.every((udn) => unusable.has(udn)), 'the end of the tar pits');
  });

  for (const [name, reply] of Object.entries(hostileDescriptions)) {
    it(`refuses the description "${name}"`, async () => {
      const udn = `uuid:${name}`;
      host.replies.set(`/${name}`, reply);
      await host.announce(udn, host.url(`/${name}`));
      await waitFor(() => unusable.get(udn) ?? appeared.has(udn), `word of ${name}`, 15_000);
      expect(appeared.has(udn)).to.equal(false);
    });
  }

  for (const [name, reply] of Object.entries(hostileAnswers)) {
    it(`refuses the answer "${name}" to GetValues`, async () => {
      const device = await findGoodDevice('uuid:good');
      host.replies.set('/control', reply);
      const error: unknown = await getValues(device).catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(Error).with.property('name', 'ActionError');
    });
  }

  // How long the turns are, hostile documents included, is what the benchmark prints.
  const large: Readonly<Record<string, string>> = {
    'escaped, as the standard wants it': escaped(parameterList(20_000)),
    inline: parameterList(20_000),
  };
  for (const [name, list] of Object.entries(large)) {
    it(`reads 20 000 parameters ${name} in many turns`, async () => {
      const device = await findGoodDevice('uuid:good');
      host.replies.set('/control', ok(soap(`<ParameterValueList>${list}</ParameterValueList>`)));
      expect((await getValues(device)).size).to.equal(20_000);
      expect(await shareOfLongestTurn(() => getValues(device))).to.be.below(SLICED);
    });
  }

  function getValues(device: RootDevice): Promise<ReadonlyMap<string, string>> {
    const service = device.description.services[0];
    if (service === undefined) throw new Error('no service');
    return createCmsClient({ controlPoint, device, service, clock: systemClock }).getValues(['/']);
  }
});
