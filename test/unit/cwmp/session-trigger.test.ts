import { expect } from 'chai';
import { createSessionScheduler } from '../../../src/cwmp/session-scheduler.ts';
import { SessionTrigger, type SessionEnd, type SessionWish } from '../../../src/cwmp/session-trigger.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const SECOND = 1000;
const DAY = 86_400 * SECOND;
const THROTTLE_SECONDS = 60;
/** Start of the retries' windows with m = 5 s and k = 2, in seconds [TR-069 3.2.1.1 table 3]. */
const RETRY_SECONDS = [5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 2560, 2560];

/** Lets promises run; timers stand still. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A trigger whose sessions take no time and end as told. */
class Home {
  readonly clock = new ManualClock();
  wish: SessionWish;
  end: SessionEnd = 'succeeded';
  /** 0 = retries come at the start of their window. */
  random = 0;
  /** Seconds at which sessions were run, those in place of a failed one with an `R`. */
  readonly sessions: string[] = [];
  readonly trigger = new SessionTrigger({
    clock: this.clock,
    scheduler: createSessionScheduler(),
    random: () => this.random,
    settings: () => ({
      retryMinimumWaitInterval: 5,
      retryIntervalMultiplier: 2000,
      defaultActiveNotificationThrottle: THROTTLE_SECONDS,
    }),
    wish: () => this.wish,
    isAllowed: () => true,
    run: (isRetry) => {
      this.sessions.push(`${this.clock.monotonic() / SECOND}${isRetry ? 'R' : ''}`);
      if (this.end === 'succeeded' || this.end === 'lost') this.wish = undefined;
      return Promise.resolve(this.end);
    },
  });

  async wants(wish: SessionWish, end: SessionEnd = 'succeeded'): Promise<void> {
    this.wish = wish;
    this.end = end;
    this.trigger.evaluate(true);
    await settle();
  }

  /** Second by second, so that what a timer starts is over before the next one. */
  async pass(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second += 1) {
      this.clock.advance(SECOND);
      await settle();
    }
  }
}

/** What a clock may do; none of it is a duration. */
const CLOCK_TROUBLES: readonly [string, (clock: ManualClock) => void][] = [
  ['nothing', () => undefined],
  ['a jump of the wall clock forward', (clock) => clock.jumpWallClock(DAY)],
  ['a jump of the wall clock back', (clock) => clock.jumpWallClock(-DAY)],
  ['a sleep of the machine', (clock) => clock.suspend(DAY)],
];

describe('cwmp/session-trigger', () => {
  let home: Home;
  beforeEach(() => {
    home = new Home();
  });

  describe('the throttle of active notifications', () => {
    beforeEach(() => home.wants('event'));

    const wishes: readonly [string, SessionWish, string][] = [
      ['delays an active notification', 'notification', '60'],
      ['delays no periodic Inform or other event', 'event', '10'],
      ['delays no connection request', 'connectionRequest', '10'],
    ];
    for (const [name, wish, at] of wishes) {
      it(name, async () => {
        await home.pass(10);
        await home.wants(wish);
        await home.pass(100);
        expect(home.sessions).to.deep.equal(['0', at]);
      });
    }

    it('delays no retry', async () => {
      await home.pass(10);
      await home.wants('event', 'failed');
      home.wish = 'notification';
      home.end = 'succeeded';
      await home.pass(100);
      expect(home.sessions).to.deep.equal(['0', '10', '15R']);
    });

    it('is not begun anew by a session that failed', async () => {
      await home.pass(30);
      await home.wants('event', 'lost');
      await home.wants('notification');
      await home.pass(100);
      expect(home.sessions).to.deep.equal(['0', '30', '60']);
    });

    it('is begun anew by a session that another reason opened', async () => {
      await home.pass(10);
      home.wish = 'notification';
      home.trigger.evaluate(true);
      await home.pass(20);
      await home.wants('connectionRequest');
      await home.wants('notification');
      await home.pass(100);
      expect(home.sessions).to.deep.equal(['0', '30', '90']);
    });

    for (const [name, happens] of CLOCK_TROUBLES) {
      it(`lasts as long after ${name}`, async () => {
        await home.pass(10);
        await home.wants('notification');
        happens(home.clock);
        await home.pass(10);
        happens(home.clock);
        await home.pass(100);
        expect(home.sessions).to.deep.equal(['0', '60']);
      });
    }
  });

  describe('retries', () => {
    const starts = RETRY_SECONDS.reduce<number[]>(
      (times, seconds) => [...times, (times.at(-1) ?? 0) + seconds],
      [],
    );
    const total = starts.at(-1) ?? 0;
    const expected = ['0', ...starts.map((seconds) => `${seconds}R`)];

    for (const [name, happens] of CLOCK_TROUBLES) {
      it(`come when they should after ${name}`, async () => {
        await home.wants('event', 'failed');
        while (home.sessions.length <= RETRY_SECONDS.length) {
          happens(home.clock);
          home.clock.advance(home.clock.nextDelayMs ?? Infinity);
          await settle();
        }
        expect(home.sessions).to.deep.equal(expected);
        expect(home.clock.monotonic()).to.equal(total * SECOND);
        expect(home.trigger.retryCount).to.equal(RETRY_SECONDS.length + 1);
      });
    }

    it('come at the end of their window at the latest', async () => {
      home.random = 1;
      await home.wants('event', 'failed');
      await home.pass(10);
      expect(home.sessions).to.deep.equal(['0', '10R']);
    });

    it('wait for no event that is new, and go on counting', async () => {
      await home.wants('event', 'failed');
      await home.pass(2);
      await home.wants('event', 'failed');
      expect(home.trigger.retryCount).to.equal(2);
      await home.pass(10);
      expect(home.sessions).to.deep.equal(['0', '2', '12R']);
    });

    it('do not come for what was only worth one attempt', async () => {
      await home.wants('connectionRequest', 'lost');
      expect(home.clock.pendingCount).to.equal(0);
      expect(home.trigger.retryCount).to.equal(1);
      await home.wants('event');
      expect(home.trigger.retryCount).to.equal(0);
    });

    it('begin anew when the CPE rebooted', async () => {
      await home.wants('event', 'failed');
      await home.pass(5);
      expect(home.trigger.retryCount).to.equal(2);
      home.trigger.resetRetries();
      expect(home.clock.pendingCount).to.equal(0);
      await home.wants('event', 'failed');
      await home.pass(5);
      expect(home.sessions).to.deep.equal(['0', '5R', '5', '10R']);
    });
  });
});
