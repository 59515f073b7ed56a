import { createSocket } from 'node:dgram';
import type { Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';

const MIB = 1024 * 1024;
export const CMS = 'urn:schemas-upnp-org:service:ConfigurationManagement:1';

/** What the hostile host answers to a path: a whole HTTP message, or a function that misuses the connection. */
export type Reply = string | ((socket: Socket) => void);

export function ok(body: string): string {
  return `HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`;
}

export function description(udn: string): string {
  return (
    '<root xmlns="urn:schemas-upnp-org:device-1-0"><specVersion><major>1</major><minor>0</minor></specVersion><device>' +
    `<deviceType>urn:schemas-upnp-org:device:ManageableDevice:1</deviceType><friendlyName>x</friendlyName><UDN>${udn}</UDN>` +
    `<serviceList><service><serviceType>${CMS}</serviceType><serviceId>urn:upnp-org:serviceId:ConfigurationManagement</serviceId>` +
    '<SCPDURL>/scpd</SCPDURL><controlURL>/control</controlURL><eventSubURL/></service></serviceList></device></root>'
  );
}

export function soap(argument: string): string {
  return (
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>' +
    `<u:GetValuesResponse xmlns:u="${CMS}">${argument}</u:GetValuesResponse></s:Body></s:Envelope>`
  );
}

export function escaped(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}

/** A host on the loopback interface that announces what it likes and answers what it likes. */
export class HostileHost {
  readonly replies = new Map<string, Reply>();
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #udp: UdpSocket = createSocket({ type: 'udp4', reuseAddr: true });
  readonly #address: string;
  #port = 0;

  constructor(address = '127.0.0.1') {
    this.#address = address;
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
    this.#server.listen(0, this.#address);
    await once(this.#server, 'listening');
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    this.#port = address.port;
    this.#udp.bind(0, this.#address);
    await once(this.#udp, 'listening');
    this.#udp.setMulticastInterface(this.#address);
  }

  dropConnections(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async stop(): Promise<void> {
    this.dropConnections();
    this.#udp.close();
    this.#server.close();
    await once(this.#server, 'close');
  }

  url(path: string): string {
    return `http://${this.#address}:${this.#port}${path}`;
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
export function endless(head: string, chunk: string): Reply {
  return (socket) => {
    socket.write(head);
    const pump = (): void => {
      while (socket.writable && socket.write(chunk));
    };
    socket.on('drain', pump);
    pump();
  };
}

const head = 'HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n';
/** Descriptions that no device of good will serves. */
export const hostileDescriptions: Readonly<Record<string, Reply>> = {
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

/** A ParameterValueList of so many entries. */
export const parameterList = (count: number): string =>
  `<cms:ParameterValueList xmlns:cms="urn:schemas-upnp-org:dm:cms">${Array.from({ length: count }, (_, i) => `<Parameter><ParameterPath>/A/${i}/B</ParameterPath><Value>v</Value></Parameter>`).join('')}</cms:ParameterValueList>`;

/** Answers to GetValues that no device of good will gives. */
export const hostileAnswers: Readonly<Record<string, Reply>> = {
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
