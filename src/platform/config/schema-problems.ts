import type * as v from 'valibot';

import { describeKey, SECRET_KEYS } from './schema.ts';

export interface KeyProblem {
  readonly path: readonly string[];
  readonly message: string;
}

/** Keys that the schema does not have, with the nearest that it has, and lists where it has keys. */
export function findShapeProblems(data: unknown, path: readonly string[] = []): KeyProblem[] {
  if (typeof data !== 'object' || data === null) return [];
  const { keys, allowed } = describeKey(path) ?? {};
  if (Array.isArray(data)) {
    // The list itself is not repeated: a secret may be in it.
    if (keys !== undefined) return [{ path, message: `a list is not allowed; allowed: ${allowed}` }];
    return data.flatMap((entry, index) => findShapeProblems(entry, [...path, String(index)]));
  }
  if (keys === undefined) return [];
  return Object.entries(data).flatMap(([key, value]) => {
    const below = [...path, key];
    if (keys.includes(key)) return findShapeProblems(value, below);
    const nearest = nearestKey(key, keys);
    const hint = nearest === undefined ? '' : `, did you mean ${nearest}?`;
    return [{ path: below, message: `unknown key${hint}; allowed: ${keys.join(', ')}` }];
  });
}

/** What is wrong with values, one problem per key. What lies at or below one of `shapeProblems` is told by that. */
export function findValueProblems(
  issues: readonly {
    type: string;
    expected: string | null;
    input: unknown;
    path?: readonly v.IssuePathItem[] | undefined;
  }[],
  shapeProblems: readonly KeyProblem[],
): KeyProblem[] {
  const problems = new Map<string, KeyProblem>();
  for (const issue of issues) {
    if (issue.type === 'strict_object' && issue.expected === 'never') continue;
    const path = (issue.path ?? []).map((item) => String(item.key));
    const key = path.join('.');
    if (problems.has(key) || shapeProblems.some((problem) => isWithin(path, problem.path))) continue;
    const allowed = describeKey(path)?.allowed ?? '';
    problems.set(key, { path, message: `${describeValue(key, issue.input)}; allowed: ${allowed}` });
  }
  return [...problems.values()];
}

function isWithin(path: readonly string[], above: readonly string[]): boolean {
  return above.every((segment, index) => path[index] === segment);
}

function describeValue(key: string, value: unknown): string {
  if (value === undefined) return 'is missing';
  if (SECRET_KEYS.includes(key)) return `a ${typeof value} of this form is not allowed`;
  // A URL with a password in it is refused for that very reason.
  const text = (JSON.stringify(value) ?? 'this').replace(/(:\/\/)[^\s/]*@/g, '$1***@');
  return `${text.length > 80 ? `${text.slice(0, 80)}…` : text} is not allowed`;
}

function nearestKey(key: string, keys: readonly string[]): string | undefined {
  const ranked = keys
    .map((candidate) => ({ candidate, distance: editDistance(key.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  return best !== undefined && best.distance <= Math.max(2, key.length / 3) ? best.candidate : undefined;
}

function editDistance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 10) return Infinity;
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const substitution = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, substitution));
    }
    row = next;
  }
  return row[b.length] ?? Infinity;
}
