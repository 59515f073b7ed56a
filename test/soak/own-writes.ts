import type { LabAcs } from '../../src/lab/acs/lab-acs.ts';

/** Values that only the ACS writes: none of them may come back to it. */
export class OwnWrites {
  readonly #path: string;
  /** By CPE: the last write that was answered; none while another is under way, or after one that failed. */
  readonly #written = new Map<string, string>();

  /** @param report what an Inform told though the ACS had written it */
  constructor(acs: LabAcs, path: string, report: (problem: string) => void) {
    this.#path = path;
    acs.onEvent((event) => {
      if (event.kind !== 'inform') return;
      const { id } = event.device;
      const written = this.#written.get(id);
      const told = event.inform.parameters.find(({ name }) => name === path)?.value;
      if (told !== undefined && told === written) report(`own write came back: ${id} ${path}=${told}`);
    });
  }

  /** @param write resolves when the CPE has answered */
  async write(id: string, value: string, write: (path: string) => Promise<unknown>): Promise<void> {
    this.#written.delete(id);
    await write(this.#path);
    this.#written.set(id, value);
  }
}
