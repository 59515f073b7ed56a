import { ModelError } from './model-error.ts';
import type { ParameterNode } from './node.ts';

/**
 * How the ACS hears of a change [TR-069 A.3.2.4]: 0 not at all, 1 passive, 2 active; by Lightweight Notification 3 passive,
 * 5 active; by both, the Inform's part being passive, 4 = 1 + 3, 6 = 1 + 5.
 */
export type Notification = 0 | 1 | 2 | 3 | 4 | 5 | 6;

/** Changes are told in the next Inform; 2 alone opens a session for it. */
export function isToldByInform(notification: Notification): boolean {
  return notification === 1 || notification === 2 || notification === 4 || notification === 6;
}

/** Whether the ACS wants to hear of changes at once, in whatever way. */
export function isUrgent(notification: Notification): boolean {
  return notification === 2 || lightweightOf(notification) === 'active';
}

/** Whether changes are told by Lightweight Notification, and how soon. */
export function lightweightOf(notification: Notification): 'passive' | 'active' | undefined {
  if (notification === 3 || notification === 4) return 'passive';
  return notification === 5 || notification === 6 ? 'active' : undefined;
}

/** What SetParameterAttributes asks for one parameter; undefined = leave it. */
export interface AttributeChange {
  readonly notification?: number | undefined;
  readonly accessList?: readonly string[] | undefined;
}

interface StoredAttributes {
  readonly notification?: Notification;
  readonly accessList?: readonly string[];
}

/** JSON form of an AttributeStore: only what differs from the defaults. */
export type AttributeDocument = Readonly<Record<string, StoredAttributes>>;

const DEFAULT_ACCESS_LIST: readonly string[] = ['Subscriber'];
const HIGHEST_NOTIFICATION = 6;

/**
 * The attributes of one endpoint's parameters, by path. Plain data without I/O: the owner makes `toJSON()` durable before it
 * acknowledges a change. Parameters that are away keep theirs until `removeBelow`.
 */
export class AttributeStore {
  readonly #byPath = new Map<string, StoredAttributes>();

  /** Reads `toJSON()` output; entries in any other form are skipped. */
  static from(document: unknown): AttributeStore {
    const store = new AttributeStore();
    if (!isRecord(document)) return store;
    for (const [path, entry] of Object.entries(document)) {
      const attributes = readStored(entry);
      if (attributes !== undefined) store.#byPath.set(path, attributes);
    }
    return store;
  }

  toJSON(): AttributeDocument {
    return Object.fromEntries(this.#byPath);
  }

  /** An independent store with the same content, to try changes on. */
  copy(): AttributeStore {
    const store = new AttributeStore();
    for (const [path, attributes] of this.#byPath) store.#byPath.set(path, attributes);
    return store;
  }

  /** How many parameters have attributes other than their defaults. */
  get size(): number {
    return this.#byPath.size;
  }

  notificationOf(parameter: ParameterNode): Notification {
    if (parameter.notification === 'forced') return 2;
    return this.#byPath.get(parameter.path)?.notification ?? defaultNotification(parameter);
  }

  accessListOf(parameter: ParameterNode): readonly string[] {
    return this.#byPath.get(parameter.path)?.accessList ?? DEFAULT_ACCESS_LIST;
  }

  /** Why the Notification attribute of `parameter` cannot become `notification`, or undefined when it can. */
  check(parameter: ParameterNode, notification: number): ModelError | undefined {
    const { path } = parameter;
    if (!Number.isInteger(notification) || notification < 0 || notification > HIGHEST_NOTIFICATION) {
      return new ModelError('invalidArguments', 'Notification must be 0 to 6', path);
    }
    if (parameter.notification === 'forced' && notification !== 2) {
      return new ModelError('notificationRefused', 'active notification cannot be turned off', path);
    }
    // Passive costs nothing; a session, or a datagram, for each tick of UpTime would.
    if (parameter.notification === 'canDeny' && [2, 5, 6].includes(notification)) {
      return new ModelError('notificationRefused', 'active notification is not offered', path);
    }
    return undefined;
  }

  /**
   * Changes nothing when it throws. For all-or-nothing over many parameters, work on a `copy()`.
   * @throws ModelError notificationRefused, invalidArguments
   */
  set(parameter: ParameterNode, change: AttributeChange): void {
    const { notification, accessList } = change;
    const before = this.#byPath.get(parameter.path);
    const after: { notification?: Notification; accessList?: readonly string[] } = { ...before };
    if (notification !== undefined) {
      const refusal = this.check(parameter, notification);
      if (refusal !== undefined) throw refusal;
      delete after.notification;
      if (isNotification(notification) && notification !== defaultNotification(parameter)) {
        after.notification = notification;
      }
    }
    if (accessList !== undefined) {
      // [TR-069 A.3.2.4] Entities other than Subscriber are reserved, or vendor extensions, of which we have none.
      if (accessList.some((entity) => entity !== 'Subscriber')) {
        throw new ModelError('invalidArguments', 'AccessList may only name Subscriber', parameter.path);
      }
      delete after.accessList;
      if (accessList.length === 0) after.accessList = [];
    }
    if (Object.keys(after).length === 0) this.#byPath.delete(parameter.path);
    else this.#byPath.set(parameter.path, after);
  }

  /**
   * Forgets the attributes at or below `path` (a row that was deleted). Returns whether there were any.
   * @param which of these paths; all by default
   */
  removeBelow(path: string, which: (path: string) => boolean = () => true): boolean {
    let removed = false;
    for (const key of this.#byPath.keys()) {
      if ((key === path || (path.endsWith('.') && key.startsWith(path))) && which(key)) {
        removed = this.#byPath.delete(key) || removed;
      }
    }
    return removed;
  }

  /** Back to the defaults (factory reset). */
  clear(): void {
    this.#byPath.clear();
  }
}

function defaultNotification(parameter: ParameterNode): Notification {
  return parameter.notification === 'forced' || parameter.notification === 'forcedDefault' ? 2 : 0;
}

function isNotification(value: unknown): value is Notification {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= HIGHEST_NOTIFICATION;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readStored(entry: unknown): StoredAttributes | undefined {
  if (!isRecord(entry)) return undefined;
  const { notification, accessList } = entry;
  const attributes: { notification?: Notification; accessList?: readonly string[] } = {};
  if (isNotification(notification)) attributes.notification = notification;
  if (Array.isArray(accessList) && accessList.length === 0) attributes.accessList = [];
  return Object.keys(attributes).length === 0 ? undefined : attributes;
}
