import type { DataModel } from '../../datamodel/data-model.ts';
import { ModelError } from '../../datamodel/model-error.ts';
import type { DataNode, ObjectNode, ParameterNode } from '../../datamodel/node.ts';
import { isInstanceNumber, LONGEST_PATH } from '../../datamodel/path.ts';
import { RpcFault } from './rpc-fault.ts';

/** How an ACS may name instances, and how it is answered [TR-181 ManagementServer]. */
export interface AddressingSettings {
  readonly instanceMode: 'InstanceNumber' | 'InstanceAlias';
  readonly autoCreateInstances: boolean;
}

export interface AddressingOptions {
  readonly model: DataModel;
  readonly settings: () => AddressingSettings;
  /** Aliases and wildcards are understood; without it paths have instance numbers only. */
  readonly enabled: boolean;
}

/** An alias that no row of the table has. */
export interface UnknownAlias {
  /** Path of the table. */
  readonly table: string;
  readonly alias: string;
  /** What follows the alias in the path. */
  readonly rest: string;
}

/** More names than an ACS has reason to ask for with one wildcard. */
const MOST_MATCHES = 100_000;
const SEGMENT = /\[[^\]]*\]|[^.[\]]+/g;
const WELL_FORMED = /^(?:(?:\[[^\][.]+\]|[^.[\]*]+|\*)\.)*(?:\[[^\][.]+\]|[^.[\]*]+|\*)?$/;

/**
 * Turns paths as the ACS writes them, with instance aliases and wildcards [TR-069 A.2.2.2], into those of the model, and back.
 * Paths without brackets and wildcards cost nothing.
 */
export class Addressing {
  readonly #options: AddressingOptions;

  constructor(options: AddressingOptions) {
    this.#options = options;
  }

  get autoCreates(): boolean {
    return this.#options.enabled && this.#options.settings().autoCreateInstances;
  }

  /**
   * The paths that each of `names` stands for, wildcards included; in their order.
   * @throws RpcFault 9005 for an alias that no row has, or a wildcard where there are no instances
   */
  async resolveAll(names: readonly string[], signal: AbortSignal): Promise<readonly string[]> {
    if (!names.some(needsResolving)) return names;
    const paths: string[] = [];
    for (const name of names) {
      if (needsResolving(name)) paths.push(...(await this.#match(name, true, signal)));
      else paths.push(name);
    }
    return paths;
  }

  /** The one path that `name` stands for. @throws RpcFault 9005; wildcards are none */
  async resolve(name: string, signal: AbortSignal): Promise<string> {
    if (!needsResolving(name)) return name;
    const path = await this.resolveOrUnknown(name, signal);
    if (typeof path !== 'string') throw new RpcFault(9005, name);
    return path;
  }

  /** The path that `name` stands for, or the alias in it that no row has. @throws RpcFault 9005 */
  async resolveOrUnknown(name: string, signal: AbortSignal): Promise<string | UnknownAlias> {
    if (!needsResolving(name)) return name;
    const unknown: UnknownAlias[] = [];
    const [path] = await this.#match(name, false, signal, (alias) => unknown.push(alias));
    const [alias] = unknown;
    if (path === undefined && alias === undefined) throw new RpcFault(9005, name);
    return path ?? alias ?? name;
  }

  /**
   * The name of each path as the ACS wants to read it: with aliases in InstanceAlias mode, as it is otherwise. What is needed
   * for `nodes` and the rows above them is read at once.
   */
  async namer(nodes: readonly DataNode[], signal: AbortSignal): Promise<(path: string) => string> {
    if (!this.#options.enabled || this.#options.settings().instanceMode === 'InstanceNumber')
      return (path) => path;
    const rows = new Set<ObjectNode>();
    for (const node of nodes) {
      for (let at: DataNode | undefined = node; at !== undefined; at = at.parent) {
        if (at.kind === 'object' && at.parent?.table === true) rows.add(at);
      }
    }
    const aliases = await this.#aliasesOf([...rows], signal);
    return (path) => withAliases(path, aliases);
  }

  async #match(
    name: string,
    wildcards: boolean,
    signal: AbortSignal,
    unknown?: (alias: UnknownAlias) => void,
  ): Promise<string[]> {
    const { model, enabled } = this.#options;
    if (!enabled || !WELL_FORMED.test(name) || (!wildcards && name.includes('*')))
      throw new RpcFault(9005, name);
    const [root, ...segments] = name.match(SEGMENT) ?? [];
    if (root !== model.root.name) throw new RpcFault(9005, name);
    let nodes: readonly DataNode[] = [model.root];
    for (const [index, segment] of segments.entries()) {
      const next: DataNode[] = [];
      for (const node of nodes) next.push(...(await this.#step(node, segment, name, signal)));
      const [only] = nodes;
      if (next.length === 0 && segment.startsWith('[') && only !== undefined && unknown !== undefined) {
        unknown({ table: only.path, alias: segment.slice(1, -1), rest: segments.slice(index + 1).join('.') });
        return [];
      }
      // Only a table without rows makes a good path mean nothing.
      if (next.length === 0 && nodes.length > 0 && segment !== '*') throw new RpcFault(9005, name);
      if (next.length > MOST_MATCHES) throw new RpcFault(9004, name);
      nodes = next;
    }
    const kind = name.endsWith('.') ? 'object' : 'parameter';
    const matching = nodes.filter((node) => node.kind === kind);
    if (matching.length === 0 && nodes.length > 0) throw new RpcFault(9005, name);
    return matching.map(({ path }) => path);
  }

  async #step(
    node: DataNode,
    segment: string,
    name: string,
    signal: AbortSignal,
  ): Promise<readonly DataNode[]> {
    if (node.kind === 'parameter') throw new RpcFault(9005, name);
    const isInstance = segment === '*' || segment.startsWith('[');
    if (isInstance && !node.table) throw new RpcFault(9005, name);
    if (segment === '*') return [...node.children.values()];
    if (!segment.startsWith('[')) {
      const child = node.children.get(segment);
      return child === undefined ? [] : [child];
    }
    const alias = segment.slice(1, -1);
    const rows = [...node.children.values()].filter((child) => child.kind === 'object');
    const aliases = await this.#aliasesOf(rows, signal);
    return rows.filter((row) => aliases.get(row.path) === alias);
  }

  /** By path of the row. A row whose alias cannot be read now has none. */
  async #aliasesOf(rows: readonly ObjectNode[], signal: AbortSignal): Promise<ReadonlyMap<string, string>> {
    const aliases = new Map<string, string>();
    const named: { readonly row: ObjectNode; readonly alias: ParameterNode }[] = [];
    for (const row of rows) {
      const alias = row.children.get('Alias');
      if (alias?.kind === 'parameter') named.push({ row, alias });
      else if (isInstanceNumber(row.name)) aliases.set(row.path, `cpe-${row.name}`);
    }
    const outcomes = await this.#options.model.readValues(
      named.map(({ alias }) => alias),
      signal,
    );
    for (const [index, { row }] of named.entries()) {
      const outcome = outcomes[index];
      if (outcome instanceof ModelError || outcome === undefined || outcome === '') {
        aliases.set(row.path, `cpe-${row.name}`);
      } else aliases.set(row.path, outcome);
    }
    return aliases;
  }
}

function needsResolving(name: string): boolean {
  return name.includes('[') || name.includes('*');
}

function withAliases(path: string, aliases: ReadonlyMap<string, string>): string {
  let result = '';
  let at = '';
  for (const segment of path.split('.')) {
    if (segment === '') break;
    at += `${segment}.`;
    const alias = aliases.get(at);
    const name = alias === undefined || /[[\].]/.test(alias) ? segment : `[${alias}]`;
    result += result === '' ? name : `.${name}`;
  }
  const named = path.endsWith('.') ? `${result}.` : result;
  // With numbers every name fits into the message; with aliases it may not.
  return named.length <= LONGEST_PATH ? named : path;
}
