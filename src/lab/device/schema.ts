import type { ValueType } from './value-type.ts';

/** How a value changes by itself, every `everySeconds` seconds. */
export type DriftRule = { readonly everySeconds: number } & (
  | { readonly kind: 'walk'; readonly step: number; readonly minimum: number; readonly maximum: number }
  | { readonly kind: 'count'; readonly step: number }
  | { readonly kind: 'cycle'; readonly values: readonly string[] }
);

/** Values computed when they are read: seconds since the device started, UTC date and time. */
export type LiveSource = 'upTime' | 'currentTime';

export interface LeafSchema {
  readonly kind: 'leaf';
  readonly type: ValueType;
  readonly writable: boolean;
  /** Default of the EventOnChange attribute; undefined = the leaf does not have it. */
  readonly eventOnChange: boolean | undefined;
  /** Has the Version attribute. */
  readonly versioned: boolean;
  readonly live: LiveSource | undefined;
  /** `{i}` in it stands for the number of the row. */
  readonly initial: string;
  /** Reads as empty, whatever it holds. */
  readonly hidden: boolean;
  readonly drift: DriftRule | undefined;
  /** A write is committed at once and in force only this much later. */
  readonly applySeconds: number | undefined;
}

export interface ObjectSchema {
  readonly kind: 'object';
  readonly children: ReadonlyMap<string, NodeSchema>;
}

/** Initial values of a row: leaves as text, nested objects as maps, rows of nested tables by number. */
export interface RowValues {
  readonly [name: string]: string | RowValues;
}

export interface TableSchema {
  readonly kind: 'table';
  /** A control point may create and delete rows. */
  readonly creatable: boolean;
  readonly eventOnChange: boolean | undefined;
  readonly versioned: boolean;
  readonly maxRows: number;
  /** Leaves of the row whose values together tell rows apart. */
  readonly uniqueKey: readonly string[];
  readonly row: ObjectSchema;
  readonly rows: ReadonlyMap<number, RowValues>;
  /** Smallest number given to a created row. */
  readonly firstInstance: number;
  /** Name of the leaf beside the table that counts its rows [CMS:2 B.2]. */
  readonly entriesLeaf: string;
}

export type NodeSchema = LeafSchema | ObjectSchema | TableSchema;
