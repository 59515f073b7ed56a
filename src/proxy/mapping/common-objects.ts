import type { RootName } from './mounts.ts';

/** One row: a Common Object leaf of the CMS and the parameter of Device:2 (or a root of the same shape) that it fills. */
export interface CommonObjectRow {
  /** StructurePath below `/UPnP/DM/`. */
  readonly cms: string;
  /** Path below the root object; `{i}` stands where the StructurePath has `#`. */
  readonly parameter: string;
  /**
   * Object below the root whose leaves belong together, ending with a dot: a root model of the device that has it displaces all
   * rows of the family, not only those that it has leaves for.
   */
  readonly family?: string;
  /** The standard allows no write here even if the device does: a writable leaf then appears under the vendor object too. */
  readonly readOnly?: boolean;
  /** Only for the root Device (not in TR-098). */
  readonly deviceOnly?: boolean;
}

/**
 * Common Objects [CMS:2 Appendix B] to Device:2 [TR-181]. What is not listed has no counterpart of the same meaning and type
 * and goes under the vendor object, e.g. MemoryUsage, a percentage where MemoryStatus wants kibibytes.
 */
export const COMMON_OBJECT_ROWS: readonly CommonObjectRow[] = [
  { cms: 'DeviceInfo/SoftwareVersion', parameter: 'DeviceInfo.SoftwareVersion', readOnly: true },
  { cms: 'DeviceInfo/ProvisioningCode', parameter: 'DeviceInfo.ProvisioningCode' },
  { cms: 'DeviceInfo/UpTime', parameter: 'DeviceInfo.UpTime', readOnly: true },
  {
    cms: 'DeviceInfo/PhysicalDevice/HardwareVersion',
    parameter: 'DeviceInfo.HardwareVersion',
    readOnly: true,
  },
  { cms: 'Configuration/Network/HostName', parameter: 'DeviceInfo.HostName', deviceOnly: true },
  {
    cms: 'Configuration/Network/IPInterfaceNumberOfEntries',
    parameter: 'IP.InterfaceNumberOfEntries',
    family: 'IP.',
    readOnly: true,
    deviceOnly: true,
  },
  {
    cms: 'Configuration/Network/IPInterface/#/SystemName',
    parameter: 'IP.Interface.{i}.Name',
    family: 'IP.',
    readOnly: true,
    deviceOnly: true,
  },
  {
    cms: 'Configuration/Network/IPInterface/#/IPv4/IPAddress',
    parameter: 'IP.Interface.{i}.IPv4Address.1.IPAddress',
    family: 'IP.',
    deviceOnly: true,
  },
  {
    cms: 'Configuration/Network/IPInterface/#/IPv4/SubnetMask',
    parameter: 'IP.Interface.{i}.IPv4Address.1.SubnetMask',
    family: 'IP.',
    deviceOnly: true,
  },
  {
    cms: 'Configuration/Network/IPInterface/#/IPv4/AddressingType',
    parameter: 'IP.Interface.{i}.IPv4Address.1.AddressingType',
    family: 'IP.',
    readOnly: true,
    deviceOnly: true,
  },
  {
    cms: 'Monitoring/OperatingSystem/CPUUsage',
    parameter: 'DeviceInfo.ProcessStatus.CPUUsage',
    readOnly: true,
    deviceOnly: true,
  },
  {
    cms: 'Monitoring/OperatingSystem/CurrentTime',
    parameter: 'Time.CurrentLocalTime',
    readOnly: true,
    deviceOnly: true,
  },
];

export const COMMON_OBJECTS = '/UPnP/DM/';

const rowsByStructurePath = new Map(COMMON_OBJECT_ROWS.map((row) => [COMMON_OBJECTS + row.cms, row]));

/** The row for a StructurePath, if the Common Object leaf has a standard place below `root`. */
export function commonObjectRow(structurePath: string, root: RootName): CommonObjectRow | undefined {
  const row = rowsByStructurePath.get(structurePath);
  return row?.deviceOnly === true && root !== 'Device' ? undefined : row;
}
