import type { SessionScheduler, SessionTurn } from './types.ts';

/** Deployed ACSs refuse more than some twenty requests at once: both together stay below that. */
const DEFAULT_LIMIT = 8;
const DEFAULT_RESERVE = 8;

interface WaitingTurn {
  urgent: boolean;
  readonly grant: () => void;
}

/**
 * At most `limit` sessions at a time over all endpoints, first come first served; `reserve` more for those that the ACS has
 * asked for and waits for: an ACS that keeps sessions hanging shall not keep it from reaching the next device.
 */
export function createSessionScheduler(limit = DEFAULT_LIMIT, reserve = DEFAULT_RESERVE): SessionScheduler {
  return new TurnScheduler(limit, limit + reserve);
}

class TurnScheduler implements SessionScheduler {
  readonly #limit: number;
  readonly #urgentLimit: number;
  readonly #waiting: WaitingTurn[] = [];
  #running = 0;

  constructor(limit: number, urgentLimit: number) {
    this.#limit = limit;
    this.#urgentLimit = urgentLimit;
  }

  request(urgent: boolean): SessionTurn {
    let state: 'waiting' | 'running' | 'ended' = 'waiting';
    let resolve = (): void => undefined;
    const granted = new Promise<void>((done) => (resolve = done));
    const waiting: WaitingTurn = {
      urgent,
      grant: () => {
        state = 'running';
        resolve();
      },
    };
    this.#waiting.push(waiting);
    this.#grant();
    return {
      granted,
      hurry: () => {
        waiting.urgent = true;
        this.#grant();
      },
      end: () => {
        if (state === 'running') this.#running -= 1;
        else if (state === 'waiting') this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        state = 'ended';
        resolve();
        this.#grant();
      },
    };
  }

  #grant(): void {
    for (;;) {
      const urgent =
        this.#running < this.#urgentLimit ? this.#waiting.find((turn) => turn.urgent) : undefined;
      const next = urgent ?? (this.#running < this.#limit ? this.#waiting[0] : undefined);
      if (next === undefined) return;
      this.#waiting.splice(this.#waiting.indexOf(next), 1);
      this.#running += 1;
      next.grant();
    }
  }
}
