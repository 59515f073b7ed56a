import type { SettingsStore } from '../cwmp/types.ts';
import type { Logger } from '../platform/logger.ts';

/**
 * EnableCWMP as seen from the LAN side. An ACS that writes false shuts itself out: it takes a factory reset or us to let it in
 * again [TR-181 ManagementServer.EnableCWMP].
 */
export class CwmpSwitch {
  readonly #settings: SettingsStore;
  readonly #logger: Logger;

  constructor(settings: SettingsStore, logger: Logger) {
    this.#settings = settings;
    this.#logger = logger;
    this.#say(true);
    settings.onChange((current, previous) => {
      this.#say(previous.enableCwmp);
      if (current.enableCwmp && !previous.enableCwmp) logger.info('CWMP is switched on again');
    });
  }

  /** Resolves when durable. */
  async on(): Promise<void> {
    if (!this.#settings.current.enableCwmp) await this.#settings.update({ enableCwmp: true });
  }

  #say(wasEnabled: boolean): void {
    if (!wasEnabled || this.#settings.current.enableCwmp) return;
    this.#logger.warn(
      'the ACS has switched CWMP off (EnableCWMP): no sessions until acs.enableCwmpAtStart is set and the daemon reloads',
    );
  }
}
