import type { LabAcs } from '../../src/lab/acs/lab-acs.ts';
import { schemaSkipReason, validateEnvelopes } from './schema.ts';

/** Collects what CPEs sent to an ACS, so that a file's last test can hold all of it against the CWMP schemas. */
export class EmittedEnvelopes {
  readonly #envelopes: string[] = [];

  /** Listens to an ACS from now on. */
  collect(acs: LabAcs): void {
    acs.onEnvelope(({ direction, body }) => {
      if (direction === 'fromCpe' && body.length > 0) this.#envelopes.push(body.toString('utf8'));
    });
  }

  get count(): number {
    return this.#envelopes.length;
  }

  /** Registers the closing test. */
  validateAtTheEnd(): void {
    const reason = schemaSkipReason();
    const title = 'sent only envelopes that are valid against the CWMP schemas';
    if (reason !== undefined) {
      it.skip(`${title} (skipped: ${reason})`);
      return;
    }
    it(title, () => {
      if (this.#envelopes.length === 0) throw new Error('no envelope was collected');
      const complaints = validateEnvelopes(this.#envelopes);
      if (complaints.length > 0) throw new Error(complaints.slice(0, 10).join('\n'));
    });
  }
}
