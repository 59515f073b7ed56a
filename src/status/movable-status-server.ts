import { createStatusServer, type StatusServer, type StatusServerOptions } from './status-server.ts';

type Address = Pick<StatusServerOptions, 'host' | 'port'>;
type Options = Omit<StatusServerOptions, 'host' | 'port'>;

/** A status server that can go over to another address. */
export class MovableStatusServer {
  readonly #options: Options;
  #server: StatusServer | undefined;
  #wanted: Address = { host: '', port: 0 };
  #address: Address = { host: '', port: 0 };
  /** Settles when it listens at its new address, or at the old one again. */
  #moving: Promise<void> = Promise.resolve();

  constructor(options: Options) {
    this.#options = options;
  }

  /** What is bound; valid after `start`. */
  get address(): Address {
    return this.#address;
  }

  /** @throws Error naming host and port when it cannot listen there */
  async start(wanted: Address): Promise<void> {
    const server = createStatusServer({ ...this.#options, ...wanted });
    this.#address = await server.start();
    this.#server = server;
    this.#wanted = wanted;
  }

  /**
   * Ends the old listener first: the new one may want its port at another address.
   * @throws Error when it cannot be had; the old one is bound again then, if it can
   */
  moveTo(wanted: Address): Promise<void> {
    const moved = this.#move(wanted);
    this.#moving = moved.catch(() => undefined);
    return moved;
  }

  async stop(): Promise<void> {
    await this.#moving;
    await this.#server?.stop();
  }

  async #move(wanted: Address): Promise<void> {
    await this.#server?.stop();
    try {
      await this.start(wanted);
    } catch (error) {
      await this.start(this.#wanted);
      throw error;
    }
  }
}
