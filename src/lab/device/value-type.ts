import { UpnpError } from './upnp-error.ts';

/** The data types of CMS parameters [CMS:2 1.6.2]. */
const BASES = [
  'string',
  'int',
  'unsignedInt',
  'long',
  'unsignedLong',
  'boolean',
  'dateTime',
  'base64',
  'hexBinary',
] as const;

export type BaseType = (typeof BASES)[number];

/** A parameter's type with what may be set. */
export interface ValueType {
  readonly base: BaseType;
  /** Longest value in characters (string, base64) or octets (hexBinary). */
  readonly maxLength?: number;
  readonly minLength?: number;
  readonly minimum?: bigint;
  readonly maximum?: bigint;
  readonly allowed?: readonly string[];
}

const NUMBER_RANGES: Readonly<Partial<Record<BaseType, readonly [bigint, bigint]>>> = {
  int: [-(2n ** 31n), 2n ** 31n - 1n],
  unsignedInt: [0n, 2n ** 32n - 1n],
  long: [-(2n ** 63n), 2n ** 63n - 1n],
  unsignedLong: [0n, 2n ** 64n - 1n],
};

function isBaseType(name: string): name is BaseType {
  return (BASES as readonly string[]).includes(name);
}

/**
 * Reads `string(64)`, `string(8:64)`, `unsignedInt[1:165]`, `string{Up,Down}`, `boolean`, …
 * @throws Error naming the text
 */
export function parseValueType(text: string): ValueType {
  const match = /^([A-Za-z0-9]+)(?:\((?:(\d+):)?(\d+)\)|\[(-?\d*):(-?\d*)\]|\{([^}]+)\})?$/.exec(text);
  const base = match?.[1] ?? '';
  if (match === null || !isBaseType(base)) throw new Error(`"${text}" is not a type`);
  const [, , minLength, maxLength, minimum, maximum, allowed] = match;
  const range = NUMBER_RANGES[base];
  if (minimum !== undefined && range === undefined) throw new Error(`"${text}": ${base} has no range`);
  return {
    base,
    ...(minLength === undefined ? {} : { minLength: Number(minLength) }),
    ...(maxLength === undefined ? {} : { maxLength: Number(maxLength) }),
    ...(range === undefined
      ? {}
      : {
          minimum: minimum ? BigInt(minimum) : range[0],
          maximum: maximum ? BigInt(maximum) : range[1],
        }),
    ...(allowed === undefined ? {} : { allowed: allowed.split(',').map((value) => value.trim()) }),
  };
}

function checkNumber(type: ValueType, value: string): string {
  if (!/^[+-]?\d{1,20}$/.test(value)) throw new UpnpError(704);
  const number = BigInt(value.replace(/^\+/, ''));
  const [lowest, highest] = NUMBER_RANGES[type.base] ?? [0n, 0n];
  if (number < lowest || number > highest) throw new UpnpError(704);
  if (number < (type.minimum ?? lowest) || number > (type.maximum ?? highest)) throw new UpnpError(705);
  return number.toString();
}

function checkText(type: ValueType, value: string, length: number): string {
  if (length > (type.maxLength ?? Infinity) || length < (type.minLength ?? 0)) throw new UpnpError(705);
  if (type.allowed !== undefined && !type.allowed.includes(value)) throw new UpnpError(705);
  return value;
}

const DATE_TIME = /^-?\d{4,}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?$/;

/**
 * The value in the form that the device stores.
 * @throws UpnpError 704 when it is no literal of the type, 705 when it is outside what the parameter allows
 */
export function checkValue(type: ValueType, value: string): string {
  switch (type.base) {
    case 'int':
    case 'unsignedInt':
    case 'long':
    case 'unsignedLong':
      return checkNumber(type, value.trim());
    case 'boolean': {
      const flag = value.trim();
      if (!['0', '1', 'false', 'true'].includes(flag)) throw new UpnpError(704);
      return flag === '1' || flag === 'true' ? '1' : '0';
    }
    case 'dateTime':
      if (!DATE_TIME.test(value.trim())) throw new UpnpError(704);
      return value.trim();
    case 'base64':
      if (!/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(value)) throw new UpnpError(704);
      return checkText(type, value, value.length);
    case 'hexBinary':
      if (!/^([0-9A-Fa-f]{2})*$/.test(value)) throw new UpnpError(704);
      return checkText(type, value, value.length / 2);
    case 'string':
      return checkText(type, value, value.length);
  }
}

/** What a new row's parameter holds when the profile gives no default. */
export function emptyValue(type: ValueType): string {
  if (type.allowed?.[0] !== undefined) return type.allowed[0];
  switch (type.base) {
    case 'int':
    case 'unsignedInt':
    case 'long':
    case 'unsignedLong':
      return (type.minimum !== undefined && type.minimum > 0n ? type.minimum : 0n).toString();
    case 'boolean':
      return '0';
    case 'dateTime':
      return '0001-01-01T00:00:00Z';
    case 'string':
    case 'base64':
    case 'hexBinary':
      return '';
  }
}
