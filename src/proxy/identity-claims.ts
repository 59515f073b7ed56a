import type { EndpointIdentity } from '../cwmp/types.ts';
import type { Clock } from '../platform/clock.ts';
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
  /** Milliseconds since the epoch, an hour more or less; for identities made from a UDN. */
  readonly lastSeen?: number;
}

export interface ClaimedIdentity {
  readonly identity: EndpointIdentity;
  readonly source: IdentitySource;
  /** Who has the identity that this device claims too: the UDN of a device, or the proxier. */
  readonly conflictsWith?: string;
}

export interface IdentityClaimsOptions {
  readonly store: DocumentStore;
  /** Identities that have to be made up get its OUI; its own is nobody else's. */
  readonly proxier: DeviceIdTriple;
  /** Asks on the LAN whether the device of that UDN (lower case) is there; one that is not counts as lost from then on. */
  readonly isThere: (udn: string) => Promise<boolean>;
  readonly clock: Clock;
}

/** What follows from what is known now: an identity, or a device that has to be asked first. */
type Decision =
  | { readonly record: IdentityRecord; readonly conflictsWith?: string; readonly takenFrom?: string }
  | { readonly ask: string };

const PREFIX = 'identity/';
const PROXIER = 'the proxier';
/** The disk learns no more often that a device is still here. */
const SEEN_PRECISION_MS = 3_600_000;
/** An earlier time is of a clock that nobody had set yet. */
const EARLIEST_TIME = Date.UTC(2020, 0, 1);

/**
 * Who is who: gives each device, told apart by its UDN, one identity for life. A device that returns with a new UDN keeps the
 * identity of its triple; a second device that claims the identity of another gets one of its own.
 */
export class IdentityClaims {
  readonly #options: IdentityClaimsOptions;
  readonly #proxierKey: string;
  readonly #records = new Map<string, IdentityRecord>();
  /** Monotonic milliseconds, as the times below: the clock of the wall may jump. */
  readonly #startedAt: number;
  /** When each device was seen last, of those that were in this run, by UDN. */
  readonly #seenAt = new Map<string, number>();

  constructor(options: IdentityClaimsOptions) {
    const { store, proxier, clock } = options;
    this.#options = options;
    this.#startedAt = clock.monotonic();
    this.#proxierKey = identityKey(proxier);
    for (const key of store.keys(PREFIX)) {
      const record = store.get<IdentityRecord>(key);
      if (record !== undefined) this.#records.set(key.slice(PREFIX.length), record);
    }
  }

  /** Decides the identity of a device and resolves when it is durable. */
  async claim(description: DeviceDescription, triple: DeviceIdTriple | undefined): Promise<ClaimedIdentity> {
    const udn = description.udn.toLowerCase();
    const answers = new Map<string, boolean>();
    for (;;) {
      // Between a decision and its record nothing waits: two devices must not both find an identity free.
      const decision = this.#decide(udn, description, triple, answers);
      if (!('ask' in decision)) return this.#carryOut(udn, decision);
      answers.set(decision.ask, await this.#options.isThere(decision.ask));
    }
  }

  /** UDNs with their identities, as far as those were not taken over by another. */
  get all(): ReadonlyMap<string, { readonly identity: EndpointIdentity; readonly source: IdentitySource }> {
    return this.#records;
  }

  /** The device of that UDN is here. Resolves when that is durable. */
  async seen(udn: string): Promise<void> {
    const record = this.#records.get(udn);
    if (record?.source !== 'udn') return;
    const { clock } = this.#options;
    this.#seenAt.set(udn, clock.monotonic());
    const now = clock.now();
    // A wall clock that was set back must not make a device immortal.
    if (record.lastSeen !== undefined && Math.abs(now - record.lastSeen) < SEEN_PRECISION_MS) return;
    await this.#put(udn, { ...record, lastSeen: now });
  }

  /** The devices with an identity made from their UDN that were not seen for so long. */
  unseenFor(milliseconds: number): string[] {
    const { clock } = this.#options;
    const [seenBefore, seenBeforeInRun] = [clock.now() - milliseconds, clock.monotonic() - milliseconds];
    return [...this.#records].flatMap(([udn, { source, lastSeen = 0 }]) => {
      const isLong = lastSeen < seenBefore && this.#surelyAbsentSince(udn, lastSeen) < seenBeforeInRun;
      return source === 'udn' && isLong ? [udn] : [];
    });
  }

  /** Monotonic milliseconds. Of a sight in a run before nothing is known but the time of the wall clock, if that was set then. */
  #surelyAbsentSince(udn: string, lastSeen: number): number {
    const beforeThisRun = lastSeen < EARLIEST_TIME ? this.#startedAt : -Infinity;
    return this.#seenAt.get(udn) ?? beforeThisRun;
  }

  /** As if the device had never been here. */
  async forget(udn: string): Promise<void> {
    this.#records.delete(udn);
    this.#seenAt.delete(udn);
    await this.#options.store.delete(PREFIX + udn);
  }

  /** @param answers of the devices that were asked whether they are there */
  #decide(
    udn: string,
    description: DeviceDescription,
    triple: DeviceIdTriple | undefined,
    answers: ReadonlyMap<string, boolean>,
  ): Decision {
    const known = this.#usable(this.#records.get(udn));
    if (triple === undefined) {
      // A triple that was readable once and is hidden now (access rights) does not make another device.
      return { record: known ?? this.#fallback(udn, description) };
    }
    const key = identityKey(triple);
    const keeps = known?.source === 'udn' && known.refusedClaim === undefined;
    if (known !== undefined && (keeps || identityKey(known.identity) === key)) return { record: known };
    const owner = this.#ownerOf(key);
    const record: IdentityRecord = { identity: identityFromTriple(triple, description), source: 'triple' };
    if (owner === undefined) return { record };
    if (known?.refusedClaim === key) return { record: known, conflictsWith: owner };
    const refused = (): Decision => ({
      record: { ...this.#fallback(udn, description), refusedClaim: key },
      conflictsWith: owner,
    });
    // An identity that was made for one UDN cannot be that of another device.
    if (this.#records.get(owner)?.source !== 'triple') return refused();
    const isThere = answers.get(owner);
    if (isThere === undefined) return { ask: owner };
    return isThere ? refused() : { record, takenFrom: owner };
  }

  async #carryOut(
    udn: string,
    { record, conflictsWith, takenFrom }: Exclude<Decision, { ask: string }>,
  ): Promise<ClaimedIdentity> {
    const writes: Promise<void>[] = [];
    if (takenFrom !== undefined) writes.push(this.forget(takenFrom));
    if (this.#records.get(udn) !== record) writes.push(this.#put(udn, record));
    writes.push(this.seen(udn));
    await Promise.all(writes);
    const { identity, source } = record;
    return conflictsWith === undefined ? { identity, source } : { identity, source, conflictsWith };
  }

  async #put(udn: string, record: IdentityRecord): Promise<void> {
    this.#records.set(udn, record);
    await this.#options.store.put(PREFIX + udn, record);
  }

  /** A device may have been given what is the proxier's identity since its configuration changed. */
  #usable(record: IdentityRecord | undefined): IdentityRecord | undefined {
    return record !== undefined && identityKey(record.identity) === this.#proxierKey ? undefined : record;
  }

  /** Another device may have claimed, as its triple, just what would be made up for this one. */
  #fallback(udn: string, description: DeviceDescription): IdentityRecord {
    for (let attempt = 1; ; attempt += 1) {
      const identity = identityFromUdn(description, this.#options.proxier.oui, attempt);
      const owner = this.#ownerOf(identityKey(identity));
      if (owner === undefined || owner === udn) return { identity, source: 'udn' };
    }
  }

  #ownerOf(key: string): string | undefined {
    if (key === this.#proxierKey) return PROXIER;
    for (const [udn, { identity }] of this.#records) {
      if (identityKey(identity) === key) return udn;
    }
    return undefined;
  }
}
