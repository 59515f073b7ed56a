import type { Constraint, ValueType } from './value.ts';

interface IntegerRange {
  readonly min: bigint;
  readonly max: bigint;
}

const INTEGER_RANGES = {
  int: { min: -(2n ** 31n), max: 2n ** 31n - 1n },
  unsignedInt: { min: 0n, max: 2n ** 32n - 1n },
  long: { min: -(2n ** 63n), max: 2n ** 63n - 1n },
  unsignedLong: { min: 0n, max: 2n ** 64n - 1n },
} as const satisfies Record<string, IntegerRange>;

/** Leading zeros are legal, but a number of megabytes would keep BigInt busy. */
const INTEGER = /^[+-]?[0-9]{1,40}$/;
const DATE_TIME =
  /^([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,30}))?(Z|[+-][0-9]{2}:[0-9]{2})?$/;
const XML_SPACE = /[ \t\r\n]+/g;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
const HEX = /^[0-9A-Fa-f]*$/;
const FRACTION_DIGITS = 9;
/** In the range of every integer type. */
const SHORT_INTEGER = /^\d{1,9}$/;
/** What a dateTime reads while nobody knows it [TR-106 3.2.1]. */
export const UNKNOWN_TIME = '0001-01-01T00:00:00Z';

/**
 * The canonical form of `literal` as a value of `type`, or undefined when it is not one. White space around the value is
 * dropped for every type but string; boolean becomes `true` or `false`; integers lose sign and zeros that say nothing;
 * dateTime becomes UTC; hexBinary upper case.
 */
export function canonicalValue(type: ValueType, literal: string): string | undefined {
  switch (type) {
    case 'string':
      return literal;
    case 'int':
    case 'unsignedInt':
    case 'long':
    case 'unsignedLong':
      return canonicalInteger(INTEGER_RANGES[type], trim(literal));
    case 'boolean':
      return canonicalBoolean(trim(literal));
    case 'dateTime':
      return canonicalDateTime(trim(literal));
    case 'base64':
      return canonicalBase64(literal);
    case 'hexBinary':
      return canonicalHexBinary(trim(literal));
  }
}

/** Whether `value` may be sent as a value of `type`. Nearly all are in canonical form already, and an answer holds 10 000 of them. */
export function isLiteral(type: ValueType, value: string): boolean {
  switch (type) {
    case 'string':
      return true;
    case 'boolean':
      return value === 'true' || value === 'false' || canonicalValue(type, value) !== undefined;
    case 'int':
    case 'unsignedInt':
    case 'long':
    case 'unsignedLong':
      return SHORT_INTEGER.test(value) || canonicalValue(type, value) !== undefined;
    case 'dateTime':
    case 'base64':
    case 'hexBinary':
      return canonicalValue(type, value) !== undefined;
  }
}

/** What stands for a value of `type` that is not told [TR-106 hidden]: the empty string where that is a literal of the type. */
export function nullValue(type: ValueType): string {
  switch (type) {
    case 'int':
    case 'unsignedInt':
    case 'long':
    case 'unsignedLong':
      return '0';
    case 'boolean':
      return 'false';
    case 'dateTime':
      return UNKNOWN_TIME;
    case 'string':
    case 'base64':
    case 'hexBinary':
      return '';
  }
}

/** Whether `literal` is an integer, but none that `type` can hold. */
export function isOutOfRange(type: ValueType, literal: string): boolean {
  if (!Object.hasOwn(INTEGER_RANGES, type)) return false;
  return canonicalValue(type, literal) === undefined && parseInteger(trim(literal)) !== undefined;
}

/** Characters of a text as the standards count them: code points. */
export function characterCount(text: string): number {
  let surrogatePairs = 0;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit >= 0xd800 && unit <= 0xdbff) surrogatePairs++;
  }
  return text.length - surrogatePairs;
}

/**
 * Why `value` (canonical form of `type`) violates `constraint`, or undefined when it does not. The text says what is allowed
 * and never repeats the value: that may be long, or a secret.
 */
export function checkConstraint(constraint: Constraint, type: ValueType, value: string): string | undefined {
  const lengthProblem = checkLength(constraint, type, value);
  if (lengthProblem !== undefined) return lengthProblem;
  const items = constraint.list === true ? listItems(value) : [value];
  for (const item of items) {
    const problem = checkItem(constraint, item);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** The items of a comma-separated list [TR-106 3.2.3]: white space around them does not count; "" has none. */
export function listItems(value: string): string[] {
  if (trim(value) === '') return [];
  return value.split(',').map(trim);
}

/** By hand: `[ \t\r\n]+$` takes quadratic time on a long run of spaces inside a hostile value. */
function trim(literal: string): string {
  let start = 0;
  let end = literal.length;
  while (start < end && isXmlSpace(literal.charCodeAt(start))) start++;
  while (end > start && isXmlSpace(literal.charCodeAt(end - 1))) end--;
  return literal.slice(start, end);
}

function isXmlSpace(unit: number): boolean {
  return unit === 0x20 || unit === 0x0a || unit === 0x09 || unit === 0x0d;
}

function parseInteger(literal: string): bigint | undefined {
  return INTEGER.test(literal) ? BigInt(literal.replace(/^\+/, '')) : undefined;
}

function canonicalInteger(range: IntegerRange, literal: string): string | undefined {
  const value = parseInteger(literal);
  if (value === undefined || value < range.min || value > range.max) return undefined;
  return value.toString();
}

function canonicalBoolean(literal: string): string | undefined {
  if (literal === '1' || literal === 'true') return 'true';
  if (literal === '0' || literal === 'false') return 'false';
  return undefined;
}

/**
 * Times without a zone are UTC [TR-106 3.2.1], except in year 1: those are relative times, which have no zone and keep none.
 * Years 1 to 9999. Fractions keep up to nine digits, without trailing zeros.
 */
function canonicalDateTime(literal: string): string | undefined {
  const match = DATE_TIME.exec(literal);
  if (match === null) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number);
  if (year === undefined || month === undefined || day === undefined) return undefined;
  if (hour === undefined || minute === undefined || second === undefined) return undefined;
  const fraction = (match[7] ?? '').slice(0, FRACTION_DIGITS).replace(/0+$/, '');
  const endOfDay = hour === 24 && minute === 0 && second === 0 && !/[1-9]/.test(match[7] ?? '');
  if (year < 1 || month < 1 || month > 12 || day < 1) return undefined;
  if ((hour > 23 && !endOfDay) || minute > 59 || second > 59) return undefined;
  const zone = match[8];
  const offsetMinutes = zoneOffsetMinutes(zone);
  if (offsetMinutes === undefined) return undefined;

  // Date.UTC takes the years 0 to 99 for 1900 to 1999; setUTCFullYear does not.
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1) return undefined;
  date.setUTCHours(hour, minute - offsetMinutes, second);
  const shiftedYear = date.getUTCFullYear();
  if (shiftedYear < 1 || shiftedYear > 9999) return undefined;
  const relative = zone === undefined && shiftedYear === 1;
  const seconds = date.toISOString().slice(0, 19);
  return `${seconds}${fraction === '' ? '' : `.${fraction}`}${relative ? '' : 'Z'}`;
}

function zoneOffsetMinutes(zone: string | undefined): number | undefined {
  if (zone === undefined || zone === 'Z') return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(4, 6));
  if (minutes > 59 || hours * 60 + minutes > 14 * 60) return undefined;
  return (hours * 60 + minutes) * (zone.startsWith('-') ? -1 : 1);
}

function canonicalBase64(literal: string): string | undefined {
  const compact = literal.replace(XML_SPACE, '');
  if (compact.length % 4 !== 0 || !BASE64.test(compact)) return undefined;
  return Buffer.from(compact, 'base64').toString('base64');
}

function canonicalHexBinary(literal: string): string | undefined {
  if (literal.length % 2 !== 0 || !HEX.test(literal)) return undefined;
  return literal.toUpperCase();
}

function lengthOf(type: ValueType, value: string): number {
  if (type === 'hexBinary') return value.length / 2;
  if (type === 'base64') return Buffer.byteLength(value, 'base64');
  return characterCount(value);
}

function checkLength(constraint: Constraint, type: ValueType, value: string): string | undefined {
  const { minLength, maxLength } = constraint;
  if (minLength === undefined && maxLength === undefined) return undefined;
  const length = lengthOf(type, value);
  if (maxLength !== undefined && length > maxLength) return `longer than ${maxLength}`;
  if (minLength !== undefined && length < minLength) return `shorter than ${minLength}`;
  return undefined;
}

function checkItem(constraint: Constraint, item: string): string | undefined {
  const { enumeration, pattern, ranges } = constraint;
  if (enumeration !== undefined && !enumeration.includes(item)) {
    return `not one of ${enumeration.slice(0, 20).join(', ')}${enumeration.length > 20 ? ', ...' : ''}`;
  }
  if (pattern !== undefined && !wholeMatch(pattern, item)) return `does not match ${pattern.source}`;
  if (ranges !== undefined && ranges.length > 0) {
    const number = parseInteger(item);
    if (number === undefined) return 'not an integer';
    const inside = ranges.some(
      ({ min, max }) => (min === undefined || number >= min) && (max === undefined || number <= max),
    );
    if (!inside) return `not in ${ranges.map(({ min, max }) => `[${min ?? ''}:${max ?? ''}]`).join(' ')}`;
  }
  return undefined;
}

const anchoredPatterns = new WeakMap<RegExp, RegExp>();

function wholeMatch(pattern: RegExp, value: string): boolean {
  let anchored = anchoredPatterns.get(pattern);
  if (anchored === undefined) {
    anchored = new RegExp(`^(?:${pattern.source})$`, pattern.flags.replace(/[gym]/g, ''));
    anchoredPatterns.set(pattern, anchored);
  }
  return anchored.test(value);
}
