import type { DataModel } from '../../datamodel/data-model.ts';
import type { LocalRow, LocalTable } from '../../device2/local-table.ts';
import type { DocumentStore } from '../../platform/store/document-store.ts';
import { DescriptionTables } from './description-tables.ts';
import { DiscoveryTables, type DiscoveryRow } from './discovery-tables.ts';

/** A row that comes and goes with a root device. */
interface OwnedRow {
  readonly root: string;
}

type OwnedTable = Pick<LocalTable<OwnedRow>, 'path' | 'rows' | 'remove'>;

/** A LAN that makes up devices cannot fill the memory: beyond these the longest lost go, then new rows are left out. */
export interface InventoryLimits {
  readonly rootDevices: number;
  /** In all six tables. */
  readonly rows: number;
  /** Of the devices at one address. */
  readonly rowsOfHost: number;
}

export const INVENTORY_LIMITS: InventoryLimits = { rootDevices: 512, rows: 4096, rowsOfHost: 1024 };

/** The tables of the inventory whose rows belong to root devices, and the room in them. */
export class InventoryRows {
  readonly discovery: DiscoveryTables;
  readonly description: DescriptionTables;
  /** Stored rows for which there was no room. */
  readonly leftOut: number;
  readonly #limits: InventoryLimits;
  readonly #tables: readonly OwnedTable[];

  constructor(model: DataModel, store: DocumentStore, limits: InventoryLimits) {
    this.#limits = limits;
    const restored = new RestoredRows(limits);
    this.discovery = new DiscoveryTables(model, store, (row, isRootDevice) =>
      isRootDevice ? restored.admitRoot(row) : restored.admit(row.root),
    );
    this.description = new DescriptionTables(model, store, (root) => restored.admit(root));
    this.leftOut = restored.refused;
    const { descriptions, deviceInstances, serviceInstances } = this.description;
    this.#tables = [...this.discovery.all, descriptions, deviceInstances, serviceInstances];
  }

  /**
   * How many rows the root device of that key may have on that host; to reach `wanted`, rows of devices that are lost are removed,
   * the longest lost first.
   * @param remove called with the key of each root device that has to go
   */
  roomFor(root: string, host: string, wanted: number, remove: (root: string) => void): number {
    const counts = this.#countByRoot();
    const { rows, rowsOfHost, rootDevices } = this.#limits;
    let total = 0;
    let onHost = 0;
    let roots = 0;
    for (const [other, { count, host: otherHost }] of counts) {
      if (other === root) continue;
      total += count;
      roots += 1;
      if (otherHost === host) onHost += count;
    }
    for (const { key, row } of this.#longestLost()) {
      const isFull = total + wanted > rows || roots >= rootDevices;
      const isHostFull = onHost + wanted > rowsOfHost && row.host === host;
      if (key === root || (!isFull && !isHostFull)) continue;
      const count = counts.get(key)?.count ?? 0;
      total -= count;
      roots -= 1;
      if (row.host === host) onHost -= count;
      remove(key);
    }
    return roots >= rootDevices ? 0 : Math.min(rows - total, rowsOfHost - onHost);
  }

  /** Removes the rows of a root device that are not among `kept`. @returns the writes, which settle when that is durable */
  remove(root: string, kept: ReadonlySet<string>): readonly Promise<void>[] {
    return this.#tables.flatMap((table) =>
      [...table.rows].flatMap(({ key, row }) =>
        row.root === root && !kept.has(table.path + key) ? [table.remove(key)] : [],
      ),
    );
  }

  /** Changes the rows of a root device in the three tables of UPnP.Discovery. @returns as remove */
  update(root: string, change: (row: DiscoveryRow) => DiscoveryRow): readonly Promise<unknown>[] {
    return this.discovery.all.flatMap((table) =>
      [...table.rows].flatMap(({ key, row }) => (row.root === root ? [table.put(key, change(row))] : [])),
    );
  }

  /** What is left of a root device is on that host now. @returns as remove */
  moveTo(root: string, host: string): readonly Promise<unknown>[] {
    const { descriptions } = this.description;
    const described = descriptions.find(root)?.row;
    return [
      ...this.update(root, (row) => ({ ...row, host })),
      ...(described === undefined ? [] : [descriptions.put(root, { ...described, host })]),
    ];
  }

  /** Whether a row belongs to another root device that is not lost: it must not be taken from it. */
  isAnothers(row: OwnedRow | undefined, root: string): boolean {
    if (row === undefined || row.root === root) return false;
    const owner = this.discovery.rootDevices.find(row.root)?.row;
    return owner !== undefined && owner.lostAt === undefined;
  }

  #longestLost(): readonly LocalRow<DiscoveryRow>[] {
    return [...this.discovery.rootDevices.rows]
      .filter(({ row }) => row.lostAt !== undefined)
      .sort((a, b) => (a.row.lostAt ?? 0) - (b.row.lostAt ?? 0));
  }

  #countByRoot(): ReadonlyMap<string, { readonly count: number; readonly host: string }> {
    const counts = new Map<string, { count: number; readonly host: string }>();
    for (const { key, row } of this.discovery.rootDevices.rows) counts.set(key, { count: 0, host: row.host });
    for (const table of this.#tables) {
      for (const { row } of table.rows) {
        const counted = counts.get(row.root);
        if (counted !== undefined) counted.count += 1;
      }
    }
    return counts;
  }
}

/** Counts stored rows as they are taken up: a row without its root device, or one too many, is refused. */
class RestoredRows {
  readonly #limits: InventoryLimits;
  readonly #hostOf = new Map<string, string>();
  readonly #onHost = new Map<string, number>();
  #total = 0;
  refused = 0;

  constructor(limits: InventoryLimits) {
    this.#limits = limits;
  }

  admitRoot({ root, host }: DiscoveryRow): boolean {
    if (this.#hostOf.size < this.#limits.rootDevices) this.#hostOf.set(root, host);
    return this.admit(root);
  }

  admit(root: string): boolean {
    const host = this.#hostOf.get(root);
    const onHost = host === undefined ? Infinity : (this.#onHost.get(host) ?? 0);
    if (host === undefined || this.#total >= this.#limits.rows || onHost >= this.#limits.rowsOfHost) {
      this.refused += 1;
      return false;
    }
    this.#total += 1;
    this.#onHost.set(host, onHost + 1);
    return true;
  }
}
