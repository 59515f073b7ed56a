import type { Clock, Timer } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { DocumentStore } from '../../platform/store/document-store.ts';
import { loadSnapshot, saveSnapshot, type DeviceSnapshot } from './device-snapshot.ts';
import { WrittenValues } from './written-values.ts';

/** Values that changed are written to the disk at most once in so long a time; a power cut costs no more than that. */
const SNAPSHOT_INTERVAL_MS = 60_000;

export interface DeviceMemoryOptions {
  readonly store: DocumentStore;
  /** Prefix of the keys, ends with a slash. */
  readonly storeKey: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** What is known of the device now; undefined while that is nothing to be remembered. */
  readonly current: () => DeviceSnapshot | undefined;
}

/** What the disk knows of an embedded device: all that it told last, and what it took of the ACS since. */
export class DeviceMemory {
  readonly #options: DeviceMemoryOptions;
  readonly #written: WrittenValues;
  #timer: Timer | undefined;
  /** What was begun before must not bring anything back. */
  #isForgotten = false;

  constructor(options: DeviceMemoryOptions) {
    this.#options = options;
    this.#written = new WrittenValues(options.store, `${options.storeKey}written`);
  }

  /** What is remembered; undefined when there is nothing that can be used. */
  load(): DeviceSnapshot | undefined {
    const snapshot = loadSnapshot(this.#options.store, this.#snapshotKey);
    if (snapshot === undefined) return undefined;
    const values = new Map([...(snapshot.tree.values ?? []), ...this.#written.values]);
    return { ...snapshot, tree: { ...snapshot.tree, values } };
  }

  /** Values may have changed: they are saved within a minute. */
  saveLater(): void {
    this.#timer ??= this.#options.clock.schedule(SNAPSHOT_INTERVAL_MS, () => {
      this.#timer = undefined;
      void this.#orLog(this.save());
    });
  }

  /** Saves what is known now. @throws what the store throws */
  async save(): Promise<void> {
    const snapshot = this.#options.current();
    if (snapshot === undefined || this.#isForgotten) return;
    const covered = this.#written.values;
    await saveSnapshot(this.#options.store, this.#snapshotKey, snapshot);
    await this.#written.forget(covered);
  }

  /** The device has taken these values, by CMS path. Resolves when that is durable, if it can be: taken is taken. Never rejects. */
  async took(values: Iterable<readonly [cmsPath: string, value: string]>): Promise<void> {
    if (!this.#isForgotten) await this.#orLog(this.#written.remember(values));
  }

  /** The device has added or deleted a row. As `took`. */
  async changedRows(): Promise<void> {
    await this.#orLog(this.save());
  }

  stop(): void {
    this.#timer?.cancel();
  }

  /** @throws what the store throws */
  async forget(): Promise<void> {
    this.#isForgotten = true;
    this.stop();
    await Promise.all([this.#written.forgetAll(), this.#options.store.delete(this.#snapshotKey)]);
  }

  get #snapshotKey(): string {
    return `${this.#options.storeKey}snapshot`;
  }

  async #orLog(work: Promise<void>): Promise<void> {
    await work.catch((error: unknown) => {
      this.#options.logger.error('what is known of an embedded device was not stored', {
        error: String(error),
      });
    });
  }
}
