import { isToldByInform, lightweightOf } from '../datamodel/attributes.ts';
import type { AttributeStore } from '../datamodel/attributes.ts';
import type { DataModel, StructureChange, ValueChange } from '../datamodel/data-model.ts';
import type { ParameterNode } from '../datamodel/node.ts';
import { canonicalValue } from '../datamodel/value-codec.ts';
import type { EndpointState } from './endpoint-state.ts';

export interface ValueWatchOptions {
  readonly model: DataModel;
  readonly state: EndpointState;
  /** State that has to be saved changed. `fresh`: a session is wanted that was not wanted before. */
  readonly onChange: (fresh: boolean) => void;
  /** A change to be told by Lightweight Notification. */
  readonly onLightweightChange: (path: string, urgency: 'active' | 'passive') => void;
  /** An attribute change that nobody waits for. */
  readonly inBackground: (work: Promise<unknown>) => void;
  /** Aborted when the endpoint stops. */
  readonly signal: AbortSignal;
}

/**
 * The parameters with notification of any kind: what the ACS knows of their values, and which changes it has to be told
 * [TR-069 A.3.2.4].
 */
export class ValueWatch {
  readonly #options: ValueWatchOptions;
  /** Found by a walk over the whole model, so kept until the model or the attributes change. */
  #watched: { readonly parameters: readonly ParameterNode[]; readonly by: AttributeStore } | undefined;

  constructor(options: ValueWatchOptions) {
    this.#options = options;
  }

  parameters(): readonly ParameterNode[] {
    const { model, state } = this.#options;
    const { attributes } = state;
    if (this.#watched?.by !== attributes) {
      const parameters = model
        .parametersBelow('')
        .filter((parameter) => attributes.notificationOf(parameter) > 0);
      this.#watched = { parameters, by: attributes };
    }
    return this.#watched.parameters;
  }

  /** Values changed by themselves. */
  valuesChanged(changes: readonly ValueChange[]): void {
    const { attributes, watchedValues, valueChanges } = this.#options.state;
    let fresh = false;
    for (const { parameter, value } of changes) {
      const notification = attributes.notificationOf(parameter);
      if (notification === 0) continue;
      watchedValues.learn(parameter.path, value);
      if (isToldByInform(notification))
        fresh = valueChanges.add(parameter.path, notification === 2, value) || fresh;
      const urgency = lightweightOf(notification);
      if (urgency !== undefined) this.#options.onLightweightChange(parameter.path, urgency);
    }
    this.#options.onChange(fresh);
  }

  /** What is gone takes its attributes along: a row that gets its number later is another row. */
  structureChanged({ removed }: StructureChange): void {
    const { model, state, inBackground } = this.#options;
    this.#watched = undefined;
    const gone = removed.filter((path) => model.find(path) === undefined);
    for (const path of gone) state.watchedValues.forgetBelow(path);
    inBackground(
      state.changeAttributes((attributes) => gone.map((path) => attributes.removeBelow(path)).includes(true)),
    );
  }

  /** What is watched no more is forgotten; what is watched from now on is read once. */
  async attributesChanged(): Promise<void> {
    const { model, state } = this.#options;
    const { attributes, watchedValues } = state;
    for (const path of watchedValues.paths()) {
      const node = model.find(path);
      if (node?.kind === 'parameter' && attributes.notificationOf(node) === 0) watchedValues.forget(path);
    }
    await this.learn();
  }

  /** What the ACS wrote itself is no change, whenever its value is compared. */
  acsWrote(values: readonly { readonly path: string; readonly value: string }[]): void {
    const { model, state } = this.#options;
    for (const { path, value } of values) {
      const node = model.find(path);
      if (node?.kind !== 'parameter' || state.attributes.notificationOf(node) === 0) continue;
      state.watchedValues.learn(path, canonicalValue(node.type, value) ?? value);
    }
  }

  /** Takes note of watched values that the ACS is taken to know. */
  async learn(): Promise<void> {
    await this.#look(false);
  }

  /** Reports what differs from what the ACS knows. @returns whether all could be read */
  compare(): Promise<boolean> {
    return this.#look(true);
  }

  /** [TR-181 ManagementServer.ConnectionRequestURL] The ACS must learn of a new address. */
  connectionRequestUrlChanged(url: string): void {
    const { model, state } = this.#options;
    const parameter = model.find(`${model.root.path}ManagementServer.ConnectionRequestURL`);
    if (parameter?.kind !== 'parameter') return;
    const notification = state.attributes.notificationOf(parameter);
    if (isToldByInform(notification)) state.valueChanges.add(parameter.path, notification === 2, url);
  }

  /** @param report what differs is reported; otherwise only what the ACS knows nothing of is learned */
  async #look(report: boolean): Promise<boolean> {
    const { model, state, signal } = this.#options;
    const { watchedValues } = state;
    const watched = this.parameters();
    const wanted = report ? watched : watched.filter(({ path }) => !watchedValues.knows(path));
    const outcomes = await model.readValues(wanted, signal);
    const changes: ValueChange[] = [];
    for (const [index, parameter] of wanted.entries()) {
      const value = outcomes[index];
      if (typeof value !== 'string') continue;
      if (!watchedValues.knows(parameter.path)) watchedValues.learn(parameter.path, value);
      else if (report && watchedValues.differs(parameter.path, value)) changes.push({ parameter, value });
    }
    this.valuesChanged(changes);
    return outcomes.every((outcome) => typeof outcome === 'string');
  }
}
