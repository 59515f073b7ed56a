import type { Assignment } from './changes.ts';
import { ModelError } from './model-error.ts';
import type { DataNode, ParameterNode } from './node.ts';
import { isObjectPath } from './path.ts';
import type { Change } from './provider.ts';
import { canonicalValue, checkConstraint, isOutOfRange } from './value-codec.ts';
import type { ValueType } from './value.ts';

export interface CheckedAssignments {
  readonly changes: readonly Change[];
  readonly faults: readonly ModelError[];
}

const INTEGER_TYPES: ReadonlySet<ValueType> = new Set(['int', 'unsignedInt', 'long', 'unsignedLong']);

/** Checks every assignment against existence, access, type and constraint, and collects all problems. */
export function checkAssignments(
  assignments: readonly Assignment[],
  find: (path: string) => DataNode | undefined,
): CheckedAssignments {
  const changes: Change[] = [];
  const faults: ModelError[] = [];
  const seen = new Set<string>();
  for (const assignment of assignments) {
    if (seen.has(assignment.path)) {
      // [TR-069 A.3.2.1] It is the request that is wrong, not the parameter: hence no path.
      faults.push(new ModelError('invalidArguments', `${assignment.path} is given more than once`));
      continue;
    }
    seen.add(assignment.path);
    const result = checkAssignment(assignment, find(assignment.path));
    if (result instanceof ModelError) faults.push(result);
    else changes.push(result);
  }
  return { changes, faults };
}

function checkAssignment(assignment: Assignment, node: DataNode | undefined): Change | ModelError {
  const { path, value } = assignment;
  if (isObjectPath(path)) return new ModelError('invalidName', 'a partial path cannot be set', path);
  if (node?.kind !== 'parameter') return new ModelError('invalidName', 'no such parameter', path);
  if (!node.writable) return new ModelError('readOnly', 'the parameter is read-only', path);
  if (assignment.type !== undefined && !isAcceptable(assignment.type, node)) {
    return new ModelError('invalidType', `the type is ${node.type}, not ${assignment.type}`, path);
  }
  const canonical = canonicalValue(node.type, value);
  if (canonical === undefined) {
    const kind = isOutOfRange(node.type, value) ? 'invalidValue' : 'invalidType';
    return new ModelError(kind, `the value is no ${node.type}`, path);
  }
  const problem =
    node.constraint === undefined ? undefined : checkConstraint(node.constraint, node.type, canonical);
  if (problem !== undefined) return new ModelError('invalidValue', `the value is ${problem}`, path);
  return { parameter: node, value: canonical };
}

/** ACSs send `xsd:string` for anything they do not know, and any integer type for any other: the literal decides then. */
function isAcceptable(sent: ValueType, { type }: ParameterNode): boolean {
  return sent === type || sent === 'string' || (INTEGER_TYPES.has(sent) && INTEGER_TYPES.has(type));
}
