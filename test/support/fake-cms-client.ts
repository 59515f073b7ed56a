import { ActionError } from '../../src/upnp/types.ts';
import type { ChangeStatus, CmsClient, NodeAttributes } from '../../src/upnp-dm/types.ts';

/** A CMS in memory for tests of what sits on the client; calls are noted, failures can be ordered. */
export class FakeCmsClient {
  readonly values = new Map<string, string>();
  readonly calls: { readonly action: string; readonly paths: readonly string[] }[] = [];
  /** Thrown by the next calls of that action, in order. */
  readonly failures: { readonly action: string; readonly error: Error }[] = [];
  status: ChangeStatus = 'ChangesApplied';
  access: 'readOnly' | 'readWrite' = 'readWrite';
  instances: readonly string[] = [];
  /** Leaves that can raise events, and whether they do. */
  readonly eventOnChange = new Map<string, boolean>();
  /** The device acknowledges SetAttributes and changes nothing. */
  ignoresAttributes = false;
  /** Leaves that were asked for alarms. */
  readonly alarmed = new Set<string>();
  /** Actions of the SCPD; undefined: it has none. */
  supported: ReadonlySet<string> | undefined;
  /** Paths for which the device refuses a whole SetAttributes. */
  readonly refusesEvents = new Set<string>();
  /** Nodes that have gone: the device refuses a whole GetAttributes for them. */
  readonly gone = new Set<string>();
  /** Called with every action that is about to be answered. */
  onAction: (action: string) => void = () => undefined;

  static upnpError(code: number, action = 'GetValues'): ActionError {
    return new ActionError(
      'upnp',
      code,
      'urn:schemas-upnp-org:service:ConfigurationManagement:2',
      action,
      `UPnP error ${code}`,
    );
  }

  static transportError(action = 'GetValues'): ActionError {
    return new ActionError(
      'transport',
      0,
      'urn:schemas-upnp-org:service:ConfigurationManagement:2',
      action,
      'no answer',
    );
  }

  /** The part of the interface that is used here. */
  get client(): CmsClient {
    const supported = (): ReadonlySet<string> | undefined => this.supported;
    const part: Partial<CmsClient> = {
      version: 2,
      get actions() {
        return supported();
      },
      getValues: (paths) => this.#perform('GetValues', paths, () => this.#read(paths)),
      setValues: (values) =>
        this.#perform('SetValues', [...values.keys()], () => {
          for (const [path, value] of values) this.values.set(path, value);
          return this.status;
        }),
      getAttributes: (paths) =>
        this.#perform('GetAttributes', paths, () => {
          if (paths.some((path) => this.gone.has(path))) throw FakeCmsClient.upnpError(703, 'GetAttributes');
          return new Map(paths.map((path) => [path, this.#attributesOf(path)]));
        }),
      setAttributes: (attributes) =>
        this.#perform('SetAttributes', [...attributes.keys()], () => {
          if ([...attributes.keys()].some((path) => this.refusesEvents.has(path))) {
            throw FakeCmsClient.upnpError(703, 'SetAttributes');
          }
          for (const [path, { eventOnChange, alarmOnChange }] of attributes) {
            if (alarmOnChange === true) this.alarmed.add(path);
            if (eventOnChange !== undefined && !this.ignoresAttributes)
              this.eventOnChange.set(path, eventOnChange);
          }
          return this.status;
        }),
      getAlarmsEnabled: () => Promise.resolve(true),
      getInstances: (start) =>
        this.#perform('GetInstances', [start], () =>
          this.instances.filter((instance) => instance.startsWith(start)),
        ),
      createInstance: (table) =>
        this.#perform('CreateInstance', [table], () => ({ instancePath: `${table}7/`, status: this.status })),
      deleteInstance: (row) => this.#perform('DeleteInstance', [row], () => this.status),
    };
    return part as CmsClient;
  }

  /** Names of the actions that were called, in order. */
  get actions(): string[] {
    return this.calls.map(({ action }) => action);
  }

  #attributesOf(path: string): NodeAttributes {
    const eventOnChange = this.eventOnChange.get(path);
    const alarms = this.supported?.has('SetAlarmsEnabled') === true && {
      alarmOnChange: this.alarmed.has(path),
    };
    return { access: this.access, ...alarms, ...(eventOnChange === undefined ? {} : { eventOnChange }) };
  }

  #read(paths: readonly string[]): ReadonlyMap<string, string> {
    const found = new Map<string, string>();
    for (const path of paths) {
      const below = [...this.values].filter(
        ([leaf]) => leaf === path || (path.endsWith('/') && leaf.startsWith(path)),
      );
      if (below.length === 0) throw FakeCmsClient.upnpError(703);
      for (const [leaf, value] of below) found.set(leaf, value);
    }
    return found;
  }

  #perform<T>(action: string, paths: readonly string[], work: () => T): Promise<T> {
    this.calls.push({ action, paths });
    this.onAction(action);
    const index = this.failures.findIndex((failure) => failure.action === action);
    const [failure] = index === -1 ? [] : this.failures.splice(index, 1);
    if (failure !== undefined) return Promise.reject(failure.error);
    return new Promise((resolve) => {
      resolve(work());
    });
  }
}
