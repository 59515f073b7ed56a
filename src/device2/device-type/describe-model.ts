import { setImmediate as nextTurn } from 'node:timers/promises';
import type { DataModel } from '../../datamodel/data-model.ts';
import type { ObjectNode, ParameterNode } from '../../datamodel/node.ts';
import type { RowParameter } from '../../datamodel/provider.ts';

export type SupportedParameter = RowParameter;

/** An object of the supported data model; rows of a table are one object. */
export interface SupportedObject {
  /** Ends with a dot; `{i}`, or what RowName says, stands for each instance number. */
  readonly ref: string;
  readonly create: boolean;
  readonly remove: boolean;
  readonly parameters: ReadonlyMap<string, SupportedParameter>;
}

/** What stands for the instance number of a row in refs, by its path: rows of unlike kinds in one table are unlike objects. */
export type RowName = (rowPath: string) => string;

export const ROW_NAME = '{i}';

/** What a device supports though the model has no node for it now: leaves of tables without rows. */
export interface SupportedBeyondModel {
  /** Tables, with final dot and `{i}`, that can be created in. */
  readonly objects: readonly { readonly ref: string; readonly create: boolean; readonly remove: boolean }[];
  readonly parameters: readonly (SupportedParameter & { readonly objectRef: string })[];
}

interface MutableObject {
  readonly ref: string;
  create: boolean;
  remove: boolean;
  readonly parameters: Map<string, SupportedParameter>;
}

/** Nodes visited before others get a turn: about 2 ms. */
const SLICE = 2_000;

/** The supported data model by object, sorted by their refs; a model of any size leaves room for others meanwhile. */
export async function describeModel(
  model: DataModel,
  beyond?: SupportedBeyondModel,
  rowName: RowName = () => ROW_NAME,
): Promise<ReadonlyMap<string, SupportedObject>> {
  const objects = new Map<string, MutableObject>();
  const visit: { readonly node: ObjectNode; readonly ref: string }[] = [
    { node: model.root, ref: model.root.path },
  ];
  let visited = 0;
  for (let at = visit.pop(); at !== undefined; at = visit.pop()) {
    const { node, ref } = at;
    if (node.table) describeTable(node, ref, objects, rowName);
    else describeObject(node, ref, objects);
    for (const child of node.children.values()) {
      if (child.kind === 'object')
        visit.push({ node: child, ref: `${ref}${node.table ? rowName(child.path) : child.name}.` });
    }
    visited += node.children.size + 1;
    if (visited > SLICE) {
      visited = 0;
      await nextTurn();
    }
  }
  for (const { ref, create, remove } of beyond?.objects ?? []) {
    const object = objectAt(ref, objects);
    object.create ||= create;
    object.remove ||= remove;
  }
  for (const { objectRef, ...parameter } of beyond?.parameters ?? []) {
    merge(objectAt(objectRef, objects), parameter);
  }
  return new Map([...objects].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Where an object stands in the supported data model: instance numbers become `{i}`, or what `rowName` says. */
export function objectRefOf(model: DataModel, path: string, rowName: RowName = () => ROW_NAME): string {
  let node: ObjectNode = model.root;
  let ref = node.path;
  for (const name of path.slice(ref.length).split('.')) {
    if (name === '') break;
    ref += `${node.table ? rowName(`${node.path}${name}.`) : name}.`;
    const child = node.children.get(name);
    if (child?.kind !== 'object') break;
    node = child;
  }
  return ref;
}

function describeTable(
  node: ObjectNode,
  ref: string,
  objects: Map<string, MutableObject>,
  rowName: RowName,
): void {
  const names = new Set(Array.from(node.children.values(), (row) => rowName(row.path)));
  if (names.size === 0) names.add(rowName(`${node.path}${ROW_NAME}.`));
  const rowParameters = node.provider?.rowParameters?.(node);
  for (const name of names) {
    const row = objectAt(`${ref}${name}.`, objects);
    row.create ||= node.writable;
    if (rowParameters === undefined) continue;
    // Its provider knows its rows without having any: where they may be added they may be deleted.
    row.remove ||= node.writable;
    for (const parameter of rowParameters) merge(row, parameter);
  }
}

function describeObject(node: ObjectNode, ref: string, objects: Map<string, MutableObject>): void {
  const object = objectAt(ref, objects);
  if (node.parent?.table === true) object.remove ||= node.writable;
  for (const child of node.children.values()) {
    if (child.kind === 'parameter') merge(object, supported(child));
  }
}

function supported(node: ParameterNode): SupportedParameter {
  return {
    name: node.name,
    type: node.type,
    writable: node.writable,
    constraint: node.constraint,
    canDeny: node.notification === 'canDeny',
  };
}

/** Rows may differ: what one of them has, or lets be written, is supported. */
function merge(object: MutableObject, parameter: SupportedParameter): void {
  const known = object.parameters.get(parameter.name);
  if (known === undefined) object.parameters.set(parameter.name, parameter);
  else if (parameter.writable && !known.writable)
    object.parameters.set(parameter.name, { ...known, writable: true });
}

function objectAt(ref: string, objects: Map<string, MutableObject>): MutableObject {
  let object = objects.get(ref);
  if (object === undefined) {
    object = { ref, create: false, remove: false, parameters: new Map() };
    objects.set(ref, object);
  }
  return object;
}
