import type { ValueChange } from '../datamodel/data-model.ts';
import type { ParameterNode } from '../datamodel/node.ts';
import type { Steps } from '../datamodel/sliced-work.ts';
import type { ValueType } from '../datamodel/value.ts';
import { ActionError } from '../upnp/types.ts';
import type { ChangeStatus, CmsClient } from '../upnp-dm/types.ts';
import { Shadow, type ShadowChange } from './shadow.ts';

/** How many values are taken over in one step. */
const VALUES_OF_A_STEP = 100;

export interface DeviceValuesOptions {
  /** The parameters that show the leaf of a CMS path. */
  readonly parametersOf: (cmsPath: string) => readonly ParameterNode[];
  /** A value of the device in the form that the ACS gets. */
  readonly toDataModel: (type: ValueType, raw: string) => string;
  readonly report: (changes: readonly ValueChange[]) => void;
}

/** The values of one device: what is known of them, and which changes the ACS has to hear of. */
export class DeviceValues {
  readonly shadow = new Shadow();
  readonly #options: DeviceValuesOptions;

  constructor(options: DeviceValuesOptions) {
    this.#options = options;
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
    const write = this.shadow.beginWrite(values);
    try {
      const status = await client.setValues(values, signal);
      this.shadow.writeAccepted(write);
      return status;
    } catch (error) {
      const isRefused = error instanceof ActionError && error.source === 'upnp';
      this.#report(this.shadow.writeFailed(write, isRefused));
      throw error;
    }
  }

  #report(changes: readonly ShadowChange[]): void {
    const { parametersOf, toDataModel, report } = this.#options;
    const reported: ValueChange[] = [];
    for (const { path, previous, value } of changes) {
      for (const parameter of parametersOf(path)) {
        const now = toDataModel(parameter.type, value);
        // `1` and `true` are the same value.
        if (toDataModel(parameter.type, previous) === now) continue;
        reported.push({ parameter, value: parameter.hidden ? '' : now });
      }
    }
    if (reported.length > 0) report(reported);
  }
}
