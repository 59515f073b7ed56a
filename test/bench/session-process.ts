import { createInterface } from 'node:readline';
import { FACTORY_SETTINGS } from '../../src/cwmp/default-settings.ts';
import { CwmpEndpoint } from '../../src/cwmp/endpoint.ts';
import { createSessionScheduler } from '../../src/cwmp/session-scheduler.ts';
import type { ConnectionRequestListener } from '../../src/cwmp/types.ts';
import { DataModel } from '../../src/datamodel/data-model.ts';
import { addDeviceInfo } from '../../src/device2/device-info.ts';
import { LocalProvider } from '../../src/device2/local-object.ts';
import { addManagementServer } from '../../src/device2/management-server.ts';
import { addRoot } from '../../src/device2/root.ts';
import { DocumentSettingsStore } from '../../src/device2/settings-store.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { openDocumentStore } from '../../src/platform/store/document-store.ts';

// Endpoints without a LAN side, for sessions a second: argv = ACS URL, number of endpoints, state directory.
// A line "N" makes each endpoint run N sessions back to back; "done" when they are over.
const [url = '', count = '1', directory = ''] = process.argv.slice(2);

const listener: ConnectionRequestListener = {
  start: () => Promise.resolve(),
  stop: () => Promise.resolve(),
  address: { host: '127.0.0.1', port: 7547 },
  register: (path) => ({ url: `http://127.0.0.1:7547/${path}`, unregister: () => undefined }),
  addressChanged: () => undefined,
  usePublicUrl: () => undefined,
  publish: (name) => ({ url: `http://localhost:7547/dt/${name}`, unpublish: () => undefined }),
};

const store = await openDocumentStore({ directory, logger: silentLogger });
const scheduler = createSessionScheduler();
/** Called when the endpoint of that number gives its right to run a session back. */
const sessionEnded = new Map<number, () => void>();
const endpoints: CwmpEndpoint[] = [];
for (let index = 0; index < Number(count); index += 1) {
  const identity = {
    manufacturer: 'Bench',
    oui: '0011AA',
    productClass: 'Bench',
    serialNumber: `S${index}`,
  };
  const model = new DataModel('Device');
  const settings = new DocumentSettingsStore(store, `settings/${index}`, {
    ...FACTORY_SETTINGS,
    url,
    username: '',
    password: '',
    periodicInformEnable: false,
    connectionRequestUsername: 'u',
    connectionRequestPassword: 'p',
    upgradesManaged: true,
  });
  const endpoint: CwmpEndpoint = new CwmpEndpoint({
    identity,
    storeKey: `endpoint/${index}`,
    store,
    model,
    settings,
    tls: () => ({ minVersion: 'TLSv1.2' }),
    connectionRequests: listener,
    scheduler: {
      request: (urgent) => {
        const turn = scheduler.request(urgent);
        return {
          ...turn,
          end: () => {
            turn.end();
            sessionEnded.get(index)?.();
          },
        };
      },
    },
    clock: systemClock,
    logger: silentLogger,
    userAgent: 'bench',
    isReachable: () => true,
  });
  const provider = new LocalProvider(model);
  addRoot(provider, { root: 'Device:2', dataModelVersion: '2.17' });
  addDeviceInfo(provider, {
    root: 'Device:2',
    identity,
    settings,
    modelName: () => 'Bench',
    description: () => '',
    hardwareVersion: () => '1',
    softwareVersion: () => '1',
    upTimeSeconds: () => 0,
  });
  addManagementServer(provider, {
    root: 'Device:2',
    settings,
    parameterKey: () => endpoint.parameterKey,
    connectionRequestUrl: () => endpoint.connectionRequestUrl,
  });
  endpoints.push(endpoint);
  const bootstrapped = new Promise<void>((resolve) => sessionEnded.set(index, resolve));
  await endpoint.start();
  await bootstrapped;
}

async function run(endpoint: CwmpEndpoint, index: number, sessions: number): Promise<void> {
  for (let count = 0; count < sessions; count += 1) {
    const ended = new Promise<void>((resolve) => sessionEnded.set(index, resolve));
    await endpoint.enqueueEvent('6 CONNECTION REQUEST');
    await ended;
  }
}

process.stdout.write('ready\n');
for await (const line of createInterface({ input: process.stdin })) {
  await Promise.all(endpoints.map((endpoint, index) => run(endpoint, index, Number(line))));
  process.stdout.write('done\n');
}
