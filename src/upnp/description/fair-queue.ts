/** Turns of one host: those that run and those that wait. */
interface Host {
  running: number;
  readonly waiting: (() => void)[];
}

export interface FairQueueLimits {
  /** Turns at a time. */
  readonly total: number;
  /** Turns at a time for one host. */
  readonly perHost: number;
  /** Requests of one host that may wait. */
  readonly waitingPerHost: number;
}

/** Gives hosts their turns one after the other, so that one with many slow requests holds up nobody but itself. */
export class FairQueue {
  readonly #limits: FairQueueLimits;
  /** Those with something running or waiting; the first in order is served next. */
  readonly #hosts = new Map<string, Host>();
  #running = 0;

  constructor(limits: FairQueueLimits) {
    this.#limits = limits;
  }

  /**
   * Resolves when it is the caller's turn, with the function that ends the turn (to be called once).
   * @throws Error when too many requests of that host wait
   */
  async acquire(name: string): Promise<() => void> {
    const host = this.#hosts.get(name) ?? { running: 0, waiting: [] };
    if (host.waiting.length >= this.#limits.waitingPerHost)
      throw new Error('too many requests to one host at once');
    this.#hosts.set(name, host);
    await new Promise<void>((resolve) => {
      host.waiting.push(resolve);
      this.#serve();
    });
    return () => {
      host.running--;
      this.#running--;
      if (host.running === 0 && host.waiting.length === 0) this.#hosts.delete(name);
      this.#serve();
    };
  }

  #serve(): void {
    for (const [name, host] of this.#hosts) {
      if (this.#running >= this.#limits.total) return;
      if (host.running >= this.#limits.perHost) continue;
      const start = host.waiting.shift();
      if (start === undefined) continue;
      host.running++;
      this.#running++;
      // To the end of the line. The loop comes to it once more, for a second turn if nobody else wants it.
      this.#hosts.delete(name);
      this.#hosts.set(name, host);
      start();
    }
  }
}
