import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import type { Clock, Timer } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { DescribedDevice } from './description.ts';
import { isOnSubnet, type LabAddress } from './network.ts';
import { serviceType } from './service-table.ts';

const GROUP = '239.255.255.250';
const PORT = 1900;
const HOST = `${GROUP}:${PORT}`;
export const SERVER = 'Linux/6.1 UPnP/1.1 cwmp-upnp-proxier-lab/0.1';
/** On the loopback nobody needs protection from a flood of answers, and a demo should not wait. */
const LONGEST_LOOPBACK_DELAY_MS = 100;

export interface SsdpResponderOptions {
  readonly address: LabAddress;
  readonly location: string;
  /** Root device first. */
  readonly devices: readonly DescribedDevice[];
  readonly bootId: number;
  readonly configId: number;
  readonly maxAgeSeconds: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Something that is advertised: notification type and unique service name. */
interface Advertisement {
  readonly nt: string;
  readonly usn: string;
}

/** The 3 + 2d + k advertisements of a root device [UDA 1.2.2]. */
function advertisements(devices: readonly DescribedDevice[]): Advertisement[] {
  return devices.flatMap(({ udn, deviceType, services }, index) => [
    ...(index === 0 ? [{ nt: 'upnp:rootdevice', usn: `${udn}::upnp:rootdevice` }] : []),
    { nt: udn, usn: udn },
    { nt: deviceType, usn: `${udn}::${deviceType}` },
    ...services.map((service) => ({
      nt: serviceType(service),
      usn: `${udn}::${serviceType(service)}`,
    })),
  ]);
}

/** What to answer to a search; a search for an older version is answered in its name [UDA 1.3.3]. */
export function searchMatches(devices: readonly DescribedDevice[], target: string): Advertisement[] {
  const all = advertisements(devices);
  if (target === 'ssdp:all') return all;
  const asked = /^(urn:.+:)(\d{1,3})$/.exec(target);
  if (asked === null) return all.filter(({ nt }) => nt.toLowerCase() === target.toLowerCase());
  const [, name = '', version = '0'] = asked;
  return all
    .filter(({ nt }) => nt.startsWith(name) && Number(nt.slice(name.length)) >= Number(version))
    .map(({ usn }) => ({ nt: target, usn: usn.replace(/::.*$/, `::${target}`) }));
}

function readHeaders(message: string): Map<string, string> {
  const headers = new Map<string, string>();
  for (const line of message.split(/\r?\n/).slice(1, 40)) {
    const colon = line.indexOf(':');
    if (colon > 0) headers.set(line.slice(0, colon).trim().toUpperCase(), line.slice(colon + 1).trim());
  }
  return headers;
}

/** Device side of SSDP on one interface [UDA 1]. */
export class SsdpResponder {
  readonly #options: SsdpResponderOptions;
  readonly #advertisements: readonly Advertisement[];
  readonly #timers = new Set<Timer>();
  #multicast: Socket | undefined;
  #unicast: Socket | undefined;
  #bootId: number;

  constructor(options: SsdpResponderOptions) {
    this.#options = options;
    this.#bootId = options.bootId;
    this.#advertisements = advertisements(options.devices);
  }

  /** Opens the sockets and announces the device. */
  async start(): Promise<void> {
    const { address } = this.#options.address;
    this.#unicast = await this.#open(0, address);
    this.#unicast.setMulticastInterface(address);
    this.#unicast.setMulticastTTL(2);
    // Unicast to port 1900 reaches only one of the sockets that share it: this one is told as SEARCHPORT.
    this.#multicast = await this.#open(PORT, undefined);
    this.#multicast.addMembership(GROUP, address);
    this.#announce();
    this.#after(150, () => this.#announce());
    this.#reannounceLater();
  }

  /** Announces that the device goes on under another BOOTID, then does so [UDA 1.2.4]. */
  async update(nextBootId: number): Promise<void> {
    await Promise.all(
      this.#advertisements.map(({ nt, usn }) =>
        this.#sendMulticast([
          'NOTIFY * HTTP/1.1',
          `HOST: ${HOST}`,
          `LOCATION: ${this.#options.location}`,
          `NT: ${nt}`,
          'NTS: ssdp:update',
          `USN: ${usn}`,
          ...this.#bootHeaders(),
          `NEXTBOOTID.UPNP.ORG: ${nextBootId}`,
          ...this.#searchPort(),
        ]),
      ),
    );
    this.#bootId = nextBootId;
    this.#announce();
  }

  /** Closes the sockets, after byebye messages unless `byebye` is false. */
  async stop(byebye: boolean, extraHeaders: readonly string[] = []): Promise<void> {
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
    if (byebye) {
      await Promise.all(
        this.#advertisements.map(({ nt, usn }) =>
          this.#sendMulticast([
            'NOTIFY * HTTP/1.1',
            `HOST: ${HOST}`,
            `NT: ${nt}`,
            'NTS: ssdp:byebye',
            `USN: ${usn}`,
            ...this.#bootHeaders(),
            ...extraHeaders,
          ]),
        ),
      );
    }
    for (const socket of [this.#multicast, this.#unicast]) {
      if (socket !== undefined) await new Promise<void>((resolve) => socket.close(resolve));
    }
    this.#multicast = undefined;
    this.#unicast = undefined;
  }

  #open(port: number, address: string | undefined): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const socket = createSocket({ type: 'udp4', reuseAddr: port !== 0 });
      socket.once('error', reject);
      socket.on('message', (message, from) => this.#receive(message, from, port === PORT));
      socket.bind({ port, ...(address === undefined ? {} : { address }) }, () => {
        socket.off('error', reject);
        socket.on('error', (error) =>
          this.#options.logger.warn('SSDP socket failed', { error: error.message }),
        );
        resolve(socket);
      });
    });
  }

  #bootHeaders(): string[] {
    return [`BOOTID.UPNP.ORG: ${this.#bootId}`, `CONFIGID.UPNP.ORG: ${this.#options.configId}`];
  }

  #searchPort(): string[] {
    return this.#unicast === undefined ? [] : [`SEARCHPORT.UPNP.ORG: ${this.#unicast.address().port}`];
  }

  #announce(): void {
    for (const { nt, usn } of this.#advertisements) {
      void this.#sendMulticast([
        'NOTIFY * HTTP/1.1',
        `HOST: ${HOST}`,
        `CACHE-CONTROL: max-age=${this.#options.maxAgeSeconds}`,
        `LOCATION: ${this.#options.location}`,
        `NT: ${nt}`,
        'NTS: ssdp:alive',
        `SERVER: ${SERVER}`,
        `USN: ${usn}`,
        ...this.#bootHeaders(),
        ...this.#searchPort(),
      ]);
    }
  }

  /** At random before half of max-age has passed [UDA 1.2.2]. */
  #reannounceLater(): void {
    this.#after(this.#options.maxAgeSeconds * 1000 * (0.25 + Math.random() * 0.2), () => {
      this.#announce();
      this.#reannounceLater();
    });
  }

  #receive(message: Buffer, from: RemoteInfo, multicast: boolean): void {
    const text = message.toString('latin1');
    if (!text.startsWith('M-SEARCH * HTTP/1.1') || !isOnSubnet(this.#options.address, from.address)) return;
    const headers = readHeaders(text);
    const mx = Number(headers.get('MX'));
    // A multicast search without a valid MX is discarded; a unicast one has none [UDA 1.3.2].
    if (headers.get('MAN') !== '"ssdp:discover"' || (multicast && !(mx >= 1))) return;
    const spread = Math.min(mx, 5) * 1000;
    const longest = this.#options.address.loopback ? Math.min(spread, LONGEST_LOOPBACK_DELAY_MS) : spread;
    for (const match of searchMatches(this.#options.devices, headers.get('ST') ?? '')) {
      this.#after(multicast ? Math.random() * longest : 0, () => this.#answer(match, from));
    }
  }

  #answer({ nt, usn }: Advertisement, to: RemoteInfo): void {
    void this.#send(
      [
        'HTTP/1.1 200 OK',
        `CACHE-CONTROL: max-age=${this.#options.maxAgeSeconds}`,
        `DATE: ${new Date(this.#options.clock.now()).toUTCString()}`,
        'EXT:',
        `LOCATION: ${this.#options.location}`,
        `SERVER: ${SERVER}`,
        `ST: ${nt}`,
        `USN: ${usn}`,
        ...this.#bootHeaders(),
        ...this.#searchPort(),
      ],
      to.port,
      to.address,
    );
  }

  #sendMulticast(lines: readonly string[]): Promise<void> {
    return this.#send(lines, PORT, GROUP);
  }

  /** Datagrams may be lost anyway: a failure to send is logged, not raised. */
  #send(lines: readonly string[], port: number, address: string): Promise<void> {
    const socket = this.#unicast;
    if (socket === undefined) return Promise.resolve();
    return new Promise((resolve) => {
      socket.send(`${lines.join('\r\n')}\r\n\r\n`, port, address, (error) => {
        if (error !== null) this.#options.logger.debug('SSDP message not sent', { error: error.message });
        resolve();
      });
    });
  }

  #after(delayMs: number, task: () => void): void {
    const timer = this.#options.clock.schedule(delayMs, () => {
      this.#timers.delete(timer);
      task();
    });
    this.#timers.add(timer);
  }
}
