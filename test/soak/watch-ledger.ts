import type { LabAcs } from '../../src/lab/acs/lab-acs.ts';

interface Watched {
  /** What the device has, and since when (monotonic milliseconds) the ACS does not know it. */
  value: string;
  changedAt: number | undefined;
  /** The last that a CPE told and knows that it was heard. */
  delivered: string | undefined;
  /** Told in an Inform whose answer the CPE may not have. */
  open: string | undefined;
}

/** What devices changed and what their CPEs told of it: latencies, and what came twice. */
export class WatchLedger {
  readonly latenciesMs: number[] = [];
  readonly duplicates: string[] = [];
  readonly #path: string;
  readonly #watched = new Map<string, Watched>();

  constructor(acs: LabAcs, path: string) {
    this.#path = path;
    acs.onEvent((event) => {
      if (event.kind !== 'inform') return;
      if (!event.inform.events.some(({ code }) => code === '4 VALUE CHANGE')) return;
      const told = event.inform.parameters.find(({ name }) => name === path)?.value;
      if (told !== undefined) this.#told(event.device.id, told);
    });
    acs.onEnvelope(({ direction, deviceId, rpc }) => {
      const watched = this.#watched.get(deviceId);
      if (direction !== 'fromCpe' || rpc === 'Inform' || watched?.open === undefined) return;
      watched.delivered = watched.open;
      watched.open = undefined;
    });
  }

  /** The device has another value now. */
  changed(id: string, value: string): void {
    const watched = this.#watched.get(id);
    if (watched === undefined) {
      this.#watched.set(id, { value, changedAt: performance.now(), delivered: undefined, open: undefined });
    } else if (watched.value !== value) {
      watched.value = value;
      watched.changedAt = performance.now();
    }
  }

  /** Whether the ACS knows what the device has. */
  isTold(id: string): boolean {
    return this.#watched.get(id)?.changedAt === undefined;
  }

  /** CPEs that have not told their last change for so long. */
  late(afterMs: number): string[] {
    return [...this.#watched].flatMap(([id, { changedAt, value }]) =>
      changedAt !== undefined && performance.now() - changedAt > afterMs
        ? [`${id} ${this.#path}=${value}`]
        : [],
    );
  }

  /** The device was away: how long its news took says nothing of the proxier. */
  forgetLatency(id: string): void {
    const watched = this.#watched.get(id);
    if (watched?.changedAt !== undefined) watched.changedAt = -Infinity;
  }

  #told(id: string, value: string): void {
    const watched = this.#watched.get(id);
    if (watched === undefined) return;
    if (watched.delivered === value) this.duplicates.push(`${id} ${this.#path}=${value}`);
    watched.open = value;
    if (watched.value !== value || watched.changedAt === undefined) return;
    if (Number.isFinite(watched.changedAt)) this.latenciesMs.push(performance.now() - watched.changedAt);
    watched.changedAt = undefined;
  }
}
