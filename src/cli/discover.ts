import type { Command } from 'commander';

import type { ManageableDevice } from '../upnp-dm/manageable-device.ts';
import type { Announcement, ControlPoint, DeviceDescription, RootDevice } from '../upnp/types.ts';
import type { CommandContext } from './command-context.ts';
import { EXIT_NOTHING_FOUND } from './exit-code.ts';
import { collect, INTERFACE_HELP, wholeNumber } from './options.ts';
import { printable } from './output.ts';
import { formatTable } from './table.ts';

interface DiscoverOptions {
  readonly interface?: readonly string[];
  readonly timeout: number;
  readonly json?: boolean;
}

export function addDiscoverCommand(program: Command, context: CommandContext): void {
  program
    .command('discover')
    .summary('list the UPnP devices on the LAN')
    .description(
      'Searches the LAN and lists all UPnP devices. Device Management services are marked: CMS, BMS, SMS with version.',
    )
    .option('-i, --interface <name>', INTERFACE_HELP, collect)
    .option('-t, --timeout <seconds>', 'how long to search, 1 to 300', wholeNumber(1, 300), 5)
    .option('--json', 'print a JSON array with every detail, embedded devices and services included')
    .addHelpText(
      'after',
      `
The list goes to standard output, devices that cannot be described to standard error.
Exit codes: 0 at least one device, 1 failed, 2 wrong arguments, 3 no device.

Examples:
  cwmp-proxier discover --interface br-lan
  cwmp-proxier discover --timeout 10 --json | jq '.[] | select(.manageable) | .udn'`,
    )
    .action((options: DiscoverOptions) => discover(options, context));
}

async function discover(options: DiscoverOptions, { output, exitWith }: CommandContext): Promise<void> {
  const { searchLan } = await import('./lan-search.ts');
  const { findManagementServices } = await import('../upnp-dm/manageable-device.ts');
  const { sleep, systemClock } = await import('../platform/clock.ts');
  const unusable = new Map<string, { announcement: Announcement; error: Error }>();

  output.progress(`searching for ${options.timeout} s …`);
  const found = await searchLan(
    options.interface,
    {
      found: ({ announcement, description }) => {
        unusable.delete(announcement.location);
        output.progress(printable(`  ${announcement.sourceAddress}  ${description.friendlyName}`));
      },
      unusable: (announcement, error) => unusable.set(announcement.location, { announcement, error }),
    },
    async (controlPoint) => {
      await sleep(systemClock, options.timeout * 1000);
      return Promise.all(
        [...controlPoint.devices].sort(byAddress).map(async (device) => {
          const manageable = findManagementServices(device);
          return toFoundDevice(
            device,
            manageable,
            await describeManagement(controlPoint, device, manageable),
          );
        }),
      );
    },
  );

  for (const { announcement, error } of unusable.values()) {
    output.message(printable(`${announcement.sourceAddress}: ${announcement.location}: ${error.message}`));
  }
  if (options.json === true) {
    output.write(`${JSON.stringify(found, undefined, 2)}\n`);
  } else if (found.length > 0) {
    const rows = found.map((device) => [
      device.address,
      device.management.map(({ name, version }) => `${name}:${version}`).join(' ') || '-',
      device.friendlyName,
      `${device.manufacturer} ${device.modelName}`.trim(),
      device.udn,
    ]);
    output.write(formatTable(['ADDRESS', 'DM', 'NAME', 'MODEL', 'UDN'], rows, output.columns));
  }
  if (found.length > 0) return;
  output.message('no UPnP device answered');
  exitWith(EXIT_NOTHING_FOUND);
}

/** The names of Device Management services as operators write them. */
const SHORT_NAMES = {
  ConfigurationManagement: 'CMS',
  BasicManagement: 'BMS',
  SoftwareManagement: 'SMS',
} as const;

interface FoundService {
  readonly udn: string;
  readonly name: string;
  readonly version: number;
  readonly serviceType: string;
  /** What its description (SCPD) lists; null when that cannot be read. */
  readonly actions: readonly string[] | null;
}

interface FoundDevice {
  readonly udn: string;
  readonly address: string;
  readonly interface: string;
  readonly location: string;
  readonly server: string;
  readonly maxAgeSeconds: number;
  readonly bootId: number | undefined;
  readonly configId: number | undefined;
  readonly friendlyName: string;
  readonly deviceType: string;
  readonly manufacturer: string;
  readonly modelName: string;
  readonly modelNumber: string;
  readonly serialNumber: string;
  /** The device, or one embedded in it, has a ConfigurationManagement service. */
  readonly manageable: boolean;
  readonly management: readonly FoundService[];
  readonly services: readonly { udn: string; serviceType: string; serviceId: string }[];
}

/** The management services of a root device, each described by its SCPD. */
async function describeManagement(
  controlPoint: ControlPoint,
  root: RootDevice,
  manageable: readonly ManageableDevice[],
): Promise<FoundService[]> {
  const { summarizeManagementService } = await import('../upnp-dm/management-service.ts');
  const services = manageable.flatMap(({ description, cms, bms, sms }) =>
    [cms, bms, sms].flatMap((service) => (service === undefined ? [] : [{ udn: description.udn, service }])),
  );
  return Promise.all(
    services.map(async ({ udn, service }) => {
      const scpd = await controlPoint.fetchScpd(root, service.service).catch(() => undefined);
      const { name, version, actions } = summarizeManagementService(service, scpd);
      return {
        udn,
        name: name === 'DeviceProtection' ? name : SHORT_NAMES[name],
        version,
        serviceType: service.service.serviceType,
        actions: actions ?? null,
      };
    }),
  );
}

function toFoundDevice(
  { announcement, description }: RootDevice,
  manageable: readonly ManageableDevice[],
  management: readonly FoundService[],
): FoundDevice {
  return {
    udn: announcement.udn,
    address: announcement.sourceAddress,
    interface: announcement.interfaceName,
    location: announcement.location,
    server: announcement.server,
    maxAgeSeconds: announcement.maxAgeSeconds,
    bootId: announcement.bootId,
    configId: announcement.configId,
    friendlyName: description.friendlyName,
    deviceType: description.deviceType,
    manufacturer: description.manufacturer,
    modelName: description.modelName,
    modelNumber: description.modelNumber,
    serialNumber: description.serialNumber,
    manageable: manageable.some(({ cms }) => cms !== undefined),
    management,
    services: servicesOf(description),
  };
}

function servicesOf(device: DeviceDescription): FoundDevice['services'] {
  const own = device.services.map(({ serviceType, serviceId }) => ({
    udn: device.udn,
    serviceType,
    serviceId,
  }));
  return [...own, ...device.devices.flatMap(servicesOf)];
}

function byAddress(a: RootDevice, b: RootDevice): number {
  const [first, second] = [a, b].map(
    ({ announcement }) => `${announcement.sourceAddress} ${announcement.udn}`,
  );
  return (first ?? '').localeCompare(second ?? '', 'en', { numeric: true });
}
