import type { Clock } from '../../platform/clock.ts';
import { writeParameterValueList } from './cms-documents.ts';
import type { DeviceTree, LeafNode, ObjectNode, TableNode } from './device-tree.ts';
import type { RowValues } from './schema.ts';
import { UpnpError } from './upnp-error.ts';
import { checkValue } from './value-type.ts';

/** State variables of the CMS that are evented. */
export const CMS_VARIABLES = [
  'ConfigurationUpdate',
  'SupportedDataModelsUpdate',
  'SupportedParametersUpdate',
  'AttributeValuesUpdate',
  'InconsistentStatus',
  'AlarmsEnabled',
] as const;

export type CmsVariable = (typeof CMS_VARIABLES)[number];

export interface ConfigurationOptions {
  readonly tree: DeviceTree;
  readonly clock: Clock;
  /** A state variable changed and is due to be evented. */
  readonly onEvent: (variable: CmsVariable) => void;
}

interface Counter {
  count: number;
  at: string;
}

/** The device's configuration over time: every change goes through here, moves versions and causes events. */
export class Configuration {
  readonly tree: DeviceTree;
  readonly #clock: Clock;
  readonly #onEvent: (variable: CmsVariable) => void;
  readonly #configuration: Counter;
  readonly #attributes: Counter;
  readonly #models: Counter;
  readonly #structure: Counter;
  /** Alarmed values not yet evented. */
  readonly #alarms = new Map<string, string>();
  #alarmsEnabled = false;
  #pendingApplications = 0;

  constructor(options: ConfigurationOptions) {
    this.tree = options.tree;
    this.#clock = options.clock;
    this.#onEvent = options.onEvent;
    const at = this.#timestamp();
    this.#configuration = { count: 0, at };
    this.#attributes = { count: 0, at };
    this.#models = { count: 0, at };
    this.#structure = { count: 0, at };
  }

  get currentVersion(): number {
    return this.#configuration.count;
  }

  /** Text of a state variable; alarmed values are taken along and then forgotten when `forEvent`. */
  variable(name: CmsVariable, forEvent = false): string {
    switch (name) {
      case 'ConfigurationUpdate': {
        const text = counterText(this.#configuration);
        if (!forEvent || this.#alarms.size === 0) return text;
        const alarms = writeParameterValueList(this.#alarms);
        this.#alarms.clear();
        // The variable is a CSV list [CMS:2 2.3.1].
        return `${text},${alarms.replace(/[\\,]/g, '\\$&')}`;
      }
      case 'SupportedDataModelsUpdate':
        return counterText(this.#models);
      case 'SupportedParametersUpdate':
        return counterText(this.#structure);
      case 'AttributeValuesUpdate':
        return counterText(this.#attributes);
      case 'InconsistentStatus':
        return this.#pendingApplications > 0 ? '1' : '0';
      case 'AlarmsEnabled':
        return this.#alarmsEnabled ? '1' : '0';
    }
  }

  setAlarmsEnabled(enabled: boolean): void {
    if (this.#alarmsEnabled === enabled) return;
    this.#alarmsEnabled = enabled;
    this.#onEvent('AlarmsEnabled');
  }

  /** Changes values; they must have been checked. Leaves that hold the value already do not count as changed. */
  apply(values: ReadonlyMap<LeafNode, string>): 'ChangesApplied' | 'ChangesCommitted' {
    const changed: LeafNode[] = [];
    let applySeconds = 0;
    for (const [leaf, value] of values) {
      if (leaf.value === value) continue;
      leaf.value = value;
      changed.push(leaf);
      applySeconds = Math.max(applySeconds, leaf.schema.applySeconds ?? 0);
    }
    this.#commit(changed);
    if (applySeconds === 0) return 'ChangesApplied';
    this.#applyLater(applySeconds);
    return 'ChangesCommitted';
  }

  /** A change on the device itself, not through an action. @throws UpnpError 703, 704, 705 */
  setValue(path: string, value: string): void {
    const leaf = this.tree.get(path);
    if (leaf.kind !== 'leaf') throw new UpnpError(703);
    this.apply(new Map([[leaf, checkValue(leaf.schema.type, value)]]));
  }

  /** @throws UpnpError 703, 704, 705, 709 */
  addRow(table: TableNode, values: RowValues): ObjectNode {
    const row = this.tree.addRow(table, values);
    this.#commit([...this.tree.leaves(row)], table);
    return row;
  }

  removeRow(row: ObjectNode, table: TableNode): void {
    this.tree.removeRow(row, table);
    this.#commit([], table);
  }

  /** EventOnChange or AlarmOnChange of some node was set. */
  attributesChanged(): void {
    this.#bump(this.#attributes);
    this.#onEvent('AttributeValuesUpdate');
  }

  /** The device learnt or lost parameters (its software changed). */
  structureChanged(): void {
    this.#bump(this.#structure);
    this.#onEvent('SupportedParametersUpdate');
  }

  /** Only nodes with Version move the counter; only nodes with EventOnChange=1 cause an event [CMS:2 2.3.1]. */
  #commit(leaves: readonly LeafNode[], table?: TableNode): void {
    const nodes = table === undefined ? leaves : [...leaves, table.entries, table];
    if (nodes.length === 0) return;
    if (nodes.some((node) => node.schema.versioned)) {
      this.#bump(this.#configuration);
      for (const node of nodes) if (node.schema.versioned) node.version = this.currentVersion;
    } else {
      this.#configuration.at = this.#timestamp();
    }
    if (this.#alarmsEnabled) {
      for (const leaf of leaves) if (leaf.alarmOnChange) this.#alarms.set(leaf.path, this.tree.read(leaf));
    }
    const alarmed = leaves.some((leaf) => this.#alarms.has(leaf.path));
    if (alarmed || nodes.some((node) => node.eventOnChange)) this.#onEvent('ConfigurationUpdate');
  }

  #applyLater(seconds: number): void {
    this.#pendingApplications += 1;
    if (this.#pendingApplications === 1) this.#onEvent('InconsistentStatus');
    this.#clock.schedule(seconds * 1000, () => {
      this.#pendingApplications -= 1;
      if (this.#pendingApplications === 0) this.#onEvent('InconsistentStatus');
    });
  }

  #bump(counter: Counter): void {
    counter.count = (counter.count + 1) % 2 ** 32;
    counter.at = this.#timestamp();
  }

  #timestamp(): string {
    return new Date(this.#clock.now()).toISOString().replace(/\.\d+Z$/, 'Z');
  }
}

function counterText(counter: Counter): string {
  return `${counter.count},${counter.at}`;
}
