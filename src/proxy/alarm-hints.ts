import type { Logger } from '../platform/logger.ts';
import type { CmsLeaf } from './mapping/cms-leaf.ts';

export interface AlarmHintsOptions {
  /** Leaves that the ACS wants to hear of. */
  readonly watched: () => readonly CmsLeaf[];
  /** Reads leaves from the device and reports what changed. Resolves with why some could not be read. */
  readonly read: (leaves: readonly CmsLeaf[]) => Promise<Error | undefined>;
  readonly logger: Logger;
}

/**
 * The third element of a ConfigurationUpdate names leaves that changed, with their values [CMS:2 2.2]. Those that the ACS watches
 * are read at once, before rows are looked for: what is worth an alarm is worth telling soon. The value in the event is not
 * taken: it is older than the one that can be read, and any host of the LAN may have sent it.
 */
export class AlarmHints {
  readonly #options: AlarmHintsOptions;
  #named = new Set<string>();
  #isReading = false;

  constructor(options: AlarmHintsOptions) {
    this.#options = options;
  }

  /** An event named these CMS paths. Alarms that come while leaves are read share the next read. */
  alarmed(cmsPaths: Iterable<string>): void {
    for (const path of cmsPaths) this.#named.add(path);
    if (!this.#isReading) void this.#readNamed();
  }

  async #readNamed(): Promise<void> {
    const { watched, read, logger } = this.#options;
    this.#isReading = true;
    while (this.#named.size > 0) {
      const named = this.#named;
      this.#named = new Set();
      const leaves = watched().filter(({ cmsPath }) => named.has(cmsPath));
      const failure = leaves.length > 0 ? await read(leaves) : undefined;
      // The event is looked into as any other, too.
      if (failure !== undefined) {
        logger.info('could not read what an alarm named', { error: failure.message });
      }
    }
    this.#isReading = false;
  }
}
