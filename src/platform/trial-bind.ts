import { createServer } from 'node:net';

/**
 * Listens on a TCP address for a moment, to know whether it can be had.
 * @param port 0: any, to know of the host only
 * @throws Error naming host and port when it cannot
 */
export function tryToListen({ host, port }: { readonly host: string; readonly port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (cause: NodeJS.ErrnoException) => {
      reject(new Error(`cannot listen on ${host}:${port}: ${cause.code ?? cause.message}`, { cause }));
    });
    server.listen(port, host, () => {
      server.close(() => {
        resolve();
      });
    });
  });
}
