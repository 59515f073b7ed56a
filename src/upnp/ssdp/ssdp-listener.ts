import type { Clock, Timer } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import { RateLimiter } from '../rate-limiter.ts';
import { findAddressFacing } from './lan-interface.ts';
import type { LanInterface } from './lan-interface.ts';
import { LoopbackTransport } from './loopback-transport.ts';
import { NodeSsdpTransport } from './node-ssdp-transport.ts';
import { toSighting } from './sighting.ts';
import type { Sighting } from './sighting.ts';
import { formatSearch, parseSsdpMessage, SSDP_ADDRESS, SSDP_PORT } from './ssdp-message.ts';
import type { SsdpTransport } from './ssdp-transport.ts';

/** Devices advertise their highest version only, but answer a search for any lower one [UDA 1.3.2]. */
const SEARCH_TARGETS = [
  'urn:schemas-upnp-org:device:ManageableDevice:1',
  'urn:schemas-upnp-org:service:ConfigurationManagement:1',
  'urn:schemas-upnp-org:service:BasicManagement:1',
  'urn:schemas-upnp-org:service:SoftwareManagement:1',
  'upnp:rootdevice',
];
const MX_SECONDS = 2;
const FIRST_ROUNDS = 3;
const ROUND_GAP_MS = 700;
const JITTER_MS = 200;
const MAX_SOURCES = 1024;

export interface SsdpListenerOptions {
  readonly lan: LanInterface;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly searchIntervalMs: number;
  readonly onSighting: (sighting: Sighting) => void;
}

/** Searches and listens on one interface; passes on what comes from its own subnets at a bearable rate. */
export class SsdpListener {
  readonly lan: LanInterface;
  readonly #options: SsdpListenerOptions;
  readonly #transport: SsdpTransport;
  readonly #total: RateLimiter;
  /** Spares the log a flood. */
  readonly #foreign: RateLimiter;
  readonly #bySource = new Map<string, RateLimiter>();
  readonly #timers = new Set<Timer>();
  #running = false;

  constructor(options: SsdpListenerOptions) {
    this.lan = options.lan;
    this.#options = options;
    this.#total = new RateLimiter(options.clock, 1000, 2000);
    this.#foreign = new RateLimiter(options.clock, 1, 20);
    const transportOptions = {
      lan: options.lan,
      onDatagram: (datagram: Buffer, source: string) => {
        this.#receive(datagram, source);
      },
      onError: (error: Error) => {
        options.logger.warn('SSDP socket trouble', { interface: options.lan.name, error: error.message });
      },
    };
    this.#transport = options.lan.loopback
      ? new LoopbackTransport(transportOptions)
      : new NodeSsdpTransport(transportOptions);
  }

  /** @throws Error naming the interface */
  async start(): Promise<void> {
    try {
      await this.#transport.start();
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      const addresses = this.lan.addresses.map(({ address }) => address).join(', ');
      throw new Error(`SSDP on ${this.lan.name} (${addresses}): ${reason}`, { cause });
    }
    this.#running = true;
    this.search();
    this.#repeat();
  }

  stop(): void {
    this.#running = false;
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
    this.#transport.stop();
  }

  /** Multicasts every search target three times, spread over some two seconds: datagrams get lost. */
  search(): void {
    for (let round = 0; round < FIRST_ROUNDS; round++) this.#searchRound(round * ROUND_GAP_MS);
  }

  /** Asks one device whether it is there. [UDA 1.3.2] */
  searchUnicast(address: string, port: number | undefined, searchTarget: string): void {
    const target = port ?? SSDP_PORT;
    this.#transport.send(formatSearch(`${address}:${target}`, searchTarget, undefined), address, target);
  }

  #repeat(): void {
    this.#after(this.#options.searchIntervalMs, () => {
      this.#searchRound(0);
      this.#repeat();
    });
  }

  #searchRound(delayMs: number): void {
    for (const target of SEARCH_TARGETS) {
      this.#after(delayMs + Math.random() * JITTER_MS, () => {
        const datagram = formatSearch(`${SSDP_ADDRESS}:${SSDP_PORT}`, target, MX_SECONDS);
        this.#transport.send(datagram, SSDP_ADDRESS, SSDP_PORT);
      });
    }
  }

  #after(delayMs: number, task: () => void): void {
    const timer = this.#options.clock.schedule(delayMs, () => {
      this.#timers.delete(timer);
      if (this.#running) task();
    });
    this.#timers.add(timer);
  }

  #receive(datagram: Buffer, source: string): void {
    // Searches of other control points are the most common datagrams: drop them first.
    if (datagram[0] === 0x4d) return;
    const own = findAddressFacing(this.lan, source);
    if (own === undefined) this.#ignoreForeign(source);
    if (own === undefined || !this.#allow(source)) return;
    const message = parseSsdpMessage(datagram);
    const here = { localAddress: own.address, interfaceName: this.lan.name };
    const sighting = message === undefined ? undefined : toSighting(message, source, here);
    if (sighting !== undefined) this.#options.onSighting(sighting);
    else if (this.#options.logger.isEnabled('debug')) {
      this.#options.logger.debug('SSDP datagram ignored', { source, bytes: datagram.length });
    }
  }

  #ignoreForeign(source: string): void {
    const { logger } = this.#options;
    if (!logger.isEnabled('debug') || !this.#foreign.take()) return;
    logger.debug('SSDP datagram from outside the subnets of the interface ignored', {
      source,
      interface: this.lan.name,
    });
  }

  #allow(source: string): boolean {
    let limiter = this.#bySource.get(source);
    if (limiter === undefined) {
      if (this.#bySource.size >= MAX_SOURCES) this.#bySource.clear();
      limiter = new RateLimiter(this.#options.clock, 200, 500);
      this.#bySource.set(source, limiter);
    }
    return limiter.take() && this.#total.take();
  }
}
