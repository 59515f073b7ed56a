import type { ParameterNode } from '../datamodel/node.ts';
import type { Clock, Timer } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { CmsClient } from '../upnp-dm/types.ts';
import { AlarmHints } from './alarm-hints.ts';
import type { DeviceModel } from './device-model.ts';
import { cmsLeafOf, type CmsLeaf } from './mapping/cms-leaf.ts';
import { readLeaves } from './mapping/cms-reader.ts';
import { tableCountedBy, TableEvents } from './table-events.ts';

/** How long one round of re-reading may take. */
const ROUND_TIMEOUT_MS = 30_000;

export interface ChangeWatcherOptions {
  readonly client: CmsClient;
  readonly deviceModel: DeviceModel;
  /** Parameters that the ACS wants to hear of (notification on). */
  readonly watched: () => readonly ParameterNode[];
  /** Seconds between reads of watched leaves that raise no events; 0 = never. */
  readonly pollIntervalSeconds: number;
  readonly onStructureDoubtful: () => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Finds out what changed on a device. A ConfigurationUpdate event names nothing [CMS:2 2.2], so each one costs one GetInstances
 * (if the device has tables) and one GetValues of what the ACS watches; events that arrive meanwhile share the next round.
 */
export class ChangeWatcher {
  readonly #options: ChangeWatcherOptions;
  readonly #abort = new AbortController();
  readonly #alarms: AlarmHints;
  readonly #tableEvents: TableEvents;
  #running = false;
  #again = false;
  #poll: Timer | undefined;

  constructor(options: ChangeWatcherOptions) {
    const { client, deviceModel, logger } = options;
    this.#options = options;
    this.#alarms = new AlarmHints({
      watched: () => this.#watchedLeaves(),
      read: (leaves) => this.#readWatched(leaves, this.#roundSignal()),
      logger,
    });
    this.#tableEvents = new TableEvents({
      client,
      structure: () => deviceModel.tree?.structure ?? [],
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
    if (this.#running) {
      this.#again = true;
      return;
    }
    void this.#run();
  }

  /**
   * The set of watched parameters changed: asks the device to raise events for those that can, and polls the others.
   * EventOnChange is shared by all control points and persistent, so it is only ever switched on.
   */
  watchedChanged(): void {
    void this.#switchEventsOn().then(() => {
      this.#schedulePoll();
    });
  }

  stop(): void {
    this.#abort.abort();
    this.#poll?.cancel();
  }

  async #run(): Promise<void> {
    this.#running = true;
    try {
      do {
        this.#again = false;
        await this.#round();
      } while (this.#again && !this.#abort.signal.aborted);
    } catch (error) {
      this.#options.logger.warn('could not read what changed on the device', { error: String(error) });
    } finally {
      this.#running = false;
    }
  }

  async #round(): Promise<void> {
    const { client, deviceModel, watched } = this.#options;
    const signal = this.#roundSignal();
    if (deviceModel.hasTables) {
      await deviceModel.updateInstances(await deviceModel.readInstances(client, signal));
    }
    await this.#readWatched(watched().map(cmsLeafOf), signal);
  }

  #roundSignal(): AbortSignal {
    return AbortSignal.any([this.#abort.signal, AbortSignal.timeout(ROUND_TIMEOUT_MS)]);
  }

  async #readWatched(leaves: readonly (CmsLeaf | undefined)[], signal: AbortSignal): Promise<void> {
    const paths = [...new Set(leaves.flatMap((leaf) => (leaf === undefined ? [] : [leaf.cmsPath])))];
    if (paths.length === 0) return;
    const { client, deviceModel } = this.#options;
    const generation = deviceModel.shadow.generation;
    const result = await readLeaves(client, deviceModel.contentPaths.compact(paths), paths, signal);
    deviceModel.valuesRead(result.values, generation);
    if (result.structureChanged) this.#options.onStructureDoubtful();
  }

  async #switchEventsOn(): Promise<void> {
    await this.#tableEvents.switchOn(this.#watchedLeaves(), this.#abort.signal);
    const silent = this.#watchedLeaves().filter((leaf) => leaf.eventOnChange === false);
    if (silent.length === 0) return;
    try {
      await this.#options.client.setAttributes(
        new Map(silent.map((leaf) => [leaf.cmsPath, { eventOnChange: true }])),
        this.#abort.signal,
      );
      for (const leaf of silent) leaf.eventOnChange = true;
    } catch (error) {
      this.#options.logger.info('device raises no events for some watched parameters, polling them', {
        count: silent.length,
        error: String(error),
      });
    }
  }

  #watchedLeaves(): CmsLeaf[] {
    return this.#options
      .watched()
      .map(cmsLeafOf)
      .filter((leaf) => leaf !== undefined);
  }

  /** Those of which no event tells that they changed. */
  #silentLeaves(): CmsLeaf[] {
    return this.#watchedLeaves().filter(
      (leaf) => leaf.eventOnChange !== true && !this.#tableEvents.covers(leaf),
    );
  }

  /** The known values of the leaves that count rows, as one text to compare. */
  #rowCounts(leaves: readonly CmsLeaf[]): string {
    const { shadow } = this.#options.deviceModel;
    const counters = leaves.filter(({ cmsPath }) => tableCountedBy(cmsPath) !== '');
    return counters.map(({ cmsPath }) => shadow.get(cmsPath)).join();
  }

  #schedulePoll(): void {
    this.#poll?.cancel();
    const { pollIntervalSeconds, clock } = this.#options;
    if (pollIntervalSeconds === 0 || this.#abort.signal.aborted) return;
    if (this.#silentLeaves().length === 0) return;
    this.#poll = clock.schedule(pollIntervalSeconds * 1000, () => {
      void this.#pollOnce();
    });
  }

  async #pollOnce(): Promise<void> {
    try {
      const silent = this.#silentLeaves();
      const countBefore = this.#rowCounts(silent);
      await this.#readWatched(silent, this.#roundSignal());
      // Rows came or went without an event.
      if (this.#rowCounts(silent) !== countBefore) this.deviceChanged();
    } catch (error) {
      this.#options.logger.debug('poll of the device failed', { error: String(error) });
    } finally {
      this.#schedulePoll();
    }
  }
}
