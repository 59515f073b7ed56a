import { characterCount } from '../datamodel/value-codec.ts';
import type { Constraint } from '../datamodel/value.ts';
import type { LocalColumn } from './local-table.ts';

const LONGEST_ALIAS = 64;
/** [TR-069 A.2.2.2] Aliases that the CPE makes up begin with it; those of the ACS must not. */
const CPE_PREFIX = 'cpe-';

export const ALIAS_CONSTRAINT: Constraint = { maxLength: LONGEST_ALIAS };

/** The alias of a row that nobody has named [TR-069 A.2.2.2]. */
export function defaultAlias(instanceNumber: number): string {
  return `${CPE_PREFIX}${instanceNumber}`;
}

/** The Alias parameter of a table's rows: made by us until the ACS writes another, which it may do once [TR-106 writeOnceReadOnly]. */
export function aliasColumn<Row extends { readonly alias?: string }>(): LocalColumn<Row> {
  return {
    type: 'string',
    writable: true,
    constraint: ALIAS_CONSTRAINT,
    get: (row, instanceNumber) => row.alias ?? defaultAlias(instanceNumber),
    set: (row, alias) => ({ ...row, alias }),
    check: (value, own, rows) => {
      const aliasOf = ({ row, instanceNumber }: typeof own): string =>
        row.alias ?? defaultAlias(instanceNumber);
      if (value === aliasOf(own)) return undefined;
      if (own.row.alias !== undefined) return 'another alias than the one given before, which stays';
      const problem = aliasProblem(value);
      if (problem !== undefined) return problem;
      for (const other of rows) {
        if (other !== own && aliasOf(other) === value) return 'the alias of another row';
      }
      return undefined;
    },
  };
}

/** Why an ACS cannot give a row this alias; undefined when it can. */
export function aliasProblem(value: string): string | undefined {
  if (!/^\p{L}/u.test(value)) return 'an alias that does not begin with a letter';
  if (characterCount(value) > LONGEST_ALIAS) return `an alias of more than ${LONGEST_ALIAS} characters`;
  if (/[[\].]/.test(value)) return 'an alias with brackets or dots';
  return value.startsWith(CPE_PREFIX)
    ? `an alias that begins with ${CPE_PREFIX}, as only ours do`
    : undefined;
}
