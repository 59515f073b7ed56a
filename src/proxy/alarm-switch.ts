import type { Clock } from '../platform/clock.ts';
import { withDeadline } from '../platform/deadline.ts';
import type { Logger } from '../platform/logger.ts';
import { toStructurePath } from '../upnp-dm/cms-path.ts';
import type { CmsClient } from '../upnp-dm/types.ts';
import { AssertionLimit } from './assertion-limit.ts';
import type { DeviceModel } from './device-model.ts';
import { writeAttributes } from './mapping/attribute-writer.ts';

/** How long all actions together may take. */
const TIMEOUT_MS = 30_000;
const ENABLED = 'AlarmsEnabled';

export interface AlarmSwitchOptions {
  readonly client: CmsClient;
  readonly deviceModel: DeviceModel;
  /** CMS paths of the leaves of which the ACS wants to hear at once; none when alarms are not wanted. */
  readonly urgent: () => readonly string[];
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Keeps alarms on for what the ACS watches actively: the events of the device then name the leaves that changed [CMS:2 2.2].
 * AlarmOnChange and AlarmsEnabled are shared by all control points: they are only ever switched on, put back when another one
 * switches them off, and given up on a device that does not keep them.
 */
export class AlarmSwitch {
  readonly #options: AlarmSwitchOptions;
  readonly #abort = new AbortController();
  readonly #limit: AssertionLimit;
  #isRunning = false;
  #again = false;

  constructor(options: AlarmSwitchOptions) {
    this.#options = options;
    this.#limit = new AssertionLimit(options.clock, (name) => {
      options.logger.warn('alarms do not stay on, leaving them', { name });
    });
  }

  /** What the ACS watches changed, or somebody may have switched alarms off. */
  assert(): void {
    if (this.#isRunning) this.#again = true;
    else void this.#run();
  }

  stop(): void {
    this.#abort.abort();
  }

  async #run(): Promise<void> {
    const { clock, logger } = this.#options;
    this.#isRunning = true;
    do {
      this.#again = false;
      try {
        await withDeadline(clock, TIMEOUT_MS, this.#abort.signal, (signal) => this.#switchOn(signal));
      } catch (error) {
        // Events and polls tell of changes all the same.
        if (!this.#abort.signal.aborted) logger.info('could not switch alarms on', { error: String(error) });
      }
    } while (this.#again && !this.#abort.signal.aborted);
    this.#isRunning = false;
  }

  async #switchOn(signal: AbortSignal): Promise<void> {
    const { client, logger } = this.#options;
    const paths = this.#paths();
    // The feature is optional as a whole: who has the action has the attribute.
    if (paths.length === 0 || client.actions?.has('SetAlarmsEnabled') !== true) return;
    const attributes = await client.getAttributes(paths, signal);
    const silent = paths.filter(
      (path) => attributes.get(path)?.alarmOnChange === false && this.#limit.allows(path),
    );
    for (const path of silent) this.#limit.note(path);
    const wanted = new Map(silent.map((path) => [path, { alarmOnChange: true }]));
    const { taken, error } = await writeAttributes(client, wanted, signal);
    if (taken.length < silent.length)
      logger.info('device raises no alarms for some watched parameters', { error: String(error) });
    if ((await client.getAlarmsEnabled(signal)) || !this.#limit.allows(ENABLED)) return;
    this.#limit.note(ENABLED);
    await client.setAlarmsEnabled(true, signal);
    logger.info('alarms of the device switched on', { parameters: paths.length });
  }

  /** Those that can raise alarms, as far as the device said. */
  #paths(): string[] {
    const { urgent, deviceModel } = this.#options;
    const attributes = deviceModel.tree?.attributes;
    return [...new Set(urgent())].filter((path) => {
      const known = attributes?.get(path) ?? attributes?.get(toStructurePath(path));
      return known?.alarmOnChange !== undefined;
    });
  }
}
