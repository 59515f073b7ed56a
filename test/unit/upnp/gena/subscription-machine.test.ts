import { expect } from 'chai';
import { newSubscription, stepSubscription } from '../../../../src/upnp/gena/subscription-machine.ts';
import type {
  SubscriptionInput,
  SubscriptionMachine,
} from '../../../../src/upnp/gena/subscription-machine.ts';

const event = (seq: number, sid = 'a', readable = true): SubscriptionInput => ({
  kind: 'notified',
  notification: { sid, seq, variables: readable ? new Map() : undefined },
});
const subscribed = (sid = 'a', timeoutSeconds: number | undefined = 300): SubscriptionInput => ({
  kind: 'subscribed',
  sid,
  timeoutSeconds,
});
const start: SubscriptionInput = { kind: 'start' };
const stop: SubscriptionInput = { kind: 'stop' };
const timer: SubscriptionInput = { kind: 'timer' };
const resumed: SubscriptionInput = { kind: 'resumed' };

/** Effects of all inputs, one short word each. */
function run(inputs: readonly SubscriptionInput[], from: SubscriptionMachine = newSubscription): string[] {
  let machine = from;
  const words: string[] = [];
  for (const input of inputs) {
    const step = stepSubscription(machine, input);
    machine = step.machine;
    for (const effect of step.effects) {
      if (effect.kind === 'timer') words.push(`timer ${effect.delayMs}`);
      else if (effect.kind === 'deliver') words.push(`event ${effect.event.seq}`);
      else if (effect.kind === 'state') words.push(effect.state);
      else words.push(effect.kind);
    }
  }
  return words;
}

const BEGUN = ['subscribing', 'subscribe', 'timer 150000', 'active'];

describe('subscription machine', () => {
  const cases: readonly (readonly [string, readonly SubscriptionInput[], readonly string[]])[] = [
    ['delivers in sequence', [start, subscribed(), event(0), event(1)], [...BEGUN, 'event 0', 'event 1']],
    [
      'holds the events that overtake the answer',
      [start, event(0), event(0, 'other'), event(1), subscribed()],
      [...BEGUN, 'event 0', 'event 1'],
    ],
    ['ignores the events of another SID', [start, subscribed(), event(0, 'b')], BEGUN],
    [
      'starts afresh after a gap, first at once, then slower',
      [start, subscribed(), event(0), event(2), timer, subscribed('b'), event(7, 'b')],
      [
        ...BEGUN,
        'event 0',
        'unsubscribe',
        'lost',
        'timer 0',
        'subscribe',
        'timer 150000',
        'active',
        'unsubscribe',
        'lost',
        'timer 1000',
      ],
    ],
    [
      'waits longer for a device whose events come too fast to be taken in sequence',
      [
        ...[start, subscribed(), event(0), event(1), event(9), timer],
        ...[subscribed('b'), event(0, 'b'), event(1, 'b'), event(9, 'b'), timer],
        ...[subscribed('c'), event(0, 'c'), event(9, 'c')],
      ],
      [
        ...[...BEGUN, 'event 0', 'event 1', 'unsubscribe', 'lost', 'timer 0'],
        ...['subscribe', 'timer 150000', 'active', 'event 0', 'event 1', 'unsubscribe', 'lost', 'timer 1000'],
        ...['subscribe', 'timer 150000', 'active', 'event 0', 'unsubscribe', 'lost', 'timer 2000'],
      ],
    ],
    [
      'forgets old gaps with a renewal',
      [
        ...[start, subscribed(), event(9), timer, subscribed('b'), timer],
        ...[{ kind: 'renewed', timeoutSeconds: 300 } as const, event(9, 'b')],
      ],
      [
        ...[...BEGUN, 'unsubscribe', 'lost', 'timer 0', 'subscribe', 'timer 150000', 'active'],
        ...['renew', 'timer 150000', 'unsubscribe', 'lost', 'timer 0'],
      ],
    ],
    [
      'starts afresh after a repeat',
      [start, subscribed(), event(0), event(0)],
      [...BEGUN, 'event 0', 'unsubscribe', 'lost', 'timer 0'],
    ],
    [
      'takes an unreadable event for a gap',
      [start, subscribed(), event(0, 'a', false)],
      [...BEGUN, 'unsubscribe', 'lost', 'timer 0'],
    ],
    [
      'renews at half of the granted time',
      [start, subscribed(), timer, { kind: 'renewed', timeoutSeconds: 100 }],
      [...BEGUN, 'renew', 'timer 50000'],
    ],
    [
      'renews even an infinite subscription',
      [start, { kind: 'subscribed', sid: 'a', timeoutSeconds: undefined }],
      ['subscribing', 'subscribe', 'timer 900000', 'active'],
    ],
    [
      'subscribes anew when the device has forgotten it',
      [start, subscribed(), timer, { kind: 'renewFailed', unknown: true }],
      [...BEGUN, 'renew', 'lost', 'subscribe'],
    ],
    [
      'retries the renewal while the granted time lasts',
      [
        start,
        subscribed(),
        ...Array.from({ length: 3 }, () => [timer, { kind: 'renewFailed', unknown: false } as const]).flat(),
      ],
      [...BEGUN, 'renew', 'timer 37500', 'renew', 'timer 37500', 'renew', 'lost', 'subscribe'],
    ],
    [
      'delivers while it renews',
      [start, subscribed(), timer, event(0), { kind: 'renewed', timeoutSeconds: 300 }, event(1)],
      [...BEGUN, 'renew', 'event 0', 'timer 150000', 'event 1'],
    ],
    [
      'retries a refused subscription at doubling distances',
      [start, { kind: 'subscribeFailed' }, timer, { kind: 'subscribeFailed' }],
      ['subscribing', 'subscribe', 'lost', 'timer 1000', 'subscribe', 'lost', 'timer 2000'],
    ],
    [
      'accepts a SID that is used again',
      [start, subscribed(), event(3), timer, subscribed(), event(0)],
      [...BEGUN, 'unsubscribe', 'lost', 'timer 0', 'subscribe', 'timer 150000', 'active', 'event 0'],
    ],
    [
      'cancels when it stops',
      [start, subscribed(), stop, event(0), timer],
      [...BEGUN, 'unsubscribe', 'none'],
    ],
    [
      'subscribes afresh after the machine has slept',
      [start, subscribed(), event(0), resumed, timer, subscribed('b'), event(0, 'b')],
      [
        ...BEGUN,
        'event 0',
        'unsubscribe',
        'lost',
        'timer 0',
        'subscribe',
        'timer 150000',
        'active',
        'event 0',
      ],
    ],
    [
      'waits no longer for another try when the machine has slept',
      [start, { kind: 'subscribeFailed' }, resumed, timer],
      ['subscribing', 'subscribe', 'lost', 'timer 1000', 'timer 0', 'subscribe'],
    ],
    [
      'has nothing to do again after a sleep when it is stopped',
      [start, stop, resumed],
      ['subscribing', 'subscribe', 'none'],
    ],
    [
      'takes back a subscription granted too late',
      [start, stop, subscribed()],
      ['subscribing', 'subscribe', 'none', 'unsubscribe'],
    ],
  ];
  for (const [name, inputs, effects] of cases) {
    it(name, () => {
      expect(run(inputs)).to.deep.equal(effects);
    });
  }

  it('wraps SEQ from 4294967295 to 1', () => {
    const { machine } = stepSubscription(stepSubscription(newSubscription, start).machine, subscribed());
    const late = { ...machine, nextSeq: 4294967295 };
    expect(run([event(4294967295), event(1)], late)).to.deep.equal(['event 4294967295', 'event 1']);
    expect(run([event(4294967295), event(0)], late)).to.contain('lost');
  });
});
