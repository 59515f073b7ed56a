import { createServer, type Server } from 'node:http';
import { systemClock, type Clock } from '../../platform/clock.ts';
import { silentLogger } from '../../platform/logger.ts';
import { stableUuid, writeDocument, type DescribedDevice, type DescribedIdentity } from './description.ts';
import { labAddress, type LabAddress } from './network.ts';
import { SERVER, SsdpResponder } from './ssdp-responder.ts';

export interface LabTelevisionOptions {
  readonly serialNumber: string;
  /** Network interface; default `lo`. */
  readonly interface?: string;
  readonly clock?: Clock;
}

const CONFIG_ID = 1;
const MAX_AGE_SECONDS = 1800;

/** A UPnP device without Device Management, as most of a home's are: it announces and describes itself, and no more. */
export class LabTelevision {
  readonly udn: string;
  readonly identity: DescribedIdentity;
  readonly #clock: Clock;
  readonly #address: LabAddress;
  readonly #devices: readonly DescribedDevice[];
  readonly #server: Server;
  #ssdp: SsdpResponder | undefined;

  constructor({ serialNumber, interface: name, clock = systemClock }: LabTelevisionOptions) {
    this.udn = stableUuid(`television ${serialNumber}`);
    this.identity = {
      friendlyName: 'Television in the living room',
      manufacturer: 'ACME Devices',
      manufacturerUrl: 'http://www.acme.example/',
      modelDescription: 'A television that knows nothing of Device Management',
      modelName: 'ACME TV-50',
      modelNumber: '50',
      serialNumber,
    };
    this.#clock = clock;
    this.#address = labAddress(name);
    this.#devices = [
      {
        udn: this.udn,
        deviceType: 'urn:schemas-upnp-org:device:MediaRenderer:1',
        services: ['RenderingControl', 'ConnectionManager', 'AVTransport'].map((service) => ({
          name: service,
          version: 1,
        })),
      },
    ];
    this.#server = createServer((request, response) => {
      const isDescription = request.url === '/description.xml';
      response.writeHead(isDescription ? 200 : 404, { SERVER, 'CONTENT-TYPE': 'text/xml; charset="utf-8"' });
      response.end(isDescription ? writeDocument(this.identity, this.#devices, CONFIG_ID) : '');
    });
  }

  /** Opens the sockets and announces the television. @returns the URL of its description */
  async start(): Promise<string> {
    const { address } = this.#address;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(0, address, resolve);
    });
    const bound = this.#server.address();
    if (typeof bound !== 'object' || bound === null) throw new Error('the television has no port');
    const location = `http://${address}:${bound.port}/description.xml`;
    this.#ssdp = new SsdpResponder({
      address: this.#address,
      location,
      devices: this.#devices,
      bootId: Math.floor(this.#clock.now() / 1000) % 2 ** 31,
      configId: CONFIG_ID,
      maxAgeSeconds: MAX_AGE_SECONDS,
      clock: this.#clock,
      logger: silentLogger,
    });
    await this.#ssdp.start();
    return location;
  }

  /** Says goodbye and closes the sockets. */
  async stop(): Promise<void> {
    const ssdp = this.#ssdp;
    this.#ssdp = undefined;
    if (ssdp === undefined) return;
    await ssdp.stop(true);
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }
}
