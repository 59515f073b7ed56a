import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

export type Direction = 'toAcs' | 'toCpe';

/** Where a connection breaks: after so many bytes in one direction. `stall`: both ends stay open and nothing moves any more. */
export interface Cut {
  readonly direction: Direction;
  readonly bytes: number;
  readonly kind: 'reset' | 'end' | 'stall';
}

/** A TCP connection between a CPE and its ACS that breaks where a test wants. */
export class CuttingProxy {
  cut: Cut | undefined;
  /** Bytes that were let through, by direction, since the last `reset`. */
  passed: Record<Direction, number> = { toAcs: 0, toCpe: 0 };
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(acsPort: number) {
    this.#server = createServer((cpe) => {
      const acs = connect(acsPort, '127.0.0.1');
      for (const socket of [cpe, acs]) {
        this.#sockets.add(socket);
        socket.on('error', () => undefined);
        socket.on('close', () => {
          this.#sockets.delete(socket);
          cpe.destroy();
          acs.destroy();
        });
      }
      this.#pass(cpe, acs, 'toAcs');
      this.#pass(acs, cpe, 'toCpe');
    });
  }

  static async start(acsPort: number): Promise<CuttingProxy> {
    const proxy = new CuttingProxy(acsPort);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  /** Connections from now on are cut there; counts from 0 again. */
  reset(cut: Cut | undefined): void {
    this.cut = cut;
    this.passed = { toAcs: 0, toCpe: 0 };
    for (const socket of this.#sockets) socket.destroy();
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #pass(from: Socket, to: Socket, direction: Direction): void {
    let isCut = false;
    from.on('data', (chunk: Buffer) => {
      if (isCut) return;
      const cut = this.cut?.direction === direction ? this.cut : undefined;
      const left = cut === undefined ? Infinity : cut.bytes - this.passed[direction];
      const part = chunk.subarray(0, Math.min(chunk.length, left));
      this.passed[direction] += part.length;
      isCut = part.length === left;
      to.write(part, () => {
        if (isCut) this.#break(from, to, cut);
      });
    });
    from.on('end', () => {
      if (this.cut?.kind !== 'stall') to.end();
    });
  }

  #break(from: Socket, to: Socket, cut: Cut | undefined): void {
    if (cut === undefined || cut.kind === 'stall') return;
    if (cut.kind === 'end') to.end();
    else to.resetAndDestroy();
    from.destroy();
  }
}
