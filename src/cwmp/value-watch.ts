import { isToldByInform, lightweightOf } from '../datamodel/attributes.ts';
import type { AttributeStore } from '../datamodel/attributes.ts';
import type { DataModel, StructureChange, ValueChange } from '../datamodel/data-model.ts';
import type { ParameterNode } from '../datamodel/node.ts';
import type { ReadOutcome } from '../datamodel/provider.ts';
import { canonicalValue } from '../datamodel/value-codec.ts';
import type { Clock, Timer } from '../platform/clock.ts';
import { Deadline } from '../platform/deadline.ts';
import type { EndpointState } from './endpoint-state.ts';
import type { PendingChange } from './events/value-changes.ts';

/** Nobody waits for these reads, but a device that does not answer must not keep them for ever. */
const READ_DEADLINE_MS = 30_000;
/** Waits before reading again what could not be read: each is twice the one before. */
const FIRST_READ_DELAY_MS = 30_000;
const LONGEST_READ_DELAY_MS = 3_600_000;

export interface ValueWatchOptions {
  readonly model: DataModel;
  readonly state: EndpointState;
  /** State that has to be saved changed. `fresh`: a session is wanted that was not wanted before. */
  readonly onChange: (fresh: boolean) => void;
  /** A change to be told by Lightweight Notification. */
  readonly onLightweightChange: (path: string, urgency: 'active' | 'passive') => void;
  /** An attribute change that nobody waits for. */
  readonly inBackground: (work: Promise<unknown>) => void;
  readonly clock: Clock;
  /** Aborted when the endpoint stops. */
  readonly signal: AbortSignal;
}

/**
 * The parameters with notification of any kind: what the ACS knows of their values, and which changes it has to be told
 * [TR-069 A.3.2.4].
 */
export class ValueWatch {
  readonly #options: ValueWatchOptions;
  /** Changes were left out because there were too many. */
  #hasMore = false;
  /** The next attempt to read values that could not be read; it has not ended while this is set. */
  #readAgain: Timer | undefined;
  #readDelayMs = FIRST_READ_DELAY_MS;
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

  /** Values changed by themselves, or were found to be what the ACS has made of them. */
  valuesChanged(changes: readonly ValueChange[]): void {
    const { attributes, watchedValues, valueChanges } = this.#options.state;
    let fresh = false;
    for (const { parameter, value, byAcs } of changes) {
      const notification = attributes.notificationOf(parameter);
      if (notification === 0) continue;
      if (byAcs === true) {
        this.#learn(parameter, value);
        continue;
      }
      if (this.#isKnown(parameter, value)) continue;
      const urgency = lightweightOf(notification);
      if (urgency !== undefined) this.#options.onLightweightChange(parameter.path, urgency);
      if (!isToldByInform(notification)) {
        this.#learn(parameter, value);
      } else if (valueChanges.hasRoomFor(parameter.path)) {
        this.#learn(parameter, value);
        fresh = valueChanges.add(parameter.path, notification === 2, value) || fresh;
      } else {
        // Its turn comes when the others have been told.
        watchedValues.doubt(parameter.path);
        this.#hasMore = true;
      }
    }
    this.#options.onChange(fresh);
  }

  /** The ACS has got an Inform with these changes. */
  told(changes: readonly PendingChange[]): void {
    this.#options.state.valueChanges.delivered(changes);
    if (!this.#hasMore) return;
    this.#hasMore = false;
    this.#options.inBackground(this.compare());
  }

  /** The values of these changes cannot be read: no session is worth opening for them until they can. */
  unreadable(changes: readonly PendingChange[]): void {
    const { state, signal } = this.#options;
    for (const change of changes) state.valueChanges.hold(change);
    if (changes.length > 0 && !signal.aborted) this.#readAgain ??= this.#planReading();
  }

  /** What cannot be read may be readable now. */
  deviceReturned(): void {
    if (this.#readAgain === undefined) return;
    this.#readAgain.cancel();
    this.#readDelayMs = FIRST_READ_DELAY_MS;
    this.#options.inBackground(this.#readHeld());
  }

  stop(): void {
    this.#readAgain?.cancel();
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

  /**
   * What the ACS wrote itself is no change, whenever its value is compared, and what was there before is none any more. What
   * changes from now on is one: it may have come after the write.
   * @returns what to call when the values are written
   */
  acsWrites(): (values: readonly { readonly path: string; readonly value: string }[]) => void {
    const { model, state } = this.#options;
    const before = new Map(state.valueChanges.list().map((change) => [change.path, change]));
    return (values) => {
      const now = new Map(state.valueChanges.list().map((change) => [change.path, change]));
      for (const { path, value } of values) {
        const node = model.find(path);
        if (node?.kind !== 'parameter' || state.attributes.notificationOf(node) === 0) continue;
        if (now.get(path) !== before.get(path)) continue;
        state.valueChanges.forget(path);
        this.#learn(node, canonicalValue(node.type, value) ?? value);
      }
    };
  }

  /** Takes note of watched values that the ACS is taken to know. */
  async learn(): Promise<void> {
    await this.#look(false);
  }

  /**
   * Reports what differs from what the ACS knows.
   * @param which the parameters to look at, of those that are watched
   * @returns whether all could be read
   */
  compare(which?: (parameter: ParameterNode) => boolean): Promise<boolean> {
    return this.#look(true, which);
  }

  /** [TR-181 ManagementServer.ConnectionRequestURL] The ACS must learn of a new address. */
  connectionRequestUrlChanged(url: string): void {
    const { model } = this.#options;
    const parameter = model.find(`${model.root.path}ManagementServer.ConnectionRequestURL`);
    if (parameter?.kind !== 'parameter') return;
    this.valuesChanged([{ parameter, value: url }]);
  }

  /** @param report what differs is reported; otherwise only what the ACS knows nothing of is learned */
  async #look(report: boolean, which: (parameter: ParameterNode) => boolean = () => true): Promise<boolean> {
    const { watchedValues } = this.#options.state;
    const watched = this.parameters().filter(which);
    const wanted = report ? watched : watched.filter(({ path }) => !watchedValues.knows(path));
    const outcomes = await this.#read(wanted);
    const changes: ValueChange[] = [];
    for (const [index, parameter] of wanted.entries()) {
      const value = outcomes[index];
      if (typeof value !== 'string') continue;
      if (!watchedValues.knows(parameter.path)) this.#learn(parameter, value);
      else if (report && watchedValues.differs(parameter.path, value)) changes.push({ parameter, value });
    }
    this.valuesChanged(changes);
    return outcomes.every((outcome) => typeof outcome === 'string');
  }

  /**
   * Whoever reports a change may compare with something older than what the ACS was told. A secret always reads the same, so that
   * its value tells nothing.
   */
  #isKnown({ path, hidden }: ParameterNode, value: string): boolean {
    const { watchedValues, valueChanges } = this.#options.state;
    if (hidden || valueChanges.has(path) || !watchedValues.knows(path)) return false;
    return !watchedValues.differs(path, value);
  }

  /** What reads back as nothing is compared as nothing. */
  #learn(parameter: ParameterNode, value: string): void {
    this.#options.state.watchedValues.learn(parameter.path, parameter.hidden ? '' : value);
  }

  #planReading(): Timer {
    const timer = this.#options.clock.schedule(this.#readDelayMs, () => {
      this.#options.inBackground(this.#readHeld());
    });
    this.#readDelayMs = Math.min(this.#readDelayMs * 2, LONGEST_READ_DELAY_MS);
    return timer;
  }

  async #readHeld(): Promise<void> {
    const { model, state, signal } = this.#options;
    const held = state.valueChanges.held.flatMap(({ path }) => {
      const node = model.find(path);
      return node?.kind === 'parameter' ? [node] : [];
    });
    const outcomes = await this.#read(held);
    this.#readAgain = undefined;
    if (signal.aborted) return;
    this.valuesChanged(
      held.flatMap((parameter, index) => {
        const value = outcomes[index];
        return typeof value === 'string' ? [{ parameter, value }] : [];
      }),
    );
    if (state.valueChanges.held.length > 0) this.#readAgain ??= this.#planReading();
    else this.#readDelayMs = FIRST_READ_DELAY_MS;
  }

  async #read(parameters: readonly ParameterNode[]): Promise<readonly ReadOutcome[]> {
    const { model, clock, signal } = this.#options;
    const deadline = new Deadline(clock, READ_DEADLINE_MS, signal);
    try {
      return await model.readValues(parameters, deadline.signal);
    } finally {
      deadline.cancel();
    }
  }
}
