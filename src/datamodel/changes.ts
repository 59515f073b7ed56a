import type { ParameterNode } from './node.ts';
import type { ValueType } from './value.ts';

/** What an ACS (or another caller) asks to set; `type` is the xsi:type it sent, if any. */
export interface Assignment {
  readonly path: string;
  readonly value: string;
  readonly type?: ValueType | undefined;
}

/** A parameter whose value changed by itself (not by setValues), with the new value. */
export interface ValueChange {
  readonly parameter: ParameterNode;
  readonly value: string;
  /** The ACS made it what it is, and knows that; how the value is spelled may be news. */
  readonly byAcs?: boolean;
}

/** Only the topmost paths of what came and went. What was replaced is in both: `removed` happened first. */
export interface StructureChange {
  readonly added: readonly string[];
  readonly removed: readonly string[];
}
