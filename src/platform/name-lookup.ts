import dns, { type LookupAddress, type LookupOptions } from 'node:dns';
import { Resolver } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { LookupFunction } from 'node:net';

/** Whom to ask for the addresses of names. */
export interface NameServers {
  /** IP addresses, asked in this order. */
  readonly servers: readonly string[];
  /** Where none of them knows a name, the machine is asked: its resolver, its hosts file. */
  readonly thenMachine: boolean;
}

/** Of each server; a dead one must not use up the time that a connection has. */
const SERVER_TIMEOUT_MS = 2_000;

/** Finds the addresses of hosts, as the machine does until name servers are given. */
export class NameLookup {
  #nameServers: NameServers | undefined;

  /** From now on these are asked; undefined: the machine. */
  use(nameServers: NameServers | undefined): void {
    this.#nameServers = nameServers;
  }

  /** For `connect` of node:net. */
  readonly lookup: LookupFunction = (host, options, callback) => {
    this.#find(host, options).then(
      (found) => {
        if (options.all === true) callback(null, found);
        else callback(null, found[0]?.address ?? '', found[0]?.family);
      },
      (error: unknown) => {
        callback(error as NodeJS.ErrnoException, []);
      },
    );
  };

  /**
   * The first address of a host.
   * @param host name or address, in brackets or not
   * @throws Error when there is none
   */
  async addressOf(host: string): Promise<string> {
    const [first] = await this.#find(host.replace(/^\[|\]$/g, ''), {});
    if (first === undefined) throw notFound(host, 'no address');
    return first.address;
  }

  async #find(host: string, options: LookupOptions): Promise<LookupAddress[]> {
    const given = this.#nameServers;
    // [RFC 6761 6.3] `localhost` is nothing to ask others for.
    if (given === undefined || isIP(host) !== 0 || /(?:^|\.)localhost\.?$/i.test(host)) {
      return await askMachine(host, options);
    }
    const family =
      options.family === 4 || options.family === 'IPv4'
        ? 4
        : options.family === 6 || options.family === 'IPv6'
          ? 6
          : 0;
    const found = given.servers.length === 0 ? [] : await ask(given.servers, host, family);
    if (found.length > 0) return found;
    if (given.thenMachine) return await askMachine(host, options);
    throw notFound(
      host,
      given.servers.length === 0 ? 'the DNS client is disabled' : 'no enabled name server knows it',
    );
  }
}

function askMachine(host: string, options: LookupOptions): Promise<LookupAddress[]> {
  return new Promise((resolve, reject) => {
    dns.lookup(host, { ...options, all: true }, (error, found) => {
      if (error === null) resolve(found);
      else reject(error);
    });
  });
}

/** @returns empty when none of them has an address for it */
async function ask(servers: readonly string[], host: string, family: 0 | 4 | 6): Promise<LookupAddress[]> {
  const resolver = new Resolver({ timeout: SERVER_TIMEOUT_MS, tries: 1 });
  resolver.setServers(servers);
  const [v4, v6] = await Promise.all([
    family === 6 ? [] : resolver.resolve4(host).catch(() => []),
    family === 4 ? [] : resolver.resolve6(host).catch(() => []),
  ]);
  return [...v4.map((address) => ({ address, family: 4 })), ...v6.map((address) => ({ address, family: 6 }))];
}

function notFound(host: string, reason: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${host} cannot be resolved: ${reason}`), { code: 'ENOTFOUND' });
}
