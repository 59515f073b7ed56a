import { expect } from 'chai';
import { discover, stepDiscovery } from '../../../src/upnp/discovery.ts';
import type { DiscoveryInput, Presence } from '../../../src/upnp/discovery.ts';
import type { Announcement } from '../../../src/upnp/types.ts';

const TIMES = { minValidityMs: 30_000, maxValidityMs: 3_600_000 };
const heard = (parts: Partial<Announcement> = {}): Announcement => ({
  udn: 'uuid:x',
  namesRoot: false,
  location: 'http://192.0.2.9/d.xml',
  sourceAddress: '192.0.2.9',
  localAddress: '192.0.2.1',
  interfaceName: 'eth0',
  maxAgeSeconds: 1800,
  server: '',
  bootId: 1,
  configId: 1,
  searchPort: undefined,
  dmAnnouncement: undefined,
  ...parts,
});
const alive = (parts: Partial<Announcement> = {}): DiscoveryInput => ({
  kind: 'alive',
  announcement: heard(parts),
});
const response = (parts: Partial<Announcement> = {}): DiscoveryInput => ({
  kind: 'response',
  announcement: heard(parts),
});
const update = (bootId: number, nextBootId: number): DiscoveryInput => ({
  kind: 'update',
  announcement: heard({ bootId }),
  nextBootId,
});
const byebye: DiscoveryInput = { kind: 'byebye', dmAnnouncement: undefined };
const aboutToReboot: DiscoveryInput = { kind: 'byebye', dmAnnouncement: 'AboutToReboot' };
const due: DiscoveryInput = { kind: 'due' };
const described: DiscoveryInput = { kind: 'described', ok: true };
const undescribed: DiscoveryInput = { kind: 'described', ok: false };
const OLD = { bootId: undefined, configId: undefined };

/** Effects of all inputs, then the phase and the time of the timer at the end. */
function run(first: Announcement, inputs: readonly DiscoveryInput[]): string[] {
  const begun = discover(first);
  let presence: Presence | undefined = begun.presence;
  const words = begun.effects.map(({ kind }): string => kind);
  for (const input of inputs) {
    if (presence === undefined) throw new Error('input after the end');
    const step = stepDiscovery(presence, input, 0, TIMES);
    presence = step.presence;
    for (const effect of step.effects) {
      words.push(effect.kind === 'lose' ? `lose ${effect.reason}` : effect.kind);
    }
  }
  words.push(presence === undefined ? 'gone' : `${presence.phase} ${presence.dueAt ?? '-'}`);
  return words;
}

describe('discovery machine', () => {
  const cases: readonly (readonly [string, Announcement, readonly DiscoveryInput[], readonly string[]])[] = [
    ['describes what it hears of', heard(), [described], ['describe', 'present 1800000']],
    ['caps a long max-age', heard({ maxAgeSeconds: 1e6 }), [described], ['describe', 'present 3600000']],
    ['caps a short max-age', heard({ maxAgeSeconds: 0 }), [described], ['describe', 'present 30000']],
    ['probes when the validity ends', heard(), [described, due], ['describe', 'probe', 'probing -']],
    [
      'keeps what answers the probe',
      heard(),
      [described, due, response()],
      ['describe', 'probe', 'present 1800000'],
    ],
    [
      'loses what does not',
      heard(),
      [described, due, { kind: 'probed', answered: false }],
      ['describe', 'probe', 'lose expired', 'gone'],
    ],
    [
      'asks soon again after a byebye that the probe contradicts',
      heard(),
      [described, byebye, { kind: 'probed', answered: true }],
      ['describe', 'probe', 'present 60000'],
    ],
    [
      'asks after a byebye that announces a reboot, too',
      heard(),
      [described, aboutToReboot, aboutToReboot, byebye, { kind: 'probed', answered: false }],
      ['describe', 'probe', 'lose byebye', 'gone'],
    ],
    [
      'asks a device that announced its reboot again and again, until it is silent',
      heard(),
      [
        ...[described, aboutToReboot, response(), due, { kind: 'probed', answered: true } as const],
        ...[due, { kind: 'probed', answered: false } as const],
      ],
      ['describe', 'probe', 'probe', 'probe', 'lose byebye', 'gone'],
    ],
    [
      'or until it announces itself',
      heard(),
      [described, aboutToReboot, response(), alive()],
      ['describe', 'probe', 'present 1800000'],
    ],
    [
      'or until that shows that it has rebooted',
      heard(),
      [described, aboutToReboot, response(), alive({ bootId: 2 })],
      ['describe', 'probe', 'lose rebooted', 'describe', 'describing -'],
    ],
    [
      'which a UDA 1.0 device shows by announcing itself at all',
      heard(OLD),
      [described, aboutToReboot, response(OLD), alive(OLD)],
      ['describe', 'probe', 'lose rebooted', 'describe', 'describing -'],
    ],
    [
      'sees a reboot by BOOTID, up or down',
      heard({ bootId: 5 }),
      [described, alive({ bootId: 2 }), described],
      ['describe', 'lose rebooted', 'describe', 'present 1800000'],
    ],
    [
      'sees the reboot of a UDA 1.0 device by goodbye and hello',
      heard(OLD),
      [described, byebye, alive(OLD)],
      ['describe', 'probe', 'lose rebooted', 'describe', 'describing -'],
    ],
    [
      'does not take the answer to a probe for a reboot',
      heard(OLD),
      [described, byebye, response(OLD)],
      ['describe', 'probe', 'present 1800000'],
    ],
    [
      'adopts a boot number announced beforehand',
      heard(),
      [described, update(1, 2), alive({ bootId: 2 })],
      ['describe', 'present 1800000'],
    ],
    [
      'knows an announced change again: all 3 + 2d + k messages carry the old number',
      heard(),
      [described, ...Array.from({ length: 3 }, () => update(1, 2)), alive({ bootId: 2 })],
      ['describe', 'present 1800000'],
    ],
    [
      'sees a reboot in an update from a boot that it does not know',
      heard(),
      [described, update(5, 6), described],
      ['describe', 'lose rebooted', 'describe', 'present 1800000'],
    ],
    [
      'describes anew when CONFIGID changes',
      heard(),
      [described, alive({ configId: 2 })],
      ['describe', 'describe', 'describing -'],
    ],
    [
      'does not mind messages without numbers',
      heard(),
      [described, response(OLD), alive()],
      ['describe', 'present 1800000'],
    ],
    [
      'retries a description later and later',
      heard(),
      [undescribed, due, undescribed],
      ['describe', 'describe', 'unusable 30000'],
    ],
    [
      'keeps a known device whose new description fails',
      heard(),
      [described, alive({ configId: 2 }), undescribed, due, { kind: 'probed', answered: true }, described],
      ['describe', 'describe', 'probe', 'describe', 'present 1800000'],
    ],
    [
      'believes the goodbye of a device that cannot be described',
      heard(),
      [undescribed, byebye],
      ['describe', 'lose byebye', 'gone'],
    ],
    [
      'looks first whether it can be, when it says goodbye meanwhile',
      heard(),
      [byebye, undescribed],
      ['describe', 'lose byebye', 'gone'],
    ],
    [
      'and keeps one that can be',
      heard(),
      [byebye, described, byebye, { kind: 'probed', answered: true }],
      ['describe', 'probe', 'present 60000'],
    ],
    [
      'waits for the description of one that said goodbye before it said hello',
      heard(),
      [byebye, alive(), undescribed],
      ['describe', 'unusable 15000'],
    ],
    [
      'forgets a location that never gives a description',
      heard(),
      [...Array.from({ length: 8 }, () => [undescribed, due]).flat(), undescribed],
      [...Array.from({ length: 9 }, () => 'describe'), 'gone'],
    ],
  ];
  for (const [name, first, inputs, expected] of cases) {
    it(name, () => {
      expect(run(first, inputs)).to.deep.equal(expected);
    });
  }
});
