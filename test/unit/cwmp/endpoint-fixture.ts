import { FACTORY_SETTINGS } from '../../../src/cwmp/default-settings.ts';
import { CwmpEndpoint, LAST_SESSION_MS } from '../../../src/cwmp/endpoint.ts';
import { createSessionScheduler } from '../../../src/cwmp/session-scheduler.ts';
import type {
  AcsSettings,
  ConnectionRequestListener,
  ConnectionRequestTarget,
  CwmpEndpointOptions,
  SettingsStore,
} from '../../../src/cwmp/types.ts';
import { DataModel } from '../../../src/datamodel/data-model.ts';
import type { ParameterNode } from '../../../src/datamodel/node.ts';
import type { Change, Provider, ReadOutcome } from '../../../src/datamodel/provider.ts';
import { memoryDocumentStore } from '../../../src/platform/store/document-store.ts';
import type { DocumentStore } from '../../../src/platform/store/document-store.ts';
import { silentLogger } from '../../../src/platform/logger.ts';
import { ManualClock } from '../../support/manual-clock.ts';

export const SETTINGS: AcsSettings = {
  ...FACTORY_SETTINGS,
  url: '',
  username: 'cpe',
  password: 'secret',
  periodicInformEnable: false,
  periodicInformInterval: 300,
  connectionRequestUsername: 'acs',
  connectionRequestPassword: 'pw',
};

export function memorySettings(initial: AcsSettings): SettingsStore {
  const listeners = new Set<(current: AcsSettings, previous: AcsSettings) => void>();
  let current = initial;
  return {
    get current() {
      return current;
    },
    update(change) {
      const previous = current;
      current = { ...current, ...change };
      for (const listener of listeners) listener(current, previous);
      return Promise.resolve();
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** Values in a map; `hang` makes reads wait until `release`, `failure` is what they say instead of a value. */
export class MapProvider implements Provider {
  readonly name = 'map';
  readonly remote: boolean;
  readonly values = new Map<string, string>();
  hang = false;
  failure: ReadOutcome | undefined;
  readCount = 0;
  readonly #waiting: (() => void)[] = [];
  onApply: (changes: readonly Change[]) => void = () => undefined;

  constructor(remote: boolean) {
    this.remote = remote;
  }

  read(parameters: readonly ParameterNode[]): ReadOutcome[] | Promise<ReadOutcome[]> {
    this.readCount += 1;
    if (this.hang) {
      return new Promise((resolve) => this.#waiting.push(() => resolve(this.#valuesOf(parameters))));
    }
    return this.#valuesOf(parameters);
  }

  /** Answers all reads that wait. */
  release(): void {
    this.hang = false;
    for (const answer of this.#waiting.splice(0)) answer();
  }

  #valuesOf(parameters: readonly ParameterNode[]): ReadOutcome[] {
    return parameters.map(({ path }) => this.failure ?? this.values.get(path) ?? '');
  }

  apply(changes: readonly Change[]): Promise<'applied'> {
    for (const { parameter, value } of changes) this.values.set(parameter.path, value);
    this.onApply(changes);
    return Promise.resolve('applied');
  }
}

/** A listener without a socket. */
export class FakeListener implements ConnectionRequestListener {
  readonly targets = new Map<string, ConnectionRequestTarget>();
  readonly address = { host: '127.0.0.1', port: 7547 };
  /** What the URLs name. */
  port = 7547;
  start(): Promise<void> {
    return Promise.resolve();
  }
  stop(): Promise<void> {
    return Promise.resolve();
  }
  register(path: string, target: ConnectionRequestTarget): { url: string; unregister(): void } {
    this.targets.set(path, target);
    return { url: `http://127.0.0.1:${this.port}/${path}`, unregister: () => this.targets.delete(path) };
  }
  publish(name: string): { url: string; unpublish: () => void } {
    return { url: `http://localhost:7547/dt/${name}`, unpublish: () => undefined };
  }
  addressChanged(): void {
    for (const [path, target] of this.targets) target.moved(`http://192.0.2.1:7547/${path}`);
  }
  usePublicUrl(): void {
    this.addressChanged();
  }
  /** What a good connection request does. */
  call(): string {
    const target = [...this.targets.values()][0];
    const verdict = target?.accept() ?? 'none';
    if (verdict === 'accepted') target?.answered();
    return verdict;
  }
}

export class EndpointFixture {
  readonly clock = new ManualClock();
  readonly listener = new FakeListener();
  readonly provider = new MapProvider(false);
  readonly remote = new MapProvider(true);
  readonly model = new DataModel('Device');
  readonly store: DocumentStore;
  readonly settings: SettingsStore;
  readonly endpoint: CwmpEndpoint;
  reachable = true;

  constructor(
    url: string,
    options: {
      store?: DocumentStore;
      settings?: Partial<AcsSettings>;
      endpoint?: Partial<CwmpEndpointOptions>;
    } = {},
  ) {
    this.store = options.store ?? memoryDocumentStore();
    this.settings = memorySettings({ ...SETTINGS, url, ...options.settings });
    this.#fillModel();
    this.endpoint = new CwmpEndpoint({
      identity: { manufacturer: 'Acme', oui: '0011AA', productClass: 'Nas', serialNumber: 'S1' },
      storeKey: 'endpoint/1',
      store: this.store,
      model: this.model,
      settings: this.settings,
      tls: () => ({ minVersion: 'TLSv1.2' }),
      connectionRequests: this.listener,
      scheduler: createSessionScheduler(),
      clock: this.clock,
      logger: silentLogger,
      userAgent: 'test',
      isReachable: () => this.reachable,
      random: () => 0,
      ...options.endpoint,
    });
  }

  /** The device changes a value by itself. */
  change(path: string, value: string): void {
    const parameter = this.model.find(path);
    if (parameter?.kind !== 'parameter') throw new Error(`no ${path}`);
    this.provider.values.set(path, value);
    this.model.reportValueChanges([{ parameter, value }]);
  }

  #fillModel(): void {
    const { model, provider, remote } = this;
    const add = (path: string, more: Partial<Parameters<DataModel['addParameter']>[1]> = {}): void => {
      model.addParameter(path, { provider, type: 'string', ...more });
    };
    add('Device.DeviceInfo.SoftwareVersion', { forcedInform: true, notification: 'forced' });
    add('Device.DeviceInfo.ProvisioningCode', { forcedInform: true, writable: true });
    add('Device.ManagementServer.URL', { writable: true });
    add('Device.ManagementServer.Password', { writable: true, hidden: true });
    add('Device.ManagementServer.ConnectionRequestURL', {
      forcedInform: true,
      notification: 'forcedDefault',
    });
    add('Device.Time.Enable', { type: 'boolean', writable: true });
    add('Device.Far.Value', { provider: remote, type: 'unsignedInt', writable: true });
    provider.values.set('Device.DeviceInfo.SoftwareVersion', '1.0');
    model.addObject('Device.Rows.', { table: true, writable: true, provider });
    provider.onApply = (changes) => {
      for (const { parameter, value } of changes) {
        if (parameter.path === 'Device.ManagementServer.URL') void this.settings.update({ url: value });
      }
    };
  }
}

/** Does not wait for what the ACS or a device may still answer. */
export async function stopAtOnce({ endpoint, clock }: EndpointFixture): Promise<void> {
  const stopped = endpoint.stop();
  clock.advance(LAST_SESSION_MS);
  await stopped;
}
