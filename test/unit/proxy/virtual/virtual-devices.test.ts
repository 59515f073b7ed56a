import { expect } from 'chai';
import { createSessionScheduler } from '../../../../src/cwmp/session-scheduler.ts';
import { silentLogger } from '../../../../src/platform/logger.ts';
import type { DocumentStore } from '../../../../src/platform/store/document-store.ts';
import type { EndpointContext } from '../../../../src/proxy/endpoint-context.ts';
import type { DescribedDevice } from '../../../../src/proxy/proxied-device.ts';
import { VirtualDevices } from '../../../../src/proxy/virtual/virtual-devices.ts';
import { NameLookup } from '../../../../src/platform/name-lookup.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { describeDevice, rootDevice } from '../../upnp-dm/fake-device.ts';

const ACS_URL = 'http://127.0.0.1:1/';
const IDENTITY = { manufacturer: 'ACME', oui: '0090D5', productClass: 'X', serialNumber: 'X1' };
const KEY = '0090D5-X-X1';

/** Writes what is put in one turn of the event loop together, as the real one does, and keeps every state of its disk. */
class DiskStates implements DocumentStore {
  /** What a kill at some instant would have left, oldest first. */
  readonly states: ReadonlyMap<string, unknown>[];
  readonly #documents: Map<string, unknown>;
  #writing: Promise<void> | undefined;

  constructor(disk: ReadonlyMap<string, unknown> = new Map()) {
    this.#documents = new Map(disk);
    this.states = [disk];
  }

  get<T>(key: string): T | undefined {
    return this.#documents.get(key) as T | undefined;
  }

  keys(prefix: string): string[] {
    return [...this.#documents.keys()].filter((key) => key.startsWith(prefix)).sort();
  }

  put(key: string, document: unknown): Promise<void> {
    this.#documents.set(key, JSON.parse(JSON.stringify(document)));
    return this.#write();
  }

  delete(key: string): Promise<void> {
    this.#documents.delete(key);
    return this.#write();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #write(): Promise<void> {
    this.#writing ??= new Promise((resolve) =>
      setImmediate(() => {
        this.#writing = undefined;
        this.states.push(new Map(this.#documents));
        resolve();
      }),
    );
    return this.#writing;
  }
}

function contextOf(store: DocumentStore): EndpointContext {
  return {
    store,
    connectionRequests: {
      start: () => Promise.resolve(),
      stop: () => Promise.resolve(),
      address: { host: '127.0.0.1', port: 7547 },
      addressChanged: () => undefined,
      usePublicUrl: () => undefined,
      register: (path) => ({ url: `http://127.0.0.1:7547/${path}`, unregister: () => undefined }),
      publish: (name) => ({ url: `http://127.0.0.1:7547/dt/${name}`, unpublish: () => undefined }),
    },
    scheduler: createSessionScheduler(),
    tls: () => ({ minVersion: 'TLSv1.2' }),
    proxier: { manufacturer: 'P', oui: '0011AA', productClass: 'P', serialNumber: 'P1' },
    acs: () => ({ url: ACS_URL, username: '', password: '', periodicInformIntervalSeconds: 3600 }),
    sendDatagram: () => Promise.resolve(),
    names: new NameLookup(),
    clock: new ManualClock(),
    machineBootId: 'run',
    logger: silentLogger,
    userAgent: 'test',
  };
}

/** As found on the LAN under that BOOTID. */
function found(bootId: number, dataModel = 'urn:broadband-forum-org:tr-181-2-11-0'): DescribedDevice {
  const root = rootDevice();
  return {
    root: { ...root, announcement: { ...root.announcement, bootId } },
    managed: { description: describeDevice() },
    triple: undefined,
    upTimeSeconds: undefined,
    tree: {
      subTrees: [{ uri: dataModel, location: '/BBF/' }],
      structure: [],
      instances: [],
      attributes: new Map(),
    },
  };
}

const FACTS = {
  manufacturerOui: IDENTITY.oui,
  productClass: IDENTITY.productClass,
  serialNumber: IDENTITY.serialNumber,
  modelName: '',
  deviceType: '',
  udn: 'uuid:1',
  address: '192.0.2.1',
};

describe('virtual devices', () => {
  /** The disk of a proxier whose ACS knows the device, last seen under BOOTID 1. */
  async function knownToAcs(): Promise<ReadonlyMap<string, unknown>> {
    const store = new DiskStates();
    const devices = new VirtualDevices(contextOf(store));
    await devices.expose(IDENTITY, found(1), FACTS);
    await devices.stop();
    await store.put(`endpoint/${KEY}/events`, {
      events: [],
      valueChanges: [],
      scheduled: [],
      bootstrappedUrl: ACS_URL,
    });
    return store.states.at(-1) ?? new Map();
  }

  async function started(
    disk: ReadonlyMap<string, unknown>,
  ): Promise<{ devices: VirtualDevices; store: DiskStates }> {
    const store = new DiskStates(disk);
    const devices = new VirtualDevices(contextOf(store));
    await devices.start(() => true);
    return { devices, store };
  }

  const pending = (devices: VirtualDevices): readonly string[] =>
    devices.endpoints.flatMap(({ pendingEvents }) => pendingEvents.map(({ code }) => code));

  it('knows a device again that did not reboot', async () => {
    const { devices } = await started(await knownToAcs());
    await devices.expose(IDENTITY, found(1), FACTS);
    expect(pending(devices)).to.deep.equal([]);
    await devices.stop();
  });

  for (const [name, device] of [
    ['', found(2)],
    [' and came back with another root object', found(2, 'urn:broadband-forum-org:tr-098-1-8-0')],
  ] as const) {
    it(`tells the ACS that a device rebooted${name}, whenever the daemon is killed`, async () => {
      const { devices, store } = await started(await knownToAcs());
      await devices.expose(IDENTITY, device, FACTS);
      expect(pending(devices)).to.deep.equal(['1 BOOT']);
      await devices.stop();
      expect(store.states).to.have.length.above(1);
      for (const disk of store.states) {
        const next = await started(disk);
        await next.devices.expose(IDENTITY, device, FACTS);
        expect(pending(next.devices)).to.deep.equal(['1 BOOT']);
        await next.devices.stop();
      }
    });
  }

  describe('keep the orders of the ACS', () => {
    const ORDERS = [
      { code: 'M ScheduleInform', commandKey: 'second' },
      { code: 'M Reboot', commandKey: 'order' },
      { code: 'M ScheduleInform', commandKey: 'first' },
    ];
    const BOOT = { code: '1 BOOT', commandKey: '' };
    const OTHER_ROOT = 'urn:broadband-forum-org:tr-098-1-8-0';

    async function withOrders(): Promise<{ devices: VirtualDevices; store: DiskStates }> {
      const disk = new Map(await knownToAcs());
      disk.set(`endpoint/${KEY}/events`, {
        events: ORDERS,
        valueChanges: [],
        scheduled: [],
        bootstrappedUrl: ACS_URL,
      });
      return started(disk);
    }
    const pendingOf = (devices: VirtualDevices): unknown =>
      devices.endpoints.flatMap(({ pendingEvents }) => pendingEvents);

    const cases: readonly [string, (devices: VirtualDevices) => Promise<unknown>, readonly unknown[]][] = [
      ['over a restart of the daemon', (devices) => devices.expose(IDENTITY, found(1), FACTS), ORDERS],
      [
        'over a reboot of the device',
        (devices) => devices.expose(IDENTITY, found(2), FACTS),
        [...ORDERS, BOOT],
      ],
      [
        'when it comes with another root object',
        (devices) => devices.expose(IDENTITY, found(1, OTHER_ROOT), FACTS),
        ORDERS,
      ],
      [
        'when it reboots and comes with another root object',
        (devices) => devices.expose(IDENTITY, found(2, OTHER_ROOT), FACTS),
        [...ORDERS, BOOT],
      ],
      [
        'when it is exposed otherwise for a while',
        async (devices) => {
          await devices.retire(KEY);
          await devices.expose(IDENTITY, found(1), FACTS);
        },
        [...ORDERS, BOOT],
      ],
    ];
    for (const [name, happens, expected] of cases) {
      it(name, async () => {
        const { devices } = await withOrders();
        await happens(devices);
        expect(pendingOf(devices)).to.deep.equal(expected);
        await devices.stop();
      });
    }
  });
});
