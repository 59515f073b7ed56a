import { expect } from 'chai';
import type { ServiceDescription } from '../../../src/upnp/types.ts';
import { findManagementServices } from '../../../src/upnp-dm/manageable-device.ts';
import { summarizeManagementService } from '../../../src/upnp-dm/management-service.ts';
import { cmsService, describeDevice, rootDevice, scpdOf } from './fake-device.ts';

function service(serviceType: string, serviceId = 'urn:upnp-org:serviceId:X'): ServiceDescription {
  return { ...cmsService, serviceType, serviceId };
}

const urn = (name: string): string => `urn:schemas-upnp-org:service:${name}`;

describe('upnp-dm/manageable-device', () => {
  it('finds management services in any device, root or embedded, of any version', () => {
    const inner = describeDevice({ udn: 'uuid:3', services: [service(urn('SoftwareManagement:2'))] });
    const middle = describeDevice({
      udn: 'uuid:2',
      deviceType: 'urn:x:device:Anything:1',
      services: [service(urn('BasicManagement:7')), service(urn('ConfigurationManagement:1'))],
      devices: [inner],
    });
    const root = describeDevice({
      services: [service(urn('AVTransport:1')), service(urn('DeviceProtection:1'))],
      devices: [middle],
    });
    const found = findManagementServices(rootDevice(root));
    expect(
      found.map(({ description, cms, bms, sms, deviceProtection }) => [
        description.udn,
        cms?.version,
        bms?.version,
        sms?.version,
        deviceProtection?.version,
      ]),
    ).to.deep.equal([
      ['uuid:2', 1, 7, undefined, 1],
      ['uuid:3', undefined, undefined, 2, 1],
    ]);
  });

  it('takes the highest version of a service', () => {
    const root = describeDevice({
      services: [service(urn('ConfigurationManagement:2')), service(urn('ConfigurationManagement:1'))],
    });
    expect(findManagementServices(rootDevice(root))[0]?.cms?.version).to.equal(2);
  });

  for (const [serviceId, version] of [
    ['urn:upnp-org:serviceId:ConfigurationManagement', 1],
    ['urn:upnp-org:serviceId:ConfigurationManagement:2', 2],
    ['urn:upnp-org:serviceId:configurationmanagement1', 1],
  ] as const) {
    it(`knows a service by the ID ${serviceId}`, () => {
      const root = describeDevice({ services: [service('urn:vendor:service:Any:1', serviceId)] });
      expect(findManagementServices(rootDevice(root))[0]?.cms?.version).to.equal(version);
    });
  }

  it('finds nothing in a device without management', () => {
    expect(
      findManagementServices(rootDevice(describeDevice({ services: [service(urn('AVTransport:1'))] }))),
    ).to.deep.equal([]);
  });

  it('summarizes a service by its actions', () => {
    const bms = findManagementServices(
      rootDevice(describeDevice({ services: [service(urn('BasicManagement:2'))] })),
    )[0]?.bms;
    if (bms === undefined) throw new Error('not found');
    expect(summarizeManagementService(bms, scpdOf({ Reboot: [], GetDeviceStatus: [] }))).to.deep.equal({
      name: 'BasicManagement',
      version: 2,
      actions: ['GetDeviceStatus', 'Reboot'],
    });
    expect(summarizeManagementService(bms, undefined).actions).to.equal(undefined);
  });
});
