import type { ParameterNode } from '../datamodel/node.ts';
import type { Clock, Timer } from '../platform/clock.ts';
import { withDeadline } from '../platform/deadline.ts';
import type { Logger } from '../platform/logger.ts';
import type { CmsClient } from '../upnp-dm/types.ts';
import { AlarmSwitch } from './alarm-switch.ts';
import { AlarmHints } from './alarm-hints.ts';
import type { DeviceModel } from './device-model.ts';
import { EventSwitch } from './event-switch.ts';
import { retryDelaySeconds } from './lifecycle.ts';
import { cmsLeafOf, tableCountedBy, type CmsLeaf } from './mapping/cms-leaf.ts';
import { readLeaves } from './mapping/cms-reader.ts';

/** How long one round of re-reading may take. */
const ROUND_TIMEOUT_MS = 30_000;
/** A device is polled for a tenth of the time at most: after a poll it is left alone for so many times as long as it took. */
const POLL_PAUSE_FACTOR = 9;

export interface ChangeWatcherOptions {
  readonly client: CmsClient;
  readonly deviceModel: DeviceModel;
  /** Parameters that the ACS wants to hear of (notification on). */
  readonly watched: () => readonly ParameterNode[];
  /** Those of which it wants to hear at once. */
  readonly isUrgent: (parameter: ParameterNode) => boolean;
  /** Whether the device is to raise alarms for those. */
  readonly alarms: () => boolean;
  /** Whether a subscription tells of changes now. */
  readonly isSubscribed: () => boolean;
  /** Seconds between reads of what raises no events: all that is watched, and rows, while there is no subscription; 0 = never. */
  readonly pollIntervalSeconds: () => number;
  readonly onStructureDoubtful: () => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Finds out what changed on a device. A ConfigurationUpdate event names nothing [CMS:2 2.2], so each one costs one GetInstances
 * (if the device has tables) and one GetValues of what the ACS watches; events that arrive meanwhile share the next round. A round
 * that fails is repeated until one succeeds: the device will not send the event again.
 */
export class ChangeWatcher {
  readonly #options: ChangeWatcherOptions;
  readonly #abort = new AbortController();
  readonly #alarms: AlarmHints;
  readonly #alarmSwitch: AlarmSwitch;
  readonly #events: EventSwitch;
  #running = false;
  #again = false;
  /** Rounds in a row that failed. */
  #failures = 0;
  #retry: Timer | undefined;
  #poll: Timer | undefined;
  #isPolling = false;
  /** Until when the device is left alone after a poll, monotonic milliseconds. */
  #restsUntil = 0;
  readonly #undo: () => void;

  constructor(options: ChangeWatcherOptions) {
    const { client, deviceModel, clock, logger } = options;
    this.#options = options;
    this.#alarms = new AlarmHints({
      watched: () => this.#watchedLeaves(),
      read: (leaves) => this.#inTime((signal) => this.#readWatched(leaves, signal)),
      logger,
    });
    this.#alarmSwitch = new AlarmSwitch({
      client,
      deviceModel,
      urgent: () => (options.alarms() ? this.#urgentPaths() : []),
      clock,
      logger,
    });
    this.#undo = deviceModel.values.onDoubt(() => {
      this.#look();
    });
    this.#events = new EventSwitch({
      client,
      deviceModel,
      watchedLeaves: () => this.#watchedLeaves(),
      switched: (eventsMissed) => {
        if (this.#abort.signal.aborted) return;
        if (eventsMissed) this.#look();
        this.#schedulePoll();
        this.#alarmSwitch.assert();
      },
      clock,
      logger,
    });
  }

  /**
   * Something changed on the device, or may have.
   * @param alarmed CMS paths of leaves that are said to have changed
   */
  deviceChanged(alarmed: Iterable<string> = []): void {
    this.#options.deviceModel.shadow.invalidate();
    this.#alarms.alarmed(alarmed);
    this.#look();
  }

  /** The attributes of some node changed: another control point may have switched events off, and nobody heard of changes since. */
  attributesChanged(): void {
    this.#events.attributesChanged();
  }

  /** Another control point has switched alarms off. */
  alarmsDisabled(): void {
    this.#alarmSwitch.assert();
  }

  /** The set of watched parameters changed: asks the device to raise events for those that can, and polls the others. */
  watchedChanged(): void {
    this.#events.watchedChanged();
  }

  /** `isSubscribed` says something else now. */
  subscriptionChanged(): void {
    this.#schedulePoll();
  }

  /** `pollIntervalSeconds` says something else now: it counts from now on. */
  pollIntervalChanged(): void {
    this.#poll?.cancel();
    this.#poll = undefined;
    this.#schedulePoll();
  }

  stop(): void {
    this.#abort.abort();
    this.#undo();
    this.#events.stop();
    this.#alarmSwitch.stop();
    this.#retry?.cancel();
    this.#poll?.cancel();
  }

  #look(): void {
    this.#retry?.cancel();
    if (this.#running) {
      this.#again = true;
      return;
    }
    void this.#run();
  }

  async #run(): Promise<void> {
    this.#running = true;
    let failure: Error | undefined;
    do {
      this.#again = false;
      failure = await this.#inTime((signal) => this.#round(signal));
    } while (this.#again && !this.#abort.signal.aborted);
    this.#running = false;
    if (failure === undefined || this.#abort.signal.aborted) {
      this.#failures = 0;
      return;
    }
    this.#failures += 1;
    const seconds = retryDelaySeconds(this.#failures);
    this.#options.logger[this.#failures === 1 ? 'warn' : 'debug'](
      'could not read what changed on the device, trying again',
      { seconds, error: failure.message },
    );
    this.#retry = this.#options.clock.schedule(seconds * 1000, () => {
      this.#look();
    });
  }

  /** @returns why it has to be done once more; undefined when it succeeded */
  async #round(signal: AbortSignal): Promise<Error | undefined> {
    const { client, deviceModel } = this.#options;
    let failure: Error | undefined;
    try {
      await deviceModel.readInstances(client, signal);
    } catch (error) {
      failure = error instanceof Error ? error : new Error(String(error));
    }
    // Values are looked at all the same: a device that is slow with its rows may still tell what the ACS waits for.
    return (await this.#readWatched(this.#watchedLeaves(), signal)) ?? failure;
  }

  /** @returns the error of a leaf that the device could not read now, but may later */
  async #readWatched(leaves: readonly CmsLeaf[], signal: AbortSignal): Promise<Error | undefined> {
    const paths = [...new Set(leaves.map(({ cmsPath }) => cmsPath))];
    if (paths.length === 0) return undefined;
    const { client, deviceModel } = this.#options;
    const generation = deviceModel.shadow.generation;
    const result = await readLeaves(client, deviceModel.contentPaths.compact(paths), paths, signal);
    if (this.#abort.signal.aborted) return undefined;
    deviceModel.valuesRead(result.values, generation);
    if (result.structureChanged) this.#options.onStructureDoubtful();
    return [...result.errors.values()].find(({ kind }) => kind === 'retryLater');
  }

  #watchedLeaves(): CmsLeaf[] {
    return this.#options
      .watched()
      .map(cmsLeafOf)
      .filter((leaf) => leaf !== undefined);
  }

  /** An alarm carries the value, in clear: secrets raise none. */
  #urgentPaths(): string[] {
    const urgent = this.#options
      .watched()
      .filter((parameter) => !parameter.hidden && this.#options.isUrgent(parameter));
    return urgent.flatMap((parameter) => cmsLeafOf(parameter)?.cmsPath ?? []);
  }

  #silentLeaves(): CmsLeaf[] {
    return this.#watchedLeaves().filter(({ eventOnChange }) => eventOnChange !== true);
  }

  #schedulePoll(): void {
    const { clock } = this.#options;
    const intervalSeconds = this.#options.pollIntervalSeconds();
    if (intervalSeconds === 0 || this.#poll !== undefined || this.#isPolling) return;
    if (this.#abort.signal.aborted) return;
    if (this.#options.isSubscribed() && this.#silentLeaves().length === 0) return;
    const restMs = this.#restsUntil - clock.monotonic();
    this.#poll = clock.schedule(Math.max(intervalSeconds * 1000, restMs), () => {
      this.#poll = undefined;
      void this.#pollOnce();
    });
  }

  async #pollOnce(): Promise<void> {
    const { clock, logger, isSubscribed } = this.#options;
    const start = clock.monotonic();
    this.#isPolling = true;
    const failure = await this.#inTime((signal) =>
      isSubscribed() ? this.#readSilent(signal) : this.#round(signal),
    );
    if (failure !== undefined) logger.debug('poll of the device failed', { error: failure.message });
    this.#isPolling = false;
    const end = clock.monotonic();
    this.#restsUntil = end + POLL_PAUSE_FACTOR * (end - start);
    this.#schedulePoll();
  }

  async #readSilent(signal: AbortSignal): Promise<Error | undefined> {
    const silent = this.#silentLeaves();
    const before = this.#rowCounts(silent);
    const failure = await this.#readWatched(silent, signal);
    // Rows came or went without an event.
    if (this.#rowCounts(silent) !== before) this.deviceChanged();
    return failure;
  }

  /** What is known of the leaves that count rows, as one text to compare. */
  #rowCounts(leaves: readonly CmsLeaf[]): string {
    const { shadow } = this.#options.deviceModel;
    const counters = leaves.filter(({ cmsPath }) => tableCountedBy(cmsPath) !== undefined);
    return counters.map(({ cmsPath }) => shadow.get(cmsPath)).join();
  }

  #inTime<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return withDeadline(this.#options.clock, ROUND_TIMEOUT_MS, this.#abort.signal, work);
  }
}
