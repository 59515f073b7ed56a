import { availableParallelism, cpus, freemem, getPriority, totalmem } from 'node:os';
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';

/** What the operating system says of this machine and of this process; asked anew at each call. */
export interface SystemStatus {
  /** Bytes. */
  readonly memory: () => { readonly total: number; readonly free: number };
  /** Milliseconds of all processors together since the machine started. */
  readonly processorTime: () => { readonly busy: number; readonly total: number };
  readonly ownProcess: () => {
    readonly pid: number;
    /** Bytes. */
    readonly size: number;
    /** 0 is the highest, 39 the lowest. */
    readonly priority: number;
    /** Milliseconds. */
    readonly cpuTime: number;
  };
  /** IP addresses of the name servers that this machine asks, the first one first. */
  readonly nameServers: () => readonly string[];
}

/** [setpriority(2)] Nice values begin with it. */
const HIGHEST_NICE = -20;
const RESOLVER_FILE = '/etc/resolv.conf';
const MOST_NAME_SERVERS = 16;

export const systemStatus: SystemStatus = {
  memory: () => ({ total: totalmem(), free: freemem() }),
  processorTime: () => {
    let [busy, total] = [0, 0];
    for (const { times } of cpus()) {
      const all = times.user + times.nice + times.sys + times.irq + times.idle;
      total += all;
      busy += all - times.idle;
    }
    // Where the processors cannot be looked at, what this process used is all that is known.
    if (total > 0) return { busy, total };
    const { user, system } = process.cpuUsage();
    return { busy: (user + system) / 1000, total: process.uptime() * 1000 * availableParallelism() };
  },
  ownProcess: () => {
    const { user, system } = process.cpuUsage();
    return {
      pid: process.pid,
      size: process.memoryUsage.rss(),
      priority: getPriority() - HIGHEST_NICE,
      cpuTime: Math.floor((user + system) / 1000),
    };
  },
  nameServers: () => {
    try {
      return nameServersIn(readFileSync(RESOLVER_FILE, 'latin1'));
    } catch {
      return [];
    }
  },
};

/** [resolv.conf(5)] The addresses of its `nameserver` lines, without zones, each once. */
export function nameServersIn(file: string): readonly string[] {
  const addresses = file
    .split('\n')
    .flatMap((line) => /^nameserver[ \t]+([^\s%]{2,45})/.exec(line)?.[1] ?? [])
    .filter((address) => isIP(address) !== 0);
  return [...new Set(addresses)].slice(0, MOST_NAME_SERVERS);
}
