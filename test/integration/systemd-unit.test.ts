import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { missingProgram } from '../support/external-command.ts';

const UNIT = new URL('../../systemd/cwmp-proxier.service', import.meta.url).pathname;

describe('the systemd unit', () => {
  let unit: string;
  let commandLine: string[];

  before(async () => {
    unit = await readFile(UNIT, 'utf8');
    commandLine = (/^ExecStart=(.+)$/m.exec(unit)?.[1] ?? '').split(' ');
  });

  it('gives Node.js only flags that it knows', () => {
    const flags = commandLine.slice(1).filter((word) => word.startsWith('--') && word !== '--config');
    expect(flags).not.to.deep.equal([]);
    expect(spawnSync(process.execPath, [...flags, '--eval', '0']).status).to.equal(0);
  });

  it('lets a child report readiness and feed the watchdog, and reads credentials and state where it may', () => {
    // Node.js cannot send to the socket itself, so that NotifyAccess=main would lose every word.
    for (const line of ['Type=notify', 'NotifyAccess=all', 'StateDirectory=cwmp-proxier']) {
      expect(unit.split('\n')).to.include(line);
    }
    expect(unit).to.match(/^WatchdogSec=\d+s$/m);
    expect(unit).to.match(/^RestrictAddressFamilies=.*\bAF_INET\b.*\bAF_NETLINK\b.*\bAF_UNIX\b/m);
    expect(unit).not.to.match(/^(PrivateNetwork|IPAddressDeny|MemoryDenyWriteExecute|ProcSubset)=/m);
  });

  const reason = missingProgram('systemd-analyze', 'systemd');
  const title = 'says nothing that systemd does not understand';
  if (reason !== undefined) it.skip(`${title} (skipped: ${reason})`);
  else {
    it(title, async () => {
      const directory = await mkdtemp(join(tmpdir(), 'systemd-unit-'));
      try {
        // The verification wants a program that is there.
        const copy = join(directory, 'cwmp-proxier.service');
        await writeFile(copy, unit.replace(commandLine[0] ?? '', process.execPath));
        const { error, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', copy], {
          encoding: 'utf8',
        });
        const complaints = stderr.split('\n').filter((line) => line.includes('cwmp-proxier'));
        expect(error).to.equal(undefined);
        // Its exit code tells of other units of this machine, too.
        expect(complaints).to.deep.equal([]);
      } finally {
        await rm(directory, { recursive: true });
      }
    });
  }
});
