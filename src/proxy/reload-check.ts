import type { Config } from '../platform/config/config.ts';
import { tryToListen } from '../platform/trial-bind.ts';
import { checkInterfaceNames } from '../upnp/ssdp/lan-interface.ts';

/** What is bound to them, or made of them, cannot go over to others. Words that describe the proxier can. */
const RESTART_KEYS =
  /^(state\.|proxier\.(?!(modelName|description|hardwareVersion)$)|connectionRequest\.(host|port)$)/;

/** Those of the keys that cannot change while the daemon runs. */
export function restartKeys(changed: readonly string[]): string[] {
  return changed.filter((key) => RESTART_KEYS.test(key));
}

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
