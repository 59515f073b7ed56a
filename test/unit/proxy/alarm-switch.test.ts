import { expect } from 'chai';
import { silentLogger } from '../../../src/platform/logger.ts';
import { AlarmSwitch } from '../../../src/proxy/alarm-switch.ts';
import type { DeviceModel } from '../../../src/proxy/device-model.ts';
import type { CmsClient, NodeAttributes } from '../../../src/upnp-dm/types.ts';
import { ManualClock } from '../../support/manual-clock.ts';

/** A device with alarms, of which `/A` and `/T/0/B` can raise some. */
function build({ actions = ['SetAlarmsEnabled'], keeps = true } = {}) {
  const calls: string[] = [];
  const warnings: string[] = [];
  const raising = new Set<string>();
  let enabled = false;
  const client: Partial<CmsClient> = {
    actions: new Set(actions),
    getAttributes: (paths) => {
      calls.push(`get ${paths.join()}`);
      return Promise.resolve(new Map(paths.map((path) => [path, { alarmOnChange: raising.has(path) }])));
    },
    setAttributes: (attributes) => {
      calls.push(`set ${[...attributes.keys()].join()}`);
      if (keeps) for (const path of attributes.keys()) raising.add(path);
      return Promise.resolve('ChangesApplied');
    },
    getAlarmsEnabled: () => Promise.resolve(enabled),
    setAlarmsEnabled: (value) => {
      calls.push(`enable ${String(value)}`);
      enabled = keeps && value;
      return Promise.resolve();
    },
  };
  const attributes = new Map<string, NodeAttributes>([
    ['/A', { alarmOnChange: false }],
    ['/T/#/B', { alarmOnChange: false }],
    ['/C', {}],
  ]);
  const alarms = new AlarmSwitch({
    client: client as CmsClient,
    deviceModel: { tree: { attributes } } as unknown as DeviceModel,
    urgent: () => ['/A', '/A', '/T/0/B', '/C'],
    clock: new ManualClock(),
    logger: {
      ...silentLogger,
      warn: (message, fields) => void warnings.push(`${message} ${JSON.stringify(fields)}`),
    },
  });
  const assert = async (): Promise<void> => {
    alarms.assert();
    for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  };
  return { assert, calls, warnings, raising };
}

describe('AlarmSwitch', () => {
  it('switches alarms on for what can raise them, and puts back only what was switched off', async () => {
    const { assert, calls, raising } = build();
    await assert();
    expect(calls.splice(0)).to.deep.equal(['get /A,/T/0/B', 'set /A,/T/0/B', 'enable true']);
    await assert();
    expect(calls.splice(0)).to.deep.equal(['get /A,/T/0/B']);
    raising.delete('/A');
    await assert();
    expect(calls).to.deep.equal(['get /A,/T/0/B', 'set /A']);
  });

  it('asks nothing of a device without alarms', async () => {
    const { assert, calls } = build({ actions: ['SetAttributes'] });
    await assert();
    expect(calls).to.deep.equal([]);
  });

  it('gives a device up that does not keep them', async () => {
    const { assert, calls, warnings } = build({ keeps: false });
    for (let round = 1; round <= 20; round += 1) await assert();
    expect(calls.filter((call) => call.startsWith('set'))).to.have.length(5);
    expect(calls.filter((call) => call.startsWith('enable'))).to.have.length(5);
    expect(warnings).to.have.length(3);
  });
});
