import { networkInterfaces } from 'node:os';
import { createConnectionRequestListener } from './cwmp/connection-request/connection-request-listener.ts';
import { createSessionScheduler } from './cwmp/session-scheduler.ts';
import type { ConnectionRequestListener, EndpointIdentity } from './cwmp/types.ts';
import type { Clock } from './platform/clock.ts';
import { changedKeys } from './platform/config/config-changes.ts';
import { chooseMechanism, type Config } from './platform/config/config.ts';
import { datagramSender } from './platform/datagram.ts';
import { NameLookup } from './platform/name-lookup.ts';
import { localAddressTowards } from './platform/local-address.ts';
import type { Logger } from './platform/logger.ts';
import { machineSerialNumber } from './platform/machine-serial-number.ts';
import { machineBootId } from './platform/machine-boot.ts';
import { OwnAddress } from './platform/own-address.ts';
import { openDocumentStore, type DocumentStore } from './platform/store/document-store.ts';
import { processFigures } from './platform/process-figures.ts';
import { SuspensionWatch } from './platform/suspension-watch.ts';
import { VERSION } from './platform/version.ts';
import { DeviceRegistry } from './proxy/device-registry.ts';
import type { EndpointContext } from './proxy/endpoint-context.ts';
import { ProxierDevice } from './proxy/proxier/proxier-device.ts';
import { claimProxierIdentity } from './proxy/proxier/proxier-identity.ts';
import { checkBeforehand, restartKeys } from './proxy/reload-check.ts';
import { VirtualDevices } from './proxy/virtual/virtual-devices.ts';
import { MovableStatusServer } from './status/movable-status-server.ts';
import type { StatusSnapshot } from './status/status-snapshot.ts';
import { createControlPoint } from './upnp/control-point.ts';
import type { ControlPoint } from './upnp/types.ts';

export interface DaemonOptions {
  readonly config: Config;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Finds the address by which we reach a host; replaced in tests. @throws Error without a route */
  readonly localAddressTowards?: typeof localAddressTowards;
}

export interface Daemon {
  /** Listens, restores what is known and searches the LAN. @throws Error that says what could not be opened */
  start(): Promise<void>;
  /** Ends sessions, cancels subscriptions, closes the store; a start or reload that is under way fails at its next step. */
  stop(): Promise<void>;
  /**
   * Goes on with another configuration; only what differs is touched. `log` is the business of whoever made the logger.
   * @returns the keys that cannot change in place: when there are any nothing is done, and another daemon has to take over
   * @throws Error when something new cannot be had; the old configuration stays in use, and nothing was touched
   */
  reload(config: Config): Promise<readonly string[]>;
  status(): StatusSnapshot;
  /** Addresses that are bound; valid after start. */
  readonly addresses: {
    readonly connectionRequest: { readonly host: string; readonly port: number };
    readonly status: { readonly host: string; readonly port: number };
  };
}

const NOWHERE = { host: '', port: 0 };

/** Puts the parts together; starts them bottom-up and stops them in reverse. */
export function createDaemon(options: DaemonOptions): Daemon {
  return new ComposedDaemon(options);
}

class ComposedDaemon implements Daemon {
  readonly #options: DaemonOptions;
  #config: Config;
  readonly #startedAt: number;
  /** What has started, in order; each knows how to stop itself. */
  readonly #running: { readonly name: string; readonly stop: () => Promise<void> }[] = [];
  #registry: DeviceRegistry | undefined;
  #virtuals: VirtualDevices | undefined;
  #proxier: ProxierDevice | undefined;
  #store: DocumentStore | undefined;
  #controlPoint: ControlPoint | undefined;
  #connectionRequests: ConnectionRequestListener | undefined;
  #ownAddress: OwnAddress | undefined;
  readonly #names = new NameLookup();
  #status: MovableStatusServer | undefined;
  #isUp = false;
  readonly #stopping = new AbortController();
  /** Settles when all that was asked to stop so far has. */
  #ending: Promise<void> = Promise.resolve();

  constructor(options: DaemonOptions) {
    this.#options = options;
    this.#config = options.config;
    this.#startedAt = options.clock.monotonic();
  }

  get addresses(): Daemon['addresses'] {
    return {
      connectionRequest: this.#connectionRequests?.address ?? NOWHERE,
      status: this.#status?.address ?? NOWHERE,
    };
  }

  async start(): Promise<void> {
    try {
      await this.#startParts();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  stop(): Promise<void> {
    this.#isUp = false;
    this.#stopping.abort(new Error('the daemon stops'));
    this.#ending = this.#ending.then(() => this.#stopParts());
    return this.#ending;
  }

  async #stopParts(): Promise<void> {
    for (let part = this.#running.pop(); part !== undefined; part = this.#running.pop()) {
      try {
        await part.stop();
      } catch (error) {
        this.#options.logger.error('could not stop cleanly', { part: part.name, error: String(error) });
      }
    }
  }

  async reload(config: Config): Promise<readonly string[]> {
    const { logger } = this.#options;
    const { signal } = this.#stopping;
    const changed = changedKeys(this.#config, config);
    // First what may fail, so that all of the new configuration is in use, or nothing: also where all parts have to stop for it.
    const ownPorts = Object.values(this.addresses).map(({ port }) => port);
    await checkBeforehand(config, changed, ownPorts);
    signal.throwIfAborted();
    const fixed = restartKeys(changed);
    if (fixed.length > 0) return fixed;
    const sections = new Set(changed.map((key) => key.split('.')[0]));
    if (sections.has('status')) {
      await this.#status?.moveTo(config.status);
      logger.info('listening', { status: formatAddress(this.addresses.status) });
    }
    signal.throwIfAborted();
    this.#config = config;
    for (const warning of config.warnings) logger.warn('configuration', { warning });
    if (changed.length > 0) logger.info('configuration changed', { keys: changed });
    if (sections.has('connectionRequest'))
      this.#connectionRequests?.usePublicUrl(config.connectionRequest.publicUrl);
    if (sections.has('lan')) await this.#controlPoint?.useInterfaces(config.lan.interfaces);
    signal.throwIfAborted();
    if (sections.has('proxier')) this.#proxier?.descriptionChanged();
    if (sections.has('inventory')) this.#proxier?.inventory.retentionChanged();
    if (sections.has('acs')) await this.#acsChanged();
    signal.throwIfAborted();
    if (changed.includes('devices.pollIntervalSeconds')) this.#registry?.pollIntervalChanged();
    // How often to poll concerns no device's place.
    if (changed.some((key) => /^devices\.(?!pollInterval)/.test(key))) await this.#registry?.rulesChanged();
    signal.throwIfAborted();
    await this.#enableCwmp();
    return [];
  }

  status(): StatusSnapshot {
    return {
      version: VERSION,
      uptimeSeconds: Math.floor((this.#options.clock.monotonic() - this.#startedAt) / 1000),
      process: processFigures(),
      endpoints: this.#virtuals?.endpoints ?? [],
      isProxierOn: this.#config.proxier.endpoint,
      proxier: this.#proxier?.status,
      embedded: this.#proxier?.embedded.summary ?? [],
      inventory: this.#proxier?.inventory.summary,
      devices: this.#registry?.devices ?? [],
    };
  }

  async #startParts(): Promise<void> {
    const { logger, clock } = this.#options;
    const config = this.#config;
    for (const warning of config.warnings) logger.warn('configuration', { warning });
    const store = await openDocumentStore({ directory: config.state.directory, logger });
    this.#store = store;
    this.#started('store', () => store.close());

    const ownAddress = this.#createOwnAddress(() => connectionRequests.addressChanged());
    await ownAddress.start();
    this.#ownAddress = ownAddress;
    this.#started('own address', () => Promise.resolve(ownAddress.stop()));
    const connectionRequests = createConnectionRequestListener({
      ...config.connectionRequest,
      advertisedHost: () => ownAddress.current,
      clock,
      logger,
    });
    await connectionRequests.start();
    this.#connectionRequests = connectionRequests;
    this.#started('connection request listener', () => connectionRequests.stop());

    const status = this.#createStatusServer();
    await status.start(config.status);
    this.#status = status;
    this.#started('status server', () => status.stop());
    logger.info('listening', {
      connectionRequest: formatAddress(connectionRequests.address),
      status: formatAddress(status.address),
    });

    const identity = await this.#claimIdentity(store);
    const context = this.#endpointContext(store, connectionRequests, identity);
    const { virtuals, proxier } = await this.#startEndpoints(context);
    await this.#enableCwmp();
    const { registry, controlPoint } = this.#createRegistry(context, virtuals, proxier);
    this.#registry = registry;
    this.#controlPoint = controlPoint;
    // Subscriptions are cancelled through the control point, so it has to outlive the devices.
    this.#started('control point', () => controlPoint.stop());
    this.#started('devices', () => registry.stop());
    // The ACS may wait for an answer that a device has to give.
    this.#started('sessions', async () => {
      registry.close();
      await Promise.all([virtuals.endSessions(), proxier?.endSessions()]);
    });
    await controlPoint.start();
    this.#watchSuspension();
    registry.start();
    this.#isUp = true;
  }

  #watchSuspension(): void {
    const { clock, logger } = this.#options;
    const watch = new SuspensionWatch(clock, (sleptMs) => {
      logger.info('the machine was suspended', { seconds: Math.round(sleptMs / 1000) });
      // The devices first: what sessions tell and answer must not come from before.
      this.#controlPoint?.resumed(sleptMs);
      this.#registry?.resumed();
      for (const virtual of this.#virtuals?.all ?? []) virtual.resumed(sleptMs);
      this.#proxier?.resumed(sleptMs);
    });
    watch.start();
    this.#started('suspension watch', () => {
      watch.stop();
      return Promise.resolve();
    });
  }

  /** All known endpoints, so that connection requests are answered before their devices are found. */
  async #startEndpoints(
    context: EndpointContext,
  ): Promise<{ virtuals: VirtualDevices; proxier: ProxierDevice | undefined }> {
    const config = this.#config;
    const virtuals = new VirtualDevices(context);
    this.#virtuals = virtuals;
    this.#started('virtual devices', () => virtuals.stop());
    await virtuals.start((facts) => chooseMechanism(config.devices, facts) === 'virtual');
    if (!config.proxier.endpoint) return { virtuals, proxier: undefined };
    const proxier = new ProxierDevice({ context, config: () => this.#config });
    this.#proxier = proxier;
    this.#started('proxier', () => proxier.stop());
    await proxier.start(
      (facts) => chooseMechanism(config.devices, facts),
      (key) => virtuals.exposed.has(key),
    );
    proxier.showVirtualDevices(virtuals.all);
    return { virtuals, proxier };
  }

  /** Endpoints that the ACS has switched off are on again, if the configuration wants that. */
  async #enableCwmp(): Promise<void> {
    if (!this.#config.acs.enableCwmpAtStart) return;
    for (const part of [...(this.#virtuals?.all ?? []), this.#proxier]) {
      await part?.cwmpSwitch.on().catch((error: unknown) => {
        this.#options.logger.error('CWMP was not switched on', { error });
      });
    }
  }

  #claimIdentity(store: DocumentStore): Promise<EndpointIdentity> {
    const { proxier, lan } = this.#config;
    return claimProxierIdentity({
      store,
      configured: proxier,
      machineSerialNumber: () => machineSerialNumber(lan.interfaces),
      logger: this.#options.logger,
    });
  }

  #endpointContext(
    store: DocumentStore,
    connectionRequests: ConnectionRequestListener,
    proxier: EndpointIdentity,
  ): EndpointContext {
    const { logger, clock } = this.#options;
    return {
      store,
      connectionRequests,
      scheduler: createSessionScheduler(),
      tls: () => this.#config.acs.tls,
      proxier,
      acs: () => this.#config.acs,
      sendDatagram: datagramSender(this.#names),
      names: this.#names,
      machineBootId: machineBootId(),
      clock,
      logger,
      userAgent: `cwmp-proxier/${VERSION}`,
    };
  }

  /** The address under which the ACS can reach us when the listener is bound to all addresses. */
  #createOwnAddress(onChange: () => void): OwnAddress {
    const { logger, clock, localAddressTowards: find = localAddressTowards } = this.#options;
    return new OwnAddress({
      find: () => find(new URL(this.#config.acs.url).hostname, this.#names),
      fallback: () => firstLanAddress(this.#config.lan.interfaces),
      onChange,
      clock,
      logger,
    });
  }

  /** Each with its own settings only: the others keep their connections. */
  async #acsChanged(): Promise<void> {
    const { acs } = this.#config;
    await this.#ownAddress?.check();
    this.#stopping.signal.throwIfAborted();
    await this.#virtuals?.acsChanged(acs);
    await this.#proxier?.acsChanged(acs);
  }

  #createStatusServer(): MovableStatusServer {
    return new MovableStatusServer({
      snapshot: () => this.status(),
      unhealthy: () => (this.#isUp ? this.#store?.problem : 'starting or stopping'),
      logger: this.#options.logger,
    });
  }

  #createRegistry(
    context: EndpointContext,
    virtuals: VirtualDevices,
    proxier: ProxierDevice | undefined,
  ): { registry: DeviceRegistry; controlPoint: ControlPoint } {
    const { logger, clock } = this.#options;
    const config = this.#config;
    const registry: DeviceRegistry = new DeviceRegistry({
      store: context.store,
      proxier: context.proxier,
      clock,
      logger,
      controlPoint: () => controlPoint,
      chooseMechanism: (facts) => chooseMechanism(this.#config.devices, facts),
      limits: () => this.#config.devices,
      pollIntervalSeconds: () => this.#config.devices.pollIntervalSeconds,
      alarms: () => this.#config.devices.alarms,
      virtual: virtuals,
      embedded: proxier?.embedded,
      exposureChanged: () => proxier?.showVirtualDevices(virtuals.all),
    });
    const controlPoint = createControlPoint({
      interfaces: config.lan.interfaces,
      clock,
      logger,
      listener: {
        deviceAppeared: (device, previous) => {
          // The inventory first: other tables refer to its rows.
          proxier?.inventory.deviceAppeared(device);
          registry.deviceAppeared(device, previous);
        },
        bootIdChanged: (device, previous) => {
          registry.bootIdChanged(device, previous);
        },
        deviceRenewed: (device, announcement) => proxier?.inventory.deviceRenewed(device, announcement),
        deviceLost: (device, reason) => {
          proxier?.inventory.deviceLost(device, reason);
          registry.deviceLost(device, reason);
        },
        unusableRenewed: (announcement) => proxier?.inventory.announcedAgain(announcement),
        unusableLost: (announcement, reason) => proxier?.inventory.announcedLost(announcement, reason),
        deviceUnusable: (announcement, error) => {
          proxier?.inventory.deviceAnnounced(announcement);
          logger.warn('device cannot be described', {
            udn: announcement.udn,
            location: announcement.location,
            error: error.message,
          });
        },
      },
    });
    return { registry, controlPoint };
  }

  /** @throws Error when the daemon has been asked to stop meanwhile */
  #started(name: string, stop: () => Promise<void>): void {
    this.#running.push({ name, stop });
    this.#stopping.signal.throwIfAborted();
  }
}

function firstLanAddress(interfaces: readonly string[]): string {
  const addresses = interfaces.flatMap((name) => networkInterfaces()[name] ?? []);
  return addresses.find(({ family }) => family === 'IPv4')?.address ?? '127.0.0.1';
}

function formatAddress({ host, port }: { readonly host: string; readonly port: number }): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
