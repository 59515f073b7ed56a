import type { Logger } from '../platform/logger.ts';
import { toStructurePath } from '../upnp-dm/cms-path.ts';
import type { CmsClient } from '../upnp-dm/types.ts';
import type { CmsLeaf } from './mapping/cms-leaf.ts';

export interface TableEventsOptions {
  readonly client: CmsClient;
  /** StructurePaths of the device. */
  readonly structure: () => readonly string[];
  readonly logger: Logger;
}

/**
 * Most devices raise no events for the leaf that counts the rows of a table, but for the table itself [CMS:2 1.6.2, B.2]: its
 * EventOnChange stands for the leaf's. As that of leaves it is shared by all control points, so it is only ever switched on.
 */
export class TableEvents {
  readonly #options: TableEventsOptions;
  /** Tables that raise events. */
  #evented: ReadonlySet<string> = new Set();

  constructor(options: TableEventsOptions) {
    this.#options = options;
  }

  /** Whether an event tells when the leaf changes, because it counts rows. */
  covers({ cmsPath }: CmsLeaf): boolean {
    return this.#evented.has(tableCountedBy(cmsPath));
  }

  /** Asks the device to raise events for the tables whose rows these leaves count. Never rejects. */
  async switchOn(leaves: readonly CmsLeaf[], signal: AbortSignal): Promise<void> {
    const { client, structure, logger } = this.#options;
    const tables = [
      ...new Set(
        leaves
          .filter(({ eventOnChange }) => eventOnChange === undefined)
          .map(({ cmsPath }) => tableCountedBy(cmsPath))
          .filter((table) => isTable(table, structure())),
      ),
    ];
    this.#evented = new Set();
    if (tables.length === 0) return;
    try {
      // They are asked each time: another control point may have switched them off, and to set what is set is an event as well.
      const attributes = [...(await client.getAttributes(tables, signal))];
      const silent = attributes.filter(([, { eventOnChange }]) => eventOnChange === false);
      if (silent.length > 0) {
        await client.setAttributes(new Map(silent.map(([path]) => [path, { eventOnChange: true }])), signal);
      }
      const able = attributes.filter(([, { eventOnChange }]) => eventOnChange !== undefined);
      this.#evented = new Set(able.map(([path]) => path));
    } catch (error) {
      logger.info('device raises no events for some tables, polling their row counts', {
        tables: tables.length,
        error: String(error),
      });
    }
  }
}

/** Path of the table that a leaf counts the rows of; '' when its name does not say that it does. */
export function tableCountedBy(cmsPath: string): string {
  return cmsPath.endsWith('NumberOfEntries') ? cmsPath.replace(/NumberOfEntries$/, '/') : '';
}

function isTable(path: string, structure: readonly string[]): boolean {
  const rows = `${toStructurePath(path)}#/`;
  return path !== '' && structure.some((known) => known.startsWith(rows));
}
