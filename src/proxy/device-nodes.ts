import type { DataModel } from '../datamodel/data-model.ts';
import { isSameConstraint } from '../datamodel/constraint.ts';
import { LONGEST_PATH } from '../datamodel/path.ts';
import type { DataNode, ObjectNode, ParameterNode } from '../datamodel/node.ts';
import type { Steps } from '../datamodel/sliced-work.ts';
import type { Provider } from '../datamodel/provider.ts';
import type { RowAliases } from '../device2/row-aliases.ts';
import { cmsLeaf, type CmsLeaf } from './mapping/cms-leaf.ts';
import { ConstantProvider } from './mapping/constant-provider.ts';
import type { MappedParameter, MappedTree } from './mapping/map-tree.ts';
import { isSecret } from './mapping/secrets.ts';
import { isOverridable, standardFlags } from './mapping/standard-flags.ts';

const ROW = /\.\d+\.$/;

export interface DeviceNodesOptions {
  readonly model: DataModel;
  /** Answers for every parameter and object of the device. */
  readonly provider: Provider;
  /** Names rows that the device does not name; undefined where rows have no aliases. */
  readonly aliases: RowAliases | undefined;
}

/** The nodes of a data model that a Proxied Device answers for. */
export class DeviceNodes {
  readonly #options: DeviceNodesOptions;
  readonly #constants = new ConstantProvider();
  /** By data model path. */
  readonly #parameters = new Map<string, ParameterNode>();
  #objects: ReadonlySet<string> = new Set();
  #constantPaths: ReadonlySet<string> = new Set();
  /** Parameters that the daemon had itself and the device fills now, by path. */
  readonly #replaced = new Map<string, ParameterNode>();
  /** A writable Common Object fills two parameters. */
  #byCmsPath = new Map<string, ParameterNode[]>();

  constructor(options: DeviceNodesOptions) {
    this.#options = options;
  }

  /** CMS paths of the nodes whose events vouch for values. */
  get eventedPaths(): string[] {
    return [...this.#byCmsPath.values()].flatMap(([parameter]) => {
      const leaf = parameter === undefined ? undefined : cmsLeaf(parameter);
      return leaf?.eventOnChange === true ? [leaf.eventPath] : [];
    });
  }

  /** The parameters that show the leaf of that CMS path. */
  parametersOf(cmsPath: string): readonly ParameterNode[] {
    return this.#byCmsPath.get(cmsPath) ?? [];
  }

  /** Of every leaf that a parameter shows. */
  get cmsPaths(): Iterable<string> {
    return this.#byCmsPath.keys();
  }

  /**
   * Whether something that is not the device's stands at a path (an object's ends with a dot) and bars the device from it: a
   * parameter, a table of the daemon, or for a parameter an object with such things in it.
   */
  isTaken(path: string): boolean {
    const isObject = path.endsWith('.');
    const withoutDot = isObject ? path.slice(0, -1) : path;
    if (isObject && this.#replaced.has(withoutDot)) return true;
    const start = withoutDot.lastIndexOf('.') + 1;
    const parent = this.#options.model.find(withoutDot.slice(0, start));
    const node = parent?.kind === 'object' ? parent.children.get(withoutDot.slice(start)) : undefined;
    if (node === undefined) return false;
    // Only a parameter may take the place of one of the daemon's own.
    if (node.kind === 'parameter') return this.#isForeign(node) && (isObject || !isOverridable(path));
    return isObject ? node.table && this.#isForeign(node) : this.#holdsForeign(node);
  }

  /** Makes the nodes be those of `mapped`; nodes that did not change stay as they are. */
  *place(mapped: MappedTree, isAbsent: (cmsPath: string) => boolean): Steps {
    const { model, provider, aliases } = this.#options;
    const parameters = mapped.parameters.filter(({ cmsPath }) => !isAbsent(cmsPath));
    yield* this.#removeGone(mapped, parameters);
    for (const { path, table, writable, cmsPath } of mapped.objects) {
      model.addObject(path, { provider, table, writable, handle: cmsPath });
      yield;
    }
    for (const parameter of parameters) {
      yield;
      if (!this.#parameters.has(parameter.path)) this.#add(parameter);
    }
    this.#restoreReplaced();
    this.#placeConstants(mapped);
    aliases?.place(mapped.objects.map(({ path }) => path).filter(mayHaveAlias));
    yield* this.#index();
  }

  /** Removes them all. */
  clear(): void {
    const { model } = this.#options;
    for (const path of this.#parameters.keys()) model.remove(path);
    for (const path of this.#constantPaths) model.remove(path);
    for (const path of this.#objects) model.remove(path);
    this.#parameters.clear();
    this.#objects = new Set();
    this.#constantPaths = new Set();
    this.#restoreReplaced();
    this.#byCmsPath = new Map();
  }

  #add({ path, cmsPath, type, writable, constraint, eventPath, eventOnChange }: MappedParameter): void {
    const { model, provider } = this.#options;
    const own = model.find(path);
    if (own?.kind === 'parameter') {
      this.#replaced.set(path, own);
      model.remove(path);
    }
    const handle: CmsLeaf = { cmsPath, type, eventPath, eventOnChange };
    const flags = { hidden: isSecret(cmsPath), ...standardFlags(path, eventOnChange !== undefined) };
    const node = model.addParameter(path, { provider, type, writable, constraint, handle, ...flags });
    // The node's own text is the key, so that the path is in memory once.
    this.#parameters.set(node.path, node);
  }

  *#removeGone({ objects, constants }: MappedTree, parameters: readonly MappedParameter[]): Steps {
    const { model } = this.#options;
    const wantedConstants = new Set(constants.map(({ path }) => path));
    for (const path of this.#constantPaths) if (!wantedConstants.has(path)) model.remove(path);
    const wanted = new Map<string, MappedParameter>();
    for (const parameter of parameters) {
      wanted.set(parameter.path, parameter);
      yield;
    }
    const wantedObjects = new Set(objects.map(({ path }) => path));
    for (const path of this.#objects) if (!wantedObjects.has(path)) model.remove(path);
    this.#objects = wantedObjects;
    for (const [path, node] of this.#parameters) {
      yield;
      const leaf = cmsLeaf(node);
      const parameter = wanted.get(path);
      if (
        parameter?.cmsPath === leaf.cmsPath &&
        parameter.type === node.type &&
        parameter.writable === node.writable &&
        isSameConstraint(parameter.constraint, node.constraint) &&
        node.notification === notificationOf(parameter)
      ) {
        leaf.eventPath = parameter.eventPath;
        leaf.eventOnChange = parameter.eventOnChange;
        continue;
      }
      model.remove(path);
      this.#parameters.delete(path);
    }
  }

  /** An Inform must hold what the standard wants in it, also when the device no longer tells it. */
  #restoreReplaced(): void {
    for (const [path, own] of this.#replaced) {
      if (this.#parameters.has(path)) continue;
      this.#replaced.delete(path);
      this.#options.model.restoreParameter(own);
    }
  }

  #placeConstants({ constants }: MappedTree): void {
    const { model } = this.#options;
    const placed = new Set<string>();
    for (const { path, type, value } of constants) {
      const known = model.find(path);
      if (known !== undefined && (known.kind === 'object' || known.provider !== this.#constants)) continue;
      this.#constants.set(path, value);
      placed.add(path);
      if (known === undefined) model.addParameter(path, { provider: this.#constants, type });
    }
    this.#constantPaths = placed;
  }

  #isForeign({ provider }: DataNode): boolean {
    const own = this.#options;
    return provider !== own.provider && provider !== this.#constants && provider !== own.aliases;
  }

  #holdsForeign(object: ObjectNode): boolean {
    if (object.table && this.#isForeign(object)) return true;
    for (const child of object.children.values()) {
      if (child.kind === 'object' ? this.#holdsForeign(child) : this.#isForeign(child)) return true;
    }
    return false;
  }

  *#index(): Steps {
    const byCmsPath = new Map<string, ParameterNode[]>();
    for (const node of this.#parameters.values()) {
      yield;
      const { cmsPath } = cmsLeaf(node);
      const sharing = byCmsPath.get(cmsPath);
      if (sharing === undefined) byCmsPath.set(cmsPath, [node]);
      else sharing.push(node);
    }
    this.#byCmsPath = byCmsPath;
  }
}

/** A row of the longest possible name has no room for one. */
function mayHaveAlias(path: string): boolean {
  return ROW.test(path) && path.length + 'Alias'.length <= LONGEST_PATH;
}

function notificationOf({ path, eventOnChange }: MappedParameter): ParameterNode['notification'] {
  return standardFlags(path, eventOnChange !== undefined).notification ?? 'normal';
}
