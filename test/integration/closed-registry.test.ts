import { expect } from 'chai';
import { createLabDevice, type LabDevice } from '../../src/lab/device/lab-device.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { DeviceRegistry } from '../../src/proxy/device-registry.ts';
import type { ExposingMechanism } from '../../src/proxy/exposing-mechanism.ts';
import { createControlPoint } from '../../src/upnp/control-point.ts';
import type { ControlPoint } from '../../src/upnp/types.ts';
import { findManagementServices } from '../../src/upnp-dm/manageable-device.ts';
import { ControlledStore } from '../support/controlled-store.ts';
import { waitFor } from '../support/wait-for.ts';

const SERIAL = `CLOSED-${process.pid}`;

describe('a registry of devices that is closed while the disk takes the identity of one', () => {
  let store: ControlledStore;
  let device: LabDevice;
  let controlPoint: ControlPoint;
  let registry: DeviceRegistry;
  /** Serial numbers of the devices that were to be exposed. */
  const exposed: string[] = [];
  /** How often it was decided how to expose one. */
  let chosen = 0;
  const virtual: ExposingMechanism = {
    expose: ({ serialNumber }) => {
      exposed.push(serialNumber);
      return Promise.reject(new Error('nothing is exposed here'));
    },
    retire: () => Promise.resolve(false),
    forget: () => Promise.resolve(),
    known: new Set(),
    exposed: new Map(),
  };

  beforeEach(async () => {
    exposed.length = 0;
    chosen = 0;
    store = new ControlledStore();
    device = createLabDevice({ profile: 'sensor', drift: false, identity: { serialNumber: SERIAL } });
    await device.start();
    registry = new DeviceRegistry({
      store,
      proxier: { oui: '0011AA', productClass: 'Proxier', serialNumber: '1' },
      clock: systemClock,
      logger: silentLogger,
      controlPoint: () => controlPoint,
      alarms: () => false,
      chooseMechanism: () => {
        chosen += 1;
        return 'virtual';
      },
      limits: () => ({ maxDevices: 128, forgetAfterSeconds: 3600 }),
      pollIntervalSeconds: () => 60,
      virtual,
      embedded: undefined,
      exposureChanged: () => undefined,
    });
    controlPoint = createControlPoint({
      interfaces: ['lo'],
      clock: systemClock,
      logger: silentLogger,
      listener: {
        deviceAppeared: (root) => {
          // Other tests may have devices on this host.
          const isOurs = findManagementServices(root).some(
            ({ description }) => description.udn === device.udn,
          );
          if (isOurs) registry.deviceAppeared(root);
        },
        deviceLost: () => undefined,
        deviceUnusable: () => undefined,
      },
    });
  });

  afterEach(async () => {
    store.release();
    await registry.stop();
    await controlPoint.stop();
    await device.stop();
  });

  async function untilIdentityIsWritten(): Promise<void> {
    store.holds = () => true;
    await controlPoint.start();
    await waitFor(() => store.heldCount > 0, 'the identity on its way to the disk');
  }

  it('exposes it no more: the mechanisms are about to stop', async () => {
    await untilIdentityIsWritten();
    registry.close();
    store.release();
    await waitFor(() => chosen > 0, 'the decision');
    await registry.stop();
    expect(exposed).to.deep.equal([]);
  });

  it('would expose it otherwise', async () => {
    await untilIdentityIsWritten();
    store.release();
    await waitFor(() => exposed.length > 0, 'the device to be exposed');
    expect(exposed).to.deep.equal([SERIAL]);
  });
});
