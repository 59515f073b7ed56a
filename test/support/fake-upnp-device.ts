import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { Server, Socket as TcpSocket } from 'node:net';

export interface FakeRequest {
  readonly method: string;
  readonly path: string;
  /** Lower-case names. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

export interface FakeDeviceOptions {
  readonly udn: string;
  readonly address?: string;
  readonly deviceType?: string;
  readonly maxAgeSeconds?: number;
  /** Bytes of the whole HTTP response; undefined = the built-in answer. */
  readonly answer?: (
    request: FakeRequest,
  ) => string | Buffer | undefined | Promise<string | Buffer | undefined>;
}

const GROUP = '239.255.255.250';
const SSDP_PORT = 1900;
const CMS = 'urn:schemas-upnp-org:service:ConfigurationManagement:1';

/** A UPnP device of raw sockets: one CMS service, subscriptions that are granted, SSDP on loopback. */
export class FakeUpnpDevice {
  readonly udn: string;
  readonly address: string;
  readonly deviceType: string;
  readonly requests: FakeRequest[] = [];
  bootId: number | undefined = 1;
  configId: number | undefined = 1;
  friendlyName = 'Fake device';
  /** Of the last SUBSCRIBE; the next SIDs count up. */
  callback = '';
  sid = '';
  timeout = 'Second-1800';
  /** Whether SSDP searches are answered. */
  answersSearches = true;
  /** Runs after SUBSCRIBE is read and before it is answered. */
  beforeSubscribed: (() => Promise<unknown>) | undefined;
  readonly #options: FakeDeviceOptions;
  readonly #server: Server;
  readonly #connections = new Set<TcpSocket>();
  #ssdp: Socket | undefined;
  #port = 0;
  #sids = 0;

  constructor(options: FakeDeviceOptions) {
    this.#options = options;
    this.udn = options.udn;
    this.address = options.address ?? '127.0.0.1';
    this.deviceType = options.deviceType ?? 'urn:schemas-upnp-org:device:ManageableDevice:1';
    this.#server = createServer((socket) => {
      this.#connections.add(socket);
      socket.on('close', () => this.#connections.delete(socket));
      socket.on('error', () => undefined);
      let received = Buffer.alloc(0);
      socket.on('data', (chunk) => {
        received = Buffer.concat([received, chunk]);
        const request = parseRequest(received);
        if (request === undefined) return;
        received = Buffer.alloc(0);
        this.requests.push(request);
        void this.#answer(request).then((response) => socket.end(response));
      });
    });
  }

  get location(): string {
    return `http://${this.address}:${this.#port}/description.xml`;
  }

  async start(): Promise<void> {
    this.#server.listen(this.#port, this.address);
    await once(this.#server, 'listening');
    const bound = this.#server.address();
    if (bound !== null && typeof bound === 'object') this.#port = bound.port;
    this.#ssdp = createSocket({ type: 'udp4', reuseAddr: true });
    this.#ssdp.on('message', (datagram, source) => {
      const search = datagram.toString();
      if (!this.answersSearches || !search.startsWith('M-SEARCH') || !search.includes('upnp:rootdevice'))
        return;
      this.#ssdp?.send(
        this.#message('HTTP/1.1 200 OK', [`ST: upnp:rootdevice`]),
        source.port,
        source.address,
      );
    });
    this.#ssdp.bind(SSDP_PORT);
    await once(this.#ssdp, 'listening');
    this.#ssdp.addMembership(GROUP, this.address);
    this.#ssdp.setMulticastInterface(this.address);
  }

  /** Disappears without a word. */
  async stop(): Promise<void> {
    this.#ssdp?.close();
    this.#ssdp = undefined;
    if (!this.#server.listening) return;
    this.#server.close();
    for (const connection of this.#connections) connection.destroy();
    await once(this.#server, 'close');
  }

  async alive(): Promise<void> {
    await this.#multicast(this.#message('NOTIFY * HTTP/1.1', ['NTS: ssdp:alive', 'NT: upnp:rootdevice']));
  }

  /** One ssdp:update, with the boot number that is in force: afterwards set `bootId`. */
  async update(nextBootId: number): Promise<void> {
    const headers = ['NTS: ssdp:update', 'NT: upnp:rootdevice', `NEXTBOOTID.UPNP.ORG: ${nextBootId}`];
    await this.#multicast(this.#message('NOTIFY * HTTP/1.1', headers));
  }

  async byebye(extraHeaders: readonly string[] = []): Promise<void> {
    const headers = ['NTS: ssdp:byebye', 'NT: upnp:rootdevice', ...extraHeaders];
    await this.#multicast(this.#message('NOTIFY * HTTP/1.1', headers));
  }

  #multicast(datagram: string): Promise<void> {
    return new Promise((resolve) => {
      if (this.#ssdp === undefined) resolve();
      else this.#ssdp.send(datagram, SSDP_PORT, GROUP, () => resolve());
    });
  }

  /** Sends an event to the last subscriber; resolves to its whole answer when the connection closes. */
  notify(
    seq: number,
    variables: Readonly<Record<string, string>>,
    trailer: string | Buffer = '',
  ): Promise<string> {
    const properties = Object.entries(variables).map(
      ([name, text]) => `<e:property><${name}>${text}</${name}></e:property>`,
    );
    const body = `<e:propertyset xmlns:e="urn:schemas-upnp-org:event-1-0">${properties.join('')}</e:propertyset>`;
    const head = [
      `NOTIFY ${new URL(this.callback).pathname} HTTP/1.1`,
      `HOST: ${new URL(this.callback).host}`,
      'CONTENT-TYPE: text/xml',
      `CONTENT-LENGTH: ${Buffer.byteLength(body)}`,
      'NT: upnp:event',
      'NTS: upnp:propchange',
      `SID: ${this.sid}`,
      `SEQ: ${seq}`,
    ];
    return this.sendToCallback(
      `${head.join('\r\n')}\r\n\r\n`,
      Buffer.concat([Buffer.from(body), Buffer.from(trailer)]),
    );
  }

  /** Sends head and body to the callback's host as separate segments. */
  async sendToCallback(head: string | Buffer, body: string | Buffer): Promise<string> {
    const { hostname, port } = new URL(this.callback);
    const socket = connect({ host: hostname, port: Number(port), localAddress: this.address });
    let answer = '';
    socket.on('data', (chunk) => (answer += chunk.toString()));
    socket.on('error', () => undefined);
    socket.setNoDelay(true);
    await once(socket, 'connect');
    socket.write(head);
    await new Promise((resolve) => setImmediate(resolve));
    socket.write(body);
    if (!socket.closed) await once(socket, 'close');
    return answer;
  }

  async #answer(request: FakeRequest): Promise<string | Buffer> {
    const own = await this.#options.answer?.(request);
    if (request.method === 'SUBSCRIBE' && request.headers.has('callback')) {
      this.callback = (request.headers.get('callback') ?? '').replace(/[<>]/g, '');
      this.sid = `uuid:sid-${++this.#sids}`;
      await this.beforeSubscribed?.();
    }
    if (own !== undefined) return own;
    switch (request.method) {
      case 'GET':
        return httpResponse(200, request.path === '/scpd.xml' ? SCPD : this.#description());
      case 'SUBSCRIBE':
        return httpResponse(200, '', [`SID: ${this.sid}`, `TIMEOUT: ${this.timeout}`]);
      case 'UNSUBSCRIBE':
        return httpResponse(200, '');
      default:
        return httpResponse(500, '');
    }
  }

  #message(startLine: string, headers: readonly string[]): string {
    const lines = [
      startLine,
      `HOST: ${GROUP}:${SSDP_PORT}`,
      `CACHE-CONTROL: max-age=${this.#options.maxAgeSeconds ?? 1800}`,
      `LOCATION: ${this.location}`,
      'SERVER: Linux/1.0 UPnP/1.1 fake/1.0',
      `USN: ${this.udn}::upnp:rootdevice`,
      ...(this.bootId === undefined ? [] : [`BOOTID.UPNP.ORG: ${this.bootId}`]),
      ...(this.configId === undefined ? [] : [`CONFIGID.UPNP.ORG: ${this.configId}`]),
      ...headers,
    ];
    return `${lines.join('\r\n')}\r\n\r\n`;
  }

  #description(): string {
    return `<?xml version="1.0"?><root xmlns="urn:schemas-upnp-org:device-1-0">
<specVersion><major>1</major><minor>1</minor></specVersion>
<device><deviceType>${this.deviceType}</deviceType><friendlyName>${this.friendlyName}</friendlyName>
<UDN>${this.udn}</UDN><serviceList><service><serviceType>${CMS}</serviceType>
<serviceId>urn:upnp-org:serviceId:ConfigurationManagement</serviceId><SCPDURL>/scpd.xml</SCPDURL>
<controlURL>/control</controlURL><eventSubURL>/event</eventSubURL></service></serviceList></device></root>`;
  }
}

const SCPD = `<?xml version="1.0"?><scpd xmlns="urn:schemas-upnp-org:service-1-0"><actionList><action><name>GetValues</name>
<argumentList><argument><name>Parameters</name><direction>in</direction><relatedStateVariable>A_ARG</relatedStateVariable></argument>
</argumentList></action></actionList><serviceStateTable><stateVariable sendEvents="yes"><name>ConfigurationUpdate</name>
<dataType>string</dataType></stateVariable></serviceStateTable></scpd>`;

/** A whole HTTP response as text. */
export function httpResponse(status: number, body: string, headers: readonly string[] = []): string {
  const lines = [
    `HTTP/1.1 ${status} Some reason`,
    ...headers,
    `CONTENT-LENGTH: ${Buffer.byteLength(body)}`,
    'CONTENT-TYPE: text/xml',
  ];
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}

function parseRequest(received: Buffer): FakeRequest | undefined {
  const end = received.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [requestLine = '', ...lines] = received.toString('latin1', 0, end).split('\r\n');
  const [method = '', path = ''] = requestLine.split(' ');
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
  }
  const length = Number(headers.get('content-length') ?? 0);
  if (received.length < end + 4 + length) return undefined;
  return { method, path, headers, body: received.toString('utf8', end + 4, end + 4 + length) };
}
