import { ConfigError } from './config-error.ts';
import type { ConfigProblem } from './config-error.ts';
import { SECRET_KEYS } from './schema.ts';

/** Sets dotted keys over the data of the file. */
export function applyOverrides(
  fileData: unknown,
  overrides: readonly string[],
): { data: unknown; isOverridden: (path: readonly string[]) => boolean } {
  const overridden: string[] = [];
  const problems: ConfigProblem[] = [];
  let data = fileData;
  for (const override of overrides) {
    const equals = override.indexOf('=');
    const key = override.slice(0, Math.max(0, equals));
    if (!/^[A-Za-z]\w{0,63}(\.[A-Za-z]\w{0,63}){0,7}$/.test(key)) {
      // The value may be a secret: only what stands before the equals sign is repeated.
      const message = `${JSON.stringify(key)} is not a key; allowed: KEY=VALUE with a dotted key, e.g. log.level=debug`;
      problems.push({ source: '--set', line: undefined, column: undefined, path: '', message });
      continue;
    }
    overridden.push(key);
    data = setKey(data, key.split('.'), parseValue(override.slice(equals + 1)));
    // The override replaces the other way of giving the same secret.
    for (const secret of SECRET_KEYS) {
      if (key === secret) data = setKey(data, `${secret}File`.split('.'), undefined);
      if (key === `${secret}File`) data = setKey(data, secret.split('.'), undefined);
    }
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return {
    data,
    isOverridden: (path) => {
      const key = path.join('.');
      return overridden.some(
        (set) =>
          key === set || key.startsWith(`${set}.`) || (set.startsWith(`${key}.`) && !hasKey(fileData, path)),
      );
    },
  };
}

function parseValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Copies what it changes. Undefined removes the key. */
function setKey(data: unknown, [first, ...rest]: readonly string[], value: unknown): unknown {
  if (first === undefined) return value;
  const entries =
    typeof data === 'object' && data !== null && !Array.isArray(data) ? Object.entries(data) : [];
  const record = new Map<string, unknown>(entries);
  const changed = rest.length === 0 ? value : setKey(record.get(first), rest, value);
  if (changed === undefined) record.delete(first);
  else record.set(first, changed);
  return Object.fromEntries(record);
}

function hasKey(data: unknown, [first, ...rest]: readonly string[]): boolean {
  if (first === undefined) return true;
  if (typeof data !== 'object' || data === null || !Object.hasOwn(data, first)) return false;
  return hasKey(new Map<string, unknown>(Object.entries(data)).get(first), rest);
}
