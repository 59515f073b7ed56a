/** What this process holds at a moment: figures that must not grow for ever. */
export interface ProcessFigures {
  /** Resident set, KiB. */
  readonly rssKiB: number;
  /** JavaScript objects alive or not collected yet, KiB. */
  readonly heapUsedKiB: number;
  /** Timers that wait. */
  readonly timers: number;
  /** TCP connections and listeners, and UDP sockets. */
  readonly sockets: number;
}

const SOCKETS: ReadonlySet<string> = new Set(['TCPSocketWrap', 'TCPServerWrap', 'TLSWrap', 'UDPWrap']);

/** What this process holds now: memory in KiB, and what the event loop waits for. */
export function processFigures(): ProcessFigures {
  const { rss, heapUsed } = process.memoryUsage();
  const resources = process.getActiveResourcesInfo();
  return {
    rssKiB: Math.round(rss / 1024),
    heapUsedKiB: Math.round(heapUsed / 1024),
    timers: resources.filter((kind) => kind === 'Timeout').length,
    sockets: resources.filter((kind) => SOCKETS.has(kind)).length,
  };
}
