import { EVENT_TABLE } from '../cwmp/events/event-table.ts';
import type { DataModel } from '../datamodel/data-model.ts';
import type { DataNode, ObjectNode } from '../datamodel/node.ts';
import type { DocumentStore } from '../platform/store/document-store.ts';
import { aliasColumn } from './alias-column.ts';
import { LocalTable } from './local-table.ts';

interface InformParameterRow {
  readonly enable: boolean;
  readonly alias?: string;
  readonly parameterName: string;
  readonly eventList: string;
}

/** [TR-069 A.3.3.1] "4 VALUE CHANGE" says what changed, and nothing else. */
const NOT_ALLOWED = '4 VALUE CHANGE';
/** A leaf, with `*` or `[alias]` in place of instance numbers. */
const PATTERN = /^[^.*[\]]+(?:\.(?:\*|\[[^\][.]+\]|[^.*[\]]+))*\.[^.*[\]]+$/;

/** [TR-181 ManagementServer.InformParameter] What the ACS wants to hear in its Informs besides the forced parameters. */
export class InformParameters {
  readonly #table: LocalTable<InformParameterRow>;

  constructor(model: DataModel, store: DocumentStore, storeKey: string) {
    this.#table = new LocalTable<InformParameterRow>({
      model,
      path: `${model.root.path}ManagementServer.InformParameter.`,
      storage: { store, key: storeKey },
      restore: (stored) => (isRow(stored) ? stored : undefined),
      create: () => ({ enable: false, parameterName: '', eventList: '' }),
      columns: {
        Enable: {
          type: 'boolean',
          writable: true,
          get: (row) => String(row.enable),
          set: (row, value) => ({ ...row, enable: value === 'true' }),
        },
        Alias: aliasColumn<InformParameterRow>(),
        ParameterName: {
          type: 'string',
          writable: true,
          constraint: { maxLength: 256 },
          get: (row) => row.parameterName,
          set: (row, value) => ({ ...row, parameterName: value }),
          check: (value, own, rows) => {
            if (value === '') return undefined;
            if (!PATTERN.test(value))
              return 'neither the name of a parameter nor a pattern with * for instances';
            if (model.forcedInformParameters().some(({ path }) => path === value)) {
              return 'a parameter that each Inform carries anyway';
            }
            const problem = problemWith(model.root, value);
            if (problem !== undefined) return problem;
            for (const other of rows) {
              if (other !== own && other.row.parameterName === value) return 'in another row already';
            }
            return undefined;
          },
        },
        EventList: {
          type: 'string',
          writable: true,
          constraint: { list: true },
          get: (row) => row.eventList,
          set: (row, value) => ({ ...row, eventList: eventsIn(value).join(',') }),
          check: (value) => {
            const wrong = eventsIn(value).find((code) => !isAllowed(code));
            return wrong === undefined
              ? undefined
              : 'a list with something that is no event, or not allowed here';
          },
        },
      },
    });
  }

  /** The patterns that an Inform with these events has to carry. */
  patternsFor(events: readonly string[]): readonly string[] {
    const counting = events.filter((code) => code !== NOT_ALLOWED);
    const patterns: string[] = [];
    for (const { row } of this.#table.rows) {
      const wanted = eventsIn(row.eventList);
      const applies =
        wanted.length === 0 ? counting.length > 0 : counting.some((code) => wanted.includes(code));
      if (row.enable && row.parameterName !== '' && applies) patterns.push(row.parameterName);
    }
    return patterns;
  }
}

/**
 * What is wrong with a pattern, as far as the model knows its path: a device that comes later may bring what is not there yet.
 * @returns undefined: nothing
 */
function problemWith(root: ObjectNode, pattern: string): string | undefined {
  const [first, ...names] = pattern.split('.');
  let node: DataNode | undefined = first === root.name ? root : undefined;
  for (const name of names) {
    if (node === undefined) return undefined;
    if (node.kind === 'parameter') return `something below the parameter ${node.path}`;
    if (node.table !== isInstance(name)) {
      return node.table ? `no instance of ${node.path}` : `an instance of ${node.path}, which is no table`;
    }
    // One row is like the other.
    node = node.table ? node.children.values().next().value : node.children.get(name);
  }
  return node?.kind === 'object' ? 'the name of an object' : undefined;
}

function isInstance(name: string): boolean {
  return name === '*' || name.startsWith('[') || /^[1-9][0-9]*$/.test(name);
}

function eventsIn(list: string): string[] {
  return list
    .split(',')
    .map((code) => code.trim())
    .filter((code) => code !== '');
}

function isAllowed(code: string): boolean {
  if (code === NOT_ALLOWED) return false;
  return (
    EVENT_TABLE.some((rule) => rule.code === code) ||
    /^(?:M )?X_\S/.test(code) ||
    /^X [0-9A-F]{6} \S/.test(code)
  );
}

function isRow(stored: unknown): stored is InformParameterRow {
  if (typeof stored !== 'object' || stored === null) return false;
  const { enable, alias, parameterName, eventList } = stored as Partial<
    Record<keyof InformParameterRow, unknown>
  >;
  return (
    typeof enable === 'boolean' &&
    typeof parameterName === 'string' &&
    typeof eventList === 'string' &&
    (alias === undefined || typeof alias === 'string')
  );
}
