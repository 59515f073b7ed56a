import { expect } from 'chai';
import { DataModel } from '../../src/datamodel/data-model.ts';
import { createLabDevice, type LabDevice } from '../../src/lab/device/lab-device.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { ConcurrencyLimit } from '../../src/platform/concurrency-limit.ts';
import { silentLogger } from '../../src/platform/logger.ts';
import { DeviceModel } from '../../src/proxy/device-model.ts';
import type { PresentDevice } from '../../src/proxy/device-presence.ts';
import type { ExposedDevice } from '../../src/proxy/exposed-device.ts';
import { planMounts } from '../../src/proxy/mapping/mounts.ts';
import { ProxiedDevice } from '../../src/proxy/proxied-device.ts';
import { createControlPoint } from '../../src/upnp/control-point.ts';
import type { ControlPoint } from '../../src/upnp/types.ts';
import { findManagementServices } from '../../src/upnp-dm/manageable-device.ts';
import type { CmsTree } from '../../src/upnp-dm/walk.ts';
import { invokeByHand } from '../support/another-control-point.ts';
import { waitFor } from '../support/wait-for.ts';

const NAME = '/BBF/StorageService/0/LogicalVolume/1/Name';

describe('attributes that change while a device is described anew', () => {
  let nas: LabDevice;
  let controlPoint: ControlPoint;
  let device: ProxiedDevice | undefined;
  let present: PresentDevice | undefined;
  let location = '';
  let structureDoubtful: () => void = () => undefined;
  /** Called before what was read of the device is taken over. */
  let onDescribe: () => Promise<void> = () => Promise.resolve();
  let tree: CmsTree | undefined;
  const deviceModel = new DeviceModel({
    model: new DataModel('Device'),
    plan: () => planMounts(tree?.subTrees ?? [], tree?.structure ?? [], '0011AA'),
    logger: silentLogger,
    onStructureDoubtful: () => undefined,
  });
  const exposed: ExposedDevice = {
    deviceModel,
    describe: async (read, capabilities, generation) => {
      await onDescribe();
      tree = read;
      await deviceModel.describe(read, capabilities, generation);
    },
    setReachable: (_reachable, doubtful) => (structureDoubtful = doubtful ?? structureDoubtful),
    watched: [],
    isUrgent: () => false,
    onWatchedChange: () => () => undefined,
  };
  const isEvented = (): boolean => deviceModel.eventedPaths.includes(NAME);
  const setEvents = (value: 0 | 1): Promise<void> =>
    invokeByHand(
      location,
      'SetAttributes',
      'NodeAttributeValueList',
      `<cms:NodeAttributeValueList xmlns:cms="urn:schemas-upnp-org:dm:cms"><Node><NodeAttributePath>${NAME}</NodeAttributePath>` +
        `<EventOnChange>${value}</EventOnChange></Node></cms:NodeAttributeValueList>`,
    );

  before(async () => {
    nas = createLabDevice({
      profile: 'nas',
      drift: false,
      identity: { serialNumber: `ATTRIBUTES-${process.pid}` },
    });
    await nas.start();
    controlPoint = createControlPoint({
      interfaces: ['lo'],
      clock: systemClock,
      logger: silentLogger,
      listener: {
        deviceAppeared: (root) => {
          const managed = findManagementServices(root).find(({ description }) => description.udn === nas.udn);
          if (managed === undefined) return;
          location = root.announcement.location;
          device = new ProxiedDevice(nas.udn, {
            controlPoint,
            clock: systemClock,
            logger: silentLogger,
            pollIntervalSeconds: () => 0,
            alarms: () => false,
            readings: new ConcurrencyLimit(1),
            expose: () => Promise.resolve(exposed),
            withdrawn: () => undefined,
          });
          present = { root, managed };
          device.appeared(present);
        },
        deviceLost: () => undefined,
        deviceUnusable: () => undefined,
      },
    });
    await controlPoint.start();
    await waitFor(() => device?.phase === 'ready', 'the device');
  });

  after(async () => {
    await device?.stop();
    await controlPoint.stop();
    await nas.stop();
  });

  it('are asked for again: what the tree says of them is older', async () => {
    await setEvents(1);
    await waitFor(isEvented, 'the events of the leaf to be known');
    let isSwitchedOff = false;
    onDescribe = async () => {
      if (isSwitchedOff) return;
      await setEvents(0);
      await waitFor(() => !isEvented(), 'the end of its events to be known');
      isSwitchedOff = true;
    };
    const before = tree;
    structureDoubtful();
    await waitFor(() => tree !== before && device?.phase === 'ready', 'another description');
    await waitFor(() => !isEvented(), 'the end of its events to be known still');
    expect(isSwitchedOff).to.equal(true);
  });

  it('are asked for when the device has moved and cannot be described: its old word may be void', async () => {
    await setEvents(1);
    structureDoubtful();
    await waitFor(isEvented, 'the events of the leaf to be known');
    await waitFor(() => device?.phase === 'ready', 'the end of the description');
    nas.setFault({ action: 'GetSupportedParameters', code: 708 });
    const before = nas.requests.length;
    if (present !== undefined) device?.appeared(present);
    // There is no subscription now that would tell of it.
    await setEvents(0);
    await waitFor(() => !isEvented(), 'the end of its events to be known');
    const asked = nas.requests.slice(before).map(({ action }) => action);
    expect(asked).to.include('GetSupportedParameters').and.to.include('GetAttributes');
  });
});
