/** What was seen of the event loop's turns, in milliseconds. */
export interface Turns {
  readonly longestMs: number;
  readonly totalMs: number;
}

/**
 * Watches the turns of the event loop until the returned function is called. Of each turn the lesser of wall and CPU time counts:
 * wall time includes other processes on a busy machine, CPU time includes what V8's own threads do beside the loop.
 */
export function watchTurns(): () => Turns {
  let longestMs = 0;
  let totalMs = 0;
  let cpu = process.cpuUsage();
  let wall = performance.now();
  let running = true;
  const count = (): void => {
    const spent = process.cpuUsage(cpu);
    const ms = Math.min((spent.user + spent.system) / 1000, performance.now() - wall);
    longestMs = Math.max(longestMs, ms);
    totalMs += ms;
    cpu = process.cpuUsage();
    wall = performance.now();
  };
  const turn = (): void => {
    if (!running) return;
    count();
    setImmediate(turn);
  };
  setImmediate(turn);
  return () => {
    count();
    running = false;
    return { longestMs, totalMs };
  };
}
