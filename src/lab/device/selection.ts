import type { DeviceTree, LeafNode } from './device-tree.ts';
import { UpnpError } from './upnp-error.ts';

const OPERATORS = ['<=', '>=', '!=', '<', '>', '='] as const;
type Operator = (typeof OPERATORS)[number];

interface Term {
  /** StructurePath, or `Version` for the attribute of the leaf itself. */
  readonly subject: string;
  readonly operator: Operator;
  readonly literal: string;
}

/** Terms joined by `and`, groups joined by `or`. */
export type Filter = readonly (readonly Term[])[];

const TERM = /^\s*(?:(1)(?!\S)|(Version|\/[A-Za-z0-9_/#]*)\s*(<=|>=|!=|<|>|=)\s*("(?:[^"]*)"|[^\s"]+))\s*/;
const JOINER = /^(and|or)\s+/;

function isOperator(text: string | undefined): text is Operator {
  return (OPERATORS as readonly (string | undefined)[]).includes(text);
}

/** Reads a Filter argument; an empty one selects all [CMS:2 2.4.5]. @throws UpnpError 701 */
export function parseFilter(text: string): Filter {
  const groups: Term[][] = [[]];
  let rest = text.trim();
  while (rest !== '') {
    const match = TERM.exec(rest);
    if (match === null) throw new UpnpError(701);
    const [whole, always, subject, operator, literal] = match;
    if (always === undefined && subject !== undefined && literal !== undefined && isOperator(operator)) {
      groups.at(-1)?.push({ subject, operator, literal: literal.replace(/^"|"$/g, '') });
    }
    rest = rest.slice(whole.length);
    const joiner = JOINER.exec(rest);
    if (joiner === null) break;
    rest = rest.slice(joiner[0].length);
    if (rest === '') throw new UpnpError(701);
    if (joiner[1] === 'or') groups.push([]);
  }
  if (rest !== '') throw new UpnpError(701);
  return groups;
}

function compare(left: string, operator: Operator, right: string): boolean {
  const numeric = /^-?\d+$/.test(left) && /^-?\d+$/.test(right);
  const [a, b] = numeric ? [Number(left), Number(right)] : [left, right];
  switch (operator) {
    case '<':
      return a < b;
    case '<=':
      return a <= b;
    case '=':
      return a === b;
    case '!=':
      return a !== b;
    case '>':
      return a > b;
    case '>=':
      return a >= b;
  }
}

const structureOf = (path: string): string => path.replace(/\/\d+(?=\/)/g, '/#');

/** Puts the instance numbers of `leaf` into the `#` of `structurePath` as far as both walk the same tables. */
function instantiate(structurePath: string, leaf: LeafNode): string {
  const names = structurePath.split('/');
  const own = leaf.path.split('/');
  for (let index = 0; index < names.length; index++) {
    if (names[index] === '#') names[index] = own[index] ?? '#';
    else if (names[index] !== own[index]) break;
  }
  return names.join('/');
}

function holds(tree: DeviceTree, leaf: LeafNode, term: Term): boolean {
  if (term.subject === 'Version')
    return leaf.schema.versioned && compare(String(leaf.version), term.operator, term.literal);
  const node = tree.find(instantiate(term.subject, leaf));
  return node?.kind === 'leaf' && compare(tree.read(node), term.operator, term.literal);
}

/** The leaves below a StructurePath that pass the filter. @throws UpnpError 701, 703 */
export function* selectLeaves(tree: DeviceTree, startingNode: string, filter: Filter): Generator<LeafNode> {
  tree.structure(startingNode);
  for (const leaf of tree.leaves(tree.root)) {
    const structure = structureOf(leaf.path);
    const below = startingNode.endsWith('/')
      ? structure.startsWith(startingNode)
      : structure === startingNode;
    if (below && filter.some((group) => group.every((term) => holds(tree, leaf, term)))) yield leaf;
  }
}
