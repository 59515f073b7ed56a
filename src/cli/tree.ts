import type { Command } from 'commander';

import type { CmsTree } from '../upnp-dm/walk.ts';
import type { ManageableDevice } from '../upnp-dm/manageable-device.ts';
import type { ControlPoint, RootDevice } from '../upnp/types.ts';
import type { CommandContext } from './command-context.ts';
import { EXIT_FAILED, EXIT_NOTHING_FOUND } from './exit-code.ts';
import { collect, INTERFACE_HELP, wholeNumber } from './options.ts';
import { printable } from './output.ts';
import { formatTable } from './table.ts';
import { listTreeNodes } from './tree-nodes.ts';

interface TreeOptions {
  readonly interface?: readonly string[];
  readonly timeout: number;
  readonly json?: boolean;
}

interface Match {
  readonly root: RootDevice;
  readonly device: ManageableDevice;
}

export function addTreeCommand(program: Command, context: CommandContext): void {
  program
    .command('tree')
    .summary("print a device's data model")
    .description(
      'Reads the data model of a device through its ConfigurationManagement service (CMS): types, access, EventOnChange and values.',
    )
    .argument('<device>', 'UDN, IP address, friendly name or location URL')
    .argument('[path]', 'CMS path of the part to read, e.g. /UPnP/DM/DeviceInfo/', '/')
    .option('-i, --interface <name>', INTERFACE_HELP, collect)
    .option('-t, --timeout <seconds>', 'how long to search for the device, 1 to 300', wholeNumber(1, 300), 10)
    .option('--json', 'print a JSON object: udn, address, subTrees and nodes')
    .addHelpText(
      'after',
      `
Columns: EVENT is yes where the device reports changes (EventOnChange). A table's line ends with a slash.
Exit codes: 0 done, 1 the device cannot be read, 2 wrong arguments, 3 no such device.

Examples:
  cwmp-proxier tree 192.168.1.20
  cwmp-proxier tree "Lab NAS" /UPnP/DM/DeviceInfo/ --interface lo
  cwmp-proxier tree uuid:3d6f… --json | jq '.nodes[] | select(.eventOnChange) | .path'`,
    )
    .action((device: string, path: string, options: TreeOptions) =>
      printTree(device, path, options, context),
    );
}

async function printTree(
  name: string,
  path: string,
  options: TreeOptions,
  { output, exitWith }: CommandContext,
): Promise<void> {
  const { searchLan } = await import('./lan-search.ts');
  const { findManagementServices } = await import('../upnp-dm/manageable-device.ts');
  const { systemClock } = await import('../platform/clock.ts');

  const seen: Match[] = [];
  let announce = (_match: Match): void => undefined;
  const found = new Promise<Match>((resolve) => {
    announce = resolve;
  });
  let withoutCms: string | undefined;
  output.progress(`searching for ${printable(name)} …`);
  await searchLan(
    options.interface,
    {
      found: (root) => {
        const devices = findManagementServices(root);
        for (const device of devices) {
          if (!isNamed(name, root, device)) continue;
          const match = { root, device };
          seen.push(match);
          if (device.cms !== undefined) announce(match);
        }
        if (isNamed(name, root, { description: root.description }))
          withoutCms = root.description.friendlyName;
      },
    },
    async (controlPoint) => {
      let timer: { cancel(): void } | undefined;
      const timeout = new Promise<undefined>((resolve) => {
        timer = systemClock.schedule(options.timeout * 1000, () => {
          resolve(undefined);
        });
      });
      const match = await Promise.race([found, timeout]);
      timer?.cancel();
      if (match !== undefined) {
        await readAndPrint(controlPoint, match, path, options, output);
        return;
      }
      if (withoutCms !== undefined || seen.length > 0) {
        output.message(printable(`${withoutCms ?? name} has no ConfigurationManagement service`));
        exitWith(EXIT_FAILED);
        return;
      }
      output.message(
        printable(`no device ${name} answered within ${options.timeout} s; discover lists what is there`),
      );
      exitWith(EXIT_NOTHING_FOUND);
    },
  );
}

/** By UDN (its own or the root's), address, location URL or friendly name. */
function isNamed(name: string, root: RootDevice, device: Pick<ManageableDevice, 'description'>): boolean {
  const wanted = name.toLowerCase();
  return [
    device.description.udn,
    device.description.friendlyName,
    root.description.udn,
    root.description.friendlyName,
    root.announcement.sourceAddress,
    root.announcement.location,
  ].some((text) => text.toLowerCase() === wanted || text.toLowerCase() === `uuid:${wanted}`);
}

async function readAndPrint(
  controlPoint: ControlPoint,
  { root, device }: Match,
  path: string,
  options: TreeOptions,
  output: CommandContext['output'],
): Promise<void> {
  const tree = await readTree(controlPoint, { root, device }, path);
  const nodes = listTreeNodes(tree);
  if (options.json === true) {
    const { udn, friendlyName } = device.description;
    const address = root.announcement.sourceAddress;
    const data = { udn, friendlyName, address, subTrees: tree.subTrees, nodes };
    output.write(`${JSON.stringify(data, undefined, 2)}\n`);
    return;
  }
  output.progress(printable(`${device.description.friendlyName} at ${root.announcement.sourceAddress}:`));
  const rows = nodes.map((node) => [
    node.path,
    node.kind === 'parameter' ? (node.type ?? '?') : node.kind,
    node.access ?? '?',
    node.eventOnChange === undefined ? '?' : node.eventOnChange ? 'yes' : 'no',
    node.value ?? '',
  ]);
  output.write(formatTable(['PATH', 'TYPE', 'ACCESS', 'EVENT', 'VALUE'], rows, output.columns));
}

/** A path without final slash may mean a parameter or, written carelessly, an object. */
async function readTree(controlPoint: ControlPoint, { root, device }: Match, path: string): Promise<CmsTree> {
  const { createCmsClient } = await import('../upnp-dm/cms-client.ts');
  const { readCmsTree } = await import('../upnp-dm/walk.ts');
  const { ActionError } = await import('../upnp/types.ts');
  const { systemClock } = await import('../platform/clock.ts');
  if (device.cms === undefined) throw new Error('the device has no ConfigurationManagement service');
  const { service } = device.cms;
  const scpd = await controlPoint.fetchScpd(root, service).catch(() => undefined);
  const client = createCmsClient({ controlPoint, device: root, service, clock: systemClock, scpd });
  const read = (start: string): Promise<CmsTree> =>
    readCmsTree(client, { paths: [start], values: true, allAttributes: true });
  if (path.endsWith('/')) return read(path);
  try {
    const tree = await read(path);
    if (tree.structure.length > 0) return tree;
  } catch (error) {
    if (!(error instanceof ActionError) || error.source !== 'upnp') throw error;
  }
  return read(`${path}/`);
}
