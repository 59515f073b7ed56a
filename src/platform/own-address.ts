import type { Clock, Timer } from './clock.ts';
import type { Logger } from './logger.ts';

/** Addresses change with the lease or the dial-in of the WAN; nobody tells us. */
export const ADDRESS_CHECK_MS = 25_000;

/** How long the start waits for it: a resolver that does not answer must not keep the LAN waiting. */
const START_PATIENCE_MS = 1_000;

export interface OwnAddressOptions {
  /** Finds the address under which a peer on the WAN sees us. @throws Error while there is no way to it */
  readonly find: () => Promise<string>;
  /** What to name until `find` has succeeded once. */
  readonly fallback: () => string;
  /** Called when the address is no longer what `start` or the call before found. */
  readonly onChange: () => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The address of this machine as others see it, looked up again and again. */
export class OwnAddress {
  readonly #options: OwnAddressOptions;
  #current = '';
  #isFound = false;
  #timer: Timer | undefined;
  #stopped = false;

  constructor(options: OwnAddressOptions) {
    this.#options = options;
  }

  /** Valid after `start`. */
  get current(): string {
    return this.#current;
  }

  /** Looks it up; what takes longer than a second is taken over later. Never rejects. */
  async start(): Promise<void> {
    const { clock, fallback } = this.#options;
    const looking = this.#look();
    this.#current = await new Promise<string>((resolve) => {
      const patience = clock.schedule(START_PATIENCE_MS, () => {
        resolve(fallback());
      });
      void looking.then((address) => {
        patience.cancel();
        resolve(address);
      });
    });
    void looking.then((address) => {
      this.#take(address);
    });
    this.#arm();
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  #arm(): void {
    if (this.#stopped) return;
    this.#timer = this.#options.clock.schedule(ADDRESS_CHECK_MS, () => {
      void this.check().finally(() => {
        this.#arm();
      });
    });
  }

  /** Looks it up now. Never rejects. */
  async check(): Promise<void> {
    this.#take(await this.#look());
  }

  #take(address: string): void {
    if (address === this.#current || this.#stopped) return;
    this.#options.logger.info('own address changed', { from: this.#current, to: address });
    this.#current = address;
    this.#options.onChange();
  }

  async #look(): Promise<string> {
    const { find, fallback, logger } = this.#options;
    try {
      const address = await find();
      this.#isFound = true;
      return address;
    } catch (error) {
      // While the WAN is down the last address is the best guess.
      if (this.#isFound) return this.#current;
      const address = fallback();
      if (address !== this.#current) {
        logger.warn('no route to the ACS yet, connection requests are expected on the LAN address', {
          address,
          error: error instanceof Error ? error.message : String(error),
        });
      }
      return address;
    }
  }
}
