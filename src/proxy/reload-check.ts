import type { Config } from '../platform/config/config.ts';
import { tryToListen } from '../platform/trial-bind.ts';
import { checkInterfaceNames } from '../upnp/ssdp/lan-interface.ts';

/** What is bound to them, or made of them, cannot go over to others. Words that describe the proxier can. */
const RESTART_KEYS =
  /^(state\.|proxier\.(?!(modelName|description|hardwareVersion)$)|connectionRequest\.(host|port)$)/;

const WILDCARDS: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

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
  checkClash(config);
  for (const section of ['connectionRequest', 'status'] as const) {
    const { host, port } = config[section];
    if (!changed.includes(`${section}.host`) && !changed.includes(`${section}.port`)) continue;
    await tryToListen({ host, port: ownPorts.includes(port) ? 0 : port });
  }
}

/** Two listeners of our own are not found out by a trial. */
function checkClash({ connectionRequest, status }: Pick<Config, 'connectionRequest' | 'status'>): void {
  const { host, port } = connectionRequest;
  const hosts = [host, status.host];
  if (port === 0 || port !== status.port) return;
  if (host === status.host || hosts.some((one) => WILDCARDS.has(one)))
    throw new Error(
      `connectionRequest and status cannot both listen on port ${port} of ${hosts.join(' and ')}`,
    );
}
