import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createConnectionRequestListener } from '../../src/cwmp/connection-request/connection-request-listener.ts';
import { createSessionScheduler } from '../../src/cwmp/session-scheduler.ts';
import type { ConnectionRequestListener } from '../../src/cwmp/types.ts';
import type { DataModel } from '../../src/datamodel/data-model.ts';
import { LabAcs } from '../../src/lab/acs/lab-acs.ts';
import { createLabDevice, type LabDevice } from '../../src/lab/device/lab-device.ts';
import { LabTelevision } from '../../src/lab/device/lab-television.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { datagramSender } from '../../src/platform/datagram.ts';
import { NameLookup } from '../../src/platform/name-lookup.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { memoryDocumentStore } from '../../src/platform/store/document-store.ts';
import { DeviceRegistry } from '../../src/proxy/device-registry.ts';
import { ProxierDevice } from '../../src/proxy/proxier/proxier-device.ts';
import type { VirtualDevice } from '../../src/proxy/virtual/virtual-device.ts';
import type { EndpointContext } from '../../src/proxy/endpoint-context.ts';
import { VirtualDevices } from '../../src/proxy/virtual/virtual-devices.ts';
import { createControlPoint } from '../../src/upnp/control-point.ts';
import type { ControlPoint } from '../../src/upnp/types.ts';
import { waitFor } from './wait-for.ts';

const VIRTUAL_SERIAL = `CONFORM-V-${process.pid}`;
const EMBEDDED_SERIAL = `CONFORM-E-${process.pid}`;
const TELEVISION_SERIAL = `CONFORM-TV-${process.pid}`;

/** Rows of the proxier that the devices of the home bring about, the last of them a while after the device is known. */
const PROXIER_ROWS = [
  'Device.UPnP.Discovery.RootDevice.1.',
  'Device.UPnP.Discovery.Service.1.',
  'Device.UPnP.Description.DeviceDescription.1.',
  'Device.UPnP.Description.DeviceInstance.1.',
  'Device.UPnP.Description.ServiceInstance.1.',
  'Device.Hosts.Host.1.IPv4Address.1.',
  'Device.ManagementServer.VirtualDevice.1.',
  'Device.ManagementServer.EmbeddedDevice.2.',
  'Device.DeviceInfo.ProcessStatus.Process.1.',
  'Device.Services.StorageService.1.LogicalVolume.2.',
  'Device.Services.VoiceService.1.',
];

/**
 * The data models that a home's ACS sees, with all that can be in them: the proxier with an embedded device and the inventory, and a
 * virtual device. Put together as the daemon does it, with the models within reach; devices of other homes are left alone.
 */
export class ExposedModels {
  readonly #acs = new LabAcs();
  readonly #television = new LabTelevision({ serialNumber: TELEVISION_SERIAL });
  readonly #folder = mkdtempSync(join(tmpdir(), 'cwmp-proxier-models-'));
  readonly #lab: readonly LabDevice[] = [
    createLabDevice({
      profile: oldAccessPoint(this.#folder),
      drift: false,
      identity: { serialNumber: VIRTUAL_SERIAL },
    }),
    createLabDevice({ profile: 'nas', drift: false, identity: { serialNumber: EMBEDDED_SERIAL } }),
    createLabDevice({ profile: 'voip', drift: false, identity: { serialNumber: `${EMBEDDED_SERIAL}-2` } }),
  ];
  readonly #store = memoryDocumentStore();
  #listener: ConnectionRequestListener | undefined;
  #parts:
    | {
        readonly proxier: ProxierDevice;
        readonly virtuals: VirtualDevices;
        readonly registry: DeviceRegistry;
        readonly controlPoint: ControlPoint;
      }
    | undefined;

  get proxier(): ProxierDevice {
    if (this.#parts === undefined) throw new Error('not started');
    return this.#parts.proxier;
  }

  get virtual(): VirtualDevice {
    const virtual = this.#parts?.virtuals.all.find(
      ({ record }) => record.identity.serialNumber === VIRTUAL_SERIAL,
    );
    if (virtual === undefined) throw new Error('there is no virtual device');
    return virtual;
  }

  async start(): Promise<void> {
    await this.#acs.start();
    this.#listener = createConnectionRequestListener({
      host: '127.0.0.1',
      port: 0,
      clock: systemClock,
      logger: silentLogger,
    });
    await this.#listener.start();
    await Promise.all([this.#television.start(), ...this.#lab.map((device) => device.start())]);
    const { proxier, virtuals, controlPoint } = (this.#parts = this.#create(this.#listener));
    await virtuals.start(() => true);
    await proxier.start(
      () => 'embedded',
      () => false,
    );
    await controlPoint.start();
    await waitFor(
      () => this.#lacking(virtuals, proxier).length === 0,
      'the devices of the home',
      30_000,
    ).catch((cause: unknown) => {
      throw new Error(`the home lacks ${this.#lacking(virtuals, proxier).join(', ')}`, { cause });
    });
  }

  async stop(): Promise<void> {
    await this.#parts?.registry.stop();
    await this.#parts?.controlPoint.stop();
    await this.#parts?.proxier.stop();
    await this.#parts?.virtuals.stop();
    await this.#listener?.stop();
    await Promise.all([this.#television.stop(), ...this.#lab.map((device) => device.stop())]);
    await this.#acs.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #create(connectionRequests: ConnectionRequestListener) {
    const proxierIdentity = {
      manufacturer: 'cwmp-proxier',
      oui: '0011AA',
      productClass: 'Proxier',
      serialNumber: `CONFORM-${process.pid}`,
    };
    const names = new NameLookup();
    const context: EndpointContext = {
      store: this.#store,
      connectionRequests,
      scheduler: createSessionScheduler(),
      tls: () => ({ minVersion: 'TLSv1.2' }),
      proxier: proxierIdentity,
      acs: () => ({ url: this.#acs.url, username: '', password: '', periodicInformIntervalSeconds: 3600 }),
      machineBootId: undefined,
      sendDatagram: datagramSender(names),
      names,
      clock: systemClock,
      logger: silentLogger,
      userAgent: 'test',
    };
    const virtuals = new VirtualDevices(context);
    const proxier = new ProxierDevice({
      context,
      config: () => ({
        proxier: {
          endpoint: true,
          ...proxierIdentity,
          manufacturerOui: context.proxier.oui,
          modelName: 'Proxier',
          description: 'A proxier under test',
          hardwareVersion: '1.0',
        },
        inventory: { retentionSeconds: 3600 },
        embedded: { answerTimeoutSeconds: 2 },
      }),
    });
    const registry: DeviceRegistry = new DeviceRegistry({
      store: this.#store,
      proxier: context.proxier,
      clock: systemClock,
      logger: silentLogger,
      controlPoint: () => controlPoint,
      alarms: () => false,
      chooseMechanism: ({ serialNumber }) =>
        serialNumber === VIRTUAL_SERIAL
          ? 'virtual'
          : serialNumber?.startsWith(EMBEDDED_SERIAL) === true
            ? 'embedded'
            : 'ignore',
      limits: () => ({ maxDevices: 128, forgetAfterSeconds: 3600 }),
      pollIntervalSeconds: () => 60,
      virtual: virtuals,
      embedded: proxier.embedded,
      exposureChanged: () => proxier.showVirtualDevices(virtuals.all),
    });
    const controlPoint = createControlPoint({
      interfaces: ['lo'],
      clock: systemClock,
      logger: silentLogger,
      listener: {
        deviceAppeared: (device) => {
          proxier.inventory.deviceAppeared(device);
          registry.deviceAppeared(device);
        },
        deviceLost: (device, reason) => {
          proxier.inventory.deviceLost(device, reason);
          registry.deviceLost(device, reason);
        },
        deviceUnusable: () => undefined,
      },
    });
    return { proxier, virtuals, registry, controlPoint };
  }

  /** What the models do not have yet of all that the devices of the home bring about. */
  #lacking(virtuals: VirtualDevices, proxier: ProxierDevice): string[] {
    const virtual = virtuals.all.find(({ record }) => record.identity.serialNumber === VIRTUAL_SERIAL);
    const lacking = PROXIER_ROWS.filter((row) => proxier.model.find(row) === undefined);
    // A document is made when its model has been still for a while, and another row takes its place when the model changes.
    if (!isDocumented(proxier.model)) lacking.push('the documents of the proxier');
    if (virtual === undefined || !isDocumented(virtual.model))
      lacking.push('the document of the virtual device');
    if (virtual?.deviceModel.tree === undefined) lacking.push('the tree of the virtual device');
    const inInventory = proxier.inventory.references(this.#television.udn).discovery.length > 0;
    if (!inInventory) lacking.push('the television');
    return lacking;
  }
}

function isDocumented(model: DataModel): boolean {
  const table = model.find('Device.DeviceInfo.SupportedDataModel.');
  return table?.kind === 'object' && table.children.size > 0;
}

/** The profile of an access point that states Device:2.2, which knows little of what the daemon adds to it. */
function oldAccessPoint(folder: string): string {
  const profile = readFileSync(new URL('../../config/lab/wifi.yaml', import.meta.url), 'utf8');
  const file = join(folder, 'old-access-point.yaml');
  writeFileSync(file, profile.replace('tr-181-2-17-0', 'tr-181-2-2-0'));
  return file;
}
