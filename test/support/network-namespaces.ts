import { execFileSync, spawnSync } from 'node:child_process';

const ip = (...args: string[]): void => {
  execFileSync('ip', args, { stdio: 'pipe' });
};

/** Two hosts on one wire: network namespaces joined by a veth pair, each with an address and multicast. */
export class NetworkNamespaces {
  readonly #suffix = `cwmp${process.pid}`;
  readonly left = { name: `l-${this.#suffix}`, interface: `vl${process.pid}`, address: '192.0.2.1' };
  readonly right = { name: `r-${this.#suffix}`, interface: `vr${process.pid}`, address: '192.0.2.2' };

  /** Why this machine cannot make namespaces; undefined when it can. */
  static missing(): string | undefined {
    if (process.getuid?.() !== 0) return 'not root, so no network namespaces';
    const probe = `probe${process.pid}`;
    if (spawnSync('ip', ['netns', 'add', probe], { stdio: 'ignore' }).status !== 0)
      return 'no network namespaces here';
    spawnSync('ip', ['netns', 'delete', probe], { stdio: 'ignore' });
    return undefined;
  }

  create(): void {
    const { left, right } = this;
    ip('netns', 'add', left.name);
    ip('netns', 'add', right.name);
    ip(
      'link',
      'add',
      left.interface,
      'netns',
      left.name,
      'type',
      'veth',
      'peer',
      'name',
      right.interface,
      'netns',
      right.name,
    );
    for (const side of [left, right]) {
      this.addAddress(side, side.address);
      ip('-n', side.name, 'link', 'set', 'lo', 'up');
      ip('-n', side.name, 'link', 'set', side.interface, 'up');
      ip('-n', side.name, 'route', 'add', '239.0.0.0/8', 'dev', side.interface);
    }
  }

  addAddress(side: { readonly name: string; readonly interface: string }, address: string): void {
    ip('-n', side.name, 'address', 'add', `${address}/24`, 'dev', side.interface);
  }

  deleteAddress(side: { readonly name: string; readonly interface: string }, address: string): void {
    ip('-n', side.name, 'address', 'delete', `${address}/24`, 'dev', side.interface);
  }

  delete(): void {
    for (const { name } of [this.left, this.right]) {
      spawnSync('ip', ['netns', 'delete', name], { stdio: 'ignore' });
    }
  }
}
