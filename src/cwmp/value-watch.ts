import { isToldByInform, lightweightOf } from '../datamodel/attributes.ts';
import type { AttributeStore } from '../datamodel/attributes.ts';
import type { DataModel, StructureChange, ValueChange } from '../datamodel/data-model.ts';
import type { ParameterNode } from '../datamodel/node.ts';
import type { ReadOutcome } from '../datamodel/provider.ts';
import { canonicalValue } from '../datamodel/value-codec.ts';
import type { Clock } from '../platform/clock.ts';
import { Deadline } from '../platform/deadline.ts';
import type { EndpointState } from './endpoint-state.ts';
import { Backoff } from './events/backoff.ts';
import type { PendingChange } from './events/value-changes.ts';

/** Nobody waits for these reads, but a device that does not answer must not keep them for ever. */
const READ_DEADLINE_MS = 30_000;
/** Waits before reading again what could not be read. */
const FIRST_READ_DELAY_MS = 30_000;
const LONGEST_READ_DELAY_MS = 3_600_000;

interface Reading {
  readonly parameter: ParameterNode;
  readonly outcome: ReadOutcome | undefined;
}

export interface ValueWatchOptions {
  readonly model: DataModel;
  readonly state: EndpointState;
  /** State that has to be saved changed. `fresh`: a session is wanted that was not wanted before. */
  readonly onChange: (fresh: boolean) => void;
  /** A change to be told by Lightweight Notification. */
  readonly onLightweightChange: (path: string, urgency: 'active' | 'passive') => void;
  /** The ACS is about to write: see LightweightNotifier.acsWrites. */
  readonly onAcsWrites: () => (path: string) => boolean;
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
  /** Paths of what could not be read: what changed while nobody looked shows only when it can be. */
  readonly #unread = new Set<string>();
  readonly #readAgain: Backoff;
  /** Found by a walk over the whole model, so kept until the model or the attributes change. */
  #watched: { readonly parameters: readonly ParameterNode[]; readonly by: AttributeStore } | undefined;

  constructor(options: ValueWatchOptions) {
    this.#options = options;
    this.#readAgain = new Backoff({
      clock: options.clock,
      firstMs: FIRST_READ_DELAY_MS,
      longestMs: LONGEST_READ_DELAY_MS,
      attempt: () => this.#readUnread(),
      inBackground: options.inBackground,
    });
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
      this.#unread.delete(parameter.path);
      const notification = attributes.notificationOf(parameter);
      if (notification === 0) continue;
      if (byAcs === true || watchedValues.isWritten(parameter.path, value)) {
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
    const { valueChanges } = this.#options.state;
    if (changes.length > 0) this.#readAgain.plan(changes.some(({ path }) => !valueChanges.isHeld(path)));
    for (const change of changes) valueChanges.hold(change);
  }

  /** What cannot be read may be readable now. */
  deviceReturned(): void {
    this.#readAgain.hurry();
  }

  stop(): void {
    this.#readAgain.stop();
  }

  /**
   * A row that is gone takes its attributes along: one that gets its number later is another row. A parameter, or an object that
   * stands once, does not: a device may leave it out of an answer, as to whom it does not show it now [CMS:2 2.4.8].
   */
  structureChanged({ removed }: StructureChange): void {
    const { model, state, inBackground } = this.#options;
    this.#watched = undefined;
    const gone = removed.filter((path) => path.endsWith('.') && model.find(path) === undefined);
    if (gone.length === 0) return;
    for (const path of gone) {
      const isOfRow = inRowOf(path);
      state.watchedValues.forgetBelow(path, isOfRow);
      for (const unread of this.#unread) {
        if (unread.startsWith(path) && isOfRow(unread)) this.#unread.delete(unread);
      }
    }
    inBackground(
      state.changeAttributes((attributes) =>
        gone.map((path) => attributes.removeBelow(path, inRowOf(path))).includes(true),
      ),
    );
  }

  /**
   * What is watched no more is forgotten; what is watched from now on is read once. Before that, and before this function returns,
   * note is taken of what is known without asking the device, for the disk.
   */
  async attributesChanged(): Promise<void> {
    const { model, state } = this.#options;
    const { attributes, watchedValues } = state;
    for (const path of watchedValues.paths()) {
      const node = model.find(path);
      if (node?.kind === 'parameter' && attributes.notificationOf(node) === 0) watchedValues.forget(path);
    }
    const fresh = this.parameters().filter(({ path }) => !watchedValues.knows(path));
    for (const parameter of fresh) {
      const value = parameter.hidden ? '' : parameter.provider.lastKnown?.(parameter);
      if (value === undefined) watchedValues.expect(parameter.path);
      else this.#learn(parameter, value);
    }
    const isFresh = new Set(fresh);
    // What is at hand does not wait for a device.
    await Promise.all(
      [false, true].map((remote) =>
        this.#look(true, (parameter) => parameter.provider.remote === remote && isFresh.has(parameter)),
      ),
    );
  }

  /**
   * What the ACS wrote itself is no change, whenever its value is compared, and what was there before is none any more. What
   * changes from now on is one: it may have come after the write.
   * @returns what to call when the values are written
   */
  acsWrites(): (values: readonly { readonly path: string; readonly value: string }[]) => void {
    const { model, state } = this.#options;
    const forgetLightweight = this.#options.onAcsWrites();
    const before = new Map(state.valueChanges.list().map((change) => [change.path, change]));
    return (values) => {
      const now = new Map(state.valueChanges.list().map((change) => [change.path, change]));
      for (const { path, value } of values) {
        const node = model.find(path);
        if (node?.kind !== 'parameter' || state.attributes.notificationOf(node) === 0) continue;
        if (now.get(path) !== before.get(path) || !forgetLightweight(path)) continue;
        state.valueChanges.forget(path);
        this.#learnWritten(node, canonicalValue(node.type, value) ?? value);
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
    const watched = this.parameters().filter(which);
    const wanted = report ? watched : watched.filter(({ path }) => this.#isToBeLearned(path));
    const readings = await this.#read(wanted);
    this.valuesChanged(this.#compareWithKnown(readings, report));
    return readings.every(({ outcome }) => typeof outcome === 'string');
  }

  /** @returns what the ACS knows otherwise, if it is asked for; what it knows nothing of is learned */
  #compareWithKnown(readings: readonly Reading[], report: boolean): ValueChange[] {
    const { watchedValues } = this.#options.state;
    const changes: ValueChange[] = [];
    const failed: string[] = [];
    for (const { parameter, outcome } of readings) {
      const { path } = parameter;
      if (typeof outcome !== 'string') {
        failed.push(path);
        if (watchedValues.isExpected(path)) watchedValues.doubt(path);
        continue;
      }
      this.#unread.delete(path);
      const isKnownNow = this.#isToBeLearned(path) || watchedValues.isWritten(path, outcome);
      if (isKnownNow) this.#learn(parameter, outcome);
      else if (report && watchedValues.differs(path, outcome)) changes.push({ parameter, value: outcome });
    }
    if (failed.length > 0) this.#readAgain.plan(failed.some((path) => !this.#unread.has(path)));
    for (const path of failed) this.#unread.add(path);
    return changes;
  }

  #isToBeLearned(path: string): boolean {
    const { watchedValues } = this.#options.state;
    return !watchedValues.knows(path) || watchedValues.isExpected(path);
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

  /** Our own objects keep what they are given, to the letter. */
  #learnWritten(parameter: ParameterNode, value: string): void {
    if (parameter.hidden || !parameter.provider.remote) this.#learn(parameter, value);
    else this.#options.state.watchedValues.learnWritten(parameter.path, value);
  }

  /** What reads back as nothing is compared as nothing. */
  #learn(parameter: ParameterNode, value: string): void {
    this.#options.state.watchedValues.learn(parameter.path, parameter.hidden ? '' : value);
  }

  /** @returns whether something is left that could not be read */
  async #readUnread(): Promise<boolean> {
    const { valueChanges } = this.#options.state;
    const isUnread = ({ path }: ParameterNode): boolean =>
      this.#unread.has(path) || valueChanges.isHeld(path);
    const readings = await this.#read(this.parameters().filter(isUnread));
    const held = readings.flatMap(({ parameter, outcome }) =>
      typeof outcome === 'string' && valueChanges.isHeld(parameter.path)
        ? [{ parameter, value: outcome }]
        : [],
    );
    // Those that somebody else has read meanwhile, and reported, are done with.
    const unread = readings.filter(({ parameter }) => this.#unread.has(parameter.path));
    this.valuesChanged([...held, ...this.#compareWithKnown(unread, true)]);
    return this.parameters().some(isUnread);
  }

  async #read(parameters: readonly ParameterNode[]): Promise<readonly Reading[]> {
    const { model, clock, signal } = this.#options;
    const deadline = new Deadline(clock, READ_DEADLINE_MS, signal);
    try {
      const outcomes = await model.readValues(parameters, deadline.signal);
      return parameters.map((parameter, index) => ({ parameter, outcome: outcomes[index] }));
    } finally {
      deadline.cancel();
    }
  }
}

/** Whether what stands below `gone` is part of a row that is gone: `gone` itself, or one below it. */
function inRowOf(gone: string): (path: string) => boolean {
  if (/\.\d+\.$/.test(gone)) return () => true;
  return (path) => /(?:^|\.)\d+\./.test(path.slice(gone.length));
}
