import type { AttributeStore } from '../../datamodel/attributes.ts';
import type { Assignment } from '../../datamodel/changes.ts';
import type { DataModel } from '../../datamodel/data-model.ts';
import type { Addressing } from './addressing.ts';

/** What the handlers may use of the endpoint they answer for. */
export interface RpcContext {
  readonly model: DataModel;
  /** Names as the ACS writes and reads them. */
  readonly addressing: Addressing;
  /** Read only; changes go through `changeAttributes`. */
  readonly attributes: AttributeStore;
  /** Notification may be 3 to 6. */
  readonly hasLightweightNotification: boolean;
  /** Names of all registered methods. */
  readonly methods: () => readonly string[];
  /** Aborted when the ACS would lose patience. */
  readonly signal: AbortSignal;
  /** Resolves when the key is durable. */
  readonly setParameterKey: (key: string) => Promise<void>;
  /**
   * The ACS is about to write. The function that it returns is called when it has given these parameters these values, which is
   * no news for it, nor is what they had before; it resolves when that is durable, if it can be.
   */
  readonly acsWrites: () => (values: readonly Assignment[]) => Promise<void>;
  /** The ACS has added or deleted rows of this table. */
  readonly acsChangedRows: (tablePath: string) => void;
  /**
   * Makes `change`, which returns whether it changed anything, after the changes before it; resolves when it is durable. When
   * it throws nothing has changed.
   */
  readonly changeAttributes: (change: (attributes: AttributeStore) => boolean) => Promise<void>;
  /** Resolves when the order is durable. @throws RpcFault 9004 when there are too many */
  readonly scheduleInform: (delaySeconds: number, commandKey: string) => Promise<void>;
  /** Runs `action` when the session is over: more requests may follow in it [TR-069 A.3.2.8]. */
  readonly afterSession: (action: () => Promise<void>) => void;
}

/** [TR-069 A.3.2] CommandKey and ParameterKey hold at most 32 characters. */
export const MAX_KEY_LENGTH = 32;
