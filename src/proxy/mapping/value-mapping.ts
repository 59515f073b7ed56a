import type { ValueType } from '../../datamodel/value.ts';
import { canonicalValue } from '../../datamodel/value-codec.ts';
import type { ReferenceTranslator } from './references.ts';

/**
 * A value of the device in the form that the ACS gets. Devices pad values and spell booleans in several ways; what is not a
 * literal of its type at all (a date with a space in it, an empty number) is passed on as it is rather than invented; the ACS gets
 * it as a string.
 */
export function toCwmpValue(type: ValueType, raw: string, references: ReferenceTranslator): string {
  if (type === 'string') return references.toDataModel(raw);
  const trimmed = raw.trim();
  const literal = type === 'boolean' ? booleanLiteral(trimmed.toLowerCase()) : trimmed;
  return canonicalValue(type, literal) ?? trimmed;
}

function booleanLiteral(lowerCase: string): string {
  if (lowerCase === 'yes') return 'true';
  return lowerCase === 'no' ? 'false' : lowerCase;
}

/**
 * A canonical CWMP value in the form that the device gets: `0`/`1` for booleans as CMS prefers, references as CMS paths.
 *
 * @param known what the device itself last sent for the parameter: shows how it writes references
 */
export function toCmsValue(
  type: ValueType,
  value: string,
  known: string | undefined,
  references: ReferenceTranslator,
): string {
  if (type === 'boolean') return value === 'true' || value === '1' ? '1' : '0';
  if (type === 'string')
    return references.toCms(value, known === undefined ? 'absolute' : references.styleOf(known));
  return value;
}
