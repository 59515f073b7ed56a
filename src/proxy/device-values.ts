import type { ValueChange } from '../datamodel/data-model.ts';
import type { ParameterNode } from '../datamodel/node.ts';
import type { Steps } from '../datamodel/sliced-work.ts';
import type { ValueType } from '../datamodel/value.ts';
import { ActionError } from '../upnp/types.ts';
import type { ChangeStatus, CmsClient } from '../upnp-dm/types.ts';
import { Shadow, type ShadowChange, type Written } from './shadow.ts';

/** How many values are taken over in one step. */
const VALUES_OF_A_STEP = 100;

export interface DeviceValuesOptions {
  /** The parameters that show the leaf of a CMS path. */
  readonly parametersOf: (cmsPath: string) => readonly ParameterNode[];
  /** A value of the device in the form that the ACS gets. */
  readonly toDataModel: (type: ValueType, raw: string) => string;
  readonly report: (changes: readonly ValueChange[]) => void;
  /**
   * The ACS is told that a write is accepted though the device has not answered, as it is written again. Otherwise it is told that
   * nothing was done: what the device does in spite of that is news for it.
   */
  readonly writesAgain: boolean;
}

/** The values of one device: what is known of them, and which changes the ACS has to hear of. */
export class DeviceValues {
  readonly shadow = new Shadow((path, written, read) => this.#isSame(path, written, read));
  readonly #options: DeviceValuesOptions;
  #doubted: (() => void) | undefined;

  constructor(options: DeviceValuesOptions) {
    this.#options = options;
  }

  /** `listener` is called when only another read can tell what the device has: no event will. Returns the function that ends it. */
  onDoubt(listener: () => void): () => void {
    this.#doubted = listener;
    return () => {
      if (this.#doubted === listener) this.#doubted = undefined;
    };
  }

  /**
   * Takes over values that were read from the device; those that no parameter shows are left alone. Whoever read them, a change
   * that the ACS did not make is reported: an ACS that happens to read first must not swallow its own notification.
   */
  taken(values: ReadonlyMap<string, string>, generation: number): void {
    const shown = new Map<string, string>();
    for (const [path, value] of values) {
      if (this.#options.parametersOf(path).length > 0) shown.set(path, value);
    }
    this.#report(this.shadow.store(shown, generation));
  }

  /** The same for very many. */
  *takenInSteps(values: ReadonlyMap<string, string>, generation: number): Steps {
    let some = new Map<string, string>();
    for (const [path, value] of values) {
      some.set(path, value);
      if (some.size < VALUES_OF_A_STEP) continue;
      this.taken(some, generation);
      some = new Map();
      yield;
    }
    this.taken(some, generation);
  }

  /**
   * Gives the device values of the ACS.
   * @throws what the CMS client throws
   */
  async write(
    client: CmsClient,
    values: ReadonlyMap<string, string>,
    signal?: AbortSignal,
  ): Promise<ChangeStatus> {
    return await this.#giving(values, this.#options.writesAgain, () => client.setValues(values, signal));
  }

  /**
   * Adds or deletes a row for the ACS, which knows how many rows its table has from then on.
   * @param counter CMS path of the leaf that counts the rows
   * @throws what `change` throws
   */
  async changeRows<T>(counter: string, by: 1 | -1, change: () => Promise<T>): Promise<T> {
    const count = this.shadow.get(counter);
    const isCounted = this.#options.parametersOf(counter).length > 0 && /^\d+$/.test(count ?? '');
    return await this.#giving(
      new Map(isCounted ? [[counter, String(Number(count) + by)]] : []),
      false,
      change,
    );
  }

  /** Whoever reads `values` from the device, while `change` is under way or later, reads what the ACS has made of it. */
  async #giving<T>(
    values: ReadonlyMap<string, string>,
    isAccepted: boolean,
    change: () => Promise<T>,
  ): Promise<T> {
    const { shadow } = this;
    const write = shadow.beginWrite(values);
    let hasSeenOthers = false;
    try {
      const result = await change();
      hasSeenOthers = shadow.hasSeenOthers(write);
      shadow.writeAccepted(write);
      return result;
    } catch (error) {
      hasSeenOthers = shadow.hasSeenOthers(write);
      const isRefused = error instanceof ActionError && error.source === 'upnp';
      this.#report(shadow.writeFailed(write, isRefused || !isAccepted));
      throw error;
    } finally {
      if (hasSeenOthers) this.#doubted?.();
    }
  }

  /**
   * Devices spell what they are given in ways of their own: `1` for `true`, upper case, without spaces. A secret they hide, by the
   * empty string or by a text that is always the same.
   */
  #isSame(path: string, { value, before }: Written, read: string): boolean {
    return this.#options.parametersOf(path).some(({ type, hidden }) => {
      if (hidden && (read === '' || read === before)) return true;
      return this.#comparable(type, value) === this.#comparable(type, read);
    });
  }

  #comparable(type: ValueType, raw: string): string {
    return this.#options.toDataModel(type, raw).replace(/\s+/g, '').toLowerCase();
  }

  #report(changes: readonly ShadowChange[]): void {
    const { parametersOf, toDataModel, report } = this.#options;
    const reported: ValueChange[] = [];
    for (const { path, previous, value, own } of changes) {
      for (const parameter of parametersOf(path)) {
        const now = toDataModel(parameter.type, value);
        // `1` and `true` are the same value.
        if (!own && toDataModel(parameter.type, previous) === now) continue;
        reported.push({ parameter, value: parameter.hidden ? '' : now, byAcs: own });
      }
    }
    if (reported.length > 0) report(reported);
  }
}
