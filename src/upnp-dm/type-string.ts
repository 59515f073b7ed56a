import type { Constraint, ValueType } from '../datamodel/value.ts';

/** A Type attribute of CMS taken apart. */
export interface ParsedType {
  /** Undefined: a type that the standard does not know. */
  readonly type: ValueType | 'multiInstance' | undefined;
  readonly constraint: Constraint | undefined;
}

const TYPES: ReadonlyMap<string, ValueType | 'multiInstance'> = new Map([
  ['string', 'string'],
  ['int', 'int'],
  ['unsignedint', 'unsignedInt'],
  ['long', 'long'],
  ['unsignedlong', 'unsignedLong'],
  ['boolean', 'boolean'],
  ['datetime', 'dateTime'],
  ['base64', 'base64'],
  ['base64binary', 'base64'],
  ['hexbinary', 'hexBinary'],
  ['multiinstance', 'multiInstance'],
] as const);

const NUMERIC = new Set<string>(['int', 'unsignedInt', 'long', 'unsignedLong']);
const MAX_RANGES = 32;

/** `(64)` = at most 64; `(3:8)` = 3 to 8. */
function lengthConstraint(text: string): Constraint | undefined {
  const match = /^\(\s*(?:(\d{1,9})?\s*:)?\s*(\d{1,9})?\s*\)$/.exec(text);
  if (match === null) return undefined;
  const [, min, max] = match;
  if (min === undefined && max === undefined) return undefined;
  return {
    ...(min !== undefined && { minLength: Number(min) }),
    ...(max !== undefined && { maxLength: Number(max) }),
  };
}

/** `[0:100]`, `[:10]`, `[0:10],[20:]`. */
function rangeConstraint(text: string): Constraint | undefined {
  if (!/^\[[^[\]]*\](?:\s*,?\s*\[[^[\]]*\])*$/.test(text)) return undefined;
  const ranges: { min?: bigint; max?: bigint }[] = [];
  for (const match of text.matchAll(/\[([^[\]]*)\]/g)) {
    const bounds = /^\s*([+-]?\d{1,20})?\s*:\s*([+-]?\d{1,20})?\s*$/.exec(match[1] ?? '');
    if (bounds === null || ranges.length === MAX_RANGES) return undefined;
    const [, min, max] = bounds;
    ranges.push({
      ...(min !== undefined && { min: BigInt(min.replace('+', '')) }),
      ...(max !== undefined && { max: BigInt(max.replace('+', '')) }),
    });
  }
  return { ranges };
}

/**
 * Reads a Type attribute: the schema has bare names, the standard's own samples and devices write `string(64)`,
 * `unsignedInt[0:100]`, `String`, `MultiInstance` [CMS:2 1.6.2]. What follows the name and cannot be read is no constraint.
 */
export function parseTypeString(text: string): ParsedType {
  const match = /^\s*(?:[A-Za-z][\w.-]*:)?([A-Za-z]\w*)\s*(.*?)\s*$/s.exec(text);
  const type = TYPES.get(match?.[1]?.toLowerCase() ?? '');
  const suffix = match?.[2] ?? '';
  if (type === undefined || suffix === '') return { type, constraint: undefined };
  return { type, constraint: NUMERIC.has(type) ? rangeConstraint(suffix) : lengthConstraint(suffix) };
}
