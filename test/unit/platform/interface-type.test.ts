import { expect } from 'chai';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { interfaceTypeOf } from '../../../src/platform/interface-type.ts';

describe('the type of a network interface', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cwmp-proxier-interfaces-'));
  const add = (name: string, type: string, ...folders: readonly string[]): void => {
    for (const each of ['', ...folders]) mkdirSync(join(folder, name, each), { recursive: true });
    writeFileSync(join(folder, name, 'type'), `${type}\n`);
  };

  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('is what the kernel says, and Other where that may be anything', () => {
    add('eth0', '1', 'device');
    add('wlan0', '1', 'device', 'wireless');
    add('br-lan', '1');
    add('lo', '772');
    add('can0', '280', 'device');
    const types = ['eth0', 'wlan0', 'br-lan', 'lo', 'can0', 'none'].map((name) =>
      interfaceTypeOf(name, folder),
    );
    expect(types).to.deep.equal(['Ethernet', 'Wi-Fi', 'Other', 'Other', 'Other', 'Other']);
  });
});
