import { expect } from 'chai';
import { PassThrough } from 'node:stream';
import { DEVICE_COMMANDS_HELP, DEVICE_VERBS } from '../../../../src/lab/device/device-commands.ts';
import { runLabDevice } from '../../../../src/lab/device/command.ts';
import { waitFor } from '../../../support/wait-for.ts';
import { FIXTURE_PROFILE } from './fixture-device.ts';

describe('lab device: command', () => {
  let controller: AbortController;
  beforeEach(() => {
    controller = new AbortController();
  });
  // A device that a failed test leaves behind would keep the process alive.
  afterEach(() => {
    controller.abort();
  });

  it('prints one JSON line, takes commands, and ends when told to', async () => {
    const [input, output] = [new PassThrough(), new PassThrough()];
    let printed = '';
    output.setEncoding('utf8').on('data', (chunk: string) => (printed += chunk));
    const lines = (): string[] => printed.split('\n').slice(0, -1);
    const running = runLabDevice({
      profile: FIXTURE_PROFILE,
      count: 2,
      parameters: 25,
      input,
      output,
      signal: controller.signal,
    });
    await waitFor(() => lines().length === 1, 'the first line');
    const { devices } = JSON.parse(lines()[0] ?? '') as { devices: { serialNumber: string; udn: string }[] };
    expect(devices.map(({ serialNumber }) => serialNumber)).to.deep.equal(['EX1', 'EX2']);
    expect(new Set(devices.map(({ udn }) => udn)).size).to.equal(2);
    const ask = async (line: string): Promise<string | undefined> => {
      const count = lines().length;
      input.write(`${line}\n`);
      await waitFor(() => lines().length > count, `the reply to ${line}`);
      return lines()[count];
    };
    expect(await ask('set /X_LAB/Name a b')).to.equal('ok a b');
    expect(await ask('2: get /X_LAB/Name')).to.equal('ok a');
    expect(await ask('set /X_LAB/Watched 0')).to.equal('error 705 Invalid Value');
    expect(await ask('add /X_LAB/Account/ User=me')).to.equal('ok /X_LAB/Account/3/');
    expect(await ask('delete /X_LAB/Account/3/')).to.equal('ok /X_LAB/Account/3/');
    expect(await ask('3: reboot')).to.equal('error there is no device 3');
    expect(await ask('2: update')).to.equal('ok updated');
    expect(await ask('fault GetValues http500')).to.equal('ok GetValues http500');
    expect(await ask('fault GetValues 99')).to.match(/^error a fault is/);
    expect(await ask('fault off')).to.equal('ok off');
    expect(await ask('flood 2')).to.equal('ok sent');
    expect(await ask('jump')).to.equal(
      'error unknown command; there are get, set, add, delete, list, reboot, update, vanish, return, flood, fault',
    );
    expect(await ask('toString')).to.match(/^error unknown command/);
    const listed = await ask('list /X_LAB_Bench/');
    expect(Object.keys(JSON.parse(listed?.slice(3) ?? '') as object)).to.have.length(25);
    controller.abort();
    await running;
  });

  it('describes each command that there is in its help', () => {
    const described = new Set(DEVICE_COMMANDS_HELP.split('\n').map((line) => /^ {2}(\w+)/.exec(line)?.[1]));
    described.delete(undefined);
    expect([...described]).to.deep.equal([...DEVICE_VERBS]);
  });
});
