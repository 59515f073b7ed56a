import type { AcsSettings, SettingsStore } from '../cwmp/types.ts';
import type { DocumentStore } from '../platform/store/document-store.ts';

/** The settings of an endpoint, those that concern the device only included. */
export interface DeviceSettings extends AcsSettings {
  /** True: the ACS manages upgrades, and the device looks for none elsewhere. We never do. */
  readonly upgradesManaged: boolean;
}

const INSTANCE_MODES = new Set<unknown>(['InstanceNumber', 'InstanceAlias']);

type Listener = (current: DeviceSettings, previous: DeviceSettings) => void;

/**
 * Settings in one document of the store, which holds only what was written: for the rest the defaults (the config file) keep
 * their say, also when they change later.
 */
export class DocumentSettingsStore implements SettingsStore {
  readonly #store: DocumentStore;
  readonly #key: string;
  #defaults: DeviceSettings;
  readonly #onListenerError: (error: unknown) => void;
  readonly #listeners = new Set<Listener>();
  #written: Partial<DeviceSettings>;
  #current: DeviceSettings;
  /** Changes of this tick that wait for their common write. */
  #pending: { change: Partial<DeviceSettings>; done: Promise<void> } | undefined;
  #tail: Promise<unknown> = Promise.resolve();

  /** A stored value of the wrong type is ignored. `onListenerError` hears of listeners that threw. */
  constructor(
    store: DocumentStore,
    key: string,
    defaults: DeviceSettings,
    onListenerError: (error: unknown) => void = () => undefined,
  ) {
    this.#store = store;
    this.#key = key;
    this.#defaults = defaults;
    this.#onListenerError = onListenerError;
    this.#written = readWritten(store.get<unknown>(key), defaults);
    this.#current = { ...defaults, ...this.#written };
  }

  /** What is durable: a change that is being written does not show yet. */
  get current(): DeviceSettings {
    return this.#current;
  }

  /** What was written by the ACS (or otherwise, through `update`); the other settings are defaults. */
  get written(): Readonly<Partial<DeviceSettings>> {
    return this.#written;
  }

  /**
   * Changes of one tick are one write: all of them become current, or none.
   * @throws what the store throws; nothing has changed then
   */
  update(change: Partial<DeviceSettings>): Promise<void> {
    if (this.#pending !== undefined) {
      this.#pending.change = { ...this.#pending.change, ...change };
      return this.#pending.done;
    }
    const done = this.#tail.then(() => this.#flush());
    this.#pending = { change, done };
    this.#tail = done.catch(() => undefined);
    return done;
  }

  /** Back to the defaults (factory reset). */
  reset(): Promise<void> {
    const done = this.#tail.then(async () => {
      await this.#store.delete(this.#key);
      this.#become({});
    });
    this.#tail = done.catch(() => undefined);
    return done;
  }

  /**
   * Other defaults from now on (the config file was read anew); what was written keeps its say.
   * @returns whether any setting in effect is another one now
   */
  changeDefaults(change: Partial<DeviceSettings>): Promise<boolean> {
    const done = this.#tail.then(() => {
      const previous = this.#current;
      this.#defaults = { ...this.#defaults, ...change };
      this.#become(this.#written);
      return !sameSettings(this.#current, previous);
    });
    this.#tail = done.catch(() => undefined);
    return done;
  }

  /** The listener runs after the change is durable, when something did change. Returns the function that ends it. */
  onChange(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async #flush(): Promise<void> {
    const change = this.#pending?.change ?? {};
    this.#pending = undefined;
    const written = { ...this.#written, ...change };
    if (sameSettings(written, this.#written)) return;
    await this.#store.put(this.#key, written);
    this.#become(written);
  }

  #become(written: Partial<DeviceSettings>): void {
    const previous = this.#current;
    const current = { ...this.#defaults, ...written };
    this.#written = written;
    this.#current = current;
    if (sameSettings(current, previous)) return;
    for (const listener of [...this.#listeners]) {
      try {
        listener(current, previous);
      } catch (error) {
        this.#onListenerError(error);
      }
    }
  }
}

function sameSettings(one: Partial<DeviceSettings>, other: Partial<DeviceSettings>): boolean {
  const entries: [string, unknown][] = Object.entries(one);
  const others = new Map<string, unknown>(Object.entries(other));
  return entries.length === others.size && entries.every(([name, value]) => others.get(name) === value);
}

/** What was stored under a known name and is of its type; a number is a whole one, -1 or more. */
function readWritten(document: unknown, defaults: DeviceSettings): Partial<DeviceSettings> {
  if (typeof document !== 'object' || document === null) return {};
  const known = new Map<string, unknown>(Object.entries(defaults));
  const entries = Object.entries(document).filter(([name, value]) => {
    if (typeof value !== typeof known.get(name)) return false;
    if (typeof value === 'number') return Number.isSafeInteger(value) && value >= -1;
    return name !== 'instanceMode' || INSTANCE_MODES.has(value);
  });
  return Object.fromEntries(entries);
}
