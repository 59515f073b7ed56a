import type { DataModel } from '../datamodel/data-model.ts';
import { ModelError, TransactionError } from '../datamodel/model-error.ts';
import type { ParameterNode } from '../datamodel/node.ts';
import type { ApplyStatus, Change, Provider, ReadOutcome } from '../datamodel/provider.ts';
import type { DocumentStore } from '../platform/store/document-store.ts';
import { ALIAS_CONSTRAINT, aliasProblem, defaultAlias } from './alias-column.ts';
import { hasAliases } from './tables-without-alias.ts';

export interface RowAliasesOptions {
  readonly model: DataModel;
  readonly store: DocumentStore;
  readonly storeKey: string;
}

/**
 * The Alias parameters [TR-069 A.2.2.2] of rows that a device answers for but does not name: kept here, durable, and written
 * once [TR-106 writeOnceReadOnly].
 */
export class RowAliases implements Provider {
  readonly name = 'aliases';
  readonly remote = false;
  readonly #options: RowAliasesOptions;
  /** What the ACS gave, by path of the row. */
  #given: ReadonlyMap<string, string>;

  constructor(options: RowAliasesOptions) {
    this.#options = options;
    const stored = options.store.get<unknown>(options.storeKey);
    this.#given = new Map(
      Object.entries(typeof stored === 'object' && stored !== null ? stored : {}).filter(
        (entry): entry is [string, string] => typeof entry[1] === 'string',
      ),
    );
  }

  /** Gives these rows their Alias, those without one of the device; what is no longer among them is forgotten. */
  place(rowPaths: readonly string[]): void {
    const { model } = this.#options;
    for (const path of rowPaths) {
      const row = model.find(path);
      if (row?.kind !== 'object' || row.children.has('Alias') || !hasAliases(row.parent?.path ?? ''))
        continue;
      model.addParameter(`${path}Alias`, {
        provider: this,
        type: 'string',
        writable: true,
        constraint: ALIAS_CONSTRAINT,
      });
    }
    const rows = new Set(rowPaths);
    const remaining = new Map([...this.#given].filter(([path]) => rows.has(path)));
    if (remaining.size === this.#given.size) return;
    this.#given = remaining;
    // A name too many on the disk does no harm: the next change removes it.
    this.#save(remaining).catch(() => undefined);
  }

  /** Removes what is stored. */
  async forget(): Promise<void> {
    this.#given = new Map();
    await this.#options.store.delete(this.#options.storeKey);
  }

  read(parameters: readonly ParameterNode[]): readonly ReadOutcome[] {
    return parameters.map(({ parent }) => this.#aliasOf(parent.path));
  }

  check(changes: readonly Change[]): readonly ModelError[] {
    const wanted = new Map<string, string>();
    const faults: ModelError[] = [];
    for (const { parameter, value } of changes) {
      const row = parameter.parent.path;
      const problem = this.#problem(row, value, wanted);
      if (problem !== undefined) faults.push(new ModelError('invalidValue', problem, parameter.path));
      wanted.set(row, value);
    }
    return faults;
  }

  async apply(changes: readonly Change[]): Promise<ApplyStatus> {
    const next = new Map(this.#given);
    for (const { parameter, value } of changes) {
      const row = parameter.parent.path;
      if (value !== this.#aliasOf(row)) next.set(row, value);
    }
    try {
      await this.#save(next);
    } catch (cause) {
      throw new TransactionError([
        new ModelError('internal', 'the alias could not be stored', undefined, { cause }),
      ]);
    }
    this.#given = next;
    return 'applied';
  }

  #problem(row: string, value: string, wanted: ReadonlyMap<string, string>): string | undefined {
    if (value === this.#aliasOf(row)) return undefined;
    if (this.#given.has(row)) return 'another alias than the one given before, which stays';
    const parent = this.#options.model.find(row)?.parent;
    for (const sibling of parent?.children.values() ?? []) {
      if (sibling.path === row) continue;
      if ((wanted.get(sibling.path) ?? this.#aliasOf(sibling.path)) === value)
        return 'the alias of another row';
    }
    return aliasProblem(value);
  }

  #aliasOf(row: string): string {
    return this.#given.get(row) ?? defaultAlias(Number(/(\d+)\.$/.exec(row)?.[1]));
  }

  #save(given: ReadonlyMap<string, string>): Promise<void> {
    return this.#options.store.put(this.#options.storeKey, Object.fromEntries(given));
  }
}
