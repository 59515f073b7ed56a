/** The types of TR-106 as CWMP spells them in xsi:type (without the `xsd:` prefix). */
export type ValueType =
  | 'string'
  | 'int'
  | 'unsignedInt'
  | 'long'
  | 'unsignedLong'
  | 'boolean'
  | 'dateTime'
  | 'base64'
  | 'hexBinary';

/** What a value must satisfy beyond its type. */
export interface Constraint {
  /** Shortest allowed length in characters (octets for base64 and hexBinary). */
  readonly minLength?: number;
  /** Longest allowed length in characters (octets for base64 and hexBinary). */
  readonly maxLength?: number;
  /** Allowed numeric ranges, inclusive; a missing end is open. */
  readonly ranges?: readonly { readonly min?: bigint; readonly max?: bigint }[];
  /** Allowed literals. */
  readonly enumeration?: readonly string[];
  /** The whole value must match. */
  readonly pattern?: RegExp;
  /** The value is a comma-separated list: enumeration, pattern and ranges hold for each item. */
  readonly list?: boolean;
}

/** A value in the lexical form in which it is (or was) sent, with its type. */
export interface TypedValue {
  readonly type: ValueType;
  readonly value: string;
}
