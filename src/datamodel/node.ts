import type { Provider } from './provider.ts';
import type { Constraint, ValueType } from './value.ts';

/**
 * How a parameter's Notification attribute may be set [TR-181 activeNotify]:
 * `forced` = active notification that cannot be turned off, `forcedDefault` = active until the ACS changes it,
 * `canDeny` = the CPE may refuse notification with 9009.
 */
export type NotificationRule = 'normal' | 'forced' | 'forcedDefault' | 'canDeny';

export interface ObjectOptions {
  /** Who answers for it (AddObject, DeleteObject). Plain containers have none. */
  readonly provider?: Provider | undefined;
  /** A multi-instance object: its children are rows named by instance number. */
  readonly table?: boolean;
  /** On a table: AddObject is allowed. On a row: DeleteObject is allowed. */
  readonly writable?: boolean;
  /** The provider's own key for this object, e.g. a CMS path. */
  readonly handle?: unknown;
}

export interface ParameterOptions {
  readonly provider: Provider;
  readonly type: ValueType;
  readonly writable?: boolean;
  readonly constraint?: Constraint | undefined;
  readonly notification?: NotificationRule;
  /** Reads back as the empty string whatever is stored (passwords). */
  readonly hidden?: boolean;
  /** Sent in every Inform [TR-181 forcedInform]. */
  readonly forcedInform?: boolean;
  /** The provider's own key for this parameter, e.g. a CMS path. */
  readonly handle?: unknown;
}

/** An object of the data model: root, container, table or row. Its path ends with a dot. */
export class ObjectNode {
  readonly kind = 'object';
  readonly name: string;
  readonly path: string;
  readonly parent: ObjectNode | undefined;
  readonly children = new Map<string, DataNode>();
  provider: Provider | undefined;
  table: boolean;
  writable: boolean;
  handle: unknown;

  constructor(name: string, parent: ObjectNode | undefined, options: ObjectOptions = {}) {
    this.name = name;
    this.parent = parent;
    this.path = `${parent?.path ?? ''}${name}.`;
    this.provider = options.provider;
    this.table = options.table ?? false;
    this.writable = options.writable ?? false;
    this.handle = options.handle;
  }
}

/** A leaf of the data model. Its path has no final dot. */
export class ParameterNode {
  readonly kind = 'parameter';
  readonly name: string;
  readonly path: string;
  readonly parent: ObjectNode;
  readonly provider: Provider;
  readonly type: ValueType;
  readonly writable: boolean;
  readonly constraint: Constraint | undefined;
  readonly notification: NotificationRule;
  readonly hidden: boolean;
  readonly forcedInform: boolean;
  readonly handle: unknown;

  constructor(name: string, parent: ObjectNode, options: ParameterOptions) {
    this.name = name;
    this.parent = parent;
    this.path = parent.path + name;
    this.provider = options.provider;
    this.type = options.type;
    this.writable = options.writable ?? false;
    this.constraint = options.constraint;
    this.notification = options.notification ?? 'normal';
    this.hidden = options.hidden ?? false;
    this.forcedInform = options.forcedInform ?? false;
    this.handle = options.handle;
  }
}

export type DataNode = ObjectNode | ParameterNode;
