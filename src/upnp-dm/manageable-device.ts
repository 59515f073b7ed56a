import type { DeviceDescription, RootDevice } from '../upnp/types.ts';
import { identifyManagementService } from './management-service.ts';
import type { ManagementService, ManagementServiceName } from './management-service.ts';

/**
 * A device, root or embedded and of any type, that holds management services. It is their "Parent Device": they manage it
 * with its embedded devices, except those that hold such a service themselves [CMS:2 1.1].
 */
export interface ManageableDevice {
  readonly description: DeviceDescription;
  readonly cms?: ManagementService;
  readonly bms?: ManagementService;
  readonly sms?: ManagementService;
  /** Its own, or that of the nearest device above, which then governs it [DeviceProtection:1]. */
  readonly deviceProtection?: ManagementService;
}

/** The service of that name with the highest version. */
function bestOf(
  services: readonly ManagementService[],
  name: ManagementServiceName,
): ManagementService | undefined {
  let best: ManagementService | undefined;
  for (const service of services) {
    if (service.name === name && (best === undefined || service.version > best.version)) best = service;
  }
  return best;
}

/** All devices under a root device, itself included, that hold CMS, BMS or SMS; in the order of the description. */
export function findManagementServices(root: RootDevice): readonly ManageableDevice[] {
  const found: ManageableDevice[] = [];
  const visit = (description: DeviceDescription, inherited: ManagementService | undefined): void => {
    const services = description.services
      .map(identifyManagementService)
      .filter((service) => service !== undefined);
    const cms = bestOf(services, 'ConfigurationManagement');
    const bms = bestOf(services, 'BasicManagement');
    const sms = bestOf(services, 'SoftwareManagement');
    const deviceProtection = bestOf(services, 'DeviceProtection') ?? inherited;
    if (cms !== undefined || bms !== undefined || sms !== undefined) {
      found.push({
        description,
        ...(cms !== undefined && { cms }),
        ...(bms !== undefined && { bms }),
        ...(sms !== undefined && { sms }),
        ...(deviceProtection !== undefined && { deviceProtection }),
      });
    }
    for (const embedded of description.devices) visit(embedded, deviceProtection);
  };
  visit(root.description, undefined);
  return found;
}
