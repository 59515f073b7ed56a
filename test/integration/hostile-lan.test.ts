import { expect } from 'chai';
import { createSocket } from 'node:dgram';
import type { Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { systemClock } from '../../src/platform/clock.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { createControlPoint } from '../../src/upnp/control-point.ts';
import type { ControlPoint, RootDevice } from '../../src/upnp/types.ts';
import { createCmsClient } from '../../src/upnp-dm/cms-client.ts';
import { waitFor } from '../support/wait-for.ts';

const LONGEST_TURN_MS = 50;
const MIB = 1024 * 1024;
const CMS = 'urn:schemas-upnp-org:service:ConfigurationManagement:1';

/** What the hostile host answers to a path: a whole HTTP message, or a function that misuses the connection. */
type Reply = string | ((socket: Socket) => void);

function ok(body: string): string {
  return `HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`;
}

function description(udn: string): string {
  return (
    '<root xmlns="urn:schemas-upnp-org:device-1-0"><specVersion><major>1</major><minor>0</minor></specVersion><device>' +
    `<deviceType>urn:schemas-upnp-org:device:ManageableDevice:1</deviceType><friendlyName>x</friendlyName><UDN>${udn}</UDN>` +
    `<serviceList><service><serviceType>${CMS}</serviceType><serviceId>urn:upnp-org:serviceId:ConfigurationManagement</serviceId>` +
    '<SCPDURL>/scpd</SCPDURL><controlURL>/control</controlURL><eventSubURL/></service></serviceList></device></root>'
  );
}

function soap(argument: string): string {
  return (
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>' +
    `<u:GetValuesResponse xmlns:u="${CMS}">${argument}</u:GetValuesResponse></s:Body></s:Envelope>`
  );
}

function escaped(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}

/**
 * Measures the longest turn of the event loop, in milliseconds. Of each turn the lesser of wall and CPU time counts: wall time
 * includes other processes on a busy machine, CPU time includes what V8's own threads do beside the loop.
 */
function watchTurns(): () => number {
  let longest = 0;
  let cpu = process.cpuUsage();
  let wall = performance.now();
  let running = true;
  const turn = (): void => {
    const spent = process.cpuUsage(cpu);
    longest = Math.max(longest, Math.min((spent.user + spent.system) / 1000, performance.now() - wall));
    cpu = process.cpuUsage();
    wall = performance.now();
    if (running) setImmediate(turn);
  };
  setImmediate(turn);
  return () => {
    running = false;
    return longest;
  };
}

/** A host on the loopback interface that announces what it likes and answers what it likes. */
class HostileHost {
  readonly replies = new Map<string, Reply>();
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #udp: UdpSocket = createSocket({ type: 'udp4', reuseAddr: true });
  #port = 0;

  constructor() {
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      socket.on('error', () => socket.destroy());
      socket.once('data', (data) => {
        const path = data.toString('latin1').split(' ')[1] ?? '';
        const reply = this.replies.get(path) ?? 'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n';
        if (typeof reply === 'string') socket.end(reply);
        else reply(socket);
      });
    });
  }

  async start(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    this.#port = address.port;
    this.#udp.bind(0, '127.0.0.1');
    await once(this.#udp, 'listening');
    this.#udp.setMulticastInterface('127.0.0.1');
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#udp.close();
    this.#server.close();
    await once(this.#server, 'close');
  }

  url(path: string): string {
    return `http://127.0.0.1:${this.#port}${path}`;
  }

  send(datagram: string | Buffer): Promise<void> {
    return new Promise((resolve) => {
      this.#udp.send(datagram, 1900, '239.255.255.250', () => {
        resolve();
      });
    });
  }

  announce(udn: string, location: string): Promise<void> {
    return this.send(
      'NOTIFY * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nCACHE-CONTROL: max-age=1800\r\n' +
        `LOCATION: ${location}\r\nNT: upnp:rootdevice\r\nNTS: ssdp:alive\r\nSERVER: x\r\nUSN: ${udn}::upnp:rootdevice\r\n\r\n`,
    );
  }
}

/** Sends without end, as fast as it is read. */
function endless(head: string, chunk: string): Reply {
  return (socket) => {
    socket.write(head);
    const pump = (): void => {
      while (socket.writable && socket.write(chunk));
    };
    socket.on('drain', pump);
    pump();
  };
}

describe('a hostile LAN', () => {
  const host = new HostileHost();
  const appeared = new Map<string, RootDevice>();
  const unusable = new Map<string, string>();
  let controlPoint: ControlPoint;
  let stopWatch: () => number = () => 0;
  const slow: string[] = [];

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

  beforeEach(() => {
    stopWatch = watchTurns();
  });

  afterEach(function () {
    const longest = stopWatch();
    if (longest > LONGEST_TURN_MS) slow.push(`${this.currentTest?.title ?? ''}: ${longest.toFixed(0)} ms`);
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

  const head = 'HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n';
  const descriptions: Readonly<Record<string, Reply>> = {
    endless: endless(`${head}\r\n<root>`, '<a>b</a>'.repeat(8192)),
    'endless-chunks': endless(`${head}Transfer-Encoding: chunked\r\n\r\n`, '1\r\na\r\n'.repeat(1000)),
    'endless-header': endless('HTTP/1.1 200 OK\r\n', 'A: b\r\n'.repeat(1000)),
    'endless-line': endless('HTTP/1.1 200 OK\r\nA: ', 'b'.repeat(65_536)),
    'huge-length': `${head}Content-Length: 99999999999999\r\n\r\n<root/>`,
    bomb: ok(
      `<!DOCTYPE r [<!ENTITY a "${'x'.repeat(1000)}">${Array.from({ length: 20 }, (_, i) => `<!ENTITY a${i} "&a;&a;&a;">`).join('')}]><root>&a19;</root>`,
    ),
    deep: ok(`${'<a>'.repeat(60_000)}${'</a>'.repeat(20_000)}`),
    'many-elements': ok(`<root>${'<a/>'.repeat(60_000)}</root>`),
    'many-attributes': ok(`<root ${Array.from({ length: 20_000 }, (_, i) => `a${i}="1"`).join(' ')}/>`),
    'long-tag': ok(`<root a="${'b'.repeat(250_000)}"/>`),
    ampersands: ok(`<root>${'&'.repeat(250_000)}</root>`),
    angles: ok('<'.repeat(250_000)),
    'open-comment': ok(`<root><!-- ${'-'.repeat(250_000)}`),
    binary: ok('\0\u0001\u0002'.repeat(10_000)),
    empty: ok(''),
    'not-http': 'hello',
    closed: (socket) => void socket.destroy(),
    redirect: 'HTTP/1.1 307 x\r\nLocation: http://192.0.2.1/\r\nContent-Length: 0\r\n\r\n',
  };
  for (const [name, reply] of Object.entries(descriptions)) {
    it(`refuses the description "${name}"`, async () => {
      const udn = `uuid:${name}`;
      host.replies.set(`/${name}`, reply);
      await host.announce(udn, host.url(`/${name}`));
      await waitFor(() => unusable.get(udn) ?? appeared.has(udn), `word of ${name}`, 15_000);
      expect(appeared.has(udn)).to.equal(false);
    });
  }

  const parameters = (count: number): string =>
    `<cms:ParameterValueList xmlns:cms="urn:schemas-upnp-org:dm:cms">${Array.from({ length: count }, (_, i) => `<Parameter><ParameterPath>/A/${i}/B</ParameterPath><Value>v</Value></Parameter>`).join('')}</cms:ParameterValueList>`;
  const answers: Readonly<Record<string, Reply>> = {
    endless: endless(`${head}\r\n`, '<a>b</a>'.repeat(8192)),
    'deep document': ok(soap(`<ParameterValueList>${escaped('<a>'.repeat(100_000))}</ParameterValueList>`)),
    'deep inline document': ok(soap('<a>'.repeat(100_000))),
    'document bomb': ok(
      soap(`<ParameterValueList>${escaped('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>')}</ParameterValueList>`),
    ),
    'document of a long tag': ok(
      soap(`<ParameterValueList>${escaped(`<a b="${'c'.repeat(MIB)}"/>`)}</ParameterValueList>`),
    ),
    'document of many namespaces': ok(
      soap(
        `<ParameterValueList>${escaped(`<a ${Array.from({ length: 10_000 }, (_, i) => `xmlns:n${i}="u"`).join(' ')}/>`)}</ParameterValueList>`,
      ),
    ),
    'document of angles': ok(soap(`<ParameterValueList>${escaped('<'.repeat(MIB))}</ParameterValueList>`)),
    'text for a document': ok(soap(`<ParameterValueList>${'no '.repeat(MIB / 4)}</ParameterValueList>`)),
  };
  for (const [name, reply] of Object.entries(answers)) {
    it(`refuses the answer "${name}" to GetValues`, async () => {
      const device = await findGoodDevice('uuid:good');
      host.replies.set('/control', reply);
      const error: unknown = await getValues(device).catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(Error).with.property('name', 'ActionError');
    });
  }

  it('reads 20 000 parameters in turns', async () => {
    const device = await findGoodDevice('uuid:good');
    host.replies.set(
      '/control',
      ok(soap(`<ParameterValueList>${escaped(parameters(20_000))}</ParameterValueList>`)),
    );
    stopWatch();
    stopWatch = watchTurns();
    expect((await getValues(device)).size).to.equal(20_000);
  });

  it('reads 5 000 inline parameters in turns', async () => {
    const device = await findGoodDevice('uuid:good');
    host.replies.set('/control', ok(soap(parameters(5000))));
    stopWatch();
    stopWatch = watchTurns();
    expect((await getValues(device)).size).to.equal(5000);
  });

  it('never held the event loop for more than 50 ms in all that', () => {
    expect(slow).to.deep.equal([]);
  });

  function getValues(device: RootDevice): Promise<ReadonlyMap<string, string>> {
    const service = device.description.services[0];
    if (service === undefined) throw new Error('no service');
    return createCmsClient({ controlPoint, device, service, clock: systemClock }).getValues(['/']);
  }
});
