import { expect } from 'chai';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { machineSerialNumber } from '../../../src/platform/machine-serial-number.ts';

describe('the serial number of a machine', () => {
  let root: string;
  const write = (file: string, text: string): void => {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), `${text}\n`);
  };
  const addInterface = (name: string, address: string, assigned = '0', isDevice = true): void => {
    write(`sys/class/net/${name}/address`, address);
    write(`sys/class/net/${name}/addr_assign_type`, assigned);
    if (isDevice) mkdirSync(join(root, `sys/class/net/${name}/device`));
  };

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'cwmp-proxier-machine-'));
    addInterface('lo', '00:00:00:00:00:00', '0', false);
    write('etc/machine-id', '0123456789abcdef0123456789abcdef');
  });
  afterEach(() => {
    rmSync(root, { recursive: true, force: true });
  });

  it('is the MAC address of the first LAN interface', () => {
    addInterface('eth0', '00:11:22:33:44:55');
    addInterface('br-lan', '00:11:22:aa:bb:cc', '3', false);
    expect(machineSerialNumber(['lo', 'br-lan'], root)).to.equal('001122AABBCC');
  });

  it('is that of another network device where that is none or changes with each start', () => {
    addInterface('docker0', '02:42:00:00:00:01', '1', false);
    addInterface('veth1', '06:00:00:00:00:01', '3', false);
    addInterface('wlan0', '00:11:22:33:44:66');
    addInterface('eth1', '00:11:22:33:44:55');
    addInterface('eth0', '0a:00:00:00:00:01', '1');
    expect(machineSerialNumber(['docker0'], root)).to.equal('001122334455');
    expect(machineSerialNumber(['br-lan', 'lo'], root)).to.equal('001122334455');
  });

  it('comes from the machine-id without a MAC address, and does not show it', () => {
    const one = machineSerialNumber(['lo'], root);
    expect(one).to.match(/^[0-9A-F]{12}$/);
    expect('0123456789ABCDEF0123456789ABCDEF').to.not.contain(one);
    write('etc/machine-id', '0123456789abcdef0123456789abcde0');
    expect(machineSerialNumber(['lo'], root)).to.not.equal(one);
  });

  for (const id of ['', 'uninitialized', '0'.repeat(32), 'OpenWrt']) {
    it(`does not come from "${id}", which many machines have`, () => {
      write('etc/machine-id', id);
      expect(machineSerialNumber(['lo'], root)).to.equal(undefined);
    });
  }

  it('is none where there is nothing to make it of', () => {
    rmSync(root, { recursive: true });
    expect(machineSerialNumber(['lo'], root)).to.equal(undefined);
  });
});
