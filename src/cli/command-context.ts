import type { Output } from './output.ts';

/** What a command gets from the program. */
export interface CommandContext {
  readonly output: Output;
  /** Sets the exit code of the program; 0 unless called. */
  readonly exitWith: (code: number) => void;
}
