import { decodeAlarms, DocumentError } from './documents.ts';
import type { UpdateVariable } from './types.ts';

const HIGHEST_COUNTER = 0xffff_ffff;
/** Characters. It is parsed at one go, and a longer list of alarms is better read from the device. */
const MAX_ALARMS_LENGTH = 64 * 1024;

/** Undoes `\,` and `\\` when every comma and backslash is written so; deployed devices do not escape at all. */
function unescapeCsv(text: string): string {
  return /^(?:[^\\,]|\\[\\,])*$/.test(text) ? text.replace(/\\([\\,])/g, '$1') : text;
}

/**
 * Reads `counter,timestamp[,document]` of ConfigurationUpdate and its like [CMS:2 2.2]. The counter wraps to 0 after
 * 4294967295; an unchanged counter does not mean that nothing changed. The timestamp is the device's own and can be
 * in any zone. A third element that is no ParameterValueList is left out: an event is only a hint.
 * @returns undefined when the text has no counter
 */
export function parseUpdateVariable(text: string): UpdateVariable | undefined {
  const match = /^\s*(\d{1,10})\s*(?:,([^,]*)(?:,([\s\S]*))?)?$/.exec(text);
  const counter = Number(match?.[1]);
  if (match === null || counter > HIGHEST_COUNTER) return undefined;
  const timestamp = match[2]?.trim() ?? '';
  const document = match[3]?.trim() ?? '';
  if (document === '' || document.length > MAX_ALARMS_LENGTH) return { counter, timestamp };
  const alarms = readAlarms(unescapeCsv(document));
  return alarms === undefined ? { counter, timestamp } : { counter, timestamp, alarms };
}

function readAlarms(document: string): ReadonlyMap<string, string> | undefined {
  try {
    return decodeAlarms(document);
  } catch (error) {
    if (error instanceof DocumentError) return undefined;
    throw error;
  }
}
