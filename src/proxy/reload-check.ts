import type { Config } from '../platform/config/config.ts';
import { tryToListen } from '../platform/trial-bind.ts';
import { checkInterfaceNames } from '../upnp/ssdp/lan-interface.ts';

/**
 * What can be known of another configuration without touching anything that runs.
 * @param changed the keys that are others than now
 * @param ownPorts on which we listen ourselves: they are given free before they are taken again
 * @throws Error that says what cannot be had
 */
export async function checkBeforehand(
  config: Config,
  changed: readonly string[],
  ownPorts: readonly number[],
): Promise<void> {
  if (changed.includes('lan.interfaces')) checkInterfaceNames(config.lan.interfaces);
  for (const section of ['connectionRequest', 'status'] as const) {
    const { host, port } = config[section];
    if (!changed.includes(`${section}.host`) && !changed.includes(`${section}.port`)) continue;
    await tryToListen({ host, port: ownPorts.includes(port) ? 0 : port });
  }
}
