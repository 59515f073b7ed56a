import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Server } from 'node:http';

const ROUNDS = 3;
const ROUND_GAP_MS = 150;

/** Many plain UPnP devices on one host: each has its description, and announces itself three times. */
export class Crowd {
  readonly udns: readonly string[];
  /** How often the description of each UDN was fetched. */
  readonly fetches = new Map<string, number>();
  readonly #address: string;
  readonly #server: Server;
  readonly #udp: Socket = createSocket({ type: 'udp4', reuseAddr: true });
  #port = 0;

  constructor(address: string, name: string, size: number) {
    this.#address = address;
    this.udns = Array.from({ length: size }, (_, index) => `uuid:crowd-${name}-${index}`);
    this.#server = createServer((request, response) => {
      const udn = (request.url ?? '').slice(1);
      this.fetches.set(udn, (this.fetches.get(udn) ?? 0) + 1);
      response.end(describe(udn));
    });
  }

  async start(): Promise<void> {
    this.#server.listen(0, this.#address);
    await once(this.#server, 'listening');
    const bound = this.#server.address();
    if (bound !== null && typeof bound === 'object') this.#port = bound.port;
    this.#udp.bind(0, this.#address);
    await once(this.#udp, 'listening');
    this.#udp.setMulticastInterface(this.#address);
  }

  /** All of them appear. */
  async announce(): Promise<void> {
    for (let round = 0; round < ROUNDS; round++) {
      if (round > 0) await new Promise((resolve) => setTimeout(resolve, ROUND_GAP_MS));
      for (const udn of this.udns) {
        await this.#announceOne(udn);
        // The receiver is in this process: it has to read before the next one is sent.
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
  }

  async stop(): Promise<void> {
    this.#udp.close();
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #announceOne(udn: string): Promise<void> {
    const datagram =
      'NOTIFY * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nCACHE-CONTROL: max-age=1800\r\n' +
      `LOCATION: http://${this.#address}:${this.#port}/${udn}\r\nNT: upnp:rootdevice\r\nNTS: ssdp:alive\r\n` +
      `SERVER: crowd\r\nUSN: ${udn}::upnp:rootdevice\r\n\r\n`;
    return new Promise((resolve) => {
      this.#udp.send(datagram, 1900, '239.255.255.250', () => {
        resolve();
      });
    });
  }
}

function describe(udn: string): string {
  return (
    '<root xmlns="urn:schemas-upnp-org:device-1-0"><specVersion><major>1</major><minor>0</minor></specVersion><device>' +
    '<deviceType>urn:schemas-upnp-org:device:BinaryLight:1</deviceType><friendlyName>Light</friendlyName>' +
    `<UDN>${udn}</UDN></device></root>`
  );
}
