import type { LabAcs } from '../../src/lab/acs/lab-acs.ts';
import { schemaSkipReason, validateEnvelopes } from './schema.ts';

let listening = 0;
/** Of all test files of this run, with the file that it came from. */
const emitted: { readonly envelope: string; readonly origin: string }[] = [];

/** Collects what CPEs send to an ACS from now on; `validateEmitted` holds all of it against the CWMP schemas when the run is over. */
export function collectEmitted(acs: LabAcs): void {
  const origin = testFile();
  listening += 1;
  acs.onEnvelope(({ direction, body }) => {
    if (direction === 'fromCpe' && body.length > 0) emitted.push({ envelope: body.toString('utf8'), origin });
  });
}

/** @throws Error with the first complaints */
export function validateEmitted(): void {
  if (listening === 0) return;
  if (emitted.length === 0) throw new Error(`none of ${listening} ACSs was sent an envelope`);
  const reason = schemaSkipReason();
  if (reason !== undefined) {
    process.stdout.write(
      `\n  SKIPPED: ${emitted.length} envelopes were not held against the CWMP schemas: ${reason}\n`,
    );
    return;
  }
  const complaints = validateEnvelopes(emitted.map(({ envelope }) => envelope));
  if (complaints.length === 0) return;
  const told = complaints.slice(0, 10).map((complaint) => {
    const index = Number(/^envelope (\d+)/.exec(complaint)?.[1] ?? NaN);
    return `${emitted[index]?.origin ?? '?'}: ${complaint}`;
  });
  throw new Error(`${complaints.length} complaints about ${emitted.length} envelopes:\n${told.join('\n')}`);
}

/** The file of the test that is being run, as the stack shows it. */
function testFile(): string {
  return /[\w-]+\.test\.ts/.exec(new Error().stack ?? '')?.[0] ?? 'unknown test';
}
