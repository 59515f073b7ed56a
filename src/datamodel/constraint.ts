import type { Constraint } from './value.ts';

type Range = NonNullable<Constraint['ranges']>[number];

/** Whether both allow the same values for the same reasons; what is only said in another order counts as another constraint. */
export function isSameConstraint(one: Constraint | undefined, other: Constraint | undefined): boolean {
  if (one === other) return true;
  if (one === undefined || other === undefined) return false;
  return (
    one.minLength === other.minLength &&
    one.maxLength === other.maxLength &&
    (one.list ?? false) === (other.list ?? false) &&
    isSamePattern(one.pattern, other.pattern) &&
    isSameList(one.ranges, other.ranges, isSameRange) &&
    isSameList(one.enumeration, other.enumeration, Object.is)
  );
}

function isSamePattern(one: RegExp | undefined, other: RegExp | undefined): boolean {
  return one?.source === other?.source && one?.flags === other?.flags;
}

function isSameRange(one: Range, other: Range): boolean {
  return one.min === other.min && one.max === other.max;
}

function isSameList<T>(
  one: readonly T[] | undefined,
  other: readonly T[] | undefined,
  isSame: (one: T, other: T) => boolean,
): boolean {
  if (one === other) return true;
  if (one?.length !== other?.length) return false;
  return one?.every((item, index) => isSame(item, other?.[index] as T)) ?? true;
}
