import type { Clock, Timer } from '../platform/clock.ts';
import { withDeadline } from '../platform/deadline.ts';
import type { Logger } from '../platform/logger.ts';
import { isLeaf } from '../upnp-dm/cms-path.ts';
import type { CmsClient, NodeAttributes } from '../upnp-dm/types.ts';
import { readAttributes } from '../upnp-dm/walk-attributes.ts';
import { AssertionLimit } from './assertion-limit.ts';
import type { DeviceModel } from './device-model.ts';
import { retryDelaySeconds } from './lifecycle.ts';
import { writeAttributes } from './mapping/attribute-writer.ts';
import type { CmsLeaf } from './mapping/cms-leaf.ts';

/** How long one action, or a few, may take. */
const TIMEOUT_MS = 30_000;
/** Reads of the attributes that follow one another faster than this are spread out. */
const CALM_MS = 60_000;
/** Of how many nodes is asked at a time: requests of the ACS get their turn between two. */
const NODES_OF_AN_ACTION = 1000;

export interface EventSwitchOptions {
  readonly client: CmsClient;
  readonly deviceModel: DeviceModel;
  /** The CMS side of the parameters that the ACS wants to hear of. */
  readonly watchedLeaves: () => readonly CmsLeaf[];
  /** Events were off for a while, or the set of leaves without events changed. */
  readonly switched: (eventsMissed: boolean) => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Keeps EventOnChange on for what the ACS watches. It is persistent, and shared by all control points [CMS:2 1.6.2]: it is only
 * ever switched on, and put back when another one switches it off, but not forever against a device that does not keep it.
 */
export class EventSwitch {
  readonly #options: EventSwitchOptions;
  readonly #abort = new AbortController();
  readonly #limit: AssertionLimit;
  #tail: Promise<void> = Promise.resolve();
  #due: Timer | undefined;
  #lastRead = -Infinity;
  /** Reads of all attributes that followed one another closely, or failed. */
  #readsInARow = 0;
  /** Nodes of which nobody knows whether they raise events, to be asked or being asked. */
  readonly #unknown = new Set<string>();
  #learning = false;
  /** No node is asked before, by the monotonic clock: the device did not answer. */
  #learnFrom = -Infinity;
  readonly #undo: () => void;
  /** Grows with every hint, so that a read does not settle what changed after it began. */
  #hints = 0;

  constructor(options: EventSwitchOptions) {
    this.#options = options;
    this.#limit = new AssertionLimit(options.clock, (path) => {
      options.logger.warn('EventOnChange does not stay on, polling the parameter from now on', { path });
    });
    this.#undo = options.deviceModel.onEventsUnknown((eventPaths) => {
      this.#learn(eventPaths);
    });
  }

  /** The set of watched parameters changed. */
  watchedChanged(): void {
    this.#enqueue(async () => {
      await this.#askUnknown();
      this.#options.switched(await this.#assert(false));
    });
  }

  /** Some node of the device has other attributes than before. */
  attributesChanged(): void {
    this.#hints += 1;
    this.#options.deviceModel.setAttributesDoubtful(true);
    this.#readLater();
  }

  stop(): void {
    this.#abort.abort();
    this.#undo();
    this.#due?.cancel();
  }

  /**
   * Of a large tree not every node was asked when it was described. What the ACS reads it will read again: the device is asked once
   * whether its events vouch for that.
   */
  #learn(eventPaths: readonly string[]): void {
    if (this.#options.clock.monotonic() < this.#learnFrom) return;
    for (const path of eventPaths) this.#unknown.add(path);
    if (!this.#learning) this.#learnNext();
  }

  /** Some at a time: whatever else has to be done of events comes before the rest. */
  #learnNext(): void {
    this.#learning = this.#unknown.size > 0;
    if (!this.#learning) return;
    this.#enqueue(async () => {
      await this.#learnSome([...this.#unknown].slice(0, NODES_OF_AN_ACTION));
      // What the ACS watches may be among them, and silent.
      if (this.#unknown.size === 0 && (await this.#assert(false))) this.#options.switched(true);
      this.#learnNext();
    });
  }

  async #learnSome(paths: readonly string[]): Promise<void> {
    const { deviceModel, clock, logger } = this.#options;
    const read = new Map<string, NodeAttributes>();
    try {
      await this.#ask(paths, read);
      deviceModel.attributesRead(read);
      deviceModel.eventsNotTold(paths.filter((path) => read.get(path)?.eventOnChange === undefined));
      for (const path of paths) this.#unknown.delete(path);
    } catch (error) {
      // Some nodes were found to be gone by many actions, and then the time was over: the rest is for another time.
      deviceModel.attributesRead(read);
      logger.debug('could not read which parameters raise events, reading them from the device', {
        count: this.#unknown.size,
        error: String(error),
      });
      this.#unknown.clear();
      this.#learnFrom = clock.monotonic() + CALM_MS;
    }
  }

  #readLater(): void {
    if (this.#due !== undefined || this.#abort.signal.aborted) return;
    const { clock } = this.#options;
    const since = clock.monotonic() - this.#lastRead;
    const pause = this.#readsInARow === 0 ? 0 : 500 * retryDelaySeconds(this.#readsInARow);
    if (since > Math.max(CALM_MS, 2 * pause)) this.#readsInARow = 0;
    const wait = this.#readsInARow === 0 ? 0 : Math.max(0, pause - since);
    this.#due = clock.schedule(wait, () => {
      this.#due = undefined;
      this.#enqueue(() => this.#readAll());
    });
  }

  /** One after the other: an answer must not be overtaken by the next question. */
  #enqueue(task: () => Promise<void>): void {
    this.#tail = this.#tail.then(async () => {
      if (!this.#abort.signal.aborted) await task();
    });
  }

  /** What the ACS watches first, so that events which were switched off are on again before thousands of others are asked. */
  async #readAll(): Promise<void> {
    const { deviceModel, watchedLeaves, switched, clock } = this.#options;
    const hints = this.#hints;
    this.#lastRead = clock.monotonic();
    this.#readsInARow += 1;
    const leaves = watchedLeaves().filter(({ eventOnChange }) => eventOnChange !== undefined);
    const watched = new Set(leaves.map(({ eventPath }) => eventPath));
    if (!(await this.#askAnew([...watched]))) return;
    await this.#assert(true);
    switched(true);
    await this.#readRest(
      deviceModel.eventedPaths.filter((path) => !watched.has(path)),
      hints,
    );
  }

  /** Some at a time, for the same reason as in `#learnNext`. */
  async #readRest(paths: readonly string[], hints: number): Promise<void> {
    // Another hint came: all is read again, and stays in doubt until then.
    if (this.#hints !== hints) return;
    if (!(await this.#askAnew(paths.slice(0, NODES_OF_AN_ACTION)))) return;
    const rest = paths.slice(NODES_OF_AN_ACTION);
    if (rest.length > 0) this.#enqueue(() => this.#readRest(rest, hints));
    else if (this.#hints === hints) this.#options.deviceModel.setAttributesDoubtful(false);
  }

  /** @returns whether the device has answered; otherwise all is read again later, and every value from the device until then */
  async #askAnew(paths: readonly string[]): Promise<boolean> {
    const { deviceModel, logger } = this.#options;
    if (paths.length === 0) return true;
    try {
      const read = new Map<string, NodeAttributes>();
      await this.#ask(paths, read);
      // A node of which it does not tell, or that has gone, vouches for nothing.
      const told = paths.map((path) => {
        const { eventOnChange = 'unknown' as const } = read.get(path) ?? {};
        return [path, { eventOnChange }] as const;
      });
      deviceModel.attributesRead(new Map(told));
      return true;
    } catch (error) {
      logger.info('could not read which parameters raise events, trying again', { error: String(error) });
      this.#readLater();
      return false;
    }
  }

  async #askUnknown(): Promise<void> {
    const { watchedLeaves, deviceModel, logger } = this.#options;
    const unknown = watchedLeaves().filter(({ eventOnChange }) => eventOnChange === 'unknown');
    if (unknown.length === 0) return;
    const read = new Map<string, NodeAttributes>();
    try {
      await this.#ask(
        unknown.map(({ eventPath }) => eventPath),
        read,
      );
      deviceModel.attributesRead(read);
    } catch (error) {
      logger.info('could not read which parameters raise events, polling them', { error: String(error) });
    }
  }

  /**
   * @param again whether somebody switched them off, as far as one can tell
   * @returns whether some are on that were off
   */
  async #assert(again: boolean): Promise<boolean> {
    const { logger } = this.#options;
    const silent = this.#silentPaths();
    if (silent.length === 0) return false;
    // After a start nobody knows whether another control point has switched them off.
    const message = again
      ? 'EventOnChange of watched parameters was switched off, switching it on again'
      : 'EventOnChange of watched parameters is off, switching it on';
    logger.info(message, { count: silent.length, example: silent[0] });
    for (const path of silent) this.#limit.note(path);
    // A device that takes no EventOnChange for tables must not refuse that of leaves with it.
    const leaves = await this.#switchOn(silent.filter(isLeaf));
    const tables = await this.#switchOn(silent.filter((path) => !isLeaf(path)));
    return leaves || tables;
  }

  /** @returns whether some are on now */
  async #switchOn(paths: readonly string[]): Promise<boolean> {
    const { client, deviceModel } = this.#options;
    if (paths.length === 0) return false;
    const wanted = new Map(paths.map((path) => [path, { eventOnChange: true }]));
    const { taken, error } = await this.#inTime((signal) => writeAttributes(client, wanted, signal));
    if (taken.length < paths.length) this.#logSilent(paths.length - taken.length, error);
    if (taken.length === 0) return false;
    try {
      // Some devices acknowledge what they do not do.
      const read = new Map<string, NodeAttributes>();
      await this.#ask(taken, read);
      deviceModel.attributesRead(read);
      return taken.some((path) => read.get(path)?.eventOnChange === true);
    } catch (failure) {
      this.#logSilent(taken.length, failure);
      return false;
    }
  }

  #logSilent(count: number, error: unknown): void {
    if (this.#abort.signal.aborted) return;
    this.#options.logger.info('device raises no events for some watched parameters, polling them', {
      count,
      error: String(error),
    });
  }

  /** Watched leaves (or the tables that tell of them) that could raise events and do not, if not tried often enough already. */
  #silentPaths(): string[] {
    const silent = this.#options.watchedLeaves().filter(({ eventOnChange }) => eventOnChange === false);
    return [...new Set(silent.map(({ eventPath }) => eventPath))].filter((path) => this.#limit.allows(path));
  }

  /** @param into as readAttributes @throws ActionError when the device does not answer */
  async #ask(paths: readonly string[], into: Map<string, NodeAttributes>): Promise<void> {
    for (let at = 0; at < paths.length; at += NODES_OF_AN_ACTION) {
      const some = paths.slice(at, at + NODES_OF_AN_ACTION);
      await this.#inTime((signal) => readAttributes(this.#options.client, some, into, signal));
    }
  }

  #inTime<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return withDeadline(this.#options.clock, TIMEOUT_MS, this.#abort.signal, work);
  }
}
