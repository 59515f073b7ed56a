import { isDeepStrictEqual } from 'node:util';
import type { Config } from './config.ts';

/** The keys, of two levels (`acs.tls`), in which two configurations differ; warnings are no setting. */
export function changedKeys(before: Config, after: Config): string[] {
  return SECTIONS.flatMap((section) => {
    const [old, current] = [entriesOf(before[section]), entriesOf(after[section])];
    return [...new Set([...old.keys(), ...current.keys()])]
      .filter((key) => !isDeepStrictEqual(old.get(key), current.get(key)))
      .map((key) => `${section}.${key}`);
  });
}

const SECTIONS = [
  'acs',
  'proxier',
  'lan',
  'connectionRequest',
  'status',
  'state',
  'devices',
  'embedded',
  'inventory',
  'log',
] as const satisfies readonly (keyof Config)[];

function entriesOf(section: object): ReadonlyMap<string, unknown> {
  return new Map(Object.entries(section));
}
