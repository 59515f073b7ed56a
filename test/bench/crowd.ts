import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { stableUuid, writeDocument, type DescribedDevice } from '../../src/lab/device/description.ts';

/** A control point takes so many root devices of one host, and more. */
const DEVICES_OF_A_HOST = 50;
const SERVICES = ['RenderingControl', 'ConnectionManager', 'AVTransport'];
/** Below what the daemon takes from one host without dropping. */
const MESSAGES_A_TURN = 20;
const TURN_MS = 100;

interface CrowdHost {
  readonly address: string;
  readonly server: Server;
  readonly socket: Socket;
}

/** Plain UPnP devices on several loopback addresses: they announce and describe themselves, at little cost. */
export class Crowd {
  readonly #devices: readonly DescribedDevice[];
  readonly #hosts: CrowdHost[] = [];

  constructor(count: number) {
    this.#devices = Array.from({ length: count }, (_, index) => ({
      udn: stableUuid(`crowd ${index}`),
      deviceType: 'urn:schemas-upnp-org:device:MediaRenderer:1',
      services: SERVICES.map((name) => ({ name, version: 1 })),
    }));
  }

  async start(): Promise<void> {
    for (let first = 0; first < this.#devices.length; first += DEVICES_OF_A_HOST) {
      const address = `127.0.9.${this.#hosts.length + 1}`;
      const server = createServer((request, response) => {
        const device = this.#devices[Number(/^\/(\d+)\.xml$/.exec(request.url ?? '')?.[1])];
        response.writeHead(device === undefined ? 404 : 200, { 'Content-Type': 'text/xml; charset="utf-8"' });
        response.end(device === undefined ? '' : describe(device));
      });
      server.listen(0, address);
      await once(server, 'listening');
      const socket = createSocket({ type: 'udp4', reuseAddr: true });
      socket.bind(0, address);
      await once(socket, 'listening');
      socket.setMulticastInterface('127.0.0.1');
      this.#hosts.push({ address, server, socket });
    }
  }

  /** What a device tells when it comes [UDA 1.2.2], for each of them; resolves when all of it is sent. */
  async announce(): Promise<void> {
    const messages = this.#devices.flatMap((device, index) => this.#messagesOf(device, index));
    for (let start = 0; start < messages.length; start += MESSAGES_A_TURN) {
      await Promise.all(messages.slice(start, start + MESSAGES_A_TURN).map((send) => send()));
      await new Promise((resolve) => setTimeout(resolve, TURN_MS));
    }
  }

  stop(): void {
    for (const { server, socket } of this.#hosts) {
      socket.close();
      server.close();
      server.closeAllConnections();
    }
  }

  #messagesOf({ udn, deviceType, services }: DescribedDevice, index: number): (() => Promise<void>)[] {
    const host = this.#hosts[Math.floor(index / DEVICES_OF_A_HOST)];
    if (host === undefined) throw new Error('the crowd has not started');
    const { port } = host.server.address() as AddressInfo;
    const types = [
      'upnp:rootdevice',
      deviceType,
      ...services.map(({ name }) => `urn:schemas-upnp-org:service:${name}:1`),
    ];
    return types.map((type) => () => {
      const message = [
        'NOTIFY * HTTP/1.1',
        'HOST: 239.255.255.250:1900',
        'CACHE-CONTROL: max-age=1800',
        `LOCATION: http://${host.address}:${port}/${index}.xml`,
        `NT: ${type}`,
        'NTS: ssdp:alive',
        'SERVER: Linux/6.1 UPnP/1.1 crowd/1',
        `USN: ${udn}::${type}`,
        '\r\n',
      ].join('\r\n');
      return new Promise<void>((resolve) => {
        host.socket.send(message, 1900, '239.255.255.250', () => resolve());
      });
    });
  }
}

function describe(device: DescribedDevice): string {
  const identity = {
    friendlyName: `One of many ${device.udn.slice(-4)}`,
    manufacturer: 'ACME Devices',
    manufacturerUrl: 'http://www.acme.example/',
    modelDescription: 'A renderer that knows nothing of Device Management',
    modelName: 'ACME R-1',
    modelNumber: '1',
    serialNumber: device.udn,
  };
  return writeDocument(identity, [device], 1);
}
