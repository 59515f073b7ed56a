import { randomBytes } from 'node:crypto';
import type { EndpointIdentity } from '../../cwmp/types.ts';
import type { Config } from '../../platform/config/config.ts';
import type { Logger } from '../../platform/logger.ts';
import type { DocumentStore } from '../../platform/store/document-store.ts';
import { identityKey } from '../identity.ts';

export interface ProxierIdentityOptions {
  readonly store: DocumentStore;
  readonly configured: Pick<
    Config['proxier'],
    'manufacturer' | 'manufacturerOui' | 'productClass' | 'serialNumber'
  >;
  /** Undefined: the machine has nothing that is its own. */
  readonly machineSerialNumber: () => string | undefined;
  readonly logger: Logger;
}

const KEY = 'proxier/identity';
/** What a CPE has from its ACS, and has told it. */
const OF_THE_CPE = ['proxier/endpoint/', 'proxier/settings', 'proxier/inform-parameters/'];

/**
 * The identity of the proxier. A serial number that is not configured is chosen once and remembered: a CPE whose network card was
 * replaced is the same CPE. Resolves when that is durable. When the configuration makes another CPE of it, what belongs to the old
 * one is forgotten, so that the new one begins with 0 BOOTSTRAP.
 */
export async function claimProxierIdentity(options: ProxierIdentityOptions): Promise<EndpointIdentity> {
  const { store, configured, machineSerialNumber, logger } = options;
  const { manufacturer, manufacturerOui: oui, productClass } = configured;
  const known = store.get<EndpointIdentity>(KEY);
  const serialNumber =
    configured.serialNumber ??
    known?.serialNumber ??
    machineSerialNumber() ??
    randomBytes(6).toString('hex').toUpperCase();
  const identity = { manufacturer, oui, productClass, serialNumber };
  if (known !== undefined && identityKey(known) === identityKey(identity)) return identity;
  const writes = [store.put(KEY, identity)];
  if (known !== undefined) {
    logger.warn('the proxier has another identity by its configuration: for the ACS it is a new CPE', {
      before: identityKey(known),
      now: identityKey(identity),
    });
    const keys = OF_THE_CPE.flatMap((prefix) => store.keys(prefix));
    writes.push(...keys.map((key) => store.delete(key)));
  }
  await Promise.all(writes);
  return identity;
}
