import type { LabAcs } from '../../src/lab/acs/lab-acs.ts';

/**
 * Whether a CPE tells its reboots: each is followed by a 1 BOOT, and there are no more of them than reboots. Reboots that follow
 * each other closely may share one.
 */
export class BootLedger {
  /** Reboots that a 1 BOOT may still be for; the first one comes with 0 BOOTSTRAP. */
  #reboots = 1;
  #isOwed = true;
  /** The ACS has heard a 1 BOOT of which it is not known yet that the CPE has its answer. */
  #isOpen = false;

  /** @param report what was told once too often */
  constructor(acs: LabAcs, id: string, report: (problem: string) => void) {
    acs.onEvent((event) => {
      if (event.kind !== 'inform' || event.device.id !== id) return;
      this.#isOpen = event.inform.events.some(({ code }) => code === '1 BOOT');
      if (!this.#isOpen) return;
      this.#isOwed = false;
      if (this.#reboots === 0) report(`${id}: 1 BOOT without a reboot`);
    });
    // The CPE goes on after the InformResponse.
    acs.onEnvelope(({ direction, deviceId, rpc }) => {
      if (direction !== 'fromCpe' || rpc === 'Inform' || deviceId !== id || !this.#isOpen) return;
      this.#isOpen = false;
      this.#reboots = Math.max(0, this.#reboots - 1);
    });
  }

  rebooted(): void {
    this.#reboots += 1;
    this.#isOwed = true;
  }

  /** Whether no 1 BOOT came since the last reboot. */
  get isOwed(): boolean {
    return this.#isOwed;
  }

  /** Nothing is under way any more: another 1 BOOT takes another reboot. */
  close(): void {
    this.#reboots = 0;
  }
}
