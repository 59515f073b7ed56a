import type { EndpointIdentity } from '../cwmp/types.ts';
import type { DocumentStore } from '../platform/store/document-store.ts';
import type { DeviceDescription } from '../upnp/types.ts';
import {
  identityFromTriple,
  identityFromUdn,
  identityKey,
  type DeviceIdTriple,
  type IdentitySource,
} from './identity.ts';

interface IdentityRecord {
  readonly identity: EndpointIdentity;
  readonly source: IdentitySource;
  /** Key of the triple that the device claimed, though it did not get it. */
  readonly refusedClaim?: string;
}

export interface ClaimedIdentity {
  readonly identity: EndpointIdentity;
  readonly source: IdentitySource;
  /** UDN of the device that holds the triple which this one claims too. */
  readonly conflictsWith?: string;
}

const PREFIX = 'identity/';

/**
 * Who is who: gives each device, told apart by its UDN, one identity for life. A device that returns with a new UDN keeps the
 * identity of its triple; a second device that claims the triple of one that is present gets an identity of its own.
 */
export class IdentityClaims {
  readonly #store: DocumentStore;
  readonly #proxierOui: string;
  readonly #isPresent: (udn: string) => boolean;
  readonly #records = new Map<string, IdentityRecord>();

  /** @param isPresent whether the device of that UDN (lower case) is on the LAN now */
  constructor(store: DocumentStore, proxierOui: string, isPresent: (udn: string) => boolean) {
    this.#store = store;
    this.#proxierOui = proxierOui;
    this.#isPresent = isPresent;
    for (const key of store.keys(PREFIX)) {
      const record = store.get<IdentityRecord>(key);
      if (record !== undefined) this.#records.set(key.slice(PREFIX.length), record);
    }
  }

  /** Decides the identity of a device and resolves when it is durable. */
  async claim(description: DeviceDescription, triple: DeviceIdTriple | undefined): Promise<ClaimedIdentity> {
    const udn = description.udn.toLowerCase();
    const known = this.#records.get(udn);
    if (triple === undefined) {
      // A triple that was readable once and is hidden now (access rights) does not make another device.
      return known ?? this.#record(udn, this.#fallback(description));
    }
    const key = identityKey(triple);
    const owner = this.#ownerOf(key);
    if (
      known !== undefined &&
      (owner === udn || (known.source === 'udn' && known.refusedClaim === undefined))
    ) {
      return known;
    }
    if (owner !== undefined && owner !== udn) {
      if (known?.refusedClaim === key || this.#isPresent(owner)) {
        const record =
          known?.refusedClaim === key ? known : { ...this.#fallback(description), refusedClaim: key };
        return { ...(await this.#record(udn, record)), conflictsWith: owner };
      }
      this.#records.delete(owner);
      await this.#store.delete(PREFIX + owner);
    }
    return this.#record(udn, { identity: identityFromTriple(triple, description), source: 'triple' });
  }

  #fallback(description: DeviceDescription): IdentityRecord {
    return { identity: identityFromUdn(description, this.#proxierOui), source: 'udn' };
  }

  #ownerOf(key: string): string | undefined {
    for (const [udn, { identity, source }] of this.#records) {
      if (source === 'triple' && identityKey(identity) === key) return udn;
    }
    return undefined;
  }

  async #record(udn: string, record: IdentityRecord): Promise<IdentityRecord> {
    if (this.#records.get(udn) !== record) {
      this.#records.set(udn, record);
      await this.#store.put(PREFIX + udn, record);
    }
    return record;
  }
}
